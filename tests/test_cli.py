"""The command line as people and scripts use it: its own `main` and exit codes, in a process where that is meant."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, Never

import pytest

from bot import app
from bot.cli import main
from bot.content.yaml_reader import read
from tests import fork_server

ROOT = Path(__file__).resolve().parent.parent


Done = subprocess.CompletedProcess[str]


def process(*words: str, stdin: str = "", code: int = 0, **environment: str) -> Done:
    """Run `python -m bot` in a process of its own; fails if the exit code is another than `code`."""
    done = fork_server.run("bot", *words, environment=_clean(environment), stdin=stdin)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def footnote(*words: str, code: int = 0, **environment: str) -> Done:
    """Run the same in this process, which spares the start of an interpreter and its imports."""
    out, err, groups = io.StringIO(), io.StringIO(), list(main.app.registered_groups)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(ROOT)
        patch.setattr(os, "environ", _clean(environment))
        patch.setattr(sys, "argv", ["footnote", *words])
        patch.setattr(main.app, "registered_groups", groups)
        if "FOOTNOTE_CONTENT" not in environment:
            patch.setattr(app, "build_engine", _shipped_engine)
        with pytest.raises(SystemExit) as ended:
            main.main()
    done = Done(words, int(ended.value.code or 0), out.getvalue(), err.getvalue())
    assert done.returncode == code, done.stdout + done.stderr
    return done


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    ours = ("TELEGRAM_", "SLACK_", "FOOTNOTE_", "WEB_")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **environment}


_shipped_engine = cache(app.build_engine)
"""The content as shipped is read once for all commands."""


def figure(*way: str) -> str:
    """Return a figure as the content holds it today: a changed dose must not break a test."""
    found = read("facts", (ROOT / "content/neuropathy/facts.yaml").read_bytes()).data["facts"]
    for step in way:
        found = found[step]
    return str(found)


def ask(*words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(footnote("ask", "--json", *words).stdout)
    return answer


NOT_TO_ASK = ("aiohttp", "cryptography", "rich", "slack_sdk", "sqlalchemy", "structlog", "telegram", "typst")
"""What no answer in a terminal needs: half of its time is imports."""


def test_one_answer_imports_no_more_than_it_needs() -> None:
    program = f"""
import runpy, sys
sys.argv = ["footnote", "ask", "what is ala"]
try:
    runpy.run_module("bot", run_name="__main__")
except SystemExit:
    print(*sys.modules.keys() & {{*{NOT_TO_ASK}}}, "only", file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "only"


def test_ask_as_json_has_the_fixed_shape() -> None:
    answer = ask("how much ala was used in the study", "--tone", "professional")
    assert list(answer) == [
        "outcome", "node", "choices", "also", "tone", "title", "brief", "text", "sources", "review", "disclaimer",
        "buttons",
    ]  # fmt: skip
    assert (answer["outcome"], answer["node"], answer["tone"]) == ("answer", "ala-dose", "professional")
    assert figure("ala", "dose") in answer["text"]
    assert {"number": 5, "id": "el-nahas-2020"}.items() <= answer["sources"][0].items()
    assert "pending human review" in answer["review"]
    assert {"label", "node"} == set(answer["buttons"][0])


def test_ask_a_node_by_tap_in_both_registers() -> None:
    professional = ask("--node", "first-line", "--tone", "professional")
    layperson = ask("--node", "first-line", "--tone", "layperson")
    dose = figure("pregabalin", "label_max")
    assert dose in professional["text"]
    assert dose not in layperson["text"], "the prescriber sets the dose"


def test_what_is_pressed_is_answered_before_anything_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    def learn(*_: object) -> Never:
        raise AssertionError("the models are learned")

    monkeypatch.setattr(app, "build_matcher", learn)
    content = str(ROOT / "content")
    assert footnote("ask", "--node", "ala-dose", FOOTNOTE_CONTENT=content).stdout
    with pytest.raises(AssertionError, match="learned"):
        footnote("ask", "how much ala", FOOTNOTE_CONTENT=content)


def test_the_channel_gives_the_default_register() -> None:
    assert ask("--node", "ala", "--channel", "slack")["tone"] == "professional"
    assert ask("--node", "ala", "--channel", "telegram")["tone"] == "layperson"


def test_after_gives_the_thread() -> None:
    assert ask("and the side effects?", "--after", "ala")["node"] == "ala-safety"
    assert ask("and the side effects?", "--after", "k2")["node"] == "k2"


def test_explain_gives_reasons() -> None:
    assert "because: " in footnote("ask", "chest pain right now", "--explain").stdout
    assert ask("chest pain right now", "--explain")["reasons"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("ask", "--node", "no-such-node"), "no-such-node"),
        (("ask", "x", "--after", "no-such-node"), "no-such-node"),
        (("ask", "x", "--tone", "posh"), "--tone professional"),
        (("ask",), "question"),
        (("doctor", "irc"), "telegram or slack"),
    ],
)
def test_a_wrong_call_says_what_is_wrong_without_a_traceback(words: tuple[str, ...], named: str) -> None:
    done = footnote(*words, code=2)
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_without_tokens_says_so_and_serves_a_page_until_it_is_stopped(tmp_path: Path) -> None:
    database = {"FOOTNOTE_DATABASE_URL": f"sqlite:///{tmp_path}/f.sqlite3", "FOOTNOTE_PORT": "0"}
    command = [sys.executable, "-m", "bot", "serve"]
    served = subprocess.Popen(
        command, cwd=ROOT, env=_clean(database), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert served.stderr is not None
    said = ""
    for line in served.stderr:
        said += line
        if line.startswith("Open http://"):
            break
    try:
        assert "TELEGRAM_BOT_TOKEN" in said
        assert "SLACK_BOT_TOKEN" in said
        with urllib.request.urlopen(said.splitlines()[-1].split()[1], timeout=20) as page:
            assert "Footnote" in page.read().decode()
        assert served.poll() is None, "without a terminal it goes on"
    finally:
        served.terminate()
        served.communicate(timeout=60)
    assert served.returncode == 0


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    database = {"FOOTNOTE_DATABASE_URL": f"sqlite:///{tmp_path}/f.sqlite3"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = process("serve", code=2, FOOTNOTE_PORT=str(taken.getsockname()[1]), **database)
    assert "FOOTNOTE_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_host_that_is_not_ours_is_named_in_one_sentence(tmp_path: Path) -> None:
    """One of many: tests/test_service.py has the others."""
    database = {"FOOTNOTE_DATABASE_URL": f"sqlite:///{tmp_path}/f.sqlite3"}
    done = process("serve", code=2, FOOTNOTE_HOST="a..b", **database)
    assert done.stderr.splitlines()[-1].startswith("footnote: FOOTNOTE_HOST a..b cannot be used")
    assert "Traceback" not in done.stderr


def test_chat_takes_a_number_as_a_button_and_a_slash_as_a_command() -> None:
    shown = process("chat", "--tone", "professional", stdin="/overview\n2\n").stdout
    assert shown.index("R-ALA and K2 in diabetic neuropathy") < shown.index("Role of ALA")


def test_wrong_content_prints_every_fault_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "dialogs").mkdir()
    (tmp_path / "dialogs" / "broken.yaml").write_text("dialog: x\n\tstart: y\n")
    done = footnote("ask", "x", code=2, FOOTNOTE_DIALOGS=str(tmp_path / "dialogs"))
    assert "broken.yaml:2:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_setting_names_variable_and_place() -> None:
    done = footnote("serve", code=2, SLACK_BOT_TOKEN="xoxb-1")
    assert "SLACK_APP_TOKEN" in done.stderr


def test_evaluate_has_the_fixed_shape(tmp_path: Path) -> None:
    asked = [("chest pain now", None, "urgent"), ("and the dose?", "ala", "ala-dose")]
    rows = [
        {"id": str(number), "text": text, "register": "patient", "context": after, "expect": [node], "kind": "in-scope"}
        for number, (text, after, node) in enumerate(asked)
    ]
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    found = json.loads(footnote("evaluate", str(path), "--json").stdout)
    assert {"n", "right", "offered", "wrong", "missed", "by_kind", "urgent", "rows"} <= set(found)
    assert (found["n"], found["right"], found["urgent"]["recall"]) == (2, 1.0, 1.0)
    assert {"id", "expect", "outcome", "node", "choices"} <= set(found["rows"][0])
    assert "100.0%" in footnote("evaluate", str(path)).stdout


def test_evaluate_lists_what_was_taken_for_what(tmp_path: Path) -> None:
    row = {"id": "1", "text": "how does ALA work", "register": "patient", "context": None, "kind": "in-scope"}
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps(row | {"expect": ["k2"]}))
    told = footnote("evaluate", str(path), "--confusion").stdout
    assert "1  k2 -> ala-mechanism" in told
    assert "sound like another answer" in told or "tells them apart" in told
    path.write_text(json.dumps(row | {"expect": ["ala-mechanism"]}))
    assert "nothing was taken" in footnote("evaluate", str(path), "--confusion").stdout


def test_a_faulty_question_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "1"}\n')
    done = footnote("evaluate", str(path), code=2)
    assert "q.jsonl:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_graph_is_a_mermaid_flowchart_of_the_whole_tree() -> None:
    chart = footnote("graph").stdout
    assert chart.startswith("flowchart LR")
    assert "overview --> ala" in chart


def test_reports_on_an_empty_database_and_unknown_numbers(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/f.sqlite3"
    assert "nothing is reported" in footnote("reports", "list", FOOTNOTE_DATABASE_URL=url).stdout
    for work in ("show", "close"):
        done = footnote("reports", work, "7", code=2, FOOTNOTE_DATABASE_URL=url)
        assert "`footnote reports list` shows those there are" in done.stderr


def test_inbox_on_an_empty_database_and_unknown_rows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/f.sqlite3"
    assert "nothing is waiting" in footnote("inbox", "list", FOOTNOTE_DATABASE_URL=url).stdout
    done = footnote("inbox", "replay", "7", code=2, FOOTNOTE_DATABASE_URL=url)
    assert "no quarantined turn 7" in done.stderr


def test_backup_and_restore(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/f.sqlite3"
    footnote("inbox", "list", FOOTNOTE_DATABASE_URL=url)
    footnote("backup", str(tmp_path / "copy.sqlite3"), FOOTNOTE_DATABASE_URL=url)
    footnote("restore", str(tmp_path / "copy.sqlite3"), FOOTNOTE_DATABASE_URL=url)
    assert "nothing is waiting" in footnote("inbox", "list", FOOTNOTE_DATABASE_URL=url).stdout


@pytest.mark.parametrize("words", [("ask", "--node", "overview"), ("docs",)])
def test_a_sentence_that_is_missing_is_named_without_a_traceback(tmp_path: Path, words: tuple[str, ...]) -> None:
    folders = {}
    for name, variable in (("content", "FOOTNOTE_CONTENT"), ("dialogs", "FOOTNOTE_DIALOGS")):
        folders[variable] = str(shutil.copytree(ROOT / "tests" / "content" / "mini" / name, tmp_path / name))
    interface = tmp_path / "content" / "interface.yaml"
    assert "table-sources" not in interface.read_text(encoding="utf-8")
    done = footnote(*words, code=2, **folders)
    assert "there is no sentence `table-sources`" in done.stderr
    assert "Traceback" not in done.stderr

"""The habits every commit keeps: lint, types, pins without an index address, small modules."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BOT = ROOT / "bot"
SDKS = ("telegram", "slack_bolt", "slack_sdk", "aiohttp", "aiosqlite", "asyncpg", "sqlalchemy")
MAX_LINES = 500
"""What one can still read in one go. It was 300: then a turn went through so many files that nobody could follow it
(docs/decisions/0010-fewer-longer-modules.md)."""


def modules() -> list[Path]:
    found = sorted(BOT.rglob("*.py"))
    assert len(found) > 30, "the guard: there must be modules to look at"
    return found


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


LINTERS = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))


@pytest.mark.parametrize("command", LINTERS, ids=" ".join)
def test_lint_and_types_are_clean(command: tuple[str, ...]) -> None:
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_content_dialog_and_matching_know_no_platform_and_no_database() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules()
        if path.relative_to(BOT).parts[0] in ("content", "dialog", "matching")
        for name in imported(path)
        if name.split(".")[0] in SDKS
    ]
    assert not wrong


def test_modules_are_of_one_idea() -> None:
    lines = {path.relative_to(BOT).as_posix(): len(path.read_text().splitlines()) for path in modules()}
    assert not {name: count for name, count in lines.items() if count > MAX_LINES}


def test_pins_name_no_package_index() -> None:
    files = sorted((ROOT / "requirements").glob("*.txt"))
    assert len(files) == 3
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"://|index-url|find-links|\.(org|com|net|io|dev)\b", text), path.name
        pinned = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
        assert pinned
        assert all("==" in line for line in pinned), path.name
    assert not (ROOT / "uv.lock").exists()
    assert not (ROOT / "pylock.toml").exists()


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"]
    pins = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8").lower()
    for requirement in wanted:
        name = re.split(r"[\[<>=~]", requirement)[0].lower()
        assert f"\n{name}==" in f"\n{pins}" or f"\n{name}[" in f"\n{pins}", name


PAGES = {"ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "GLOSSARY.md", "LICENSE", "README.md", "SECURITY.md"}
BUILT_WITH = {"Dockerfile", "MANIFEST.in", "Makefile", "docker-compose.yml", "pyproject.toml", "setup.py"}
FOLDERS = {"benchmarks", "bot", "content", "deploy", "dialogs", "docs", "requirements", "tests"}
"""What a reader of the project meets first; a measurement's output was once left among it."""


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="without a checkout nobody knows what is kept")
def test_nothing_is_left_lying_at_the_top() -> None:
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {path.split("/")[0] for path in kept if not path.startswith(".")} == PAGES | BUILT_WITH | FOLDERS

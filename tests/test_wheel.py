"""The wheel in an environment of its own: it works in an empty folder, and never writes into its own files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.content.mini import written

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES = (
    "bot",
    "dialogs",
    "content",
    "docs/rules",
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
)


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TELEGRAM_", "SLACK_", "FOOTNOTE_", "PYTHON"))}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=300)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build leaves files beside its sources."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", ".")
    done = run(*pip, folder=source)
    assert done.returncode == 0, done.stderr
    (built,) = source.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def footnote(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed in a new environment that borrows the dependencies of this one."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", home, folder=home)
    python = home / "bin" / "python"
    (packages,) = (home / "lib").glob("python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", f"--python={python}", "install", "--quiet", "--no-deps", "--no-index", wheel)
    done = run(*pip, folder=home)
    assert done.returncode == 0, done.stderr
    return home / "bin" / "footnote"


def test_the_wheel_holds_the_content_the_rules_the_types_and_the_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.name.startswith(f"footnote_bot-{PROJECT['version']}-")
    for name in ("dialogs/neuropathy.yaml", "content/interface.yaml", "docs/rules/F01.md"):
        assert f"bot/shipped/{name}" in names
    assert "bot/py.typed" in names
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    assert not [name for name in names if name.startswith(("tests", "benchmarks"))]


def test_it_checks_and_answers_in_an_empty_folder(footnote: Path, tmp_path: Path) -> None:
    checked = run(footnote, "check", folder=tmp_path)
    assert "answers checked: " in checked.stdout
    asked = run(footnote, "ask", "what is alpha lipoic acid", folder=tmp_path)
    assert "pending human review" in asked.stdout
    assert "site-packages" not in asked.stderr
    assert list(tmp_path.iterdir()) == [], "an answer leaves nothing behind"


def test_dialogs_and_content_of_the_current_folder_win(footnote: Path, tmp_path: Path) -> None:
    written(tmp_path, {"content/ala/answers/ala-dose.yaml": "answer: [\n"})
    checked = run(footnote, "check", folder=tmp_path)
    assert "content/ala/answers/ala-dose.yaml:" in checked.stdout
    assert "site-packages" not in checked.stdout


def test_generated_pages_are_written_beside_ones_own_content_only(footnote: Path, tmp_path: Path) -> None:
    refused = run(footnote, "docs", folder=tmp_path)
    assert (refused.returncode, "of your own" in refused.stderr) == (2, True)
    content = ROOT / "content"
    shared = [*content.glob("layout/*.j2"), *(content / f"{name}.yaml" for name in ("interface", "emergency"))]
    written(tmp_path, {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in shared})
    done = run(footnote, "docs", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    pages = {path.name for path in (tmp_path / "docs").iterdir()}
    assert pages == {"content.md", "screens.md", "sources.md", "graph.svg"}


def test_the_metadata_has_ranges_and_pins_stay_in_the_requirements() -> None:
    assert not [wanted for wanted in PROJECT["dependencies"] if "==" in wanted]

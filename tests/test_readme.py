"""Every example in the README is run, and prints what the README says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_cli import ROOT, footnote, process

_CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def examples() -> Iterator[tuple[str, str]]:
    """Yield every command of the README with the output printed under it."""
    for block in _CONSOLE.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def test_there_are_examples() -> None:
    assert len(list(examples())) >= 2


@pytest.mark.parametrize(("command", "output"), list(examples()), ids=lambda value: str(value)[:40])
def test_an_example_prints_what_the_readme_says(command: str, output: str) -> None:
    program, *words = shlex.split(command)
    assert program == "footnote"
    assert flat(process(*words).stdout) == flat(output)


def test_every_command_and_setting_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = footnote("--help").stdout
    commands = set(re.findall(r"│ ([a-z]+)  ", shown))
    assert len(commands) > 10
    assert [name for name in sorted(commands) if f"footnote {name}" not in text] == []


def test_every_link_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / Path(target)).exists()
    ]
    assert broken == []


def flat(text: str) -> str:
    """Return the text without trailing white space, which editors remove."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())

"""What is generated from content and rules, and kept fresh by a test: schemas, docs/content.md, the list of rules."""

from __future__ import annotations

from pathlib import Path

from bot.library.contents import contents
from bot.library.library import Library
from bot.library.rulebook import index, pages
from bot.library.schemas import schemas


def generated(library: Library, root: Path) -> dict[Path, str]:
    """Return every generated file of the project at `root`, with the text it should have."""
    rules = root / "docs" / "rules"
    files = {library.home.content / "schema" / name: text for name, text in schemas().items()}
    return {**files, root / "docs" / "content.md": contents(library), rules / "README.md": index(pages(rules))}


def write(library: Library, root: Path) -> list[Path]:
    """Write what is not fresh; return the files that were."""
    stale = {path: text for path, text in generated(library, root).items() if not _holds(path, text)}
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(stale)


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text

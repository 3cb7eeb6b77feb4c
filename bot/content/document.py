"""The typed document every channel renders: authored Markdown becomes blocks of runs, and nothing else ever does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inline:
    """A stretch of text in one style. `text` is literal: no channel may read it as markup."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str | None = None


Runs = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: Runs


@dataclass(frozen=True, slots=True)
class Heading:
    runs: Runs
    level: int = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One list item; `depth` 0 is the outermost list, `marker` is `•` or `1.`"""

    runs: Runs
    depth: int = 0
    marker: str = "•"


@dataclass(frozen=True, slots=True)
class ListBlock:
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: tuple[Paragraph | ListBlock, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A header row and body rows; every row has as many cells as the header."""

    header: tuple[Runs, ...]
    rows: tuple[tuple[Runs, ...], ...]


Block = Paragraph | Heading | ListBlock | Quote | Table
Document = tuple[Block, ...]


def text_of(runs: Runs) -> str:
    """Return the literal text of the runs."""
    return "".join(run.text for run in runs)

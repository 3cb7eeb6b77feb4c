"""A phone's screen, measured: lines of text, buttons and folded quotations, the same for every channel."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

LINE = 40
"""Characters of one line."""

SCREEN = 18
"""Lines of one screen."""

ROW = 2
"""Lines that a row of buttons takes."""

FOLD = 3
"""Lines of a folded quotation, at most."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one answer fills: lines of the answer itself, of its small print, and rows and number of its buttons.

    Blank lines count as answer. `head` are the lines before the first sentence, `words` those that are read at once,
    `above` the lines of text above what is folded, `votes` the lines of a row for a vote whose buttons have no frame;
    `picture` is the screen in plain characters.
    """

    answer: int
    small_print: int
    rows: int
    buttons: int
    words: int
    head: int
    above: int = 0
    votes: int = 0
    picture: tuple[str, ...] = ()

    @property
    def text(self) -> int:
        """Lines of text."""
        return self.answer + self.small_print

    @property
    def span(self) -> int:
        """Lines from the first sentence of the answer to the last line of text."""
        return self.text - self.head

    @property
    def lines(self) -> int:
        """Lines with the buttons."""
        return self.text + self.pressed

    @property
    def pressed(self) -> int:
        """Lines of the buttons."""
        return self.rows * ROW + self.votes

    @property
    def screens(self) -> float:
        """Screens with the buttons."""
        return self.lines / SCREEN


def wrapped(text: str, width: int = LINE) -> int:
    """Return how many lines a text fills; an empty line is one."""
    return len(broken(text, width)) if text else 0


def broken(text: str, width: int = LINE) -> list[str]:
    """Return a text in lines as a phone breaks them."""
    return [piece for line in text.split("\n") for piece in textwrap.wrap(line, width) or [""]]


def rows_of(labels: Iterable[str], frame: int) -> list[list[str]]:
    """Return the labels of buttons in the rows into which they flow; a frame takes so many characters of a line."""
    rows, left = list[list[str]](), 0
    for label in labels:
        if len(label) + frame > left:
            rows, left = [*rows, []], LINE
        rows[-1].append(label)
        left -= len(label) + frame
    return rows


def shares(found: Iterable[Shown]) -> tuple[float, float, float]:
    """Return which parts of all that is shown are answer, buttons and small print."""
    answers = list(found)
    parts = [sum(one.answer for one in answers), sum(one.pressed for one in answers)]
    parts.append(sum(one.small_print for one in answers))
    whole = sum(parts) or 1
    return parts[0] / whole, parts[1] / whole, parts[2] / whole

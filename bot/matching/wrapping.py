"""Wraps authored lines in remarks and slips of the pen, as people do: the models learn to hear the question in them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from bot.content.matching_models import Courtesies
from bot.matching.subjects import HOLDER
from bot.matching.text import sampled

_NEIGHBOURS = {
    "a": "sqz", "b": "vgn", "c": "xvd", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok",
    "j": "hku", "k": "jli", "l": "ko", "m": "n", "n": "bm", "o": "ipl", "p": "o", "q": "wa", "r": "etf",
    "s": "adw", "t": "ryg", "u": "yij", "v": "cb", "w": "qes", "x": "zc", "y": "tuh", "z": "xa",
}  # fmt: skip
_SHORTEST = 4
_COMMON = 0.35
"""How often a remark is no more than a courtesy."""
_FORMS = 40
"""Wordings one line of courtesies may add."""


def slipped(line: str, draw: Random) -> str:
    """Return the line with one slip of the pen in a word of four letters or more, where it has one."""
    words = line.split()
    places = [
        at for at, word in enumerate(words) if len(word) >= _SHORTEST and word.isalpha() and not word.startswith(HOLDER)
    ]
    if not places:
        return line
    at = draw.choice(places)
    words[at] = _slip(words[at], draw)
    return " ".join(words)


def _slip(word: str, draw: Random) -> str:
    at = draw.randrange(1, len(word) - 1)
    kind = draw.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + draw.choice(_NEIGHBOURS.get(word[at].lower(), "e")) + word[at + 1 :]


class Wrapper:
    """The remarks, frames and openers of a library, put around lines."""

    def __init__(self, courtesies: Courtesies) -> None:
        self._words = _forms(courtesies.words)
        aside = [*courtesies.asides, *courtesies.openers]
        self._before = [*aside, *_forms(courtesies.before)]
        self._after = [*courtesies.asides, *_forms(courtesies.after)]
        self._frames = _forms(courtesies.frames)

    def parts(self, line: str, draw: Random) -> list[tuple[str, bool]]:
        """Return the line and the one or two random remarks beside it in order, each with whether it is one."""
        if not self._before or not self._after:
            return [(line, False)]
        kind = draw.randrange(5)
        if kind == 0 and self._frames:
            return [(f"{draw.choice(self._frames)}{draw.choice((' ', ', ', ': '))}", True), (line, False)]
        found = [(line, False)]
        if kind in (1, 4):
            found = [
                (f"{self._remark(self._before, draw)}{draw.choice((', ', '. ', ' ', ' ', ' - ', '! '))}", True),
                *found,
            ]
        if kind != 1:
            found[-1] = (f"{line}{draw.choice(('? ', '. ', ' ', ' ', ' ', ', ', '? ', ' - '))}", False)
            found.append((self._remark(self._after, draw), True))
        return found

    def _remark(self, longer: Sequence[str], draw: Random) -> str:
        """Return a remark: often one of the few words that most people use, such as `thanks` and `ok so`."""
        return draw.choice(self._words) if self._words and draw.random() < _COMMON else draw.choice(longer)


def _forms(lines: Sequence[str]) -> list[str]:
    return [form for line in lines for form in sampled(line, _FORMS)]

"""Tells whether a message is English, by its little words and its letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

_LETTERS_READ = 600


class Languages:
    """Counts the telling words of each other language against those of English."""

    def __init__(self, words: Mapping[str, Sequence[str]], english: frozenset[str]) -> None:
        self._words = {name: frozenset(found) for name, found in words.items()}
        self._english = english

    def other(self, text: str, words: Sequence[str]) -> str | None:
        """Return the other language a message is in (`script` when not even the letters are Latin), or None."""
        if _foreign_letters(text):
            return "script"
        english = sum(1 for word in words if word in self._english)
        counts = {name: sum(1 for word in words if word in found) for name, found in self._words.items()}
        best = max(counts, key=lambda name: counts[name], default=None)
        if best is None or counts[best] < 2 or counts[best] <= english:
            return None
        return best


def _foreign_letters(text: str) -> bool:
    letters = [letter for letter in text[:_LETTERS_READ] if letter.isalpha()]
    foreign = sum(1 for letter in letters if not letter.isascii() and not _latin_or_sign(letter))
    return foreign > 3 and foreign * 2 > len(letters)


def _latin_or_sign(letter: str) -> bool:
    name = unicodedata.name(letter, "")
    return name.startswith(("LATIN", "MICRO", "FULLWIDTH LATIN", "MATHEMATICAL", "GREEK SMALL LETTER ALPHA"))

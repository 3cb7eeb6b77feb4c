"""Tells whether a message is English, by its little words and its letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_LETTERS_READ = 600
_FEWEST = 2
"""So few words say too little to be called foreign, and so short ones are shared by many languages."""


class Languages:
    """Counts the telling words of each other language against those of English."""

    def __init__(self, words: Mapping[str, Sequence[str]], english: frozenset[str]) -> None:
        self._words = {name: frozenset(found) for name, found in words.items()}
        self._english = english

    def other(self, cleaned: str, words: Sequence[str]) -> str | None:
        """Return the other language a message is in, or None.

        `script` when not even the letters are Latin, `words` when hardly a word is known.
        """
        if _foreign_letters(cleaned):
            return "script"
        english = sum(1 for word in words if word in self._english)
        if _nothing_known(words, sum(1 for word in words if len(word) > _FEWEST and word in self._english)):
            return "words"
        counts = {name: sum(1 for word in words if word in found) for name, found in self._words.items()}
        best = max(counts, key=lambda name: counts[name], default=None)
        if best is None or counts[best] < 2 or counts[best] <= english:
            return None
        return best


def _nothing_known(words: Sequence[str], english: int) -> bool:
    letters = [word for word in words if word.isalpha() and len(word) > _FEWEST]
    return len(letters) > _FEWEST and english * 3 < len(letters)


def _foreign_letters(cleaned: str) -> bool:
    letters = [letter for letter in cleaned[:_LETTERS_READ] if letter.isalpha()]
    foreign = sum(1 for letter in letters if not letter.isascii())
    return foreign > _FEWEST and foreign * 3 > len(letters)

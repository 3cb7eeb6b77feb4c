"""A message as the matcher sees it: repaired words, their stems, the concepts they name and what stays unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.engine.match.lexicon import Lexicon, Mention
from bot.engine.match.normalise import LONGEST, clean, spelled_out, split
from bot.engine.match.spell import Speller
from bot.engine.match.stem import Stemmer

STOP = "."
UNKNOWN = "@unknown"
"""Stands for every word nobody authored: a name, a brand, a subject we have never heard of."""
_SHORT = 3
"""Words up to this length are never called unknown: too many of them are abbreviations."""
_MOST_REPAIRS = 60
"""Unknown words repaired in one message; more of them is no English, and repairing costs the most time."""


@dataclass(frozen=True, slots=True)
class Message:
    """`stems` and `words` run in step; `repairs` names each repaired word; `unknown` the words nobody authored.

    `mentions` are of the topic's vocabulary and do not overlap; `signs` are of the urgent vocabulary and may.
    """

    words: tuple[str, ...]
    stems: tuple[str, ...]
    mentions: tuple[Mention, ...]
    signs: tuple[Mention, ...] = ()
    repairs: tuple[tuple[str, str], ...] = ()
    unknown: frozenset[str] = frozenset()

    @property
    def concepts(self) -> frozenset[str]:
        """Every concept named anywhere in the message."""
        return frozenset(name for mention in self.mentions for name in mention.concepts)


class Reader:
    """Turns text into messages with one vocabulary."""

    def __init__(
        self, stem: Stemmer, lexicon: Lexicon, signs: Lexicon, speller: Speller, capitals: Mapping[str, str]
    ) -> None:
        self._stem = stem
        self._lexicon = lexicon
        self._signs = signs
        self._speller = speller
        self._capitals = capitals

    def read(self, text: str) -> Message:
        """Return the message a text is, in time bounded by the cap on its length."""
        words, repairs = self._repaired(split(clean(spelled_out(text[:LONGEST], self._capitals))))
        stems = tuple(map(self._stem, words))
        unknown = frozenset(word for word in words if self._is_unknown(word))
        mentions, signs = self._lexicon.longest(stems), tuple(self._signs.every(stems))
        return Message(tuple(words), stems, mentions, signs, tuple(repairs.items()), unknown)

    def _is_unknown(self, word: str) -> bool:
        return len(word) > _SHORT and word.isalpha() and not self._speller.knows(word)

    def _repaired(self, words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        repairs: dict[str, str] = {}
        tried: dict[str, str] = {}
        for word in words:
            if word not in tried:
                tried[word] = self._speller.repair(word) if len(repairs) < _MOST_REPAIRS else word
                if tried[word] != word:
                    repairs[word] = tried[word]
        return [tried[word] for word in words], repairs


def items(message: Message, keep: Callable[[str], bool] = bool) -> list[str]:
    """Return the message as a sequence of `@concept` and plain stems; concepts that `keep` refuses are left out."""
    found: list[str] = []
    at = 0
    for mention in message.mentions:
        found.extend(_plain(message, at, mention.start))
        found.extend(f"@{name}" for name in _first(filter(keep, mention.concepts)))
        at = mention.end
    found.extend(_plain(message, at, len(message.stems)))
    return found


def _plain(message: Message, start: int, end: int) -> Iterable[str]:
    for word, stem in zip(message.words[start:end], message.stems[start:end], strict=True):
        if stem != STOP:
            yield UNKNOWN if word in message.unknown else stem


def _first(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        return (name,)
    return ()

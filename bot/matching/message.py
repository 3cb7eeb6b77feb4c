"""A message as the matcher sees it: repaired words, their stems, the concepts they name and what stays unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.matching.lexicon import Lexicon, Mention
from bot.matching.normalise import clean, spelled_out, split
from bot.matching.spell import Speller
from bot.matching.stem import Stemmer

STOP = "."
UNKNOWN = "@unknown"
"""Stands for every word nobody authored: a name, a brand, a subject we have never heard of."""
_SHORT = 3
"""Words up to this length are never called unknown: too many of them are abbreviations."""
_MOST_TRIED = 60
"""Unknown words tried for repair in one message; with more of them it is no English, and trying costs the most time."""


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is cleaned; `stems` and `words` run in step; `repairs` names the repaired words, `unknown` all others.

    `mentions` are of the topic's vocabulary and do not overlap.
    """

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    mentions: tuple[Mention, ...]
    repairs: tuple[tuple[str, str], ...] = ()
    unknown: frozenset[str] = frozenset()

    @property
    def concepts(self) -> frozenset[str]:
        """Every concept named anywhere in the message."""
        return frozenset(name for mention in self.mentions for name in mention.concepts)


class Reader:
    """Turns text into messages with one vocabulary."""

    def __init__(self, stem: Stemmer, lexicon: Lexicon, speller: Speller, capitals: Mapping[str, str]) -> None:
        self._stem = stem
        self._lexicon = lexicon
        self._speller = speller
        self._capitals = capitals

    def read(self, text: str) -> Message:
        """Return the message a text is, in time bounded by the cap on its length."""
        cleaned = clean(spelled_out(text, self._capitals))
        words, repairs = self._repaired(split(cleaned))
        stems = tuple(map(self._stem, words))
        unknown = frozenset(word for word in words if self._is_unknown(word))
        mentions = self._lexicon.longest(stems)
        return Message(cleaned, tuple(words), stems, mentions, tuple(repairs.items()), unknown)

    def _is_unknown(self, word: str) -> bool:
        return len(word) > _SHORT and word.isalpha() and not self._speller.knows(word)

    def _repaired(self, words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        unknown = [word for word in dict.fromkeys(words) if not self._speller.knows(word)]
        tried = {word: self._speller.repair(word) for word in unknown[:_MOST_TRIED]}
        repairs = {word: repaired for word, repaired in tried.items() if repaired != word}
        return [repairs.get(word, word) for word in words], repairs


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

"""A message as the matcher sees it: repaired words, their stems, what they name and what stays unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.matching.lexicon import Lexicon, Mention
from bot.matching.spelling import Speller
from bot.matching.text import ASKED, COMMA, STOP, Stemmer, clean, spelled_out, tokens, words_only

_SHORT = 3
"""Words up to this length are never called unknown: too many of them are abbreviations."""
_MOST_TRIED = 60
"""Unknown words tried for repair in one message; with more of them it is no English, and trying costs the most time."""


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is cleaned; `words` and `stems` run in step, a sentence's end is a word `.`.

    `mentions` do not overlap. `guessed` are the repaired words that prove little. `pauses` are the places before
    which a comma or the like stands, `asked` the ends of sentences that had a question mark.
    """

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    mentions: tuple[Mention, ...]
    repairs: tuple[tuple[str, str], ...] = ()
    unknown: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()
    pauses: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()

    @property
    def concepts(self) -> frozenset[str]:
        """Every concept named anywhere in the message."""
        return frozenset(name for mention in self.mentions for name in mention.concepts)

    def part(self, start: int, end: int) -> Message:
        """Return the words from `start` to `end`, end excluded, as a message of their own."""
        words = self.words[start:end]
        return Message(
            " ".join(words),
            words,
            self.stems[start:end],
            _within(self.mentions, start, end),
            tuple(pair for pair in self.repairs if pair[1] in words),
            self.unknown & frozenset(words),
            self.guessed & frozenset(words),
            frozenset(at - start for at in self.pauses if start < at < end),
            frozenset(at - start for at in self.asked if start <= at < end),
        )


def joined(parts: Sequence[Message], *, pausing: bool = True) -> Message:
    """Return several messages one after the other; where they are `pausing`, with a pause between them."""
    at, mentions, pauses, asked = 0, list[Mention](), set[int](), set[int]()
    for part in parts:
        mentions += [Mention(one.concepts, one.start + at, one.end + at) for one in part.mentions]
        pauses.update(place + at for place in part.pauses)
        pauses |= {at} if pausing else set()
        asked |= {place + at for place in part.asked}
        at += len(part.words)
    return Message(
        " ".join(part.text for part in parts),
        tuple(word for part in parts for word in part.words),
        tuple(stem for part in parts for stem in part.stems),
        tuple(mentions),
        tuple(pair for part in parts for pair in part.repairs),
        frozenset().union(*(part.unknown for part in parts)),
        frozenset().union(*(part.guessed for part in parts)),
        frozenset(pauses - {0}),
        frozenset(asked),
    )


def _within(mentions: Sequence[Mention], start: int, end: int) -> tuple[Mention, ...]:
    inside = (one for one in mentions if start <= one.start and one.end <= end)
    return tuple(Mention(one.concepts, one.start - start, one.end - start) for one in inside)


class Reader:
    """Turns text into messages with one vocabulary."""

    def __init__(self, stem: Stemmer, lexicon: Lexicon, speller: Speller, capitals: Mapping[str, str]) -> None:
        self._stem = stem
        self._lexicon = lexicon
        self._speller = speller
        self._capitals = capitals

    def read(self, text: str) -> Message:
        """Return the message a text is, in time bounded by the cap on its length."""
        cleaned = clean(spelled_out(words_only(text), self._capitals))
        words, pauses, asked = _places(tokens(cleaned))
        words, repairs, unknown = self._repaired(words)
        stems = tuple(map(self._stem, words))
        mentions = self._lexicon.longest(stems)
        guessed = frozenset(repairs[word] for word in repairs if self._speller.guesses(word))
        return Message(cleaned, tuple(words), stems, mentions, tuple(repairs.items()), unknown, guessed, pauses, asked)

    def _repaired(self, words: Sequence[str]) -> tuple[list[str], dict[str, str], frozenset[str]]:
        """Return the words repaired, what was repaired in them, and the words that stay unknown."""
        strange = [word for word in dict.fromkeys(words) if not self._speller.knows(word)]
        tried = {word: self._speller.repair(word) for word in strange[:_MOST_TRIED]}
        repairs = {word: repaired for word, repaired in tried.items() if repaired != word}
        unknown = (word for word in strange if len(word) > _SHORT and word.isalpha() and word not in repairs)
        return [repairs.get(word, word) for word in words], repairs, frozenset(unknown)


def _places(found: Sequence[str]) -> tuple[list[str], frozenset[int], frozenset[int]]:
    """Return the words with sentence ends, the places of pauses, and those of ends with a question mark."""
    words, pauses, asked = list[str](), set[int](), set[int]()
    for token in found:
        if token == COMMA:
            pauses.add(len(words))
        else:
            if token == ASKED:
                asked.add(len(words))
            words.append(STOP if token == ASKED else token)
    return words, frozenset(pauses), frozenset(asked)

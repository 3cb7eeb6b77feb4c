"""What may be kept of a question that found no answer: nothing that could tell who asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from bot.matching.parser import Message
from bot.matching.text import FUNCTION, PERSONS, STOP

GONE = "…"
LEAST_WORDS, LEAST_SHARE = 3, 0.6
"""Fewer words than these, or a smaller share of them, are no question an editor could use."""
_PERSONAL = frozenset({"i", "my", "relative"})
"""Concepts of content/matching/vocabulary.yaml that stand for a person."""
_CAPITALISED = re.compile(r"(?<=[\w,] )[A-Z][a-z]+")
"""A word with a capital inside a sentence: the name of somebody, of a place or of a thing, it cannot be told which."""


def scrubbed(text: str, message: Message, ordinary: Collection[str]) -> str:
    """Return what of a message is named in the vocabulary, is grammar or an `ordinary` word, and a mark for the rest.

    Nothing is recognised as a name, a place or a number: what is not known to be none is not kept. The whole is empty
    where it is personal or too little is left. `message` is what was read of `text`.
    """
    written = {*message.words, *(word for word, _ in message.repairs)}
    if not PERSONS.isdisjoint(written) or not _PERSONAL.isdisjoint(message.concepts):
        return ""
    doubtful = {word.lower() for word in _CAPITALISED.findall(text)} | {mended for _, mended in message.repairs}
    kept = [GONE if word in doubtful else word for word in _kept(message, ordinary)]
    left = sum(word != GONE for word in kept)
    return " ".join(kept) if left >= max(LEAST_WORDS, LEAST_SHARE * len(kept)) else ""


def _kept(message: Message, ordinary: Collection[str]) -> Iterator[str]:
    named = {at for mention in message.mentions for at in range(mention.start, mention.end)}
    for at, word in enumerate(message.words):
        if word != STOP:
            lone = len(word) == 1 and named.isdisjoint((at - 1, at + 1))  # a letter of an id, and no `R` of `R-ALA`
            known = (at in named and not lone) or word in FUNCTION or word in ordinary
            yield word if known and not word[0].isdigit() else GONE

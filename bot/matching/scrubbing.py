"""What may be kept of a question that nothing answers: authored words alone, and nothing that speaks of a person."""

from __future__ import annotations

from collections.abc import Collection

from bot.matching.parser import Message
from bot.matching.text import STOP

GONE = "…"
LEAST_WORDS, LEAST_SHARE = 3, 0.6
"""Fewer words than these, or a smaller share of them, are no question an editor could use."""
_PERSONS = frozenset({
    "i", "im", "ive", "id", "me", "my", "mine", "myself", "we", "us", "our", "ours", "you", "your", "yours",
    "he", "him", "his", "she", "her", "hers", "they", "them", "their", "theirs",
})  # fmt: skip
"""Pronouns, a closed class: with one of them a question may tell of somebody."""


def scrubbed(message: Message, authored: Collection[str]) -> str:
    """Return the authored words of a message, a mark for every other; empty where it is personal or too little is left.

    Nothing is recognised as a name, a place or a number: what nobody authored is not kept, whatever it is.
    """
    words = [word for word in message.words if word != STOP]
    if not _PERSONS.isdisjoint(words):
        return ""
    kept = [word if word in authored and word.isalpha() else GONE for word in words]
    left = sum(word != GONE for word in kept)
    if left < LEAST_WORDS or left < LEAST_SHARE * len(kept):
        return ""
    return " ".join(kept)

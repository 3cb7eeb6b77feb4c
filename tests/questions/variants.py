"""Harmless changes of a question, in every thread: what must stay as it is. The changes are in wrappings.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.dialog.turn import Matcher
from bot.matching.evaluation import Question, mark

_HERE = Path(__file__).parent
_MARKS = re.compile(r"[.,!?;:\"'()\[\]“”‘’]")
_LONGEST = re.compile(r"[A-Za-z]{5,}")


@dataclass(frozen=True, slots=True)
class Invariance:
    """How questions stand up to changes: each with the share of its variants that are right and that flip."""

    right: list[float]
    flipped: list[float]

    @property
    def in_every_variant(self) -> float:
        """The share of questions that are right in every variant."""
        return sum(share == 1 for share in self.right) / len(self.right)

    @property
    def flips(self) -> float:
        """The share of variants whose decision differs from that on the plain question."""
        return sum(self.flipped) / len(self.flipped)


def wrappings(kind: str) -> list[Any]:
    """Return the wrappings of a kind: shown, or held_back."""
    found: list[Any] = yaml.safe_load((_HERE / "wrappings.yaml").read_text(encoding="utf-8"))[kind]
    return found


def changed(text: str, wrapping: Any) -> str:
    """Return the question inside a wrapping, or after its transformations."""
    if isinstance(wrapping, str):
        return wrapping.replace("{q}", text)
    for name in wrapping:
        text = _CHANGES[name](text)
    return text


def invariance(
    matcher: Matcher, questions: Sequence[Question], changes: Sequence[Any], threads: Sequence[str], otherwise: str
) -> Invariance:
    """Return how the questions that are right as they stand keep their answers in every change and thread."""
    found = Invariance([], [])
    for question in questions:
        plain = matcher.match(question.text, None, question.register)
        if mark(question, plain, otherwise) != "right":
            continue
        decided = [
            matcher.match(text, context, question.register) for text, context in _all(question, changes, threads)
        ]
        right = [mark(question, one, otherwise) == "right" for one in decided]
        found.right.append(sum(right) / len(right))
        found.flipped.append(sum(one.node != plain.node for one in decided) / len(decided))
    return found


def _all(question: Question, changes: Sequence[Any], threads: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    yield from ((changed(question.text, one), None) for one in changes)
    yield from ((question.text, context) for context in threads)


def _in_longest(text: str, slip: Callable[[str], str]) -> str:
    words = [found for found in _LONGEST.finditer(text) if not found[0][0].isupper()]
    if not words:
        return text
    found = max(words, key=lambda one: (len(one[0]), -one.start()))
    return text[: found.start()] + slip(found[0]) + text[found.end() :]


def _swapped(word: str) -> str:
    at = len(word) // 2
    return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


def _broken(words: list[str]) -> str:
    half = len(words) // 2
    return "\n".join((" ".join(words[:half]), " ".join(words[half:])))


_CHANGES: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "no-punctuation": lambda text: _MARKS.sub("", text),
    "no-apostrophe": lambda text: text.replace("'", ""),
    "curly": lambda text: text.replace("'", "’").replace('"', "”"),
    "one-typo": lambda text: _in_longest(text, _swapped),
    "dropped-letter": lambda text: _in_longest(text, lambda word: word[: len(word) // 2] + word[len(word) // 2 + 1 :]),
    "doubled-letter": lambda text: _in_longest(text, lambda word: word[: len(word) // 2] + word[len(word) // 2 - 1 :]),
    "line-break": lambda text: _broken(text.split(" ")),
    "double-space": lambda text: text.replace(" ", "  "),
    "no-break-space": lambda text: text.replace(" ", "\u00a0"),
    "dots": lambda text: re.sub(r"[.!?]+$", "...", text),
    "marks": lambda text: re.sub(r"[.!?]+$", "???!", text),
    "mention": lambda text: f"@footnote {text}",
    "mention-last": lambda text: f"{text} @footnote",
    "quote": lambda text: "\n".join(f"> {line}" for line in text.splitlines()),
    "bold": lambda text: f"*{text}*",
    "zero-width": lambda text: text.replace(" ", " \u200b", 1),
    "tabs-and-ends": lambda text: f"\t{text}\n\n\n",
}

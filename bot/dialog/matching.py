"""What every matcher returns, and the one interface a matcher has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.dialog.turn import Outcome, Register


@dataclass(frozen=True, slots=True)
class Match:
    """The decision about one message, with its reasons.

    `node` is the node to show (for CHOICES the `otherwise` node); `choices` holds two or three node ids when unsure;
    `related` the general answers that help: nearest topics for not-covered, matching answers for personal advice;
    `scores` the best candidates first, 0..1; `reasons` one short English phrase per deciding rule or signal;
    `note` names an interface sentence to lead the answer with (for example `other-language`), or is empty; `language`
    is the code of another language the message is in, when content/languages.yaml holds it; `also` are the answers to
    further questions of the same message, in their order.
    """

    outcome: Outcome
    node: str
    choices: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()
    reasons: tuple[str, ...] = ()
    note: str = ""
    language: str = ""
    also: tuple[str, ...] = ()


class Matcher(Protocol):
    """Anything that can decide about free text."""

    def match(self, text: str, context: str | None, register: Register) -> Match:
        """Return the decision for `text` asked after node `context` by a reader of `tone`; never raises."""

"""Which arrivals overtake what waits in their conversation: decided at the door, before anything is stored."""

from __future__ import annotations

from collections.abc import Callable

from bot.dialog.turn import Kind
from bot.inbox.events import InboundEvent
from bot.inbox.thoughts import PATIENCE, unfinished

Urgent = Callable[[str], bool]
"""Tells whether words speak of an emergency."""

MOST_REMEMBERED = 4096
"""Beginnings kept in memory, each for a moment; beyond that an emergency said in two messages waits its turn."""


def nothing_urgent(_words: str) -> bool:
    """Answer for an inbox that is told of no emergencies."""
    return False


class Priority:
    """Judges words as they arrive, together with the beginning that came a moment before ("I want to", "die").

    Beginnings are kept in this process alone and only for as long as their rest may take: what is decided is stored.
    """

    def __init__(self, urgent: Urgent) -> None:
        self._urgent = urgent
        self._begun: dict[tuple[str, str], tuple[float, str]] = {}

    def __call__(self, event: InboundEvent, now: float) -> bool:
        """Return whether the event goes first; presses and commands never do."""
        if event.incoming.kind not in (Kind.TEXT, Kind.OTHER) or not event.incoming.text.strip():
            return False
        words = self._with_beginning(event, now)
        return self._urgent(event.incoming.text) or (words != event.incoming.text and self._urgent(words))

    def _with_beginning(self, event: InboundEvent, now: float) -> str:
        who, words = (event.conversation, event.person), event.incoming.text
        at, begun = self._begun.pop(who, (now, ""))
        if begun and now - at <= PATIENCE:
            words = f"{begun} {words}"
        if event.cut or unfinished(words):
            self._remember(who, words, now)
        return words

    def _remember(self, who: tuple[str, str], words: str, now: float) -> None:
        if len(self._begun) >= MOST_REMEMBERED:
            self._begun = {one: begun for one, begun in self._begun.items() if now - begun[0] <= PATIENCE}
        if len(self._begun) < MOST_REMEMBERED:
            self._begun[who] = now, words

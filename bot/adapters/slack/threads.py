"""Which threads the bot follows, and which messages are gone: short memories that never grow."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Known = Callable[[str], Awaitable[bool]]
"""Tells whether a conversation is remembered in the store."""

CAPACITY = 20_000
"""Entries kept in memory; what is older is looked up in the store."""


class Recent:
    """The last `capacity` names it was told, each with a word about it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._names: OrderedDict[str, str] = OrderedDict()
        self._capacity = capacity

    def add(self, name: str, about: str = "") -> None:
        """Remember a name, forgetting the oldest when full."""
        self._names[name] = about
        self._names.move_to_end(name)
        if len(self._names) > self._capacity:
            self._names.popitem(last=False)

    def about(self, name: str) -> str | None:
        """Return the word about a name, None if it is not remembered."""
        return self._names.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self._names


@dataclass(frozen=True, slots=True)
class Memory:
    """What door and channel tell each other: deleted messages, and the node of each answer that stands alone, so that
    the first question in its thread knows what it follows."""

    gone: Recent = field(default_factory=Recent)
    alone: Recent = field(default_factory=Recent)


async def nothing_known(_conversation: str) -> bool:
    """Answer for a bot without a store: it remembers only what it saw since it started."""
    return False


class Threads:
    """The conversations the bot was asked in: seen a moment ago, or remembered in the store from before a restart."""

    def __init__(self, known: Known = nothing_known) -> None:
        self._recent = Recent()
        self._known = known

    def note(self, conversation: str) -> None:
        """Remember that the bot was asked here."""
        self._recent.add(conversation)

    async def followed(self, conversation: str) -> bool:
        """Tell whether the bot was asked here before."""
        if conversation in self._recent:
            return True
        if await self._known(conversation):
            self._recent.add(conversation)
            return True
        return False

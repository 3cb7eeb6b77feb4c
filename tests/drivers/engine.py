"""The engine without any channel."""

from __future__ import annotations

from dataclasses import replace

from bot.channels.layout import reply_text
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, Reply, State
from tests.drivers.driver import Seen, leading_to, nodes_behind


class EngineDriver:
    """Turns handed straight to the engine; one person, several threads."""

    def __init__(self, engine: Engine, register: Register) -> None:
        self._engine = engine
        self._register: Register | None = register
        self._met = False
        self._now = 0.0
        self._threads: dict[str, State] = {}
        self._last: dict[str, Reply] = {}

    async def say(self, words: str, thread: str) -> Seen:
        return self._respond(Incoming(Kind.TEXT, words), thread)

    async def command(self, name: str, thread: str) -> Seen:
        return self._respond(Incoming(Kind.COMMAND, name), thread)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    async def tap(self, node: str, thread: str) -> Seen:
        return self._respond(Incoming(Kind.TAP, leading_to(node, shown(self._last[thread]))), thread)

    async def switch(self, register: Register, thread: str) -> Seen:
        node = self._last[thread].card.node
        return self._respond(Incoming(Kind.TAP, payloads.payload(node, register)), thread)

    def _respond(self, incoming: Incoming, thread: str) -> Seen:
        known = self._threads.get(thread, State())
        before = replace(known, register=self._register, introduced=self._met)
        reply, state = self._engine.respond(before, replace(incoming, at=self._now))
        self._register, self._met = state.register, state.introduced
        self._threads[thread], self._last[thread] = state, reply
        return Seen(reply_text(reply, "Sources"), nodes_behind(shown(reply)))


def shown(reply: Reply) -> list[str]:
    """Return the payloads of the buttons, in order."""
    return [button.payload for button in reply.buttons]

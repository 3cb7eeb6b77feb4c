"""The engine without any channel, and the terminal as a person at a keyboard meets it."""

from __future__ import annotations

import io

from rich.console import Console

from bot.channels.plain import pressable, reply_text
from bot.channels.terminal.chat import converse
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, Reply, State
from tests.drivers.driver import Seen


class EngineStage:
    """Turns handed straight to the engine; one person, several threads."""

    def __init__(self, engine: Engine, register: Register) -> None:
        self._engine = engine
        self._register: Register | None = register
        self._met = False
        self._threads: dict[str, State] = {}
        self._last: dict[str, Reply] = {}

    async def say(self, words: str, thread: str) -> Seen:
        return self._respond(Incoming(Kind.TEXT, words), thread)

    async def tap(self, node: str, thread: str) -> Seen:
        return self._respond(Incoming(Kind.TAP, payload_of(self._last[thread], node)), thread)

    async def switch(self, register: Register, thread: str) -> Seen:
        node = self._last[thread].card.node
        return self._respond(Incoming(Kind.TAP, payloads.payload(node, register)), thread)

    def _respond(self, incoming: Incoming, thread: str) -> Seen:
        history = self._threads.get(thread, State()).history
        reply, state = self._engine.respond(State(self._register, self._met, history), incoming)
        self._register, self._met = state.register, state.introduced
        self._threads[thread], self._last[thread] = state, reply
        return Seen(reply_text(reply, "Sources"), nodes_of(reply))


class TerminalStage:
    """A person typing into `footnote chat`: the whole conversation is typed again for every turn."""

    def __init__(self, engine: Engine, register: Register) -> None:
        self._engine = engine
        self._register = register
        self._mirror = EngineStage(engine, register)
        self._typed: list[str] = []

    async def say(self, words: str, thread: str) -> Seen:
        return self._type(words, await self._mirror.say(words, thread))

    async def tap(self, node: str, thread: str) -> Seen:
        return self._press(payload_of(self._mirror._last[thread], node), await self._mirror.tap(node, thread), thread)

    async def switch(self, register: Register, thread: str) -> Seen:
        node = self._mirror._last[thread].card.node
        return self._press(payloads.payload(node, register), await self._mirror.switch(register, thread), thread)

    def _press(self, payload: str, mirrored: Seen, thread: str) -> Seen:
        numbers = [button.payload for button in self._shown]
        return self._type(str(numbers.index(payload) + 1), mirrored)

    def _type(self, line: str, mirrored: Seen) -> Seen:
        """Type one more line; what is printed since must be what the engine answers."""
        before = len(self._printed())
        self._typed.append(line)
        self._shown = pressable(self._mirror._last["main"])
        return Seen(self._printed()[before:], mirrored.buttons)

    def _printed(self) -> str:
        screen = io.StringIO()
        converse(self._engine, Console(file=screen, width=100, highlight=False), self._typed, self._register)
        return screen.getvalue()


def payload_of(reply: Reply, node: str) -> str:
    """Return the payload of the button that leads to `node`; fails when no such button is shown."""
    for button in reply.buttons:
        tap = payloads.parse(button.payload)
        if tap and tap.node == node and tap.register is None and tap.word in ("", "choice"):
            return button.payload
    raise AssertionError(f"no button leads to '{node}': {[button.payload for button in reply.buttons]}")


def nodes_of(reply: Reply) -> tuple[str, ...]:
    """Return the nodes behind the buttons, in order."""
    return tuple(tap.node for button in reply.buttons if (tap := payloads.parse(button.payload)))

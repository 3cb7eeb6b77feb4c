"""What a driver shows after each turn, and the one judgement all drivers share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.authoring.conversations import flat, of
from bot.channels.layout import document_text
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.turn import Register
from tests.drivers.script import Expect, Script, ScriptTurn

__all__ = ["Driver", "Seen", "Waiting", "flat", "leading_to", "mismatches", "nodes_behind", "of", "play"]


@dataclass(frozen=True)
class Seen:
    """What a person sees: all the words, and the nodes behind the buttons (in order)."""

    text: str
    buttons: tuple[str, ...]


class Driver(Protocol):
    """Talks to the bot as a person would, in one place."""

    async def say(self, words: str, thread: str) -> Seen:
        """Send words in a thread and return the answer."""

    async def tap(self, node: str, thread: str) -> Seen:
        """Press the button of a node on the newest answer of the thread that has it."""

    async def command(self, name: str, thread: str) -> Seen:
        """Name a command, such as `start`, and return the answer."""

    async def switch(self, register: Register, thread: str) -> Seen:
        """Press the register button on the newest answer of the thread."""


def leading_to(node: str, shown: Iterable[str]) -> str:
    """Return the payload of the button that leads to a node; fails when no such button is shown.

    `node!word` is the button that says something more, such as `urgent-chest!over`.
    """
    buttons, (target, _, word) = list(shown), node.partition("!")
    for payload in buttons:
        tap = payloads.parse(payload)
        if tap and tap.node == target and tap.register is None and tap.word in ((word,) if word else ("", "choice")):
            return payload
    raise AssertionError(f"no button leads to '{node}': {buttons}")


def nodes_behind(shown: Iterable[str]) -> tuple[str, ...]:
    """Return the nodes to which buttons lead, in order."""
    return tuple(tap.node for payload in shown if (tap := payloads.parse(payload)))


@runtime_checkable
class Waiting(Protocol):
    """A driver for which time passes as a script says."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""


async def play(driver: Driver, script: Script, register: Register, composer: Composer) -> None:
    """Play a script to its end; a mismatch names the turn and shows what was seen."""
    for number, turn in enumerate(script.turns, start=1):
        register = turn.switch or register
        if isinstance(driver, Waiting):
            driver.wait(turn.after)
        seen = await _act(driver, turn)
        problems = list(mismatches(seen, turn.expect, register, composer))
        assert not problems, f"{script.name}, turn {number} ({turn}): {'; '.join(problems)}\n--- seen ---\n{seen.text}"


async def _act(driver: Driver, turn: ScriptTurn) -> Seen:
    if turn.say is not None:
        return await driver.say(turn.say, turn.thread)
    if turn.tap is not None:
        return await driver.tap(turn.tap, turn.thread)
    if turn.command is not None:
        return await driver.command(turn.command, turn.thread)
    assert turn.switch is not None
    return await driver.switch(turn.switch, turn.thread)


def mismatches(seen: Seen, expect: Expect, register: Register, composer: Composer) -> list[str]:
    """Return what is not as expected. A node is recognised by its title, the way a reader would."""
    found = []
    text = flat(seen.text)
    if expect.outcome == "small-talk":
        if expect.node and flat(document_text(composer.small_talk(expect.node, register).brief)) not in text:
            found.append(f"it does not say what '{expect.node}' says")
    elif expect.node and flat(composer.card(expect.node, register).title) not in text:
        found.append(f"the title of '{expect.node}' is missing")
    if expect.outcome == "choices" and flat(composer.choices(register).title) not in text:
        found.append("it does not ask 'did you mean'")
    if expect.outcome in ("urgent", "not-covered"):
        card = composer.card(expect.node or expect.outcome, register)
        if card.outcome.value != expect.outcome or flat(card.title) not in text:
            found.append(f"it is not '{expect.outcome}'")
    found += [f"[{number}] is not cited" for number in expect.cites if f"[{number}]" not in text]
    found += [f"'{of(w, register)}' is missing" for w in expect.contains if flat(of(w, register)) not in text]
    found += [f"'{of(w, register)}' should not be there" for w in expect.lacks if flat(of(w, register)) in text]
    found += [f"no button leads to '{node}'" for node in expect.buttons if node not in seen.buttons]
    return found

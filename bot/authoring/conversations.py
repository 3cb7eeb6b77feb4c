"""Conversations as data: what somebody says or presses, and what the bot must answer. No Python is needed to write one.

`footnote test` plays them on the engine, without any channel; the tests play the same files on every channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from bot.authoring.decisions import Change, marked
from bot.authoring.readability import split
from bot.authoring.yaml_edit import quoted
from bot.channels.layout import reply_text
from bot.content.diagnostics import LoadError, nearest
from bot.content.validation import validate
from bot.content.yaml_reader import read
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Button, Incoming, Kind, Register, Reply, State

_LIKE = 60
"""How like what was tapped (0..100) a button must be to be suggested."""

Worded = str | dict[Register, str]
"""A text for both registers, or one for each."""


class Expect(BaseModel):
    """What the answer must be. What is left out is not looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    node: str | None = None
    outcome: Literal["answer", "choices", "urgent", "not-covered", "small-talk"] | None = None
    cites: tuple[int, ...] = ()
    contains: tuple[Worded, ...] = ()
    lacks: tuple[Worded, ...] = ()
    buttons: tuple[str, ...] = ()


class ScriptTurn(BaseModel):
    """One thing a person does: says words, taps a node's button, names a command, or switches the register.

    `after` are the seconds since the turn before.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    say: str | None = None
    tap: str | None = None
    command: str | None = None
    switch: Register | None = None
    thread: str = "main"
    after: float = 1.0
    expect: Expect = Expect()


class Script(BaseModel):
    """A conversation; played in both registers unless it names one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    tone: Register | None = None
    turns: tuple[ScriptTurn, ...]

    @property
    def registers(self) -> tuple[Register, ...]:
        """The registers it is played in."""
        return (self.tone,) if self.tone else tuple(Register)

    @property
    def threads(self) -> bool:
        """Whether it goes on in several threads at once, which not every channel has."""
        return len({turn.thread for turn in self.turns}) > 1

    @property
    def commands(self) -> bool:
        """Whether a command is named in it, which not every channel shows in a conversation."""
        return any(turn.command is not None for turn in self.turns)

    @property
    def waits(self) -> bool:
        """Whether time passes in it, which only a driver with a clock of its own can play."""
        return any(turn.after != ScriptTurn.model_fields["after"].default for turn in self.turns)


def scripts(paths: Iterable[Path]) -> Iterator[tuple[Path, Script]]:
    """Yield every conversation of files and folders; raises LoadError for a file that holds something else."""
    for path in paths:
        for file in sorted(path.glob("*.yaml")) if path.is_dir() else [path]:
            page = read(file.as_posix(), file.read_bytes())
            found = validate(page, tuple[Script, ...]) if page.data is not None else None
            if found is None:
                raise LoadError(page.diagnostics)
            yield from ((file, script) for script in found)


# --- playing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failure:
    """A turn that was answered otherwise than expected."""

    path: Path
    script: str
    register: Register
    number: int
    turn: ScriptTurn
    problems: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as an author reads it: where, what was said, what is wrong."""
        head = f"{self.path}: {self.script} ({self.register}), turn {self.number}: {_done(self.turn)}"
        return "\n".join([head, *(f"  {problem}" for problem in self.problems)])


class Player:
    """One person who talks to the engine, in one or several threads."""

    def __init__(self, engine: Engine, register: Register) -> None:
        self._engine = engine
        self._register: Register | None = register
        self._introduced = False
        self._now = 0.0
        self._threads: dict[str, State] = {}
        self.last: dict[str, Reply] = {}

    def act(self, turn: ScriptTurn) -> Reply:
        """Do what a turn says and return the answer; raises LookupError where it presses a button that is not there."""
        self._now += turn.after
        known = self._threads.get(turn.thread, State())
        before = replace(known, register=self._register, introduced=self._introduced)
        reply, state = self._engine.respond(before, replace(self._incoming(turn), at=self._now))
        self._register, self._introduced = state.register, state.introduced
        self._threads[turn.thread], self.last[turn.thread] = state, reply
        return reply

    def _incoming(self, turn: ScriptTurn) -> Incoming:
        if turn.say is not None:
            return Incoming(Kind.TEXT, turn.say)
        if turn.command is not None:
            return Incoming(Kind.COMMAND, turn.command)
        shown = self.last.get(turn.thread)
        if shown is None:
            raise LookupError("nothing was shown yet, so nothing can be pressed")
        if turn.switch is not None:
            return Incoming(Kind.TAP, payloads.payload(shown.card.node, turn.switch))
        return Incoming(Kind.TAP, leading_to(turn.tap or "", shown.buttons))


def leading_to(node: str, shown: Sequence[Button]) -> str:
    """Return the payload of the button that leads to a node; raises LookupError when no such button is shown.

    `node!word` is the button that says something more, such as `urgent-chest!over`.
    """
    target, _, word = node.partition("!")
    for button in shown:
        tap = payloads.parse(button.payload)
        if tap and tap.node == target and tap.register is None and tap.word in ((word,) if word else ("", "choice")):
            return button.payload
    raise LookupError(_not_offered(node, shown))


def _not_offered(tapped: str, shown: Sequence[Button]) -> str:
    """Return what could have been tapped, by id and label, and which of it comes nearest to what was."""
    offered = {name: button.label for button in shown if (name := _tapped(button))}
    if not offered:
        return "no button is offered there"
    listed = ", ".join(f"`{name}` “{label}”" for name, label in offered.items())
    name, label = max(offered.items(), key=lambda one: _likeness(tapped, one))
    near = f"; did you mean `{name}` “{label}”?" if _likeness(tapped, (name, label)) >= _LIKE else ""
    return f"no such button is offered, but {listed}{near}"


def _likeness(tapped: str, names: Iterable[str]) -> float:
    from rapidfuzz import fuzz

    return max(fuzz.ratio(tapped.casefold(), name.casefold()) for name in names)


def _tapped(button: Button) -> str:
    """Return how a conversation names a button it can press; empty for one it cannot, such as a vote."""
    tap = payloads.parse(button.payload)
    if tap is None or tap.register is not None or button.role == "feedback":
        return ""
    return tap.node if tap.word in ("", "choice") else f"{tap.node}!{tap.word}"


def nodes_behind(shown: Iterable[str]) -> tuple[str, ...]:
    """Return the nodes to which buttons lead, in order."""
    return tuple(tap.node for payload in shown if (tap := payloads.parse(payload)))


def play(engine: Engine, path: Path, script: Script, register: Register) -> Failure | None:
    """Play a conversation up to the first turn that is answered otherwise than expected."""
    player = Player(engine, register)
    for number, turn in enumerate(script.turns, 1):
        try:
            reply = player.act(turn)
            problems = tuple(_problems(engine, reply, turn.expect))
        except LookupError as error:
            problems = (str(error.args[0]),)
        if problems:
            return Failure(path, script.name, register, number, turn, problems)
    return None


def _problems(engine: Engine, reply: Reply, expect: Expect) -> Iterator[str]:
    node, register = reply.card.node, reply.card.register
    if expect.node not in (None, node):
        known = engine.library.resolve(expect.node or "") or expect.node in engine.library.small_talk
        near = "" if known else f" (no such node; {nearest(expect.node or '', engine.library.nodes)})"
        yield f"expected `{expect.node}`{near}, got `{node}` “{reply.card.title}”, {reply.card.outcome}"
    elif expect.outcome not in (None, reply.card.outcome):
        yield f"expected the outcome {expect.outcome}, got {reply.card.outcome}: `{node}` “{reply.card.title}”"
    text = reply_text(reply, engine.text("sources-heading", register))
    yield from (f"[{number}] is not cited" for number in expect.cites if f"[{number}]" not in text)
    for worded in expect.contains:
        if flat(of(worded, register)) not in flat(text):
            yield f"it does not say: {_compared(of(worded, register), text)}"
    for worded in expect.lacks:
        if flat(of(worded, register)) in flat(text):
            yield f"it should not say: “{of(worded, register)}”"
    shown = nodes_behind(button.payload for button in reply.buttons)
    yield from (f"no button leads to `{one}`; shown: {', '.join(shown)}" for one in expect.buttons if one not in shown)


def _compared(wanted: str, text: str) -> str:
    """Return the words that are missing, beside the sentence that comes nearest to them."""
    sentences = [one for line in text.splitlines() for one in split(line)]
    best = max(sentences, key=lambda one: _alike(wanted, one), default="")
    if _alike(wanted, best) < 75:
        return f"“{wanted}”"
    return f"“{marked(Change('', '', wanted, best), '[-{}-]', '{{+{}+}}')[1]}”, where “{wanted}” was expected"


def _alike(wanted: str, sentence: str) -> float:
    from rapidfuzz import fuzz

    return float(fuzz.partial_ratio(wanted.casefold(), sentence.casefold())) if sentence else 0.0


def _done(turn: ScriptTurn) -> str:
    if turn.say is not None:
        return f"“{turn.say}”"
    return f"/{turn.command}" if turn.command else f"pressed `{turn.tap or turn.switch}`"


def of(worded: Worded, register: Register) -> str:
    """Return the text for a register."""
    return worded if isinstance(worded, str) else worded[register]


def flat(text: str) -> str:
    """Return the text with all white space folded, so that line breaks of a narrow screen do not matter."""
    return " ".join(text.split()).casefold()


# --- recording -------------------------------------------------------------------------------------------------------


ENDS = ("/quit", "/exit")
"""What ends a recording beside the end of input, and is no part of it."""

CAME = "#"
"""Begins the line above a recorded turn that says in words what came of it."""


def record(engine: Engine, lines: Iterable[str], register: Register, name: str, show: Callable[[str], Any]) -> str:
    """Talk to whoever types the lines, and return the conversation as YAML: what was said, what was answered.

    A number presses a button, `/word` names a command; anything else is said. Empty where nothing was. Above each turn
    stands in words what came of it, for whoever reads it to find the wrong ones.
    """
    player, turns = Player(engine, register), list[str]()
    for line in lines:
        if not (typed := line.strip()):
            continue
        if typed.casefold() in ENDS:
            break
        turn, reply = _typed(player, typed)
        if reply is None:
            show(f"there is no button {typed}")
            continue
        show(_screen(engine, reply))
        turns.append(_written(turn, reply))
    head = [f"- name: {quoted(name)}", f"  tone: {register}", "  turns:"]
    return "\n".join([*head, *turns]) + "\n" if turns else ""


def _typed(player: Player, typed: str) -> tuple[ScriptTurn, Reply | None]:
    if typed.startswith("/") and len(typed) > 1:
        turn = ScriptTurn(command=typed[1:])
    elif typed.isdigit() and "main" in player.last:
        buttons = _numbered(player.last["main"])
        if not 1 <= int(typed) <= len(buttons):
            return ScriptTurn(say=typed), None
        turn = _press(buttons[int(typed) - 1])
    else:
        turn = ScriptTurn(say=typed)
    return turn, player.act(turn)


def _numbered(reply: Reply) -> list[Button]:
    taps = [(button, payloads.parse(button.payload)) for button in reply.buttons if button.role != "feedback"]
    return [button for button, tap in taps if tap and tap.word in ("", "choice", "over", "worse")]


def _press(button: Button) -> ScriptTurn:
    tap = payloads.parse(button.payload)
    if tap is not None and tap.register is not None:
        return ScriptTurn(switch=tap.register)
    return ScriptTurn(tap=_tapped(button))


def _screen(engine: Engine, reply: Reply) -> str:
    text = reply_text(reply, engine.text("sources-heading", reply.card.register))
    buttons = (f"  ({number}) {button.label}" for number, button in enumerate(_numbered(reply), 1))
    return "\n".join([text, "", *buttons])


def _written(turn: ScriptTurn, reply: Reply) -> str:
    does = next(f"{name}: {quoted(str(value))}" for name in ("say", "tap", "command", "switch")
                if (value := getattr(turn, name)) is not None)  # fmt: skip
    expect = f"expect: {{node: {reply.card.node}, outcome: {reply.card.outcome}}}"
    return f"    {CAME} {told(turn, reply)}\n    - {{{does}, {expect}}}"


def told(turn: ScriptTurn, reply: Reply) -> str:
    """Return a turn in words: what was done, and the title and the name of what came."""
    words = f"{_done(turn)} -> {reply.card.title} ({reply.card.node}, {reply.card.outcome})"
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())

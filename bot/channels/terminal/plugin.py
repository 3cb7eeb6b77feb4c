"""The terminal as a plugin: each line is an event for the inbox, as on every other channel.

It is never configured: `footnote chat` builds it when somebody wants to talk. `footnote ask` needs no inbox: it asks
the engine once and prints what it says.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bot.channels.base import Channel, ChannelPlugin, ChannelSettings, HostServices
from bot.channels.layout import Part, document_text, pressable, reply_text, section_text, sections
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Button, ClaimCard, Incoming, Kind, Outcome, Register, Reply, SourceLine, State
from bot.errors import FootnoteError, UsageError
from bot.inbox.events import InboundEvent, OutboundMessage, Progress

if TYPE_CHECKING:
    from aiohttp import web
    from rich.console import Console

PERSON = "terminal:here"
"""The one person at this keyboard, and their one conversation."""

ANSWER_SECONDS = 60.0
"""A turn that fails is tried again for a quarter of a minute; after a minute no answer will come."""


class Terminal:
    """The channel and its delivery in one: what is answered is printed at once."""

    name = "terminal"

    def __init__(self, host: HostServices, console: Console) -> None:
        from bot.pictures.shelf import Shelf

        self._host = host
        self.texts = host.texts
        self._console = console
        self._shelf = Shelf.open(None, host.engine)
        self._last: Reply | None = None
        self._answered = asyncio.Event()

    @property
    def delivery(self) -> Terminal:
        """How answers are delivered here."""
        return self

    async def start(self) -> None:
        """Do nothing: lines are handed to `receive`."""

    async def stop(self) -> None:
        """Do nothing: nothing is under way between two lines."""

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    def routes(self) -> list[web.RouteDef]:
        """Return no HTTP path."""
        return []

    def health(self) -> Mapping[str, Any]:
        """Return that it is up."""
        return {"up": True}

    def welcome(self, register: Register) -> None:
        """Print what one can do here."""
        self._console.print(self.texts("terminal-welcome", register), style="dim")
        self._console.print()

    async def receive(self, line: str, key: str | None = None) -> None:
        """Accept a line and return when its answer is printed: a number means a button of the answer last seen.

        A `key` that was accepted before marks a repetition, which is not answered again. Raises FootnoteError when no
        answer comes.
        """
        self._answered.clear()
        event = InboundEvent((key or uuid.uuid4().hex,), self.name, PERSON, PERSON, self._incoming(line), {})
        if not await self._host.accept(event):
            return
        try:
            await asyncio.wait_for(self._answered.wait(), ANSWER_SECONDS)
        except TimeoutError:
            raise FootnoteError("no answer came within a minute; the lines above say why") from None

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Print the answer, unless an attempt that died has done so."""
        from bot.channels.terminal.render import show

        if not message.sent:
            self._last = message.reply
            if message.reply.toast:
                self._console.print(message.reply.toast, style="dim")
            show(self._console, message.reply, self.texts)
            await self._show_files(message.reply)
            await progress(uuid.uuid4().hex, last=True)
        self._answered.set()

    async def _show_files(self, reply: Reply) -> None:
        """Say where an answer's picture and a page to take along lie: a terminal shows neither."""
        from bot.pictures.drawing import NotDrawn

        found = None
        if reply.picture is not None:
            found = await self._shelf.ready(reply.picture, reply.card.register, "png")
        elif reply.leaflet is not None:
            with suppress(NotDrawn):
                found = await self._shelf.page(reply.leaflet)
        key = "terminal-file" if found else "handout-failed" if reply.leaflet else ""
        if key:
            path = self._shelf.path(found) if found else ""
            self._console.print(self.texts(key, reply.card.register, path=path), style="dim", soft_wrap=True)
            self._console.print()

    def _incoming(self, line: str) -> Incoming:
        """Read a number as a button of the last answer, `/word` as a command, anything else as a question."""
        from bot.channels.terminal.render import menu

        words = line.strip()
        buttons = menu(self._last, self.texts) if self._last else ()
        if words.isascii() and words.isdigit() and 0 < int(words[:6]) <= len(buttons):
            return Incoming(Kind.TAP, buttons[int(words) - 1].payload, self.name)
        if words.startswith("/"):
            return Incoming(Kind.COMMAND, words[1:], self.name)
        return Incoming(Kind.TEXT, words, self.name) if words else Incoming(Kind.COMMAND, "help", self.name)


def typed_lines(console: Console) -> Iterator[str]:
    """Yield what a person types until they leave with Ctrl-D or Ctrl-C."""
    while True:
        try:
            yield console.input("[bold cyan]> [/]")
        except (EOFError, KeyboardInterrupt):
            console.print()
            return


def _build(host: HostServices, _settings: ChannelSettings) -> Channel:
    from rich.console import Console

    return Terminal(host, Console(highlight=False, markup=False))


plugin = ChannelPlugin(name="terminal", settings=ChannelSettings, build=_build)


# --- one question, one answer: as text for people, as JSON for programs ---


def answer_once(
    engine: Engine,
    text: str | None,
    node: str | None,
    after: str | None,
    register: Register | None,
    channel: str,
    *,
    as_json: bool,
    explain: bool,
) -> str:
    """Return the answer to one turn; raises UsageError for a node that does not exist or when nothing is asked."""
    if (text is None) == (node is None):
        raise UsageError("give either a question or --node NODE")
    after = _existing(engine, after) if after else None
    incoming = Incoming(Kind.TEXT, text or "", channel)
    if node:
        incoming = Incoming(Kind.TAP, payloads.payload(_existing(engine, node)), channel)
    reply, _ = engine.respond(State(register, introduced=True, history=(after,) if after else ()), incoming)
    if explain:
        from bot.matching.evaluation import explained

        reply = explained(engine.library, reply, text or "", after)
    if as_json:
        return json.dumps(as_data(reply, explain=explain), ensure_ascii=False, indent=2)
    return "\n".join([_as_text(engine, reply), *(_because(reply) if explain else ())])


def _because(reply: Reply) -> Iterator[str]:
    """Yield why, and what to do where that is wrong."""
    from bot.matching.evaluation import remedies

    yield from (f"because: {reason}" for reason in reply.reasons)
    yield from (f"to mend it, if it is wrong: {remedy}" for remedy in remedies(reply.reasons))


def as_data(reply: Reply, *, explain: bool = False) -> dict[str, Any]:
    """Return the reply in the fixed shape of `footnote ask --json`; with `reasons` when asked to explain."""
    card, claims = reply.card, reply.card if isinstance(reply.card, ClaimCard) else None
    unsure = card.outcome is Outcome.CHOICES
    return {
        "outcome": card.outcome.value,
        "node": card.node,
        "choices": _nodes(reply.choices, "choice") if unsure else [],
        "also": [reply.second.node] if reply.second else _nodes(reply.choices, "also"),
        "tone": card.register.value,
        "title": card.title,
        "brief": "\n\n".join(filter(None, [reply.lead, document_text(card.brief)])),
        "text": "\n\n".join(filter(None, _authored(reply))),
        "sources": [{"number": s.number, "id": s.id, "text": s.text, "url": s.url} for s in _sources(reply)],
        "review": claims.review.full if claims else "",
        "disclaimer": claims.disclaimer.full if claims else "",
        "buttons": [{"label": b.label, "node": _node(b.payload)} for b in pressable(reply)],
        **({"reasons": list(reply.reasons)} if explain else {}),
    }


def _authored(reply: Reply) -> Iterator[str]:
    """Yield all that is authored in the answer, in reading order: brief, detail and notes."""
    yield reply.lead
    for section in sections(reply):
        if section.part in (Part.BRIEF, Part.SECOND, Part.DETAIL, Part.NOTES, Part.OFFER):
            yield section_text(section, "")


def _sources(reply: Reply) -> tuple[SourceLine, ...]:
    listed = reply.card.sources if isinstance(reply.card, ClaimCard) and reply.card.lists_sources else ()
    return listed or next((s.sources for s in sections(reply) if s.part is Part.SOURCES), ())


def _nodes(buttons: Iterable[Button], role: str) -> list[str]:
    return [_node(button.payload) for button in buttons if button.role == role]


def _as_text(engine: Engine, reply: Reply) -> str:
    labels = [f"  ({number}) {button.label}" for number, button in enumerate(pressable(reply), start=1)]
    heading = engine.text("sources-heading", reply.card.register)
    return "\n".join([reply_text(reply, heading), "", *labels])


def _existing(engine: Engine, node: str) -> str:
    found = engine.library.resolve(node)
    if found is None:
        raise UsageError(f"there is no node '{node}'; `footnote graph` lists them all")
    return found


def _node(payload: str) -> str:
    tap = payloads.parse(payload)
    return tap.node if tap else ""

"""The page as a channel: forms and presses become events for the inbox, answers come back as they are given."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from bot.channels.base import HostServices
from bot.channels.rate_limit import ANYONE
from bot.channels.web.access import Access
from bot.channels.web.delivery import (
    Conversation,
    Conversations,
    OpenQuestion,
    PageAnswer,
    WebAddress,
    WebDelivery,
    stream,
    vote_of,
)
from bot.channels.web.insights import InsightsPage
from bot.channels.web.plugin import WebSettings
from bot.channels.web.render import ASSETS, Assets, FileRoutes, Place, Renderer
from bot.channels.web.workbench import Workbench
from bot.dialog.turn import Incoming, Kind, Register, Reply, State
from bot.inbox.events import InboundEvent
from bot.store.base import StoreUnavailable

MAX_TEXT = 10_000
"""Characters of one question; a longer one gets a sentence instead of an answer."""

ANSWER_SECONDS = 10.0
"""How long a form without JavaScript waits for its answer before the page says that it is on its way."""

GREETING = "a-greeting"
"""The id of what a page begins with."""

_ID = re.compile(r"[A-Za-z0-9-]{1,40}")
_THREAD = re.compile(r"[a-z0-9]{0,16}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form sent: the browser's id of it, the thread, what was done, and under which answer."""

    id: str
    thread: str
    incoming: Incoming
    under: str
    again: bool


class Web:
    """The channel. It holds nothing that a restart may not lose: accepted questions are in the inbox."""

    def __init__(self, host: HostServices, settings: WebSettings) -> None:
        self._host = host
        self._access = Access(settings, host.identity)
        self._conversations = Conversations()
        self._renderer = Renderer(host.texts, host.files)
        insights = InsightsPage(host, self._access, self._renderer, settings.insights_password)
        self._apart = (*FileRoutes(host, self._access).routes(), *insights.routes())
        self._workbench = Workbench(host, self._access, self._renderer)
        self.delivery = WebDelivery(self._conversations)
        self._up = False

    async def start(self) -> None:
        """Begin to take questions."""
        self._up = True

    async def stop(self) -> None:
        """Take no more questions and end the streams: browsers connect again, to whoever serves then."""
        self._up = False
        self._conversations.close()
        self._workbench.close()

    async def close(self) -> None:
        """End the streams that were opened since."""
        self._conversations.close()

    def health(self) -> Mapping[str, Any]:
        """Return its state and how many conversations are remembered."""
        return {"up": self._up, "public": self._access.public, "conversations": len(self._conversations)}

    def routes(self) -> list[web.RouteDef]:
        """Return the page, the same in a frame where that is allowed, and its files."""
        bases = ("", "/embed") if self._access.embeddable else ("",)
        own = [route for base in bases for route in self._pages(base)]
        shared = [web.get("/a/{node}", self._shared), web.get("/web/{name}", self._asset)]
        return [*own, *shared, *self._apart, *self._workbench.routes()]

    def _pages(self, base: str) -> list[web.RouteDef]:
        return [
            web.get(base or "/", self._page),
            web.get(f"{base}/events", self._events),
            web.post(f"{base}/ask", self._ask),
        ]

    # --- reading ------------------------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.StreamResponse:
        """The chat page: what was said lately, or the greeting."""
        if not self._access.may_read(request):
            return self._refused(request)
        place, reader = _place(request), self._access.reader(request)
        conversation = self._conversations.find(reader, place.thread) if reader else None
        return self._chat(request, place, conversation, known=reader is not None)

    def _chat(
        self,
        request: web.Request,
        place: Place,
        conversation: Conversation | None,
        *,
        known: bool = True,
        trouble: str = "",
        typed: str = "",
        status: int = 200,
    ) -> web.Response:
        answers = list(conversation.answers.values()) if conversation else []
        register = answers[-1].reply.card.register if answers else Register.LAYPERSON
        html = self._renderer.page(
            "chat.html",
            register,
            place,
            answers=[*self._greeting(conversation, register), *answers],
            last=self._conversations.event_id(max(answers, key=lambda one: one.number)) if answers else "",
            pending=bool(conversation and conversation.waits),
            known=known,
            local=not self._access.public,
            trouble=self._host.texts(trouble, register) if trouble else "",
            typed=typed,
        )
        return self._html(request, html, status)

    def _greeting(self, conversation: Conversation | None, register: Register) -> Iterator[PageAnswer]:
        """Yield what stands first: it is no turn, so that a visit that asks nothing leaves nothing behind."""
        if conversation is None or GREETING not in conversation.answers:
            yield PageAnswer(GREETING, "", self._said(Incoming(Kind.COMMAND, "start", "web"), State(register)), 0)

    def _said(self, incoming: Incoming, state: State) -> Reply:
        reply, _ = self._host.engine.respond(state, incoming)
        return reply

    async def _shared(self, request: web.Request) -> web.StreamResponse:
        """One answer to show to others: the address says which, and in which register."""
        if not self._access.may_read(request):
            return self._refused(request)
        name, register = request.match_info["node"], _register(request.query.get("r"))
        node = self._host.engine.library.resolve(name)
        if node is None:
            raise web.HTTPNotFound
        if node != name:
            raise web.HTTPMovedPermanently(f"/a/{node}?r={register}")
        reply = self._said(Incoming(Kind.COMMAND, node, "web"), State(register, introduced=True))
        html = self._renderer.page("shared.html", register, Place(), one=PageAnswer(f"a-{node}", "", reply, 0))
        return self._html(request, html)

    async def _asset(self, request: web.Request) -> web.Response:
        """A file of the page's own."""
        name = request.match_info["name"]
        if name not in ASSETS.files or not self._access.may_read(request):
            raise web.HTTPNotFound
        kind = Assets.TYPES[f".{name.rpartition('.')[2]}"]
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-site"}
        return web.Response(body=ASSETS.files[name], content_type=kind, charset="utf-8", headers=headers)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """The answers of one conversation as they are given. Without a cookie of ours there is none."""
        reader = self._access.reader(request) if self._access.may_write(request) else None
        if reader is None:
            raise web.HTTPForbidden
        if not self._up:
            raise web.HTTPServiceUnavailable
        place = _place(request)
        conversation = self._conversations.get(reader, place.thread)
        headers = self._access.headers(request)
        return await stream(
            request, self._conversations, conversation, lambda one: self._renderer.answer(one, place), headers
        )

    # --- asking -------------------------------------------------------------------------------------------------

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        """A question or a press. A script is told that it was accepted; a form is shown the page with the answer."""
        request[ANYONE] = True
        if not self._access.may_write(request):
            return self._refused(request)
        asked = await _asked(request)
        if asked is None:
            raise web.HTTPBadRequest
        place = Place(_base(request), asked.thread)
        if len(asked.incoming.text) > MAX_TEXT:
            return self._told(request, place, "web-too-long", 413, asked.incoming.text[:MAX_TEXT])
        if not self._access.has_share_left(request):
            return self._told(request, place, "web-too-many", 429, asked.incoming.text)
        reader = self._access.reader(request) or self._access.new_reader()
        try:
            conversation = await self._accept(reader, asked)
        except StoreUnavailable:
            return self._told(request, place, "web-unavailable", 503, asked.incoming.text)
        response = await self._accepted(request, place, conversation, asked)
        self._access.remember(request, response, reader)
        return response

    async def _accept(self, reader: str, asked: Asked) -> Conversation:
        """Hand the question to the inbox. Sent again, it is the same question, unless this process never saw it and its
        answer is not at hand: then a restart lost the answer, not the question, and it is answered once more."""
        conversation = self._conversations.get(reader, asked.thread)
        known = asked.id in conversation.pending or conversation.answered(asked.id)
        if known:
            return conversation
        key = f"{reader}:{asked.id}" + (":again" if asked.again else "")
        waiting = conversation.pending[asked.id] = OpenQuestion()
        address = WebAddress(reader, asked.thread, asked.id, asked.under, vote_of(asked.incoming.text))
        event = InboundEvent(
            (key,), "web", f"web:{reader}", f"web:{reader}:{asked.thread}", asked.incoming, address.to_address()
        )
        try:
            fresh = await self._host.accept(event)
        except BaseException:
            conversation.pending.pop(asked.id, None)
            raise
        if not fresh and not waiting.answered.is_set():
            conversation.pending.pop(asked.id, None)
        return conversation

    async def _accepted(
        self, request: web.Request, place: Place, conversation: Conversation, asked: Asked
    ) -> web.Response:
        headers = self._access.headers(request)
        if _wants_json(request):
            return web.json_response({"id": asked.id}, status=202, headers=headers)
        if waiting := conversation.pending.get(asked.id):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(waiting.answered.wait(), ANSWER_SECONDS)
        shown = next((one.id for one in conversation.answers.values() if one.question == asked.id), "log")
        target = (place.base or "/") + (f"?thread={place.thread}" if place.thread else "")
        return web.Response(status=303, headers={**headers, hdrs.LOCATION: f"{target}#{shown}"})

    # --- refusing -----------------------------------------------------------------------------------------------

    def _told(self, request: web.Request, place: Place, trouble: str, status: int, typed: str) -> web.Response:
        """Say what is wrong: to a script in a word, to a person on their page, with what they typed still there."""
        sentence = self._host.texts(trouble, Register.LAYPERSON)
        if _wants_json(request):
            return web.json_response({"trouble": sentence}, status=status, headers=self._access.headers(request))
        reader = self._access.reader(request)
        conversation = self._conversations.find(reader, place.thread) if reader else None
        return self._chat(request, place, conversation, trouble=trouble, typed=typed, status=status)

    def _refused(self, request: web.Request) -> web.Response:
        """Refuse somebody who is not here, or a form of another site."""
        trouble = self._host.texts("web-not-here" if not self._access.may_read(request) else "web-elsewhere", _PLAIN)
        return self._html(request, self._renderer.page("trouble.html", _PLAIN, Place(), trouble=trouble), 403)

    def _html(self, request: web.Request, html: str, status: int = 200) -> web.Response:
        return web.Response(text=html, content_type="text/html", status=status, headers=self._access.headers(request))


_PLAIN = Register.LAYPERSON


async def _asked(request: web.Request) -> Asked | None:
    """Return what a form says, or None for what no form of ours would send."""
    try:
        form = await request.post()
    except (ValueError, LookupError):  # not the form's encoding, or not UTF-8
        return None
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    id_, under, thread = (fields.get(name, "") for name in ("id", "under", "thread"))
    incoming = _incoming(fields)
    if incoming is None or not _ID.fullmatch(id_) or not _THREAD.fullmatch(thread):
        return None
    if under and not _ID.fullmatch(under):
        return None
    return Asked(id_, thread, incoming, under, fields.get("again") == "1")


def _incoming(fields: Mapping[str, str]) -> Incoming | None:
    if tap := fields.get("tap"):
        return Incoming(Kind.TAP, tap[:100], "web")
    words = fields.get("text", "").replace("\0", "").strip()
    if (node := fields.get("report")) and _ID.fullmatch(node):
        return Incoming(Kind.COMMAND, f"report {words}".strip(), "web", context=node)
    if words.startswith("/"):
        return Incoming(Kind.COMMAND, " ".join(words[1:].split()), "web")
    return Incoming(Kind.TEXT, words, "web") if words else None


def _place(request: web.Request) -> Place:
    thread = request.query.get("thread", "")
    return Place(_base(request), thread if _THREAD.fullmatch(thread) else "")


def _base(request: web.Request) -> str:
    return "/embed" if request.path.startswith("/embed") else ""


def _register(word: str | None) -> Register:
    return Register(word) if word in tuple(Register) else _PLAIN


def _wants_json(request: web.Request) -> bool:
    return "application/json" in request.headers.get(hdrs.ACCEPT, "")

"""The workbench: one turn as every channel would show it, beside the tree, the claims and what the checks found.

It is for authors, on their own computer alone. Its turns are rehearsals: pure, not in the inbox, nothing remembered.
What readers report as wrong is read here too: an editor closes it with an answer or without.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import hdrs, web
from markupsafe import Markup

from bot.channels.base import AuthorsView, ContentNews, ContentState, HostServices, Texts
from bot.channels.slack.render import RenderOptions, SlackRenderer
from bot.channels.telegram.layout import shown
from bot.channels.telegram.render import TelegramRenderer
from bot.channels.web import drawings
from bot.channels.web.access import Access
from bot.channels.web.delivery import PageAnswer
from bot.channels.web.render import ASSETS, Place, Renderer
from bot.content.diagnostics import Diagnostic
from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, Reply, State
from bot.errors import UsageError
from bot.inbox.admin import ReadableReport, ReportDesk
from bot.matching.evaluation import explained, remedies

# --- the workbench ----------------------------------------------------------------------------------------------------

BASE = "/workbench"
BEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What an author tries: words or a press, after a node of their choice."""

    say: str = ""
    tap: str = ""
    after: str = ""

    @property
    def incoming(self) -> Incoming:
        """The event as a channel would hand it over; nothing at all is a first meeting."""
        if self.tap:
            return Incoming(Kind.TAP, self.tap, "web")
        if self.say.startswith("/"):
            return Incoming(Kind.COMMAND, self.say[1:], "web")
        return Incoming(Kind.TEXT, self.say, "web") if self.say else Incoming(Kind.COMMAND, "start", "web")


@dataclass(frozen=True, slots=True)
class Look:
    """One channel's drawing of a reply. `measure` says how much of a phone it fills, where that is measured."""

    channel: str
    drawn: Markup
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the tree with those first reached from it."""

    node: str
    label: str
    here: bool
    inside: tuple[Branch, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether one is here, or somewhere inside."""
        return self.here or any(one.holds for one in self.inside)


class Workbench:
    """The pages of the workbench. Every request is refused that does not come from this computer."""

    def __init__(self, host: HostServices, access: Access, renderer: Renderer) -> None:
        self._host = host
        self._access = access
        self._renderer = renderer
        self._looks = Looks(host.texts, renderer)
        self._authors = host.authors_view
        self._reports = ReportPages(host.reports, host, access, renderer) if host.reports else None
        self._ends = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Return the workbench's paths; none where the page is public."""
        if self._access.public:
            return []
        return [
            web.get(BASE, self._page),
            web.get(f"{BASE}/news", self._news),
            *(self._reports.routes() if self._reports else []),
        ]

    def close(self) -> None:
        """End the streams of news."""
        self._ends.set()

    # --- requests -----------------------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.Response:
        self._admit(request)
        tried = Rehearsal(*(request.query.get(name, "")[:2000] for name in ("say", "tap", "after")))
        html = self._renderer.page("workbench.html", Register.LAYPERSON, Place(BASE), **self.values(tried))
        return web.Response(text=html, content_type="text/html", headers=self._access.headers(request))

    async def _news(self, request: web.Request) -> web.StreamResponse:
        """Tell the page, as an event, whenever the content on disk changed."""
        self._admit(request)
        if (content := self._host.content) is None:
            raise web.HTTPNoContent  # an EventSource does not connect again after that
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        number = int(request.query.get("after", "0")) if request.query.get("after", "0").isdigit() else 0
        while (state := await self._next(content, response, number)) is not None:
            number = state.number
            await response.write(f"data: {json.dumps({'number': number})}\n\n".encode())
        return response

    async def _next(self, content: ContentNews, response: web.StreamResponse, number: int) -> ContentState | None:
        """Return the next state; None when the service stops."""
        waits = [asyncio.ensure_future(content.next(number)), asyncio.ensure_future(self._ends.wait())]
        try:
            while True:
                done, _ = await asyncio.wait(waits, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if waits[1] in done:
                    return None
                if done:
                    return content.now
                await response.write(b": \n\n")
        finally:
            for wait in waits:
                wait.cancel()

    def _admit(self, request: web.Request) -> None:
        if not self._access.is_here(request):
            raise web.HTTPForbidden

    # --- what is shown ------------------------------------------------------------------------------------------

    def values(self, tried: Rehearsal) -> dict[str, Any]:
        """Return everything the page shows of one rehearsal."""
        library = self._host.engine.library
        replies = [self._reply(tried, register) for register in (Register.LAYPERSON, Register.PROFESSIONAL)]
        node = replies[0].card.node
        found = self._host.content.now if self._host.content else None

        def link(payload: str) -> str:
            return _address(tap=_without_register(payload), after=node)

        return {
            "tried": tried,
            "node": node,
            "nodes": sorted(library.nodes),
            "replies": replies,
            "remedies": remedies(replies[0].reasons),
            "rows": [(reply.card.register, self._looks.drawn(reply, link)) for reply in replies],
            "tree": list(tree(library, node, self._host.engine.label)),
            "claims": list(claims(library, node)),
            "review": library.review_of(node) if node in library.nodes else None,
            **self._drawn(library, node),
            "file": _file(library, node),
            "state": found,
            "findings": _ordered(found.diagnostics, _file(library, node)) if found else [],
        }

    def _drawn(self, library: Library, node: str) -> dict[str, Markup]:
        """Return what authoring draws of the place where one is."""
        if self._authors is None or node not in library.nodes:
            return {"changes": Markup(), "trees": Markup()}
        view = self._authors()
        trees = view.trees(library, node, lambda to: _address(tap=payloads.payload(to), after=node))
        return {"changes": Markup(view.changes(library, node)), "trees": Markup(trees)}  # noqa: S704

    def _reply(self, tried: Rehearsal, register: Register) -> Reply:
        library = self._host.engine.library
        after = library.resolve(tried.after) if tried.after else None
        state = State(register, introduced=True, history=(after,) if after else ())
        reply = self._host.engine.respond(state, tried.incoming)[0]
        return explained(library, reply, tried.say, after)


class Looks:
    """Draws a reply as the page, Telegram and Slack show it, with the renderers that serve them."""

    def __init__(self, texts: Texts, renderer: Renderer) -> None:
        self._page = renderer
        self._telegram = TelegramRenderer(texts)
        self._slack = SlackRenderer(texts)

    def drawn(self, reply: Reply, link: drawings.Link) -> list[Look]:
        """Return the three drawings; `link` says where a button leads."""
        html = self._page.answer(PageAnswer(f"a-{reply.card.node}", "", reply, 0), Place(link=link))
        parts = self._telegram.render(reply)
        filled = shown(reply, [(part.text, part.entities, part.keyboard) for part in parts])
        measure = f"{filled.screens:.1f} screens by the tests' measure, {filled.words} words, {filled.rows} rows"
        bubbles = Markup("").join(drawings.telegram(part.parameters(), link) for part in parts)
        messages = Markup("").join(
            Markup('<div class="message">{}</div>').format(drawings.slack(part.blocks, link))
            for part in self._slack.parts(reply, RenderOptions())
        )
        return [Look("page", Markup(html)), Look("telegram", bubbles, measure), Look("slack", messages)]  # noqa: S704


def tree(library: Library, here: str, label: Callable[[str, Register], str]) -> Iterator[Branch]:
    """Yield the tree: the start with all that follows, then what stands beside it. Each node once, as near the start as
    it is reached."""
    inside: dict[str, list[str]] = {}

    def branch(node: str) -> Branch:
        return Branch(node, label(node, Register.LAYPERSON), node == here, tuple(map(branch, inside[node])))

    for root in (library.start, *sorted(library.nodes)):
        if root in inside:
            continue
        inside[root], waiting = [], deque([root])
        while waiting:
            node = waiting.popleft()
            fresh = [one for one in dict.fromkeys(library.nodes[node].next) if one not in inside]
            inside |= {one: [] for one in fresh}
            inside[node] = fresh
            waiting.extend(fresh)
        yield branch(root)


def claims(library: Library, node: str) -> Iterator[dict[str, Any]]:
    """Yield the claims of a node's answer, with both wordings and their sources' numbers."""
    if node not in library.nodes:
        return
    topic, answer = library.topic_of(node), library.answer(node)
    for claim in answer.claims:
        yield {
            "id": claim.id,
            "kind": claim.kind,
            "brief": claim.id in answer.brief,
            "cites": [(name, topic.sources[name].number) for name in claim.cites if name in topic.sources],
            "layperson": library.plain(claim, Register.LAYPERSON) or f"({claim.professional_only})",
            "professional": library.plain(claim, Register.PROFESSIONAL) or f"({claim.layperson_only})",
        }


def _file(library: Library, node: str) -> str:
    if node not in library.nodes:
        return ""
    return (library.home.content / library.topic_of(node).id / "answers" / f"{node}.yaml").as_posix()


def _ordered(found: Sequence[Diagnostic], file: str) -> list[Diagnostic]:
    """Return the findings, those of the shown answer first."""
    return sorted(found, key=lambda one: (one.path != file, one.level != "error", one))


def _without_register(payload: str) -> str:
    """Return a payload that keeps both rows in their register."""
    tap = payloads.parse(payload)
    return payloads.payload(tap.node, None, tap.word, tap.value) if tap else payload


def _address(**query: str) -> str:
    return f"{BASE}?{urlencode({name: value for name, value in query.items() if value})}"


# --- one page for a reviewer ----------------------------------------------------------------------------------


def preview(engine: Engine, today: date, authors: AuthorsView) -> str:
    """Return one page of all the bot may say, in both registers, as every channel shows it; it needs no server."""
    library = engine.library
    renderer = Renderer(engine.text)
    looks = Looks(engine.text, renderer)
    answers = [
        {
            "node": node,
            "review": library.review_of(node),
            "changes": Markup(authors.changes(library, node)),  # noqa: S704
            "rows": [
                (register, looks.drawn(_shown(engine, node, register), _link))
                for register in (Register.LAYPERSON, Register.PROFESSIONAL)
            ],
        }
        for node in sorted(library.nodes)
    ]
    style = "\n".join(ASSETS.files[name].decode() for name in ("page.css", "workbench.css"))
    shown = {"answers": answers, "style": style, "today": today, "version": library.version}
    trees = Markup(authors.trees(library, "", lambda node: f"#{node}"))  # noqa: S704
    return renderer.page("preview.html", Register.LAYPERSON, Place(), trees=trees, **shown)


def _shown(engine: Engine, node: str, register: Register) -> Reply:
    return engine.respond(State(register, introduced=True), Incoming(Kind.COMMAND, node, "web"))[0]


def _link(payload: str) -> str:
    tap = payloads.parse(payload)
    return f"#{tap.node}" if tap else "#"


# --- what readers report as wrong -------------------------------------------------------------------------------------

PATH = "/workbench/reports"


class ReportPages:
    """The queue of reports. Every request is refused that does not come from this computer."""

    def __init__(self, desk: ReportDesk, host: HostServices, access: Access, renderer: Renderer) -> None:
        self._desk = desk
        self._host = host
        self._access = access
        self._renderer = renderer

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        return [web.get(PATH, self._list), web.post(PATH, self._close)]

    async def _list(self, request: web.Request) -> web.Response:
        if not self._access.is_here(request):
            raise web.HTTPForbidden
        found = [self._shown(report) for report in await self._desk.list()]
        html = self._renderer.page("reports.html", Register.PROFESSIONAL, Place("/workbench"), reports=found)
        return web.Response(text=html, content_type="text/html", headers=self._access.headers(request))

    async def _close(self, request: web.Request) -> web.Response:
        if not self._access.is_here(request) or not self._access.may_write(request):
            raise web.HTTPForbidden
        form = await request.post()
        number, answer = str(form.get("number", "")), str(form.get("answer", ""))
        if not number.isdecimal():
            raise web.HTTPBadRequest
        try:
            await self._desk.close(int(number), answer)
        except UsageError:
            raise web.HTTPNotFound from None
        raise web.HTTPSeeOther(PATH)

    def _shown(self, report: ReadableReport) -> dict[str, Any]:
        library = self._host.engine.library
        node = library.resolve(report.node)
        return {
            "report": report,
            "title": self._host.engine.title(node, Register(report.register)) if node else report.node,
            "editor": library.contacts.editors.get(library.topic_of(node).id, "") if node else "",
            "when": datetime.fromtimestamp(report.at, UTC).strftime("%Y-%m-%d %H:%M"),
        }

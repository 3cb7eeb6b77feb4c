"""A reply as HTML. The order is `sections`'; what stands in it is authored text, escaped like everybody's words.

Pictures and pages to take along have addresses that change with what they hold.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.channels.base import HostServices, Texts
from bot.channels.layout import ROW, Part, Section, Shown, broken, document_text, rows_of, sections, words_of, wrapped
from bot.channels.web.access import Access
from bot.channels.web.delivery import PageAnswer
from bot.content.markdown import Runs
from bot.dialog import payloads
from bot.dialog.answers import ON_A_PAGE
from bot.dialog.turn import Button, Card, ClaimCard, Illustration, Leaflet, Outcome, Register, Reply, View
from bot.pictures.drawing import NotDrawn
from bot.pictures.shelf import Files

# --- pictures and pages to take along ---------------------------------------------------------------------------------

log = structlog.stdlib.get_logger(__name__)


class PageFiles:
    """Says where a reply's picture and page are, and serves them. Without files there are no addresses."""

    def __init__(self, files: Files | None) -> None:
        self._files = files

    def picture(self, reply: Reply) -> tuple[str, Illustration] | None:
        """Return the address of a reply's picture, if that is there."""
        if self._files is None or reply.picture is None or reply.card.outcome is Outcome.URGENT:
            return None
        drawn = self._files.shelf.picture(reply.picture, reply.card.register, "svg")
        return (f"/picture/{drawn.name}", reply.picture) if drawn else None

    def page(self, reply: Reply) -> str:
        """Return the address of the page that a reply announces, or of the one that holds its answer."""
        card = reply.card
        if self._files is None:
            return ""
        if reply.leaflet is not None:
            given = {"topic": reply.leaflet.topic, "of": ",".join(reply.leaflet.nodes)}
        elif isinstance(card, ClaimCard) and card.outcome is Outcome.ANSWER and not card.about_bot:
            given = {"of": card.node}
        else:
            return ""
        return f"/handout?{urlencode({'r': card.register, **{name: value for name, value in given.items() if value}})}"


class FileRoutes:
    """Serves pictures by their names, and pages by what they hold; a page is built outside of any turn."""

    def __init__(self, host: HostServices, access: Access) -> None:
        self._host = host
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """Return the two paths."""
        return [web.get("/picture/{name}", self._picture), web.get("/handout", self._page)]

    async def _picture(self, request: web.Request) -> web.Response:
        files = self._host.files
        drawn = files.shelf.named(request.match_info["name"]) if files else None
        if drawn is None or not self._access.may_read(request):
            raise web.HTTPNotFound
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-site"}
        return web.Response(body=drawn.body, content_type="image/svg+xml", charset="utf-8", headers=headers)

    async def _page(self, request: web.Request) -> web.Response:
        files, leaflet = self._host.files, self._leaflet(request)
        if files is None or leaflet is None or not self._access.may_read(request):
            raise web.HTTPNotFound
        try:
            drawn = await files.shelf.page(leaflet, files.link(leaflet))
        except NotDrawn as fault:
            log.error("page_not_made", reason=str(fault))
            raise web.HTTPServiceUnavailable from None
        name = self._host.texts("handout-file", leaflet.register)
        headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
        return web.Response(body=drawn.body, content_type="application/pdf", headers=headers)

    def _leaflet(self, request: web.Request) -> Leaflet | None:
        """Return the page that is asked for: of known answers of one topic, else of a topic that has one."""
        library, composer = self._host.engine.library, self._host.engine.composer
        wanted = request.query.get("r", Register.LAYPERSON)
        if wanted not in tuple(Register):
            return None
        register = Register(wanted)
        asked = [library.resolve(name) for name in request.query.get("of", "").split(",")[:ON_A_PAGE] if name]
        nodes = tuple(node for node in asked if node and isinstance(composer.card(node, register), ClaimCard))
        if len(nodes) < len(asked):
            return None
        topic = library.topic_of(nodes[-1] if nodes else library.start).id
        topic = topic if nodes else request.query.get("topic", topic)
        fits = topic in library.topics and all(library.topic_of(node).id == topic for node in nodes)
        return Leaflet(topic, register, nodes) if fits and (nodes or library.topics[topic].handout) else None


# --- a reply ----------------------------------------------------------------------------------------------------------

HERE = Path(__file__).parent
_MARK = re.compile(r"\[(\d{1,3})\]")
_OPENABLE = re.compile(r"https?://[^\s]+")
_VOTES = {"up": ("same", "todown"), "down": ("toup", "same")}
"""The words of the two buttons after a vote: the one that was pressed stands, the other changes it."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Parts that open together, under one heading."""

    heading: str
    sections: tuple[Section, ...]
    review: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is: the prefix of its addresses (a frame has its own) and the thread it shows. Where nothing can be
    asked, `link` says where the button with a payload leads."""

    base: str = ""
    thread: str = ""
    link: Callable[[str], str] | None = None


class Renderer:
    """Makes pages and answers."""

    def __init__(self, texts: Texts, files: Files | None = None) -> None:
        self._texts = texts
        self._files = PageFiles(files)
        self._environment = _environment()
        self._answer = self._environment.get_template("answer.html")

    def answer(self, answer: PageAnswer, place: Place) -> str:
        """Return one answer, with its buttons as a form."""
        return self._answer.render(one=answer, place=place, **self._parts(answer))

    def page(self, name: str, register: Register, place: Place, **values: Any) -> str:
        """Return a whole page."""

        def text(key: str, **more: Any) -> str:
            return self._texts(key, register, **more)

        template = self._environment.get_template(name)
        return template.render(text=text, register=register, place=place, answer=self.answer, **values)

    def _parts(self, answer: PageAnswer) -> dict[str, Any]:
        reply = answer.reply
        card, found = reply.card, sections(reply)

        def text(key: str, **more: Any) -> str:
            return self._texts(key, card.register, **more)

        return {
            "text": text,
            "card": card,
            "urgent": card.outcome is Outcome.URGENT,
            "open": [one for one in found if not one.folded and one.line is None and one.part in _READ],
            "folds": list(_folds(found, text("detail-heading"), open_=reply.view is View.DETAIL)),
            "sources": next((one.sources for one in found if one.part is Part.SOURCES), ()),
            "foot": [one.line for one in found if one.line is not None],
            "offer": reply.offer,
            "picture": self._files.picture(reply),
            "page": self._files.page(reply),
            "announced": reply.leaflet is not None,
            "calls": reply.numbers,
            "reports": any(button.role == "report" for button in card.buttons),
            "buttons": _groups(reply, answer.vote),
            "linked": _linked(answer.id, found),
        }


FRAME = 5
"""Characters that a button's frame and the space beside it take of a line."""

MAX_ROWS, MAX_BUTTONS, MIN_TOPICS = 4, 6, 2
"""Rows and buttons under an answer on a phone, at most, and the ways on that there are however long their labels."""

_READ = frozenset({Part.LEAD, Part.TITLE, Part.BRIEF, Part.STORED, Part.SECOND, Part.REMARK, Part.DETAIL, Part.NOTES})
_TOOLS = frozenset({"share", "report"})
"""Roles of what stands among the tools of an answer: its link, and a form for what is wrong with it."""

_ROLES = {"tone": "ways", "navigation": "ways", "start": "ways", "sources": "ways", "feedback": "votes"}


def _folds(found: Iterable[Section], heading: str, *, open_: bool) -> Iterator[Fold]:
    """Yield what opens on demand. The review line in full stands with the detail: the foot below has no room for it."""
    folded = tuple(one for one in found if one.folded and one.document)
    if folded and not open_:
        review = next((one.line.full for one in found if one.part is Part.REVIEW and one.line), "")
        yield Fold(heading, folded, review)


def _groups(reply: Reply, vote: str) -> dict[str, list[Button]]:
    """Return the buttons by the row they stand in. Sources that are folded right there need no button."""
    shown = any(one.part is Part.SOURCES for one in sections(reply))
    groups: dict[str, list[Button]] = {"topics": [], "ways": [], "votes": []}
    for button in reply.buttons:
        elsewhere = button.role in _TOOLS and button not in reply.choices
        if button.label and not elsewhere and not (shown and button.role == "sources"):
            groups[_ROLES.get(button.role, "topics")].append(button)
    while len(groups["topics"]) > max(MIN_TOPICS, len(reply.choices)) and _crowded(groups.values()):
        groups["topics"].pop()
    if vote:
        groups["votes"] = list(_voted(groups["votes"], reply.card, vote))
    return groups


def _rows(groups: Iterable[Sequence[Button]]) -> list[list[str]]:
    """Return the labels of grouped buttons in the rows in which a phone shows them."""
    return [row for group in groups for row in rows_of((button.label for button in group), FRAME)]


def _crowded(groups: Iterable[Sequence[Button]]) -> bool:
    rows = _rows(groups)
    return len(rows) > MAX_ROWS or sum(map(len, rows)) > MAX_BUTTONS


def _voted(buttons: Iterable[Button], card: Card, vote: str) -> Iterator[Button]:
    """Yield the two buttons of a vote that was given; the role of the pressed one says so."""
    for button, word, side in zip(buttons, _VOTES[vote], ("up", "down"), strict=True):
        role = "pressed" if side == vote else "feedback"
        yield Button(button.label, payloads.payload(card.node, word=word), role)


def _linked(id_: str, found: Iterable[Section]) -> Any:
    """Return the filter that makes runs HTML: a mark such as [5] leads to its source below."""
    numbers = {str(source.number) for one in found for source in one.sources}

    def to_source(match: re.Match[str]) -> str:
        number = match[1]
        return f'<a class="mark" href="#{escape(id_)}-s{number}">[{number}]</a>' if number in numbers else match[0]

    def runs(found: Runs) -> Markup:
        return Markup("").join(Markup(_styled(run, _MARK.sub(to_source, str(escape(run.text))))) for run in found)  # noqa: S704

    return runs


def _styled(run: Any, text: str) -> str:
    for tag, on in (("code", run.code), ("em", run.italic), ("strong", run.bold)):
        text = f"<{tag}>{text}</{tag}>" if on else text
    if run.link and _OPENABLE.fullmatch(run.link):
        return f'<a href="{escape(run.link)}" target="_blank" rel="noopener noreferrer">{text}</a>'
    return text


def shown(reply: Reply, texts: Texts) -> Shown:
    """Return what a reply fills of the page on a phone: a fold's heading and the tools are as tall as a button, the
    space between two paragraphs is half a line."""
    card, found = reply.card, sections(reply)
    read = [one for one in found if one.part in _READ and not one.folded and one.line is None]
    text = [part for one in read for part in (one.text or document_text(one.document)).split("\n\n")]
    lines = sum(map(wrapped, text)) + len(text) // 2
    folds = [one.heading for one in _folds(found, texts("detail-heading", card.register), open_=False)]
    folds += [texts("sources-heading", card.register) for one in found if one.part is Part.SOURCES]
    small = " · ".join(one.line.short for one in found if one.line is not None)
    tools = [[texts("web-link", card.register)]] if small else []
    rows = _rows(_groups(reply, "").values())
    drawn = [line for one in text for line in (*broken(one), "")] + [f"▸ {one}" for one in folds]
    drawn += [*broken(small), *(" ".join(f"[{label}]" for label in row) for row in (*tools, *rows))]
    return Shown(
        answer=lines + len(folds) * ROW,
        small_print=wrapped(small),
        rows=len(tools) + len(rows),
        buttons=sum(map(len, rows)),
        words=sum(words_of(one.document) for one in found if one.part is Part.BRIEF),
        head=sum(wrapped(one.text) for one in found if one.part in (Part.LEAD, Part.TITLE)),
        picture=tuple(drawn),
    )


def fresh_id() -> str:
    """Return an id for one press of one form: pressed twice, it is one question."""
    return secrets.token_hex(8)


@cache
def _environment() -> Environment:
    """Return the templates: compiled once, whoever renders them."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.tests["openable"] = lambda url: bool(url and _OPENABLE.fullmatch(url))
    environment.filters["kind"] = lambda value: type(value).__name__.lower()
    environment.globals |= {"asset": ASSETS.address, "fresh": fresh_id}
    return environment


class Assets:
    """The page's own few files, read once; an address changes with the content, so browsers keep them for ever."""

    TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in self.TYPES}
        self._digests = {name: sha256(body).hexdigest()[:10] for name, body in self.files.items()}

    def address(self, name: str) -> str:
        """Return the address of a file; raises KeyError for an unknown one."""
        return f"/web/{name}?{self._digests[name]}"


ASSETS = Assets(HERE / "static")

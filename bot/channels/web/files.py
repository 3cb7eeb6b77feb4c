"""Pictures and pages to take along as the page serves them: addresses that change with what they hold."""

from __future__ import annotations

from urllib.parse import urlencode

import structlog
from aiohttp import web

from bot.channels.base import HostServices
from bot.channels.web.access import Access
from bot.dialog.answers import ON_A_PAGE
from bot.dialog.turn import ClaimCard, Illustration, Leaflet, Outcome, Register, Reply
from bot.pictures.drawing import NotDrawn
from bot.pictures.shelf import Files

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

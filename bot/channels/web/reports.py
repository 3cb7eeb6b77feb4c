"""What readers report as wrong, in the workbench: an editor reads it, and closes it with an answer or without."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.channels.base import HostServices
from bot.channels.web.access import Access
from bot.channels.web.render import Place, Renderer
from bot.content.models import Register
from bot.errors import UsageError
from bot.inbox.admin import ReadableReport, ReportDesk

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

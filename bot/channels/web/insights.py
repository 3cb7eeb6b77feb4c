"""What people asked, in counts: read-only, on this computer or with the operator's password."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Sequence

from aiohttp import hdrs, web
from pydantic import SecretStr

from bot.channels.base import HostServices
from bot.channels.web.access import Access
from bot.channels.web.render import Place, Renderer
from bot.content.library import Library
from bot.dialog.turn import Register
from bot.inbox import insights_report
from bot.settings import secret
from bot.store.base import StoreUnavailable
from bot.store.tally import Published

WEEKS = 13
"""Weeks shown at first: a quarter of a year."""


class InsightsPage:
    """The page and its CSV. Without a password they are for this computer alone, as the workbench is."""

    def __init__(self, host: HostServices, access: Access, renderer: Renderer, password: SecretStr | None) -> None:
        self._host = host
        self._access = access
        self._renderer = renderer
        self._password = secret(password)

    def routes(self) -> list[web.RouteDef]:
        """Return its paths; none where the page is public and nobody may read this."""
        if self._access.public and not self._password:
            return []
        return [web.get("/insights", self._page), web.get("/insights.csv", self._csv)]

    async def _page(self, request: web.Request) -> web.Response:
        rows = await self._rows(request)
        html = page_of(self._renderer, rows, self._host.engine.library)
        return web.Response(text=html, content_type="text/html", headers=self._access.headers(request))

    async def _csv(self, request: web.Request) -> web.Response:
        rows = await self._rows(request)
        headers = {hdrs.CONTENT_DISPOSITION: 'attachment; filename="footnote-insights.csv"'}
        return web.Response(text=insights_report.as_csv(rows), content_type="text/csv", headers=headers)

    async def _rows(self, request: web.Request) -> Sequence[Published]:
        """Return the counts of the weeks that are asked for; refuses whoever may not read them."""
        if not self._may_read(request):
            raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: 'Basic realm="insights", charset="UTF-8"'})
        asked = request.query.get("weeks", "")
        weeks = min(int(asked), 60) if asked.isdecimal() and int(asked) > 0 else WEEKS
        try:
            rows = insights_report.lately(await self._host.published(), weeks)
            return insights_report.todays(rows, self._host.engine.library.resolve)
        except StoreUnavailable as fault:
            raise web.HTTPServiceUnavailable(text=str(fault)) from fault

    def _may_read(self, request: web.Request) -> bool:
        if not self._password:
            return self._access.is_here(request)
        scheme, _, login = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        try:
            _, _, given = b64decode(login, validate=True).partition(b":")
        except ValueError:
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(given, self._password.encode())


def page_of(renderer: Renderer, rows: Sequence[Published], library: Library) -> str:
    """Return the page of these counts."""
    return renderer.page(
        "insights.html",
        Register.PROFESSIONAL,
        Place(),
        tables=insights_report.tables(rows, library),
        days=sorted({one.day for one in rows}),
        turns=sum(one.times for one in rows),
        date=insights_report.date_of,
    )

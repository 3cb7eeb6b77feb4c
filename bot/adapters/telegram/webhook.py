"""The webhook: 200 only once an update lies in the inbox; anything else makes Telegram send it again for a day."""

from __future__ import annotations

import hmac
import json

import structlog
from aiohttp import web

from bot.adapters.telegram.intake import Intake

log = structlog.stdlib.get_logger(__name__)

PATH = "/telegram/webhook"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (a header's name)


class Webhook:
    """Receives updates. `ready` turns true when the bot knows its own name, without which it would miss mentions.

    The size of a body is limited by the server (aiohttp's `client_max_size`, 1 MiB unless set): 413.
    """

    def __init__(self, intake: Intake, secret: str) -> None:
        self.ready = False
        self._intake = intake
        self._secret = secret.encode()

    def routes(self) -> list[web.RouteDef]:
        """Return the one route."""
        return [web.post(PATH, self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        """Answer 403 for a wrong secret, 503 while not ready, 500 if the inbox cannot commit, else 200."""
        given = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
        if not self._secret or not hmac.compare_digest(given, self._secret):
            return web.Response(status=403)
        if not self.ready:
            return web.Response(status=503)
        return await self._take(await request.read())

    async def _take(self, body: bytes) -> web.Response:
        try:
            await self._accept(body)
        except Exception as fault:
            log.warning("update_not_accepted", reason=type(fault).__name__)
            return web.Response(status=500)
        return web.Response()

    async def _accept(self, body: bytes) -> None:
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            await self._intake.set_aside("no JSON", body.decode(errors="replace"))
            return
        await self._intake.take([update])

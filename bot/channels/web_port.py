"""What the shared web port tells a handler about a request, and a handler tells the port."""

from __future__ import annotations

from aiohttp import web

CLIENT: web.RequestKey[str | None] = web.RequestKey("client")
"""Whose share of requests it is: an address, or the network of one; None where a proxy names none."""

ANYONE: web.RequestKey[bool] = web.RequestKey("anyone", bool)
"""Set by a handler whose POST needs neither secret nor signature: such a request is counted like a GET."""

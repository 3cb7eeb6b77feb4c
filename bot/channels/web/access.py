"""Who may ask, from where: the page's own origin, the signed cookie, what a browser may load, and a share for each.

Without a public address only this computer is answered, and only under a name of its own: a page elsewhere that had
its name point here (DNS rebinding) would send another one.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from bot.channels.rate_limit import CLIENT, TokenBuckets
from bot.channels.web.plugin import WebSettings
from bot.store.common import Identity

QUESTIONS_PER_SECOND, QUESTIONS_AT_ONCE = 1.0, 40
"""From one address, whatever its cookies: many people of one hospital share an address, a flood does not pass."""

_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_FORWARDED = frozenset({hdrs.X_FORWARDED_FOR, hdrs.X_FORWARDED_HOST, hdrs.FORWARDED})
_COOKIE = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9a-f]{32})")
_SELF = ("script-src", "style-src", "img-src", "connect-src", "form-action")


class Access:
    """Decides about requests. `identity` signs: only this installation's secret makes a cookie that counts."""

    def __init__(self, settings: WebSettings, identity: Identity, clock: Callable[[], float] = time.monotonic) -> None:
        self._origin = settings.origin
        self._embedders = settings.embedders
        self._identity = identity
        self._questions = TokenBuckets(QUESTIONS_PER_SECOND, QUESTIONS_AT_ONCE, clock)

    @property
    def public(self) -> bool:
        """Whether the page is for more than this computer."""
        return bool(self._origin)

    @property
    def embeddable(self) -> bool:
        """Whether any other site may show the page in a frame."""
        return bool(self._embedders)

    def is_here(self, request: web.Request) -> bool:
        """Tell whether the request was made on this computer, under one of its own names."""
        forwarded = not _FORWARDED.isdisjoint(request.headers)  # by a proxy on this computer, for somebody elsewhere
        return not forwarded and _is_loopback(request.remote) and _host(request) in _LOOPBACK_NAMES

    def may_read(self, request: web.Request) -> bool:
        """Tell whether a page may be shown at all."""
        return self.public or self.is_here(request)

    def may_write(self, request: web.Request) -> bool:
        """Tell whether a request comes from a page of ours. A browser always says where a POST comes from."""
        if not self.may_read(request):
            return False
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get(hdrs.ORIGIN)
        if site not in (None, "same-origin", "none"):
            return False
        return origin is None or origin == (self._origin or f"http://{request.host}")

    def has_share_left(self, request: web.Request) -> bool:
        """Count one question against the address it comes from."""
        address = request.get(CLIENT)
        return address is None or self._questions.take(address)

    # --- the cookie ---------------------------------------------------------------------------------------------

    def reader(self, request: web.Request) -> str | None:
        """Return who asks, or None without a cookie that this installation has signed."""
        found = _COOKIE.fullmatch(request.cookies.get(self._cookie_name(request), ""))
        return found[1] if found and hmac.compare_digest(found[2], self._signature(found[1])) else None

    def new_reader(self) -> str:
        """Return a name for somebody new: 128 random bits that say nothing about them."""
        return secrets.token_urlsafe(16)

    def remember(self, request: web.Request, response: web.StreamResponse, reader: str) -> None:
        """Set the one cookie there is. It ends with the browser and no script can read it.

        In another site's frame a browser keeps it apart for that site (`Partitioned`), so it follows nobody around.
        """
        attributes = ["Path=/", "HttpOnly"]
        if self.public:
            attributes.append("Secure")
        embedded = _is_embedded(request)
        attributes += ["SameSite=None", "Partitioned"] if embedded else ["SameSite=Lax"]
        value = f"{self._cookie_name(request)}={reader}.{self._signature(reader)}"
        response.headers.add(hdrs.SET_COOKIE, "; ".join([value, *attributes]))

    def _cookie_name(self, request: web.Request) -> str:
        name = "footnote-embed" if _is_embedded(request) else "footnote"
        return f"__Host-{name}" if self.public else name

    def _signature(self, reader: str) -> str:
        return self._identity.event(f"web-cookie:{reader}").hex()

    # --- what a browser may do ----------------------------------------------------------------------------------

    def headers(self, request: web.Request) -> dict[str, str]:
        """Return the headers of a page: nothing from elsewhere, no script in the text, frames as allowed."""
        frames = " ".join(self._embedders) if _is_embedded(request) and self._embedders else "'none'"
        policy = [f"{part} 'self'" for part in _SELF]
        policy += ["default-src 'none'", "base-uri 'none'", f"frame-ancestors {frames}"]
        headers = {"Content-Security-Policy": "; ".join(policy), "Referrer-Policy": "same-origin"}
        if frames != "'none'":
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if self._origin.startswith("https"):
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return headers


def _is_embedded(request: web.Request) -> bool:
    return request.path.startswith("/embed")


def _is_loopback(remote: str | None) -> bool:
    try:
        return ip_address(remote or "").is_loopback
    except ValueError:
        return False


def _host(request: web.Request) -> str:
    try:
        return urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return ""

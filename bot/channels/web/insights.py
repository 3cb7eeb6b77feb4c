"""What people asked, in counts and plots: read-only, on this computer or with the operator's password."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from aiohttp import hdrs, web
from pydantic import SecretStr

from bot.channels.base import HostServices
from bot.channels.web.access import Access
from bot.channels.web.render import Place, Renderer
from bot.content.library import Library
from bot.dialog.turn import Register
from bot.inbox import insights
from bot.settings import secret
from bot.store.base import StoreUnavailable
from bot.store.records import Summed

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
        self._admit(request)
        try:
            found = await self._host.summed(_weeks(request))
        except StoreUnavailable as fault:
            raise web.HTTPServiceUnavailable(text=str(fault)) from fault
        html = page_of(self._renderer, found, self._host.engine.library, workbench=not self._access.public)
        return web.Response(text=html, content_type="text/html", headers=self._access.headers(request))

    async def _csv(self, request: web.Request) -> web.Response:
        self._admit(request)
        try:
            rows = insights.lately(await self._host.published(), _weeks(request))
        except StoreUnavailable as fault:
            raise web.HTTPServiceUnavailable(text=str(fault)) from fault
        text = insights.as_csv(insights.todays(rows, self._host.engine.library.resolve))
        headers = {hdrs.CONTENT_DISPOSITION: 'attachment; filename="footnote-insights.csv"'}
        return web.Response(text=text, content_type="text/csv", headers=headers)

    def _admit(self, request: web.Request) -> None:
        if not self._may_read(request):
            raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: 'Basic realm="insights", charset="UTF-8"'})

    def _may_read(self, request: web.Request) -> bool:
        if not self._password:
            return self._access.is_here(request)
        scheme, _, login = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        try:
            _, _, given = b64decode(login, validate=True).partition(b":")
        except ValueError:
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(given, self._password.encode())


def _weeks(request: web.Request) -> int:
    asked = request.query.get("weeks", "")
    return min(int(asked), 60) if asked.isdecimal() and int(asked) > 0 else WEEKS


def page_of(renderer: Renderer, found: Summed, library: Library, *, workbench: bool = False) -> str:
    """Return the page of these counts; with the way back to the workbench, where there is one."""
    found = insights.summed_today(found, library.resolve)
    return renderer.page(
        "insights.html",
        Register.PROFESSIONAL,
        Place(),
        tables={table.name: table for table in insights.tables(found, library)},
        days=[day for day, _ in found.weeks],
        turns=found.turns,
        date=insights.date_of,
        flow=flow_of(insights.steps(found)),
        workbench=workbench,
    )


# --- the flow from answer to answer, as a plot ------------------------------------------------------------------------

OTHERS = "other answers"
_BARS = 8
"""Answers drawn on each side by name; the rest is one bar."""
_WIDE, _THICK, _HIGH, _GAP = 360, 8, 300, 16
"""Sizes in units of the drawing, which is as wide as a phone: the whole, a bar, all bars of a side, between two."""


class Bar(NamedTuple):
    """An answer on one side of the flow: where it stands, how thick it is, and how many steps it has."""

    name: str
    times: int
    y: float
    height: float


class Ribbon(NamedTuple):
    """The steps from one answer to another, as an outline; `colour` is the place of the first among the bars."""

    before: str
    after: str
    times: int
    colour: int
    path: str


class Flow(NamedTuple):
    """Which answer led to which: the bars of both sides, and a ribbon between each two, as thick as its steps."""

    left: Sequence[Bar]
    right: Sequence[Bar]
    ribbons: Sequence[Ribbon]

    @property
    def height(self) -> float:
        """How tall the drawing is."""
        return max((bars[-1].y + bars[-1].height for bars in (self.left, self.right) if bars), default=0) + _GAP


def flow_of(steps: Mapping[tuple[str, str], int]) -> Flow:
    """Return the flow of these steps: the commonest answers of each side by name, the others together."""
    sides = [Counter[str](), Counter[str]()]
    for pair, times in steps.items():
        for side, name in zip(sides, pair, strict=True):
            side[name] += times
    named = [{name for name, _ in _ranked(side)[:_BARS]} for side in sides]
    drawn: Counter[tuple[str, str]] = Counter()
    for (before, after), times in steps.items():
        drawn[before if before in named[0] else OTHERS, after if after in named[1] else OTHERS] += times
    left, right = (_bars(drawn, side) for side in (0, 1))
    return Flow(left, right, tuple(_ribbons(drawn, left, right)))


def _ranked(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda one: (one[0] == OTHERS, -one[1], one[0]))


def _bars(drawn: Mapping[tuple[str, str], int], side: int) -> list[Bar]:
    counted: Counter[str] = Counter()
    for pair, times in drawn.items():
        counted[pair[side]] += times
    bars, y = list[Bar](), float(_GAP)
    for name, times in _ranked(counted):
        height = _HIGH * times / counted.total()
        bars.append(Bar(name, times, round(y, 1), round(height, 1)))
        y += height + _GAP
    return bars


def _ribbons(drawn: Mapping[tuple[str, str], int], left: Sequence[Bar], right: Sequence[Bar]) -> Iterator[Ribbon]:
    total = sum(drawn.values())
    ends = {bar.name: bar.y for bar in right}
    for colour, bar in enumerate(left):
        begin = bar.y
        for after in (one.name for one in right if (bar.name, one.name) in drawn):
            times = drawn[bar.name, after]
            height = _HIGH * times / total
            yield Ribbon(bar.name, after, times, colour, _outline(begin, ends[after], height))
            begin, ends[after] = begin + height, ends[after] + height


def _outline(begin: float, end: float, height: float) -> str:
    """Return a ribbon from a height on the left to one on the right, as a path."""
    x, right, middle = _THICK, _WIDE - _THICK, _WIDE // 2
    over = f"M{x} {begin:.1f}C{middle} {begin:.1f} {middle} {end:.1f} {right} {end:.1f}"
    under = f"V{end + height:.1f}C{middle} {end + height:.1f} {middle} {begin + height:.1f} {x} {begin + height:.1f}Z"
    return over + under

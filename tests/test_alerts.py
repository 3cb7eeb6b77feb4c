"""Every alert fires when its fault is made, and is silent before: the rules' own expressions, worked out on /metrics.

How long a fault must last (`for:`) is Prometheus's business and not tried here.
"""

from __future__ import annotations

import asyncio
import operator
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import promql_parser as promql
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.dialog.engine import Engine
from bot.inbox.events import Busy
from bot.inbox.inbox import Inbox, Overloaded
from bot.inbox.processor import RetryPolicy
from bot.service import Service
from bot.store.base import Store, StoreUnavailable
from tests.database_fixtures import opened
from tests.inbox.support import FAILED, PATIENT, QUARANTINED, Clock, Notebook, Watched, at_work, event
from tests.inbox.test_rate_limit import ALA, Desk, workers
from tests.test_monitoring import RULES

Labels = frozenset[tuple[str, str]]
Vector = Mapping[Labels, float]
Page = Mapping[tuple[str, Labels], float]
COMPARED = {"==": operator.eq, ">": operator.gt, "<": operator.lt}
MINUTES = 300.0
"""Every rate in the rules is over five minutes."""


def samples(text: str) -> Page:
    """Return every time series of a page of metrics."""
    families = text_string_to_metric_families(text)
    found = [sample for family in families for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}


def worked_out(node: Any, before: Page, now: Page) -> Vector:
    """Return what Prometheus would: the part of PromQL that the rules use."""
    if isinstance(node, promql.VectorSelector):
        return selected(node, now)
    if isinstance(node, promql.AggregateExpr):
        assert node.modifier is not None, "the rules name what they group by"
        return grouped(worked_out(node.expr, before, now), node.modifier.labels, str(node.op))
    if isinstance(node, promql.BinaryExpr):
        holds = COMPARED[str(node.op)]
        assert isinstance(node.rhs, promql.NumberLiteral)
        limit = node.rhs.val
        found = worked_out(node.lhs, before, now)
        return {labels: value for labels, value in found.items() if holds(value, limit)}
    assert isinstance(node, promql.Call), node
    if isinstance(node.args[0], promql.NumberLiteral):
        return quantiles(node.args[0].val, worked_out(node.args[1], before, now))
    selector = node.args[0].vector_selector
    earlier = selected(selector, before)
    found = selected(selector, now)
    return {labels: (value - earlier.get(labels, value)) / MINUTES for labels, value in found.items()}


def selected(selector: Any, page: Page) -> Vector:
    wanted = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
    return {
        labels: value
        for (name, labels), value in page.items()
        if name == selector.name and all(dict(labels).get(one) == other for one, other in wanted.items())
    }


def grouped(found: Vector, by: list[str], how: str) -> Vector:
    groups: dict[Labels, list[float]] = defaultdict(list)
    for labels, value in found.items():
        groups[frozenset(pair for pair in labels if pair[0] in by)].append(value)
    together: dict[str, Callable[[list[float]], float]] = {"sum": sum, "min": min, "max": max}
    return {labels: together[how](values) for labels, values in groups.items()}


def quantiles(share: float, buckets: Vector) -> Vector:
    """Return the upper end of the bucket the share falls into (Prometheus reads between the two ends)."""
    found: dict[Labels, list[tuple[float, float]]] = defaultdict(list)
    for labels, value in buckets.items():
        rest = frozenset(pair for pair in labels if pair[0] != "le")
        found[rest].append((float(dict(labels)["le"]), value))
    reached = {rest: sorted(ends) for rest, ends in found.items()}
    return {
        rest: next(end for end, count in ends if count >= share * ends[-1][1])
        for rest, ends in reached.items()
        if ends[-1][1] > 0
    }


def firing(before: Page, now: Page) -> set[str]:
    return {str(rule["alert"]) for rule in RULES if worked_out(promql.parse(rule["expr"]), before, now)}


class Scene:
    """An inbox with a platform, and its metrics as they were before anything went wrong."""

    def __init__(self, inbox: Inbox, desk: Notebook, clock: Clock, store: Store, metrics: Watched) -> None:
        self.inbox, self.desk, self.clock, self.store, self.metrics = inbox, desk, clock, store, metrics
        metrics.begin(desk.name)
        self.before = self.page()

    def page(self) -> Page:
        return samples(self.metrics.page().decode())

    async def measured(self) -> Page:
        await self.inbox._maintenance.measure()
        return self.page()


@asynccontextmanager
async def scene(folder: Path, policy: RetryPolicy = PATIENT) -> AsyncIterator[Scene]:
    store, desk, clock, metrics = await opened(folder / "f.sqlite3"), Notebook(), Clock(), Watched()
    async with at_work(store, desk, clock=clock, policy=policy, metrics=metrics) as inbox:
        yield Scene(inbox, desk, clock, store, metrics)
    await store.close()


def away(_message: object) -> None:
    raise Busy(3600.0, "the platform is away")


async def late(folder: Path) -> tuple[Page, Page]:
    async with scene(folder) as here:
        here.desk.before = away
        await here.inbox.accept(event())
        here.clock.advance(61)
        return here.before, await here.measured()


async def slow(folder: Path) -> tuple[Page, Page]:
    async with scene(folder) as here:
        here.desk.before = lambda _message: here.clock.advance(11)
        await here.inbox.accept(event())
        await here.desk.wait_for(1)
        counted = ("footnote_answer_seconds_count", frozenset({("channel", "telegram")}))
        async with asyncio.timeout(5):
            while not here.page()[counted]:
                await here.store.pending()
        return here.before, here.page()


async def fails(folder: Path) -> tuple[Page, Page]:
    async with scene(folder) as here:
        await here.inbox.accept(event("break"))
        await here.metrics.reach(FAILED, 1)
        return here.before, here.page()


async def quarantine(folder: Path) -> tuple[Page, Page]:
    async with scene(folder, RetryPolicy(attempts=1, tick=0.02)) as here:
        await here.inbox.accept(event("break"))
        await here.metrics.reach(QUARANTINED, 1)
        return here.before, await here.measured()


async def refusing(folder: Path) -> tuple[Page, Page]:
    async with scene(folder, RetryPolicy(backlog=0)) as here:
        with pytest.raises(Overloaded):
            await here.inbox.accept(event())
        return here.before, here.page()


async def database(folder: Path) -> tuple[Page, Page]:
    async with scene(folder) as here:
        finish, failed = here.store.finish, asyncio.Event()

        async def full(*terms: Any) -> Any:
            if failed.is_set():
                return await finish(*terms)
            failed.set()
            raise StoreUnavailable("the disk is full")

        here.store.finish = full  # type: ignore[method-assign,assignment]
        await here.inbox.accept(event())
        await here.metrics.reach('footnote_store_errors_total{step="finish"}', 1)
        return here.before, here.page()


async def nobody_polls(folder: Path) -> tuple[Page, Page]:
    async with scene(folder) as here:
        async with here.inbox.lead("telegram"):
            led = here.page()
        return led, here.page()


INBOX: dict[str, Callable[[Path], Awaitable[tuple[Page, Page]]]] = {
    "FootnoteAnswersLate": late,
    "FootnoteSlow": slow,
    "FootnoteTurnsFail": fails,
    "FootnoteQuarantine": quarantine,
    "FootnoteRefusing": refusing,
    "FootnoteDatabaseFails": database,
    "FootnoteNobodyPolls": nobody_polls,
}


@pytest.mark.parametrize("alert", INBOX)
async def test_the_alert_fires_when_its_fault_is_made(alert: str, tmp_path: Path) -> None:
    before, now = await INBOX[alert](tmp_path)
    assert alert not in firing(before, before)
    assert alert in firing(before, now)


async def scraped(port: int) -> Page:
    """Return what Prometheus would know after a scrape; `up` is its own."""
    up = ("up", frozenset({("job", "footnote")}))
    try:
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/metrics") as page:
            return {**samples(await page.text()), up: 1.0}
    except aiohttp.ClientError:
        return {up: 0.0}


async def flood(service: Service, desk: Desk, store: Store) -> None:
    for _ in range(200):
        await service.accept(event(ALA))
    while await store.pending():  # noqa: ASYNC110  (the store tells nobody)
        await asyncio.sleep(0.002)


async def platform_down(service: Service, desk: Desk, store: Store) -> None:
    desk.health = lambda: {"up": False}  # type: ignore[method-assign]


SERVICE = {"FootnoteSomebodyFloods": flood, "FootnotePlatformDown": platform_down}


@pytest.mark.parametrize("alert", SERVICE)
async def test_the_alert_of_a_service_fires(alert: str, engine: Engine, tmp_path: Path) -> None:
    async with workers(tmp_path, engine, 30) as (service, desk, store):
        port = service.listening.result()
        before = await scraped(port)
        await SERVICE[alert](service, desk, store)
        now = await scraped(port)
    assert alert not in firing(before, before)
    assert alert in firing(before, now)


async def test_a_process_that_is_gone_fires(engine: Engine, tmp_path: Path) -> None:
    async with workers(tmp_path, engine, 30) as (service, _, _):
        port = service.listening.result()
        before = await scraped(port)
    assert "FootnoteDown" not in firing(before, before)
    assert "FootnoteDown" in firing(before, await scraped(port))


def test_no_alert_is_forgotten() -> None:
    assert {rule["alert"] for rule in RULES} == {*INBOX, *SERVICE, "FootnoteDown"}

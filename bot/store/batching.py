"""Work in groups: whoever is waiting shares one trip to the database and one commit.

Groups form only from callers already waiting while the previous group is under way, so nobody waits for a timer, and a
call returns only after its own commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from typing import Any, Generic, TypeVar

from bot.store.base import StoreUnavailable

Call = TypeVar("Call")
Result = TypeVar("Result")
Outcome = tuple[Any, Exception | None]
"""What a call returned, or what it raised."""

MAX_GROUP = 256
"""Calls in one group: enough to make the commit free, few enough to keep it in the low milliseconds."""


class Grouping(Generic[Call, Result]):
    """Performs calls group by group. Calls that share a name never share a group and keep their order."""

    def __init__(
        self,
        perform: Callable[[Sequence[Call]], Awaitable[Sequence[Outcome]]],
        names: Callable[[Call], Collection[Hashable]] = lambda _: (),
    ) -> None:
        self._perform = perform
        self._names = names
        self._waiting: list[tuple[Call, asyncio.Future[Result]]] = []
        self._pump: asyncio.Task[None] | None = None

    async def run(self, call: Call) -> Result:
        """Return what the call returned, once committed. Raises what it raised, or what kept its group from it."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, future))
        if self._pump is None:
            self._pump = asyncio.create_task(self._perform_groups())
        return await future

    async def flush(self) -> None:
        """Return when every call made so far has its outcome."""
        while self._pump is not None:
            await asyncio.wait([self._pump])

    async def _perform_groups(self) -> None:
        while self._waiting:
            group = self._next()
            try:
                outcomes = await self._perform([call for call, _ in group])
            except Exception as fault:
                outcomes = [(None, fault)] * len(group)
            for (_, future), outcome in zip(group, outcomes, strict=True):
                _resolve(future, outcome)
        self._pump = None

    def _next(self) -> list[tuple[Call, asyncio.Future[Result]]]:
        """Take the next group out of those waiting; one that has to wait holds back whoever shares a name with it."""
        taken: set[Hashable] = set()
        group: list[tuple[Call, asyncio.Future[Result]]] = []
        rest: list[tuple[Call, asyncio.Future[Result]]] = []
        for waiting in self._waiting:
            names = self._names(waiting[0])
            fits = len(group) < MAX_GROUP and taken.isdisjoint(names)
            (group if fits else rest).append(waiting)
            taken.update(names)
        self._waiting = rest
        return group


def _resolve(future: asyncio.Future[Any], outcome: Outcome) -> None:
    result, fault = outcome
    if future.done():  # its caller was cancelled; the work is committed all the same
        return
    if fault is None:
        future.set_result(result)
    else:
        future.set_exception(fault)


Statement = Callable[[Sequence[Call]], Awaitable[Sequence[Result]]]


def together(statement: Statement[Call, Result]) -> Callable[[Sequence[Call]], Awaitable[list[Outcome]]]:
    """Return a function that runs `statement` for all calls at once, or, if it fails for them together, for each alone.

    It raises `StoreUnavailable` when no call can succeed now. A statement that failed has written nothing, and one that
    was followed by a failure is harmless a second time: an event is known then, and a finished turn is gone.
    """

    async def at_once(calls: Sequence[Call]) -> list[Outcome]:
        try:
            return [(result, None) for result in await statement(calls)]
        except StoreUnavailable:
            raise
        except Exception:
            return [await alone(call) for call in calls]

    async def alone(call: Call) -> Outcome:
        try:
            [result] = await statement([call])
        except Exception as fault:
            return None, fault
        return result, None

    return at_once

"""One statement for many callers, without one caller's bad data failing the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.delivery.grouping import Outcome
from bot.delivery.store import StoreUnavailable

Call = TypeVar("Call")
Result = TypeVar("Result")
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

"""So many users at a time: the shape every concurrent arm shares."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def side_by_side(turn: Callable[[int], Awaitable[None]], turns: int, lanes: int) -> None:
    """Run `turn(number)` for every number below `turns`: lane k takes k, k + lanes, ... one after the other.

    Turns whose user is their number modulo `lanes` are therefore never under way twice for one user.
    """

    async def lane(first: int) -> None:
        for number in range(first, turns, lanes):
            await turn(number)

    await asyncio.gather(*(lane(first) for first in range(lanes)))

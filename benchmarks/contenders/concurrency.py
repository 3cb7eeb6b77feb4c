"""So many users at a time: the shape every concurrent contender shares."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def side_by_side(turn: Callable[[int], Awaitable[None]], turns: int, at_once: int) -> None:
    """Run `turn(number)` for every number below `turns`: number k of those takes k, k + at_once, ...

    Turns whose user is their number modulo `at_once` are therefore never under way twice for one user.
    """

    async def one(first: int) -> None:
        for number in range(first, turns, at_once):
            await turn(number)

    await asyncio.gather(*(one(first) for first in range(at_once)))

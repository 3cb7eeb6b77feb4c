"""Turns that are counted, for tests: who did what, and when."""

from __future__ import annotations

from collections.abc import Mapping

from bot.inbox.metrics import bit_of
from bot.inbox.processor import pack
from bot.store.base import Lease, Store, TurnResult
from bot.store.common import day_of
from bot.store.records import Tally, TallyCell, week_of
from tests.inbox.support import IDENTITY, START, event

SALT = b"of this week"


def cell(node: str, before: str = "", about: str = "", channel: str = "telegram", via: str = "words") -> TallyCell:
    """Return what an answer counts as."""
    return TallyCell(channel, "layperson", via, "answer", node, before, about)


def bit(person: int) -> int:
    """Return the bit of a person; even numbers below 60 have bits enough of their own."""
    return bit_of(SALT, b"%d" % person)


async def end_turn(store: Store, person: int, one: TallyCell, at: float = START, owner: int = 1) -> None:
    """Accept a question of a person and finish its turn as counted in a cell."""
    accepted = await store.accept(
        pack(event("ala", person=f"telegram:{person}"), IDENTITY, at), Lease(owner, at, at + 15)
    )
    assert accepted.turn is not None
    salt = await store.week_salt(week_of(day_of(at)), SALT)
    tally = Tally(str(one), bit(person)) if salt else None
    await store.finish(accepted.turn, TurnResult(at, tally=tally), Lease(owner, at, at + 15))


async def counted(store: Store, people: Mapping[TallyCell, int], at: float) -> None:
    """Have so many people do each of these things."""
    for one, count in people.items():
        for person in range(0, 2 * count, 2):
            await end_turn(store, person, one, at)

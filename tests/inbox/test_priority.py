"""What is urgent overtakes what waits in its conversation; the others keep their order; nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.dialog.turn import Kind
from bot.inbox.events import PATIENCE, Busy, OutboundMessage, Priority
from bot.inbox.processor import pack
from bot.store.base import Lease, Store, TurnResult
from tests.inbox.support import (
    BUSY,
    FAILED,
    IDENTITY,
    PATIENT,
    START,
    Clock,
    Notebook,
    Watched,
    alarming,
    at_work,
    event,
)


def arrivals(seed: int) -> list[str]:
    """Return words as somebody might send them, one after the other, some of them an emergency."""
    chance = random.Random(seed)
    return [f"{chance.choice(['chest pain', 'ala', 'k2', 'dose'])} {number}" for number in range(chance.randint(2, 12))]


def in_turn(words: list[str]) -> list[str]:
    """Return the order in which words are answered that wait together."""
    return [one for one in words if alarming(one)] + [one for one in words if not alarming(one)]


@pytest.mark.parametrize("seed", range(12))
async def test_what_is_urgent_goes_first_and_the_rest_keeps_its_order(store: Store, seed: int) -> None:
    words, begun, released = arrivals(seed), asyncio.Event(), asyncio.Event()

    def first_waits(message: OutboundMessage) -> object:
        begun.set()
        return released.wait() if message.reply.card.node == "overview" else None

    notebook = Notebook(before=first_waits)
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("overview"))
        await begun.wait()
        for one in words:
            await inbox.accept(event(one))
        released.set()
        assert await notebook.wait_for(1 + len(words)) == ["overview", *in_turn(words)]
    assert await store.pending() == []


@pytest.mark.parametrize("seed", range(12))
async def test_a_death_at_any_moment_loses_doubles_and_reorders_nothing(store: Store, seed: int) -> None:
    """Each worker dies after taking some turns; what it finished is done, what it had begun is begun again."""
    words, chance, done, now = arrivals(seed), random.Random(seed), list[bytes](), START
    packed = {one: pack(event(one), IDENTITY, START, urgent=alarming(one)) for one in words}
    for new_event in packed.values():
        await store.accept(new_event, None)
    for owner in range(100):
        lease = Lease(owner, now, now + 15)
        turn = next(iter(await store.claim("telegram", 1, lease)), None)
        for _ in range(chance.randint(0, 3)):
            if turn is not None:
                done.append(turn.payload)
                turn = await store.finish(turn, TurnResult(now), lease)
        now += 15
    assert done == [packed[one].payload for one in in_turn(words)]


@pytest.mark.parametrize("kind", ["busy", "fails"])
async def test_a_turn_that_cannot_be_answered_yet_holds_up_no_emergency(store: Store, clock: Clock, kind: str) -> None:
    def refuse(message: OutboundMessage) -> None:
        if message.reply.card.node == "ala":
            raise Busy(30.0, "429") if kind == "busy" else ConnectionResetError

    notebook, metrics = Notebook(before=refuse), Watched()
    async with at_work(store, notebook, clock=clock, metrics=metrics) as inbox:
        await inbox.accept(event("ala"))
        await metrics.reach(BUSY if kind == "busy" else FAILED, 1)
        await inbox.accept(event("k2"))
        await inbox.accept(event("chest pain"))
        assert await notebook.wait_for(1) == ["chest pain"]
    assert len(await store.pending()) == 2


async def test_an_emergency_that_arrives_while_a_turn_fails_does_not_wait_for_its_next_attempt(store: Store) -> None:
    begun, released = asyncio.Event(), asyncio.Event()

    async def fail_late() -> None:
        begun.set()
        await released.wait()
        raise Busy(3600.0, "429")

    notebook = Notebook(before=lambda message: fail_late() if message.reply.card.node == "ala" else None)
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("ala"))
        await begun.wait()
        await inbox.accept(event("chest pain"))
        released.set()
        assert await notebook.wait_for(1) == ["chest pain"]


async def test_an_emergency_needs_no_place_among_turns_whose_platform_hangs(store: Store) -> None:
    released = asyncio.Event()
    notebook = Notebook(before=lambda message: None if alarming(message.reply.card.node) else released.wait())
    async with at_work(store, notebook, policy=replace(PATIENT, slots=2)) as inbox:
        for chat in range(4):
            await inbox.accept(event("ala", f"telegram:{chat}"))
        await inbox.accept(event("chest pain", "telegram:9"))
        assert await notebook.wait_for(1) == ["chest pain"]
        released.set()
        assert len(await notebook.wait_for(5)) == 5


async def test_lanes_with_an_emergency_are_taken_before_all_others(store: Store) -> None:
    for chat in range(5):
        await store.accept(pack(event("ala", f"telegram:{chat}"), IDENTITY, START - 60), None)
    urgent = pack(event("chest pain", "telegram:9"), IDENTITY, START, urgent=True)
    await store.accept(urgent, None)
    [turn] = await store.claim("telegram", 1, Lease(1, START, START + 15))
    assert turn.payload == urgent.payload
    assert turn.urgent


def halves() -> Iterator[tuple[str, str]]:
    """Yield an emergency said in two messages, cut wherever the first half is plainly unfinished."""
    yield from (("I want to", "die"), ("I have chest pain, and", "it is bad"), ("I have, in my,", "chest pain"))


@pytest.mark.parametrize(("first", "second"), list(halves()))
def test_an_emergency_in_two_messages_is_seen_at_the_door(first: str, second: str) -> None:
    priority = Priority(alarming)
    assert priority(event(first), START) or priority(event(second), START + 1)


def test_beginnings_are_of_one_person_in_one_place_and_of_one_moment() -> None:
    for later, more in ((PATIENCE + 0.1, {}), (1, {"person": "telegram:2"}), (1, {"conversation": "telegram:-5"})):
        priority = Priority(alarming)
        assert not priority(event("I want to"), START)
        assert not priority(event("die", **more), START + later)


def test_presses_and_commands_are_never_urgent() -> None:
    priority = Priority(lambda _: True)
    assert not priority(event("v1:urgent", kind=Kind.TAP), START)
    assert not priority(event("urgent", kind=Kind.COMMAND), START)
    assert not priority(event("", kind=Kind.OTHER), START)
    assert priority(event("chest pain", kind=Kind.OTHER), START)

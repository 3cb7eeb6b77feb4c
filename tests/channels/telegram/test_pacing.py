"""Telegram's rates are kept, whoever waits keeps their place, and what is urgent waits for nobody."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from bot.channels.telegram.client import HANGING, MINUTE, NAP, Pacer, Rates, Window
from bot.inbox.events import Paced


class Time:
    """A clock that moves only when somebody sleeps or is sent away."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def sent(time: Time, pacer: Pacer, chat: int, *, urgent: bool = False) -> float:
    """Return when the message went, coming back as often as it is sent away."""
    while True:
        try:
            await pacer.wait(chat, urgent=urgent)
        except Paced as paced:
            time.now += paced.after
        else:
            return time.now


def most_within(moments: list[float], seconds: float) -> int:
    """Return how many moments lie in the fullest span of so many seconds."""
    return max(sum(start <= one < start + seconds for one in moments) for start in moments)


async def test_a_chat_gets_a_burst_and_then_one_a_second() -> None:
    time = Time()
    pacer = Pacer(Rates(), time.clock, time.sleep)
    moments = [await sent(time, pacer, 1) for _ in range(10)]
    assert most_within(moments, 1 - 1e-6) == 3
    assert moments[-1] - moments[0] == pytest.approx(7.0)


async def test_a_group_gets_twenty_a_minute() -> None:
    time = Time()
    pacer = Pacer(Rates(), time.clock, time.sleep)
    moments = [await sent(time, pacer, -5) for _ in range(100)]
    later = [one for one in moments if one >= moments[0] + MINUTE]
    assert most_within(later, MINUTE) <= 20 + 1
    assert moments[-1] - moments[0] == pytest.approx(3 * 80)


@pytest.mark.parametrize("seed", range(10))
async def test_all_chats_together_keep_the_overall_rate_and_their_order(seed: int) -> None:
    chance, time = random.Random(seed), Time()
    pacer = Pacer(Rates(), time.clock, time.sleep)
    begun, due, waiting = time.now, dict[int, float](), list(range(1, 400))
    chance.shuffle(waiting)
    for chat in waiting:  # all at once
        now = time.now
        try:
            await pacer.wait(chat)
            due[chat] = time.now
        except Paced as paced:
            due[chat] = now + paced.after
    moments = [due[chat] for chat in waiting]
    assert moments == sorted(moments)
    assert most_within(moments, 1 - 1e-6) <= 30 + Rates().overall_burst
    assert moments[-1] - begun == pytest.approx((399 - 3) / 30, abs=NAP)


async def test_whoever_comes_back_has_kept_their_place() -> None:
    time, naps = Time(), list[float]()

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    pacer = Pacer(Rates(chat=0), time.clock, nap)
    for chat in range(1, 60):
        with contextlib.suppress(Paced):
            await pacer.wait(chat)
    time.now += 1.0  # newcomers push away nobody who is still to come
    for newcomer in range(100, 160):
        with contextlib.suppress(Paced):
            await pacer.wait(newcomer)
    time.now += 1.0
    naps.clear()
    for chat in range(40, 60):
        await pacer.wait(chat)
    assert naps == []


async def test_what_is_urgent_waits_for_nobody_and_counts() -> None:
    time = Time()
    pacer = Pacer(Rates(), time.clock, time.sleep)
    for _ in range(3):
        await pacer.wait(1)
    await pacer.wait(1, urgent=True)
    assert time.now == 100.0
    with pytest.raises(Paced) as paced:
        await pacer.wait(1)
    assert paced.value.after == pytest.approx(2.0)


async def test_who_was_let_by_does_not_wait_longer_for_it() -> None:
    """A place in the queue is kept although something urgent of the same chat went first."""
    time = Time()
    pacer = Pacer(Rates(), time.clock, time.sleep)
    for _ in range(3):
        await pacer.wait(1)
    with pytest.raises(Paced):
        await pacer.wait(1)
    await pacer.wait(1, urgent=True)
    with pytest.raises(Paced) as paced:
        await pacer.wait(1)
    assert paced.value.after == pytest.approx(1.0)


async def test_it_forgets_chats_that_may_send_at_once() -> None:
    time = Time()
    pacer = Pacer(Rates(), time.clock, time.sleep)
    for chat in range(1, 10_000):
        time.now += 1
        await pacer.wait(chat)
    assert len(pacer._chat._next) < 5_000


async def test_without_limits_nobody_waits() -> None:
    pacer = Pacer(Rates(overall=0, group=0, chat=0))
    for _ in range(1000):
        await pacer.wait(-1)


def test_the_default_rates_are_those_telegram_publishes() -> None:
    assert Rates() == Rates(overall=30, group=20, chat=1, burst=3)


async def test_so_many_are_under_way_and_the_next_waits_until_one_is_written_down() -> None:
    time = Time()
    window = Window(2, time.clock)
    first, _ = await window.enter(), await window.enter()
    third = asyncio.create_task(window.enter())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not third.done()
    first()
    first()
    async with asyncio.timeout(5):
        await third
    assert window._until_room() > 0


async def test_one_that_hangs_and_one_that_is_urgent_hold_up_nobody() -> None:
    time = Time()
    window = Window(1, time.clock)
    await window.enter()
    await window.enter(urgent=True)
    assert window._until_room() > 0
    time.now += HANGING
    await window.enter()
    for _ in range(10):
        await Window(0, time.clock).enter()

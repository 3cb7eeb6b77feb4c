"""Token buckets: how many at once, how many in the long run, and how many names they remember."""

from __future__ import annotations

import pytest

from bot.channels.rate_limit import TokenBuckets


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(buckets: TokenBuckets, name: str, times: int) -> int:
    return sum(buckets.take(name) for _ in range(times))


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    buckets = TokenBuckets(2.0, 5, clock)
    assert taken(buckets, "a", 20) == 5
    assert buckets.seconds("a") == pytest.approx(0.5)
    clock.now += 1.0
    assert taken(buckets, "a", 20) == 2
    clock.now += 3600.0
    assert taken(buckets, "a", 20) == 5, "a full bucket does not grow"


def test_names_do_not_share() -> None:
    buckets = TokenBuckets(1.0, 1, Clock())
    assert buckets.take("a")
    assert buckets.take("b")
    assert not buckets.take("a")
    assert buckets.seconds("never heard of") == 0.0


def test_what_is_given_back_can_be_taken_again() -> None:
    buckets = TokenBuckets(1.0, 1, Clock())
    for _ in range(10):
        assert buckets.take("a")
        buckets.give_back("a")
    buckets.give_back("never heard of")
    assert taken(buckets, "a", 5) == 1


def test_memory_is_bounded_and_who_is_limited_now_stays_so() -> None:
    clock = Clock()
    buckets = TokenBuckets(1.0, 1, clock)
    for number in range(30_000):
        assert buckets.take(str(number))
        assert len(buckets) <= 10_000
    assert not buckets.take("29999")
    clock.now += 2.0
    assert buckets.take("29999"), "full again"

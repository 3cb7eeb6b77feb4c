"""How the work for a text grows with its length: a ratio of two sizes side by side, so that no machine is too slow."""

from __future__ import annotations

import time
from collections.abc import Callable

LINEAR = 16.0
"""Eight times the text may cost this many times as much: 8 is linear, 64 quadratic, and between is room for noise."""
_SHORT, _TIMES, _TRIES = 1_200, 8, 3
_FLOOR = 0.001
"""Seconds added to both: below this a clock says nothing."""


def growth(act: Callable[[str], object], piece: str) -> float:
    """Return how many times as long `act` takes for 9,600 characters of `piece` as for 1,200: the quickest of three.

    No length is tried twice, so that nothing remembered is measured, and none is longer than what is read (10,000).
    """
    short, long = [], []
    for at in range(_TRIES):
        length = _SHORT + at * len(piece)
        short.append(_seconds(act, piece, length))
        long.append(_seconds(act, piece, length * _TIMES))
    return (min(long) + _FLOOR) / (min(short) + _FLOOR)


def _seconds(act: Callable[[str], object], piece: str, length: int) -> float:
    text = (piece * (length // len(piece) + 1))[:length]
    begun = time.process_time()
    act(text)
    return time.process_time() - begun

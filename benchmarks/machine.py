"""What a figure was measured on, and how busy that machine was with other things meanwhile."""

from __future__ import annotations

import os
import platform
import resource
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = (
    "python-telegram-bot",
    "httpx",
    "slack-bolt",
    "slack-sdk",
    "aiohttp",
    "jinja2",
    "pyyaml",
    "pydantic",
    "aiosqlite",
    "asyncpg",
    "rapidfuzz",
)


def described() -> dict[str, str]:
    """Return the machine, its system and the versions of what is compared."""
    return {
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "date": time.strftime("%Y-%m-%d"),
    }


def latencies(folder: str) -> dict[str, str]:
    """Return what the machine itself adds to a tail: how long its disk takes, and how long a busy core stands still."""
    median, slow = _syncs(folder)
    stopped = _stalls()
    return {
        "disk": f"an fdatasync of 8 kB takes {median * 1e3:.1f} ms (median), {slow * 1e3:.1f} ms (99th percentile)",
        "stalls": f"a core that only counts is stopped for {max(stopped, default=0) * 1e3:.1f} ms at worst in "
        f"{_WATCHED:.0f} seconds, {sum(stopped) / _WATCHED:.1%} of the time in all",
    }


_SYNCS, _BLOCK = 300, 8192
_WATCHED = 3.0
"""Seconds for which a core is watched."""
_STALL = 0.001
"""Seconds between two looks at the clock from which a core counts as stopped."""


def _syncs(folder: str) -> tuple[float, float]:
    """Return the median and the 99th percentile in seconds of one write and its sync, one at a time."""
    took = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        file.write(bytes(_SYNCS * _BLOCK))
        os.fsync(file.fileno())
        for number in range(_SYNCS):
            began = time.perf_counter()
            os.pwrite(file.fileno(), os.urandom(_BLOCK), number * _BLOCK)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
            time.sleep(0.002)
    took.sort()
    return took[_SYNCS // 2], took[_SYNCS * 99 // 100]


def _stalls() -> list[float]:
    """Return for how many seconds each time a core that does nothing but look at the clock was stopped."""
    found = []
    last = time.perf_counter()
    end = last + _WATCHED
    while last < end:
        now = time.perf_counter()
        if now - last > _STALL:
            found.append(now - last)
        last = now
    return found


class Neighbours:
    """How much of the machine others used between two moments: other processes, and other machines on its host."""

    def __init__(self) -> None:
        self._began, self._busy, self._own, self._stolen = time.monotonic(), _busy(), _own(), _stolen()

    def described(self) -> str:
        """Return which share of all cores was not this run's to use since the beginning."""
        passed = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        others = max(_busy() - self._busy - (_own() - self._own), 0.0) / passed
        stolen = (_stolen() - self._stolen) / passed
        return f"other processes used {others:.0%} of the cores meanwhile, other machines on the same host {stolen:.0%}"


def _busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)


def _stolen() -> float:
    """Return the CPU seconds a host has given to others while this machine wanted them; 0 where that is not told."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def _own() -> float:
    """Return the CPU seconds of this process and of its children that have ended; ask when they have."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

"""What a figure was measured on, and how busy that machine was with other things meanwhile."""

from __future__ import annotations

import os
import platform
import resource
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


class Neighbours:
    """How much of the machine was used by others between two moments."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy(), _own()

    def share(self) -> float:
        """Return the share of all cores that processes other than this run's used since the beginning."""
        passed = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return max(_busy() - self._busy - (_own() - self._own), 0.0) / passed


def _busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)


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

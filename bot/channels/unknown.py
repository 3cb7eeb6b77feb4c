"""What a platform says in words that are newer than this program: survived, counted, and named once in the log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import structlog

log = structlog.stdlib.get_logger(__name__)

MOST_NAMES = 64
"""Names told apart on one channel: a platform brings a few at a time, and whoever forges more fills no memory."""

_NAME = re.compile(r"[A-Za-z][\w.:-]{0,63}", re.ASCII)


class UnknownNames:
    """Counts by what it is and its name, for one channel."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each was met, as `what:name`."""
        return dict(self._counts)

    def note(self, what: str, name: object) -> None:
        """Count one more of a kind; only what looks like a name is repeated, for it might be somebody's words."""
        shown = name if isinstance(name, str) and _NAME.fullmatch(name) else "?"
        key = f"{what}:{shown}"
        if key not in self._counts and len(self._counts) >= MOST_NAMES:
            key = f"{what}:?"
        if key not in self._counts:
            log.warning("unknown_to_this_version", channel=self._channel, what=what, name=shown)
        self._counts[key] += 1

"""What a platform sends that this program does not know: a new release adds kinds of events, words and fields. It is
survived, counted, and named once in the log, so that an operator can tell what to look up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

import structlog

log = structlog.stdlib.get_logger(__name__)

Count = Callable[[str], None]
"""Counts one more of a kind; see `Metrics.unexpected`."""

MAX_NAMES = 64
"""Names told apart on one channel: a platform brings a few at a time, and whoever forges more fills no memory."""

_NAME = re.compile(r"[A-Za-z][\w.:-]{0,63}|\d{3}", re.ASCII)
"""Only what looks like a name (or an HTTP status) is repeated: anything else might be somebody's words."""


class Unexpected:
    """Notes the unknown things of one channel."""

    def __init__(self, channel: str, count: Count = lambda _kind: None) -> None:
        self._channel = channel
        self._count = count
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each was met, as `kind:name`."""
        return dict(self._counts)

    def note(self, kind: str, name: object) -> None:
        """Count one more of a kind (`event`, `error`, `block`, ...) and name it in the log if it is new."""
        self._count(kind)
        shown = str(name) if _NAME.fullmatch(str(name)) else "?"
        key = f"{kind}:{shown}"
        if key not in self._counts and len(self._counts) >= MAX_NAMES:
            key = f"{kind}:?"
        if key not in self._counts:
            log.warning("unexpected", channel=self._channel, kind=kind, name=shown)
        self._counts[key] += 1

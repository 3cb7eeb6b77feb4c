"""What a platform sends that this program does not know: a new release adds kinds of events, words and fields. It is
survived, counted, and named once in the log, so that an operator can tell what to look up."""

from __future__ import annotations

from collections.abc import Callable

import structlog

log = structlog.stdlib.get_logger(__name__)

Count = Callable[[str], None]
"""Counts one more of a kind; see `Metrics.unexpected`."""

MAX_NAMED = 1_000
"""Names remembered, so that a flood of new ones fills neither memory nor log."""

MAX_NAME = 80
"""Characters of a name that are logged."""


class Unexpected:
    """Notes unknown things of one channel."""

    def __init__(self, channel: str, count: Count) -> None:
        self._channel = channel
        self._count = count
        self._named: set[tuple[str, str]] = set()

    def note(self, kind: str, name: object) -> None:
        """Count one more of a kind (`event`, `error`, `block`, ...) and name it in the log if it is new."""
        self._count(kind)
        known = (kind, str(name)[:MAX_NAME])
        if known not in self._named and len(self._named) < MAX_NAMED:
            self._named.add(known)
            log.warning("unexpected", channel=self._channel, kind=kind, name=known[1])

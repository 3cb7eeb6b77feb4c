"""One stream of JSON lines for our own and the libraries' logs. No message text, no clear ids, no tokens, ever."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Sequence
from typing import IO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_TOKENS = re.compile(r"\d{5,}:[A-Za-z0-9_-]{20,}|x(?:ox[a-z]|app)-[A-Za-z0-9-]{6,}")
"""Telegram's bot tokens and Slack's tokens, wherever they stand: libraries put them into addresses and errors."""

_QUIET = (
    "aiohttp.access",
    "httpx",
    "httpcore",
    "slack_bolt",
    "slack_sdk",
    "telegram",
    "alembic",
    "asyncio",
    "aiosqlite",
    "markdown_it",
)
"""Libraries that may log bodies, texts or addresses below WARNING."""

HIDDEN = "[hidden]"


class Redactor:
    """Removes secrets from everything that is logged, however deep it is nested."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted((re.escape(secret) for secret in secrets if len(secret) >= 6), key=len, reverse=True)
        self._pattern = re.compile("|".join([*known, _TOKENS.pattern]))

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: self.clean(value) for key, value in event.items()}

    def clean(self, value: object) -> object:
        """Return `value` without secrets; anything that is not plain data becomes text first."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return {str(key): self.clean(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean(inner) for inner in value]
        return self._pattern.sub(HIDDEN, str(value))


_SHARED: tuple[Processor, ...] = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


def configure(level: str, secrets: Sequence[str] = (), stream: IO[str] | None = None) -> None:
    """Send all logs of `level` and above to `stream` (standard error by default) as JSON lines."""
    root = logging.getLogger()
    root.handlers = [json_handler(stream or sys.stderr, secrets)]
    route(level)


def json_handler(stream: IO[str], secrets: Sequence[str] = ()) -> logging.Handler:
    """Return a handler that writes JSON lines without `secrets` and without anything that looks like a token."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                Redactor(secrets),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    return handler


def route(level: str) -> None:
    """Bring our own logs and the libraries' of `level` and above to the root logger's handlers."""
    root = logging.getLogger()
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )

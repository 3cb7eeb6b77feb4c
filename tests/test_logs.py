"""Logs are JSON lines in which no secret survives."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import HIDDEN, configure

TELEGRAM = "123456789:AAH-abcdefghijklmnopqrstuvwxyz012345"
SLACK = "xoxb-1111-2222-abcdefABCDEF"


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_no_token_survives_in_our_own_or_a_librarys_line() -> None:
    stream = io.StringIO()
    configure("INFO", ["s3cret-value"], stream)
    structlog.stdlib.get_logger("bot.x").info("sent", url=f"https://api/bot{TELEGRAM}/getMe", nested={"t": [SLACK]})
    logging.getLogger("some.library").warning("failed with %s and %s", "s3cret-value", TELEGRAM)
    assert len(logged(stream)) == 2
    for secret in (TELEGRAM, SLACK, "s3cret-value"):
        assert secret not in stream.getvalue()
    assert HIDDEN in stream.getvalue()


def test_a_traceback_is_cleaned_too() -> None:
    stream = io.StringIO()
    configure("INFO", [], stream)
    try:
        raise RuntimeError(f"connect to {TELEGRAM} failed")
    except RuntimeError:
        logging.getLogger("x").exception("broken")
    (line,) = logged(stream)
    assert "RuntimeError" in str(line["exception"])
    assert TELEGRAM not in stream.getvalue()


def test_chatty_libraries_are_quiet_below_warning() -> None:
    stream = io.StringIO()
    configure("DEBUG", [], stream)
    logging.getLogger("httpx").info("HTTP Request: POST ...")
    assert not logged(stream)

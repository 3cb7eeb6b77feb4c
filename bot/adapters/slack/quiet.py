"""The libraries' log: errors only, and never a body, an address with a ticket, a token or values in a traceback."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(r"ticket=[^&\s'\"]+|x(?:ox[a-z]|app)[a-z.]*-[\w.-]+|https?://\S+|wss?://\S+")
_LONGEST = 300


class Scrub(logging.Filter):
    """Shortens a record to its sentence, without addresses and tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place and let it pass."""
        record.msg = _SECRET.sub("[hidden]", record.getMessage())[:_LONGEST]
        record.args = ()
        record.exc_info = record.exc_text = None
        return True


def library_log() -> logging.Logger:
    """Return the logger to hand to Bolt and slack_sdk. Its own level is set because they look at that alone."""
    logger = logging.getLogger("slack_bolt.footnote")
    logger.setLevel(logging.ERROR)
    if not logger.filters:
        logger.addFilter(Scrub())
    return logger

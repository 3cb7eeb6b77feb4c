"""How the stand-in says no."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """Slack's answer to a call it does not carry out."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.answer = {"ok": False, "error": error, **more}

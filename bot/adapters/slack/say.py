"""The bot's own sentences, as the adapter asks for them."""

from __future__ import annotations

from typing import Any, Protocol

from bot.engine.turn import Tone


class Say(Protocol):
    """Returns a sentence of content/interface.yaml in one register (`Engine.sentence` is one)."""

    def __call__(self, key: str, tone: Tone, **values: Any) -> str: ...

"""What every channel shares with the rest: the bot's own sentences, and its measure of an answer's length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from bot.content.library import Library
from bot.dialog.turn import Register


class Texts(Protocol):
    """Returns one of the bot's own texts (content/interface.yaml) in one register; `Engine.sentence` is one."""

    def __call__(self, key: str, register: Register, **values: Any) -> str: ...


LimitCheck = Callable[[str, Register], Iterable[str]]
"""A channel's judgement of one node's answer, rendered as it would really be sent: one sentence per limit it breaks."""

ChannelLimits = Callable[[Library], LimitCheck]
"""Makes a channel's measure for one library. Channels know how they send, so they bring their own."""

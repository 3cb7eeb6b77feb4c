"""Where an answer goes on Telegram: the address that travels with a question through the inbox."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

from bot.inbox.events import Address


@dataclass(frozen=True, slots=True)
class TelegramAddress:
    """A chat, a topic in it, and what was touched there.

    `reply_to` is the message to answer under (groups only); `query` the callback query to acknowledge; `tapped` the
    message whose button was pressed, where the presser may have it changed. Of a vote, `pressed` is the button's data
    and `keyboard` the rows it stands in: only they change.
    """

    chat: int
    group: bool = False
    topic: int | None = None
    reply_to: int | None = None
    query: str | None = None
    tapped: int | None = None
    pressed: str | None = None
    keyboard: list[list[dict[str, Any]]] | None = None

    @classmethod
    def from_address(cls, address: Address) -> Self:
        """Return the place an address stands for."""
        return cls(**address)

    def address(self) -> Address:
        """Return the place as plain JSON, without what is not set."""
        values = ((name, getattr(self, name)) for name in _NAMES)
        return {name: value for name, value in values if value not in (None, False)}


_NAMES = tuple(field.name for field in fields(TelegramAddress))

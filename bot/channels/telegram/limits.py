"""What Telegram holds content to, for `footnote check`: every answer rendered as it would really be sent."""

from __future__ import annotations

from collections.abc import Iterator

from bot.channels.base import ChannelLimits, LabelLimit, LimitCheck, longest_reply
from bot.channels.telegram.render import TelegramRenderer
from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.turn import Register, Reply


def telegram_limits(library: Library) -> LimitCheck:
    """Return the check of answers: one message each, even where it offers the choice of register."""
    composer = Composer(library)
    renderer = TelegramRenderer(composer.words)

    def limit_check(node: str, register: Register) -> Iterator[str]:
        reply = longest_reply(composer, node, register)
        if (count := len(renderer.render(reply))) > 1:
            yield f"Telegram needs {count} messages for it; it must fit one"
        yield from _payloads(reply)

    return limit_check


def _payloads(reply: Reply) -> Iterator[str]:
    for button in reply.buttons:
        if len(button.payload.encode()) > payloads.MAX_BYTES:
            yield f"the button `{button.label}` carries more than {payloads.MAX_BYTES} bytes"


LIMITS = ChannelLimits(telegram_limits, (LabelLimit(30, "a phone shows 30"),))

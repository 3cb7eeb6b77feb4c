"""The channels' own measures for `footnote check`: every answer rendered as it would really be sent."""

from __future__ import annotations

from collections.abc import Iterator

from bot.channels.base import ChannelLimits, LimitCheck
from bot.channels.slack import render as slack
from bot.channels.telegram import render as telegram
from bot.content.library import Library
from bot.content.models import Register
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.turn import Reply

MAX_SLACK_MESSAGES = 2
"""A Slack message counts the addresses of links too, so a long answer with many sources may take two."""


def telegram_limits(library: Library) -> LimitCheck:
    """Return the measure of Telegram: one message per answer, even where it offers the choice of register."""
    composer = Composer(library)
    renderer = telegram.TelegramRenderer(composer.words)

    def limit_check(node: str, register: Register) -> Iterator[str]:
        reply = _first(composer, node, register)
        if (count := len(renderer.render(reply))) > 1:
            yield f"Telegram needs {count} messages for it; it must fit one"
        yield from _payloads(reply)

    return limit_check


def slack_limits(library: Library) -> LimitCheck:
    """Return the measure of Slack: at most two messages per answer, each with no more blocks than Slack takes."""
    composer = Composer(library)
    renderer = slack.SlackRenderer(composer.words)

    def limit_check(node: str, register: Register) -> Iterator[str]:
        parts = renderer.parts(_first(composer, node, register), slack.RenderOptions())
        if len(parts) > MAX_SLACK_MESSAGES:
            yield f"Slack needs {len(parts)} messages for it; it must fit {MAX_SLACK_MESSAGES}"
        if any(len(part.blocks) > slack.MAX_BLOCKS for part in parts):
            yield f"one of its Slack messages has more than {slack.MAX_BLOCKS} blocks"

    return limit_check


def _first(composer: Composer, node: str, register: Register) -> Reply:
    """Return the longest form of an answer: the first one, which also offers the choice of register."""
    return Reply(composer.card(node, register), offer=composer.words("welcome-offer", register))


def _payloads(reply: Reply) -> Iterator[str]:
    for button in reply.buttons:
        if len(button.payload.encode()) > payloads.MAX_BYTES:
            yield f"the button `{button.label}` carries more than {payloads.MAX_BYTES} bytes"


CHANNEL_LIMITS: tuple[ChannelLimits, ...] = (telegram_limits, slack_limits)

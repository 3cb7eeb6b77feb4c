"""The channels' own measures for `footnote check`: every answer rendered as it would really be sent."""

from __future__ import annotations

from collections.abc import Iterator

from bot.channels.base import Gauge, Measure
from bot.channels.slack import render as slack
from bot.channels.telegram import render as telegram
from bot.content.library import Library
from bot.content.models import Tone
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.turn import Reply

MAX_SLACK_MESSAGES = 2
"""A Slack message counts the addresses of links too, so a long answer with many sources may take two."""


def telegram_gauge(library: Library) -> Measure:
    """Return the measure of Telegram: one message per answer, even where it offers the choice of register."""
    composer = Composer(library)
    renderer = telegram.Renderer(composer.words)

    def measure(node: str, tone: Tone) -> Iterator[str]:
        reply = _first(composer, node, tone)
        if (count := len(renderer.render(reply))) > 1:
            yield f"Telegram needs {count} messages for it; it must fit one"
        yield from _payloads(reply)

    return measure


def slack_gauge(library: Library) -> Measure:
    """Return the measure of Slack: at most two messages per answer, each with no more blocks than Slack takes."""
    composer = Composer(library)
    renderer = slack.Renderer(composer.words)

    def measure(node: str, tone: Tone) -> Iterator[str]:
        parts = renderer.parts(_first(composer, node, tone), slack.Look())
        if len(parts) > MAX_SLACK_MESSAGES:
            yield f"Slack needs {len(parts)} messages for it; it must fit {MAX_SLACK_MESSAGES}"
        if any(len(part.blocks) > slack.MAX_BLOCKS for part in parts):
            yield f"one of its Slack messages has more than {slack.MAX_BLOCKS} blocks"

    return measure


def _first(composer: Composer, node: str, tone: Tone) -> Reply:
    """Return the longest form of an answer: the first one, which also offers the choice of register."""
    return Reply(composer.card(node, tone), offer=composer.words("offer", tone))


def _payloads(reply: Reply) -> Iterator[str]:
    for button in reply.buttons:
        if len(button.payload.encode()) > payloads.MAX_BYTES:
            yield f"the button `{button.label}` carries more than {payloads.MAX_BYTES} bytes"


GAUGES: tuple[Gauge, ...] = (telegram_gauge, slack_gauge)

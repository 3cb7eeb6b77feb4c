"""What Slack holds content to, for `footnote check`: every answer rendered as it would really be sent."""

from __future__ import annotations

from collections.abc import Iterator

from bot.channels.base import ChannelLimits, LabelLimit, LimitCheck, longest_reply
from bot.channels.slack.render import MAX_BLOCKS, RenderOptions, SlackRenderer
from bot.content.library import Library
from bot.dialog.composer import Composer
from bot.dialog.turn import Register

MAX_MESSAGES = 2
"""A Slack message counts the addresses of links too, so a long answer with many sources may take two."""

MAX_LABEL = 75
"""Characters of a button label that Slack accepts (Block Kit, button element); longer: no message at all."""


def slack_limits(library: Library) -> LimitCheck:
    """Return the check of answers: at most two messages each, none with more blocks than Slack takes."""
    composer = Composer(library)
    renderer = SlackRenderer(composer.words)

    def limit_check(node: str, register: Register) -> Iterator[str]:
        parts = renderer.parts(longest_reply(composer, node, register), RenderOptions())
        if len(parts) > MAX_MESSAGES:
            yield f"Slack needs {len(parts)} messages for it; it must fit {MAX_MESSAGES}"
        if any(len(part.blocks) > MAX_BLOCKS for part in parts):
            yield f"one of its Slack messages has more than {MAX_BLOCKS} blocks"

    return limit_check


LIMITS = ChannelLimits(slack_limits, (LabelLimit(MAX_LABEL, f"Slack refuses more than {MAX_LABEL}", refused=True),))

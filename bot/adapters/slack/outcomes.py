"""What Slack's refusals mean for an answer: wait, say it differently, say it elsewhere, or nobody is there any more.

Error words: docs.slack.dev, chat.postMessage, chat.postEphemeral, chat.update, views.publish.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.adapters.slack.installed import Unreachable, reason_of
from bot.delivery.envelope import Busy, Gone

PAUSE = 2.0
"""Seconds to wait after a server error or a broken connection; delivery lengthens it while an outage lasts."""

LONG_PAUSE = 60.0
"""Seconds to wait for an operator: a token that Slack refuses today may be replaced."""

NOT_DRAWN = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"})
"""The blocks are refused; the same words can be sent with simpler ones, or as text."""

NOT_HERE = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "user_not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "cannot_reply_to_message",
        "messages_tab_disabled",
        "ekm_access_denied",
        "missing_scope",
    }
)
"""This place does not take it, another may."""

NOT_THIS_MESSAGE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The message to be changed cannot be changed; a new one can be sent."""

NO_QUESTION = frozenset({"thread_not_found", "invalid_thread_ts"})
"""The question was deleted with its thread: there is nothing left to answer."""

NOBODY = frozenset(
    {"account_inactive", "token_revoked", "user_not_found", "team_access_not_granted", "org_login_required"}
)
"""The person, the workspace or the installation is gone."""

UNREACHABLE = (aiohttp.ClientError, TimeoutError, asyncio.TimeoutError, OSError)
"""What a broken connection raises."""


def word_of(error: SlackApiError) -> str:
    """Return Slack's error word."""
    return reason_of(error)


def raised(error: Exception) -> Busy | Gone:
    """Return what delivery should hear about a failure: that Slack is busy, or that nobody is there any more."""
    if not isinstance(error, SlackApiError):
        return Busy(PAUSE, str(error) if isinstance(error, Unreachable) else type(error).__name__)
    status, word = error.response.status_code, word_of(error)
    if status == 429 or word in {"ratelimited", "rate_limited"}:
        return Busy(retry_after(error.response.headers), "ratelimited")
    if status >= 500 or word in {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}:
        return Busy(PAUSE, word)
    if word in {"invalid_auth", "not_authed", "token_expired"}:
        return Busy(LONG_PAUSE, word)
    if word in NOBODY:
        return Gone(word, forget=True)
    return Gone(word)


def retry_after(headers: Mapping[str, Any]) -> float:
    """Return the seconds of a Retry-After header, one if there is none or it is no number."""
    try:
        return max(float(headers.get("Retry-After", 1)), 0.0)
    except ValueError:
        return 1.0

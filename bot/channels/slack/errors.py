"""What Slack's refusals mean. A word that stands in none of these lists is one nobody has met yet: the turn has failed,
is tried again, and is then set aside where an operator sees it. Only a short list means that nobody is there.

Words and their meaning: docs.slack.dev, chat.postMessage, chat.postEphemeral, chat.update and views.publish.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.channels.slack.installation import BAD_TOKEN, REVOKED, Unreachable, reason_of
from bot.inbox.events import Busy, Gone, Refused

PAUSE = 2.0
"""Seconds to wait after a server error or a broken connection; delivery lengthens it while an outage lasts."""

LONG_PAUSE = 60.0
"""Seconds to wait for an operator: a token that Slack refuses today may be replaced."""

RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
"""Slack asks to wait, for as long as its header says."""

PASSING = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "org_login_required",
        "migration_in_progress",
        "external_channel_migrating",
        "update_failed",
        "accesslimited",
        "message_limit_exceeded",
    }
)
"""Slack cannot now, and will be able to: a fault on its side, or a workspace that is being moved."""

NOT_DRAWN = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"})
"""The blocks are refused; the same words can be sent with simpler ones, or as text."""

TOO_LONG = frozenset({"msg_too_long"})
"""The text beside the blocks is too long: it can be left shorter, and without blocks be sent in parts."""

NOT_MARKED = frozenset(
    {"metadata_too_large", "metadata_must_be_sent_from_app", "invalid_metadata_format", "invalid_metadata_schema"}
)
"""The mark by which a message is found again is refused; the message can be sent without it."""

NOT_HERE = frozenset(
    {
        "access_denied",
        "cannot_reply_to_message",
        "channel_not_found",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "missing_scope",
        "no_permission",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "user_not_in_channel",
    }
)
"""This place does not take it, another may."""

NOT_THIS_MESSAGE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "block_mismatch"})
"""The message to be changed cannot be changed; a new one can be sent."""

NO_QUESTION = frozenset({"thread_not_found", "invalid_thread_ts"})
"""The question was deleted with its thread: there is nothing left to answer."""

NOBODY = frozenset({"user_not_found", "users_not_found", "user_disabled", "cannot_dm_bot"})
"""The person is no longer there, or never was one."""

KNOWN_STATUSES = frozenset({200, 429, 500, 502, 503, 504})
"""HTTP statuses that Slack answers with (docs.slack.dev, Web API)."""

UNREACHABLE = (aiohttp.ClientError, TimeoutError, asyncio.TimeoutError, OSError, Unreachable)
"""What a broken connection raises, and an answer that is not Slack's."""


def elsewhere(*, shared: bool, direct: bool) -> frozenset[str]:
    """Return the refusals of a place after which there is another: a person's own messages are the last, and whoever
    shares is told in theirs."""
    if shared:
        return NOT_HERE | NOBODY
    return frozenset() if direct else NOT_HERE


def word_of(error: SlackApiError) -> str:
    """Return Slack's error word."""
    return reason_of(error)


def status_of(error: SlackApiError) -> int:
    """Return the HTTP status of a refusal. The SDK hands over its own response or, if it is no JSON, aiohttp's."""
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0))


def strange(status: int) -> bool:
    """Tell whether Slack is not known to answer with this HTTP status."""
    return status not in KNOWN_STATUSES


def unreadable(error: SlackApiError) -> bool:
    """Tell whether the answer came from something before Slack, such as a proxy: the call may have been carried out."""
    data = getattr(error.response, "data", None)
    return not (isinstance(data, Mapping) and data.get("error"))


def raised(error: Exception, *, waits: bool) -> Busy | Gone | Refused:
    """Return what delivery should hear about a failure. `waits` says that a revoked token will be replaced."""
    if not isinstance(error, SlackApiError):
        return Busy(PAUSE, str(error) if isinstance(error, Unreachable) else type(error).__name__)
    word, status = word_of(error), status_of(error)
    if status == 429 or word in RATE_LIMITED:
        return Busy(retry_after(getattr(error.response, "headers", {})), "ratelimited")
    if word in BAD_TOKEN or (waits and word in REVOKED):
        return Busy(LONG_PAUSE, word)
    if status >= 500 or word in PASSING or unreadable(error):
        return Busy(PAUSE, word)
    if word in REVOKED:
        return Gone(word, forget=True)
    return Gone(word) if word in NOBODY | NO_QUESTION else Refused(word)


def retry_after(headers: Mapping[str, Any]) -> float:
    """Return the seconds of a Retry-After header, one if there is none or it is no number."""
    try:
        return max(float(headers.get("Retry-After", 1)), 0.0)
    except ValueError:
        return 1.0

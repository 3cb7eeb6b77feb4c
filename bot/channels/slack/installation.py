"""The app in a workspace: who it is there, what it may do, and with which token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from slack_sdk.web.async_client import AsyncWebClient

log = structlog.stdlib.get_logger(__name__)

BAD_TOKEN = frozenset({"invalid_auth", "not_authed", "token_expired"})
"""Slack's words for a token it does not take; it may be replaced, by an operator or by its renewal."""

REVOKED = frozenset({"token_revoked", "account_inactive", "team_access_not_granted"})
"""The app was removed: with one static token for the operator to mend, with many installations a goodbye."""

TOKEN_WORDS = BAD_TOKEN | REVOKED
"""The refusals that say something about the token, not about the message."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation of the app. The token never appears in a log line: it is left out of the representation."""

    team: str
    bot_user: str
    bot_id: str
    scopes: frozenset[str]
    token: str = field(repr=False)
    enterprise: str | None = None

    @property
    def agent(self) -> bool:
        """True when the app is an agent here: each question in its direct messages opens a thread of its own."""
        return "assistant:write" in self.scopes


class Tokens(Protocol):
    """Knows the installation for a workspace, and hears how its token fares."""

    waits: bool
    """True when a revoked token will be replaced by an operator, so that what was accepted waits for that."""

    async def installation(self, team: str | None, enterprise: str | None, /) -> Installation | None:
        """Return the installation, or None where the app is not (or no longer) installed.

        Raises when it cannot be found out now: the event is then not acknowledged, and Slack sends it again.
        """

    def refused(self, me: Installation, word: str, /) -> None:
        """Hear that Slack refused the token, and why."""

    def taken(self) -> None:
        """Hear that Slack took a call."""


class Unreachable(Exception):
    """Slack (or the store of installations) cannot be asked now."""


TAKEN, UNKNOWN = "taken", "not yet known"
"""How a token fares, besides Slack's word for refusing it."""


class StaticToken:
    """The simple case: one workspace, one token from the settings. `state` is how it fares: `TAKEN`, `UNKNOWN`, or why
    Slack refuses it."""

    waits = True

    def __init__(self, client: AsyncWebClient, token: str) -> None:
        self._client = client
        self._token = token
        self._found: Installation | None = None
        self.state = UNKNOWN

    async def installation(self, _team: str | None, _enterprise: str | None) -> Installation | None:
        """Return the one installation; asks Slack once, with `auth.test`. Raises Unreachable."""
        if self._found is None:
            await self.check()
        return self._found

    async def check(self) -> None:
        """Ask Slack whose token it is; raises Unreachable with its reason when it does not say."""
        try:
            self._found = await identify(self._client, self._token)
        except Unreachable as reason:
            if str(reason) in TOKEN_WORDS:
                self.refused(None, str(reason))
            raise
        self.taken()

    def refused(self, _me: Installation | None, word: str) -> None:
        """Note that Slack refuses the token; what was accepted waits for the operator, who is told once."""
        if self.state != word:
            log.error("slack_token_refused", reason=word, remedy="set a valid SLACK_BOT_TOKEN, restart")
        self.state = word

    def taken(self) -> None:
        """Note that Slack takes the token."""
        if self.state not in (TAKEN, UNKNOWN):
            log.info("slack_token_taken_again", was=self.state)
        self.state = TAKEN


async def identify(client: AsyncWebClient, token: str) -> Installation:
    """Return who a token belongs to; raises Unreachable with Slack's reason when `auth.test` does not say."""
    try:
        answer = await client.auth_test(token=token)
    except Exception as error:
        raise Unreachable(reason_of(error)) from None
    scopes = str(answer.headers.get("x-oauth-scopes", ""))
    data: Mapping[str, Any] = answer.data  # type: ignore[assignment]
    return Installation(
        data["team_id"], data["user_id"], data["bot_id"], scopes_of(scopes), token, data.get("enterprise_id")
    )


def scopes_of(text: str) -> frozenset[str]:
    """Return the scopes of a comma-separated list."""
    return frozenset(scope.strip() for scope in text.split(",") if scope.strip())


def reason_of(error: Exception) -> str:
    """Return a short reason that is safe to log: Slack's error word or the kind of failure, no text, no token."""
    response = getattr(error, "response", None)
    data = getattr(response, "data", None)
    if isinstance(data, Mapping) and data.get("error"):
        return str(data["error"])
    status = getattr(response, "status_code", None)
    return f"http {status}" if status else type(error).__name__

"""The ways the bot is connected: each platform's two modes alone, and both platforms in one process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.chaos.databases import Database
from tests.chaos.proxy import Proxy
from tests.fakes.slack import FakeSlack
from tests.fakes.telegram import FakeTelegram


@dataclass(frozen=True)
class Mode:
    """What is configured; an empty word means that the platform is not."""

    name: str
    telegram: Literal["", "polling", "webhook"] = ""
    slack: Literal["", "socket", "http"] = ""


SINGLE = (
    Mode("polling", telegram="polling"),
    Mode("webhook", telegram="webhook"),
    Mode("socket", slack="socket"),
    Mode("http", slack="http"),
)
PAIRED = (Mode("polling+socket", "polling", "socket"), Mode("webhook+http", "webhook", "http"))
MODES = {mode.name: (mode,) for mode in (*SINGLE, *PAIRED)} | {"each": SINGLE, "paired": PAIRED}
"""What can be asked for by name."""


def environment(
    mode: Mode, telegram: FakeTelegram, slack: FakeSlack, database: Database, proxy: Proxy
) -> dict[str, str]:
    """Return what an operator would set to connect the bot to the two stand-ins."""
    found = {
        "FOOTNOTE_DATABASE_URL": database.url,
        "FOOTNOTE_SECRET": "a secret for chaos, the same on every replica",
        "FOOTNOTE_PORT": "0",
        "FOOTNOTE_QUESTIONS_PER_MINUTE": "0",  # the people here ask as fast as they are answered
    }
    if mode.telegram:
        found |= _of_telegram(mode, telegram, proxy)
    if mode.slack:
        found |= _of_slack(mode, slack)
    return found


def _of_telegram(mode: Mode, telegram: FakeTelegram, proxy: Proxy) -> dict[str, str]:
    found = {
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_API_BASE_URL": telegram.url,
        "TELEGRAM_MODE": mode.telegram,
    }
    if mode.telegram == "webhook":
        found["TELEGRAM_WEBHOOK_URL"] = f"http://127.0.0.1:{proxy.port}/telegram/webhook"
        found["TELEGRAM_WEBHOOK_SECRET"] = "webhook-secret-for-chaos"
    return found


def _of_slack(mode: Mode, slack: FakeSlack) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.world.app_token,
        "SLACK_SIGNING_SECRET": slack.world.signing_secret,
        "SLACK_API_BASE_URL": slack.api,
        "SLACK_MODE": mode.slack,
    }

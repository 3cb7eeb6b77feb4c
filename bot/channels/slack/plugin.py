"""Slack as a plugin: imports Bolt only when the channel is built, examined or measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.channels.base import Channel, ChannelLimits, ChannelPlugin, CheckResult, HostServices, Texts
from bot.channels.slack.settings import SlackSettings
from bot.dialog.turn import Register
from bot.settings import secret

if TYPE_CHECKING:
    from bot.channels.slack.app import Credentials
    from bot.channels.slack.oauth import OAuth


def slack_credentials(settings: SlackSettings) -> Credentials:
    """Return what the channel and its doctor need of the settings."""
    from bot.channels.slack.app import Credentials

    return Credentials(
        mode=settings.mode,
        base_url=settings.api_base_url,
        bot_token=secret(settings.bot_token),
        app_token=secret(settings.app_token),
        signing_secret=secret(settings.signing_secret),
    )


def _build(host: HostServices, settings: SlackSettings) -> Channel:
    from bot.channels.slack.app import Slack

    return Slack(slack_credentials(settings), host, _oauth(host, settings))


def _oauth(host: HostServices, settings: SlackSettings) -> OAuth | None:
    """Return the installer of many workspaces; None where one static token is given."""
    if settings.bot_token or not settings.client_id:
        return None
    from bot.channels.slack.oauth import OAuth, OAuthSettings

    client = OAuthSettings(settings.client_id, secret(settings.client_secret), host.database_url)
    return OAuth(client, host.identity)


async def _doctor(settings: SlackSettings, _texts: Texts) -> Sequence[CheckResult]:
    from bot.channels.slack.doctor import doctor

    return await doctor(slack_credentials(settings))


def _limits() -> ChannelLimits:
    from bot.channels.slack.limits import LIMITS

    return LIMITS


plugin = ChannelPlugin(
    name="slack",
    settings=SlackSettings,
    build=_build,
    set_up="Slack:    set SLACK_BOT_TOKEN and SLACK_APP_TOKEN; docs/slack.md has the steps.",
    default_register=Register.PROFESSIONAL,  # clinicians write in Slack
    doctor=_doctor,
    limits=_limits,
)

"""Slack as a plugin: its settings and limits. Bolt is imported only when something is done with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.base import (
    Channel,
    ChannelLimits,
    ChannelPlugin,
    ChannelSettings,
    CheckResult,
    HostServices,
    LabelLimit,
    LimitCheck,
    Measure,
    ScreenLimit,
    Texts,
    longest_reply,
)
from bot.channels.layout import Shown
from bot.dialog.composer import Composer
from bot.dialog.turn import Register, Reply
from bot.settings import secret, url_faults

if TYPE_CHECKING:
    from bot.channels.slack.app import Credentials, OAuth

SLACK_APP = "in your Slack app's settings (docs/slack.md shows the page)"


class SlackSettings(ChannelSettings):
    """What an operator copies from Slack's pages: a static token for one workspace, or a client id for many."""

    model_config = SettingsConfigDict(env_prefix="slack_")

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    api_base_url: str = "https://slack.com/api/"
    mode: Literal["socket", "http"] = "socket"
    client_id: str | None = None
    client_secret: SecretStr | None = None
    mention_only: str = ""
    """Channels, by id, in which the bot reads nothing that does not name it; `all` for every one."""

    @property
    def configured(self) -> bool:
        """Whether there is a static token, or the client id of an installation in many workspaces."""
        return self.bot_token is not None or self.client_id is not None

    def faults(self) -> list[str]:
        """Return what is missing or malformed."""
        faults = url_faults("SLACK_API_BASE_URL", self.api_base_url)
        if not self.configured:
            return faults
        if self.bot_token and not secret(self.bot_token).startswith("xoxb-"):
            faults.append(f"SLACK_BOT_TOKEN must start with xoxb-: 'OAuth & Permissions' {SLACK_APP}")
        if self.mode == "socket" and not self.app_token:
            faults.append(f"SLACK_APP_TOKEN is missing (starts with xapp-): 'Basic Information' {SLACK_APP}")
        if self.mode == "socket" and self.app_token and not secret(self.app_token).startswith("xapp-"):
            faults.append(f"SLACK_APP_TOKEN must start with xapp-: 'App-Level Tokens' {SLACK_APP}")
        if self.mode == "http" and not self.signing_secret:
            faults.append(f"SLACK_SIGNING_SECRET is missing: 'Basic Information' {SLACK_APP}")
        return faults


def slack_credentials(settings: SlackSettings) -> Credentials:
    """Return what the channel and its doctor need of the settings."""
    from bot.channels.slack.app import Credentials

    return Credentials(
        mode=settings.mode,
        base_url=settings.api_base_url,
        bot_token=secret(settings.bot_token),
        app_token=secret(settings.app_token),
        signing_secret=secret(settings.signing_secret),
        mention_only=frozenset(settings.mention_only.replace(",", " ").split()),
    )


def _build(host: HostServices, settings: SlackSettings) -> Channel:
    from bot.channels.slack.app import Slack

    return Slack(slack_credentials(settings), host, _oauth(host, settings))


def _oauth(host: HostServices, settings: SlackSettings) -> OAuth | None:
    """Return the installer of many workspaces; None where one static token is given."""
    if settings.bot_token or not settings.client_id:
        return None
    from bot.channels.slack.app import OAuth, OAuthSettings

    client = OAuthSettings(settings.client_id, secret(settings.client_secret), host.database_url)
    return OAuth(client, host.identity)


async def _doctor(settings: SlackSettings, _texts: Texts) -> Sequence[CheckResult]:
    from bot.channels.slack.manifest import doctor

    return await doctor(slack_credentials(settings))


MAX_MESSAGES = 1
"""An answer is one message: one notification, one thing to share."""

MAX_LABEL = 75
"""Characters of a button label that Slack accepts (Block Kit, button element); longer: no message at all."""


def slack_limits(composer: Composer) -> LimitCheck:
    """Return the check of answers: one message each, with no more blocks than Slack takes."""
    from bot.channels.slack.render import MAX_BLOCKS, RenderOptions, SlackRenderer

    renderer = SlackRenderer(composer.text)

    def limit_check(node: str, register: Register) -> Iterator[str]:
        parts = renderer.parts(longest_reply(composer, node, register), RenderOptions())
        if len(parts) > MAX_MESSAGES:
            yield f"Slack needs {len(parts)} messages for it; it must fit one"
        if any(len(part.blocks) > MAX_BLOCKS for part in parts):
            yield f"one of its Slack messages has more than {MAX_BLOCKS} blocks"

    return limit_check


def slack_measure(composer: Composer) -> Measure:
    """Return the measure of an answer on a phone, as it is shown in a thread after the first meeting."""
    from bot.channels.slack.blocks import shown
    from bot.channels.slack.render import RenderOptions, SlackRenderer

    renderer = SlackRenderer(composer.text)

    def measure(node: str, register: Register) -> Shown:
        reply = Reply(composer.card(node, register))
        parts = renderer.parts(reply, RenderOptions(quiet=True))
        return shown(reply, [block for part in parts for block in part.blocks])

    return measure


ABOVE = 12
"""Lines of text that stand above what is folded, at most."""

plugin = ChannelPlugin(
    name="slack",
    settings=SlackSettings,
    build=_build,
    set_up="Slack:    set SLACK_BOT_TOKEN and SLACK_APP_TOKEN; docs/slack.md has the steps.",
    default_register=Register.PROFESSIONAL,  # clinicians write in Slack
    doctor=_doctor,
    limits=ChannelLimits(
        slack_limits,
        (LabelLimit(MAX_LABEL, f"Slack refuses more than {MAX_LABEL}", refused=True),),
        ScreenLimit("Slack", slack_measure, screens=1.3, above=ABOVE, register=Register.PROFESSIONAL),
    ),
)

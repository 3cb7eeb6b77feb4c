"""The settings of Slack, all of whose variables begin with SLACK_."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.base import ChannelSettings
from bot.settings import secret, url_faults

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
        if self.mode == "http" and not self.signing_secret:
            faults.append(f"SLACK_SIGNING_SECRET is missing: 'Basic Information' {SLACK_APP}")
        return faults

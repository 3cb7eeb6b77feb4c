"""The settings of Telegram, all of whose variables begin with TELEGRAM_."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.base import ChannelSettings
from bot.settings import secret, url_faults

BOTFATHER = "create a bot with @BotFather in Telegram; it answers with the token"


class TelegramSettings(ChannelSettings):
    """How to reach Telegram and be reached by it."""

    model_config = SettingsConfigDict(env_prefix="telegram_")

    bot_token: SecretStr | None = None
    api_base_url: str = "https://api.telegram.org"
    mode: Literal["polling", "webhook"] = "polling"
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    inline: bool = False

    @property
    def configured(self) -> bool:
        """Whether there is a bot to speak as."""
        return self.bot_token is not None

    def faults(self) -> list[str]:
        """Return what is missing or malformed."""
        faults = url_faults("TELEGRAM_API_BASE_URL", self.api_base_url)
        if not self.configured:
            return faults
        if ":" not in secret(self.bot_token):
            faults.append(f"TELEGRAM_BOT_TOKEN does not look like a token (digits, a colon, letters): {BOTFATHER}")
        if self.mode == "webhook":
            if not self.webhook_url:
                faults.append("TELEGRAM_WEBHOOK_URL is missing: the public https address ending in /telegram/webhook")
            if not self.webhook_secret:
                faults.append("TELEGRAM_WEBHOOK_SECRET is missing: choose 32 or more letters and digits yourself")
        return faults

"""Settings from the environment, from `*_FILE` secrets and from `.env`, typed and checked at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

_ROOT = Path(__file__).resolve().parent.parent
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

BOTFATHER = "create a bot with @BotFather in Telegram; it answers with the token"
SLACK_APP = "in your Slack app's settings (docs/slack.md shows the page)"


def _shipped(folder: str) -> Path:
    """Return the folder that comes with the program; relative where that is shorter, for faults that read well."""
    shipped = _ROOT / folder
    return shipped.relative_to(Path.cwd()) if shipped.is_relative_to(Path.cwd()) else shipped


class Settings(BaseSettings):
    """Everything an operator can set. Nothing here is needed for a conversation in the terminal."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    telegram_bot_token: SecretStr | None = None
    telegram_api_base_url: str = "https://api.telegram.org"
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_url: str | None = None
    telegram_webhook_secret: SecretStr | None = None
    telegram_inline: bool = False

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_base_url: str = "https://slack.com/api/"
    slack_mode: Literal["socket", "http"] = "socket"
    slack_client_id: str | None = None
    slack_client_secret: SecretStr | None = None

    footnote_database_url: str = "sqlite:///footnote.sqlite3"
    footnote_secret: SecretStr | None = None
    footnote_host: str = "127.0.0.1"
    footnote_port: int = Field(default=8080, ge=0, le=65535)
    footnote_dialogs: Path = Field(default_factory=lambda: _shipped("dialogs"))
    footnote_content: Path = Field(default_factory=lambda: _shipped("content"))
    footnote_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    footnote_require_approved: bool = False
    footnote_drain_seconds: float = Field(default=20.0, gt=0)
    footnote_proxies: str = "127.0.0.0/8, ::1"
    footnote_questions_per_minute: int = Field(default=30, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, values: dict[str, object]) -> dict[str, object]:
        """Compose files pass `NAME=` for what the operator left out."""
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Refuse half a configuration: each fault names the variable and where its value comes from."""
        faults = [*self._telegram_faults(), *self._slack_faults(), *self._proxy_faults()]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _telegram_faults(self) -> list[str]:
        faults = _url_faults("TELEGRAM_API_BASE_URL", self.telegram_api_base_url)
        if not self.telegram_bot_token:
            return faults
        if ":" not in self.telegram_bot_token.get_secret_value():
            faults.append(f"TELEGRAM_BOT_TOKEN does not look like a token (digits, a colon, letters): {BOTFATHER}")
        if self.telegram_mode == "webhook":
            if not self.telegram_webhook_url:
                faults.append("TELEGRAM_WEBHOOK_URL is missing: the public https address ending in /telegram/webhook")
            if not self.telegram_webhook_secret:
                faults.append("TELEGRAM_WEBHOOK_SECRET is missing: choose 32 or more letters and digits yourself")
        return faults

    def _slack_faults(self) -> list[str]:
        faults = _url_faults("SLACK_API_BASE_URL", self.slack_api_base_url)
        if not self.slack_configured:
            return faults
        if self.slack_bot_token and not self.slack_bot_token.get_secret_value().startswith("xoxb-"):
            faults.append(f"SLACK_BOT_TOKEN must start with xoxb-: 'OAuth & Permissions' {SLACK_APP}")
        if self.slack_mode == "socket" and not self.slack_app_token:
            faults.append(f"SLACK_APP_TOKEN is missing (starts with xapp-): 'Basic Information' {SLACK_APP}")
        if self.slack_mode == "http" and not self.slack_signing_secret:
            faults.append(f"SLACK_SIGNING_SECRET is missing: 'Basic Information' {SLACK_APP}")
        return faults

    def _proxy_faults(self) -> list[str]:
        try:
            _ = self.proxies
        except ValueError as fault:
            return [f"FOOTNOTE_PROXIES must list addresses or networks, separated by commas: {fault}"]
        return []

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of proxies whose X-Forwarded-For is believed. Raises ValueError for what is no network."""
        return tuple(ip_network(part.strip()) for part in self.footnote_proxies.split(",") if part.strip())

    @property
    def slack_configured(self) -> bool:
        """True when Slack has a static token or the client id of a multi-workspace installation."""
        return self.slack_bot_token is not None or self.slack_client_id is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value in clear, for the log filter that must never let one through."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings; raises SettingsError that names the variable, the fault and the fix."""
    environment = os.environ if environment is None else environment
    try:
        return Settings(**_secrets_from_files(environment))  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(dict(fault)) for fault in error.errors())) from None


def _secrets_from_files(environment: Mapping[str, str]) -> dict[str, str]:
    """Read `NAME_FILE` for every setting NAME (Docker and Kubernetes secrets); the plain variable wins."""
    found = {}
    for name in Settings.model_fields:
        path = environment.get(f"{name.upper()}_FILE")
        if path and not environment.get(name.upper()):
            found[name] = _read_secret(f"{name.upper()}_FILE", Path(path))
    return found


def _read_secret(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable} names a file that cannot be read: {error.strerror}") from None


def _url_faults(variable: str, url: str) -> list[str]:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return []
    return [f"{variable} must be an https address (plain http is allowed on loopback only)"]


def _sentence(fault: dict[str, object]) -> str:
    location = fault.get("loc")
    name = str(location[0]).upper() + ": " if isinstance(location, tuple) and location else ""
    return name + str(fault["msg"]).removeprefix("Value error, ")

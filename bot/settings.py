"""Settings from the environment, from `*_FILE` secrets and from `.env`, typed and checked at start.

These are the shared ones. Each channel's own are in its folder, under `bot/channels`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

_PACKAGE = Path(__file__).resolve().parent
SHIPPED = _PACKAGE / "shipped"
"""Where a wheel holds the content that comes with it."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def default_folder(name: str) -> Path:
    """Return `dialogs` or `content` of the current folder where it has both, else the one that comes with the program.

    That lies beside the package in a checkout, and inside it in a wheel (setup.py).
    """
    if Path("dialogs").is_dir() and Path("content").is_dir():
        return Path(name)
    beside = _PACKAGE.parent / name
    shipped = beside if beside.is_dir() else SHIPPED / name
    return shipped.relative_to(Path.cwd()) if shipped.is_relative_to(Path.cwd()) else shipped


class EnvironmentSettings(BaseSettings):
    """Settings as every part of the bot reads them."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8-sig", extra="ignore", frozen=True, populate_by_name=True
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, values: dict[str, object]) -> dict[str, object]:
        """Compose files pass `NAME=` for what the operator left out."""
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if faults := self.faults():
            raise ValueError("\n".join(faults))
        return self

    def faults(self) -> list[str]:
        """Return what makes these settings half a configuration: each fault names the variable and its source."""
        return []

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value in clear, for the log filter that must never let one through."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))

    @classmethod
    def variable(cls, field: str) -> str:
        """Return the name of the environment variable of a field."""
        return f"{cls.model_config.get('env_prefix', '')}{field}".upper()


class Settings(EnvironmentSettings):
    """What an operator can set for the whole bot. Nothing here is needed for a conversation in the terminal."""

    footnote_database_url: str = "sqlite:///footnote.sqlite3"
    footnote_secret: SecretStr | None = None
    footnote_host: str = "127.0.0.1"
    footnote_port: int = Field(default=8080, ge=0, le=65535)
    footnote_dialogs: Path = Field(default_factory=lambda: default_folder("dialogs"))
    footnote_content: Path = Field(default_factory=lambda: default_folder("content"))
    footnote_cache: Path | None = None
    footnote_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    footnote_require_approved: bool = False
    footnote_drain_seconds: float = Field(default=20.0, gt=0)
    footnote_proxies: str = "127.0.0.0/8, ::1"
    footnote_questions_per_minute: int = Field(default=30, ge=0)

    def faults(self) -> list[str]:
        """Return what cannot be used."""
        try:
            _ = self.proxies
        except ValueError as fault:
            return [f"FOOTNOTE_PROXIES must list addresses or networks, separated by commas: {fault}"]
        return []

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of proxies whose X-Forwarded-For is believed. Raises ValueError for what is no network."""
        return tuple(ip_network(part.strip()) for part in self.footnote_proxies.split(",") if part.strip())


Model = TypeVar("Model", bound=EnvironmentSettings)
Other = TypeVar("Other", bound=EnvironmentSettings)


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the shared settings; raises SettingsError that names the variable, the fault and the fix."""
    return load(Settings, environment)


def load(model: type[Model], environment: Mapping[str, str] | None = None) -> Model:
    """Return settings of one kind; raises SettingsError that names the variable, the fault and the fix."""
    given: dict[str, Any] = _secrets_from_files(model, os.environ if environment is None else environment)
    _decoded(Path(str(model.model_config.get("env_file") or "")))
    try:
        return model(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(model, dict(fault)) for fault in error.errors())) from None


def load_all(
    first: type[Model], others: Sequence[type[Other]], environment: Mapping[str, str] | None = None
) -> tuple[Model, list[Other]]:
    """Return settings of several kinds; raises SettingsError with the faults of all of them."""
    faults = []
    for model in (first, *others):
        try:
            load(model, environment)
        except SettingsError as fault:
            faults.append(str(fault))
    if faults:
        raise SettingsError("\n".join(faults))
    return load(first, environment), [load(model, environment) for model in others]


def secret(value: SecretStr | None) -> str:
    """Return a secret in clear; empty where it is not set."""
    return value.get_secret_value() if value else ""


def url_faults(variable: str, url: str) -> list[str]:
    """Return what is wrong with an address that a secret is sent to."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return []
    return [f"{variable} must be an https address (plain http is allowed on loopback only)"]


def _secrets_from_files(model: type[EnvironmentSettings], environment: Mapping[str, str]) -> dict[str, Any]:
    """Read `NAME_FILE` for every setting NAME (Docker and Kubernetes secrets); the plain variable wins."""
    found: dict[str, Any] = {}
    for field in model.model_fields:
        name = model.variable(field)
        path = environment.get(f"{name}_FILE")
        if path and not environment.get(name):
            found[field] = _read_secret(f"{name}_FILE", Path(path))
    return found


def _read_secret(variable: str, path: Path) -> str:
    try:
        text = (_decoded(path) if path.is_file() else path.read_text(encoding="utf-8")).strip()
    except OSError as error:
        raise SettingsError(f"{variable} names a file that cannot be read: {error.strerror}") from None
    if not text:
        raise SettingsError(f"{variable} names a file that is empty")
    return text


def _decoded(path: Path) -> str:
    """Return a file of settings as text, empty where there is none; raises SettingsError for one in another encoding.

    Windows' editors and shells write others: UTF-16, which has zero bytes, or letters of a code page.
    """
    if not path.is_file():
        return ""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    else:
        if "\0" not in text:
            return text
        line = text[: text.index("\0")].count("\n") + 1
    raise SettingsError(f"{path}, line {line}: this is not UTF-8 text; save the file as UTF-8")


def _sentence(model: type[EnvironmentSettings], fault: dict[str, object]) -> str:
    location = fault.get("loc")
    name = model.variable(str(location[0])) + ": " if isinstance(location, tuple) and location else ""
    return name + str(fault["msg"]).removeprefix("Value error, ")

"""The page as a plugin, with its settings. What it is made of is imported only when it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.base import (
    AuthorsView,
    Channel,
    ChannelLimits,
    ChannelPlugin,
    ChannelSettings,
    HostServices,
    LimitCheck,
    Measure,
    ScreenLimit,
)
from bot.channels.layout import SCREEN, Shown
from bot.dialog.composer import Composer
from bot.dialog.turn import Register, Reply
from bot.settings import secret, url_faults

if TYPE_CHECKING:
    from datetime import date

    from bot.dialog.engine import Engine

MIN_PASSWORD = 12


class WebSettings(ChannelSettings):
    """Whether there is a page, and for whom. Without a public address it answers this computer alone."""

    model_config = SettingsConfigDict(env_prefix="web_")

    public_url: str | None = None
    embed_origins: str = ""
    local: bool = False
    insights_password: SecretStr | None = None

    @property
    def configured(self) -> bool:
        """Whether an operator asked for the page beside the other channels."""
        return self.public_url is not None or self.local

    @property
    def origin(self) -> str:
        """The origin under which the public reaches the page; empty where only this computer does."""
        return _origin(self.public_url) if self.public_url else ""

    @property
    def embedders(self) -> tuple[str, ...]:
        """The origins whose pages may show this one in a frame."""
        return tuple(_origin(one) for one in self.embed_origins.replace(",", " ").split())

    def faults(self) -> list[str]:
        """Return what cannot be used."""
        faults = []
        if self.public_url:
            faults += url_faults("WEB_PUBLIC_URL", self.public_url)
            if urlsplit(self.public_url).path not in ("", "/"):
                faults.append("WEB_PUBLIC_URL must be the address of the whole host, such as https://ask.example.org")
        for one in self.embed_origins.replace(",", " ").split():
            if not _is_origin(one):
                faults.append(f"WEB_EMBED_ORIGINS must list origins such as https://clinic.example.org, not '{one}'")
        if self.embed_origins and not self.public_url:
            faults.append("WEB_EMBED_ORIGINS needs WEB_PUBLIC_URL: the https address at which the page is reached")
        if self.insights_password and len(secret(self.insights_password)) < MIN_PASSWORD:
            faults.append(f"WEB_INSIGHTS_PASSWORD must have at least {MIN_PASSWORD} characters: it opens a public page")
        return faults


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return not url_faults("", text) and bool(parts.hostname) and parts.path in ("", "/") and not parts.query


def _build(host: HostServices, settings: WebSettings) -> Channel:
    from bot.channels.web.app import Web

    return Web(host, settings)


SPAN = SCREEN + 2
"""Lines from the first sentence to the last line of text: two headings of what is folded stand between them."""


def web_limits(_composer: Composer) -> LimitCheck:
    """Return the check of answers: a page refuses none, however long."""
    return lambda _node, _register: ()


def web_measure(composer: Composer) -> Measure:
    """Return the measure of an answer on the page, as a phone shows it."""
    from bot.channels.web.render import shown

    def measure(node: str, register: Register) -> Shown:
        return shown(Reply(composer.card(node, register)), composer.text)

    return measure


def _preview(engine: Engine, today: date, authors: AuthorsView) -> str:
    from bot.channels.web.workbench import preview

    return preview(engine, today, authors)


plugin = ChannelPlugin(
    name="web",
    settings=WebSettings,
    build=_build,
    set_up="A page:   set WEB_PUBLIC_URL, or WEB_LOCAL=1 for this computer alone; docs/web.md has the steps.",
    limits=ChannelLimits(web_limits, (), ScreenLimit("The page", web_measure, screens=2.0, span=SPAN)),
    preview=_preview,
)

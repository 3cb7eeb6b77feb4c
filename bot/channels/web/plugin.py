"""The page as a plugin: imports what it is made of only when it is built."""

from __future__ import annotations

from bot.channels.base import Channel, ChannelPlugin, HostServices
from bot.channels.web.settings import WebSettings


def _build(host: HostServices, settings: WebSettings) -> Channel:
    from bot.channels.web.app import Web

    return Web(host, settings)


plugin = ChannelPlugin(
    name="web",
    settings=WebSettings,
    build=_build,
    set_up="A page:   set WEB_PUBLIC_URL, or WEB_LOCAL=1 for this computer alone; docs/web.md has the steps.",
)

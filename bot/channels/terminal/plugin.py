"""The terminal as a plugin. It is never configured: `footnote chat` builds it when somebody wants to talk."""

from __future__ import annotations

from bot.channels.base import Channel, ChannelPlugin, ChannelSettings, HostServices


def _build(host: HostServices, _settings: ChannelSettings) -> Channel:
    from rich.console import Console

    from bot.channels.terminal.chat import Terminal

    return Terminal(host, Console(highlight=False, markup=False))


plugin = ChannelPlugin(name="terminal", settings=ChannelSettings, build=_build)

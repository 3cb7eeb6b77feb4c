"""Where channels are found: those that come with the bot by name, further ones by the entry points of their packages.

A package adds a channel with one line of its metadata, `[project.entry-points."footnote.channels"]` and
`NAME = "PACKAGE.MODULE:plugin"`; nothing here needs to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bot.channels.base import ChannelLimits, ChannelPlugin, ChannelSettings
from bot.dialog.turn import Register
from bot.errors import SettingsError
from bot.settings import Settings, load_all

if TYPE_CHECKING:
    import typer

BUILT_IN = ("telegram", "slack", "web", "terminal")
LOCAL = "terminal"
"""The channel of a conversation at this computer's keyboard."""

UNCONFIGURED = "web"
"""The channel that is served, to this computer alone, when none is configured."""

GROUP = "footnote.channels"
"""The group of entry points in which packages name their channels."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """All settings of one process: the shared ones, and those of every configured channel."""

    shared: Settings
    channels: tuple[tuple[ChannelPlugin[Any], ChannelSettings], ...]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret in clear, for the log filter that must let none through."""
        return tuple(secret for one in (self.shared, *(own for _, own in self.channels)) for secret in one.secrets)

    @property
    def origin(self) -> str:
        """Where the public reads answers; empty where no channel has such a place."""
        return next(filter(None, (own.origin for _, own in self.channels)), "")


def load_configuration(environment: Mapping[str, str] | None = None) -> Configuration:
    """Return all settings; raises SettingsError with every fault of every channel at once."""
    known = plugins()
    shared, own = load_all(Settings, [one.settings for one in known], environment)
    pairs = zip(known, own, strict=True)
    return Configuration(shared, tuple((one, settings) for one, settings in pairs if settings.configured))


def unconfigured(configuration: Configuration) -> Configuration:
    """Return the configuration with the channel that needs none."""
    default = plugin(UNCONFIGURED)
    return Configuration(configuration.shared, ((default, default.settings()),))


def plugins() -> tuple[ChannelPlugin[Any], ...]:
    """Return every channel there is."""
    return tuple(plugin(name) for name in (*BUILT_IN, *_entry_points()))


@cache
def plugin(name: str) -> ChannelPlugin[Any]:
    """Return a channel by name; raises KeyError if there is none, SettingsError if its package is faulty."""
    if name in BUILT_IN:
        return _checked(name, import_module(f"bot.channels.{name}.plugin").plugin)
    brought = _entry_points()[name]
    try:
        found = brought.load()
    except (Exception, SystemExit) as fault:  # whatever somebody else's package does as it is imported
        told = f"{type(fault).__name__}: {fault}".splitlines()[0]
        raise SettingsError(f"the channel '{name}' cannot be loaded from its package ({told})") from fault
    return _checked(name, found)


@cache
def default_register(channel: str) -> Register:
    """Return the register of people who have not chosen one; that of a patient where the channel is not known."""
    try:
        return plugin(channel).default_register
    except KeyError:
        return Register.LAYPERSON


def limits() -> tuple[ChannelLimits, ...]:
    """Return what every channel holds content to."""
    return tuple(one.limits for one in plugins() if one.limits is not None)


def set_up() -> str:
    """Return a line for each channel that can be configured: what to set."""
    return "\n".join(f"  {one.set_up}" for one in plugins() if one.set_up)


def commands() -> dict[str, typer.Typer]:
    """Return the commands that channels bring, by the name of the channel."""
    return {one.name: one.commands() for one in plugins() if one.commands is not None}


@cache
def _entry_points() -> Mapping[str, Any]:
    from importlib.metadata import entry_points  # a tenth of a second: only where a further channel may be wanted

    return {one.name: one for one in entry_points(group=GROUP) if one.name not in BUILT_IN}


def _checked(name: str, found: object) -> ChannelPlugin[Any]:
    if isinstance(found, ChannelPlugin) and found.name == name:
        return found
    raise SettingsError(f"the channel '{name}' is no ChannelPlugin of that name (see bot/channels/base.py)")

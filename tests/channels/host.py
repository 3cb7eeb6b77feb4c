"""What a channel is given in a test: the real services of an inbox, or stand-ins where nothing else runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, cast

from bot.app import host_services
from bot.channels.base import Accept, HostServices, Texts
from bot.content.library import Library
from bot.dialog.engine import Engine
from bot.inbox.inbox import Inbox
from bot.settings import Settings
from bot.store.common import Identity
from bot.store.records import Published, Summed


def host_of(channel: str, inbox: Inbox, engine: Engine, identity: Identity, **other: Any) -> HostServices:
    """Return what `footnote serve` gives a channel; `other` replaces some of it."""
    return replace(host_services(channel, Settings(), inbox, engine, identity), **other)


def lone_host(accept: Accept, texts: Texts, **other: Any) -> HostServices:
    """Return a host for a channel that runs alone: it has neither content nor a store."""
    given: dict[str, Any] = {
        "user_left": _nothing,
        "quarantine": _nothing,
        "is_known": _unknown,
        "is_quiet": _unknown,
        "unexpected": lambda _kind: None,
        "published": _no_counts,
        "summed": _no_sums,
        "lead": cast(Callable[[str], AbstractAsyncContextManager[Any]], None),
        "topics": lambda _register: [],
        "library": cast(Library, None),
        "engine": cast(Engine, None),
        "identity": Identity("a secret of thirty-two characters"),
        "database_url": "",
    }
    return HostServices(accept=accept, texts=texts, **{**given, **other})


async def _no_sums(_weeks: int) -> Summed:
    """Return that nothing was counted."""
    return Summed()


async def _no_counts() -> list[Published]:
    """Return that nothing was counted."""
    return []


async def _nothing(*_: str) -> None:
    """Take note of nothing."""


async def _unknown(_conversation: str, _person: str | None = None) -> bool:
    """Know no conversation."""
    return False

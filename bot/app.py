"""Composition root: the one module that knows every part. What only serving needs is imported where it is served."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from bot.channels import registry
from bot.content.library import Library
from bot.content.loader import load, no_collection
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Button, Matcher, Register
from bot.errors import SettingsError
from bot.matching import LateMatcher, build_matcher, data_of, rebuild_matcher
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.authoring.watch import ContentWatcher
    from bot.channels.base import Accept, AuthorsView, Channel, ContentNews, HostServices
    from bot.inbox.inbox import Inbox
    from bot.pictures.shelf import Files
    from bot.service import Service
    from bot.store.common import Identity


def build_engine(
    settings: Settings,
    *,
    templates: bool = True,
    late: bool = False,
    default_register: Callable[[str], Register] = registry.default_register,
) -> Engine:
    """Return the engine over the content the settings name; raises LoadError when that content has faults.

    `templates=False` leaves the rendering of every text once to its first use, where a fault raises TemplateError;
    `late` leaves the matcher to the first words, for what is pressed or drawn needs no models.
    """
    with no_collection():
        library = load(settings.footnote_dialogs, settings.footnote_content, templates=templates)
        build = partial(build_matcher, library, settings.footnote_cache)
        matcher = LateMatcher(build) if late else build()
    return _engine(settings, library, matcher, default_register)


def rebuild_engine(settings: Settings, before: Engine, library: Library) -> tuple[Engine, bool]:
    """Return the engine over changed content, and whether all is learned that it could learn.

    Where nothing changed that the matcher reads, it is kept: building it is what takes long.
    """
    matcher, learned = before.matcher, True
    if data_of(library) != data_of(before.library):
        matcher, learned = rebuild_matcher(library, before.library, settings.footnote_cache)
    return _engine(settings, library, matcher, registry.default_register), learned


def _engine(
    settings: Settings, library: Library, matcher: Matcher, default_register: Callable[[str], Register]
) -> Engine:
    approved, kept = settings.footnote_require_approved, settings.footnote_keep_unmatched
    return Engine(library, matcher, require_approved=approved, keep_unmatched=kept, default_register=default_register)


def host_services(
    channel: str,
    settings: Settings,
    inbox: Inbox,
    engine: Engine,
    identity: Identity,
    accept: Accept | None = None,
    content: ContentNews | None = None,
    files: Files | None = None,
) -> HostServices:
    """Return what a channel is given; `accept` stands before the inbox, `content` is followed, `files` has pictures."""
    from bot.channels.base import HostServices

    return HostServices(
        accept=accept or inbox.accept,
        user_left=inbox.user_left,
        quarantine=partial(inbox.quarantine_raw, channel),
        is_known=inbox.is_known,
        is_quiet=inbox.is_quiet,
        unexpected=partial(inbox.metrics.unexpected, channel),
        published=inbox.published,
        summed=inbox.summed,
        lead=inbox.lead,
        texts=engine.text,
        topics=partial(first_topics, engine),
        library=engine.library,
        engine=engine,
        identity=identity,
        database_url=settings.footnote_database_url,
        reports=inbox.reports,
        files=files,
        content=content,
        authors_view=authors_view,
    )


def authors_view() -> AuthorsView:
    """Return what is drawn for authors of the content."""
    from bot.authoring import decisions, graph
    from bot.channels.base import AuthorsView

    return AuthorsView(decisions.as_table, graph.as_svg)


def first_topics(engine: Engine, register: Register) -> list[Button]:
    """Return the buttons of the answers one can begin with: the start, what follows from it, and the start of every
    other dialog that is loaded."""
    library = engine.library
    others = (dialog.start for dialog in library.dialogs.values())
    nodes = dict.fromkeys((library.start, *library.nodes[library.start].next, *others))
    return [Button(engine.label(node, register), payloads.payload(node)) for node in nodes]


# --- serving ----------------------------------------------------------------------------------------------------------


def run(
    configuration: registry.Configuration, listening: Callable[[int], None] | None = None, *, reload: bool = False
) -> None:
    """Serve every configured channel until SIGTERM or SIGINT; `listening` is told the port, and with `reload` each
    change of the content is taken over as it is saved.

    Raises LoadError, SettingsError or StoreError.
    """
    from bot import logs

    logs.configure(configuration.shared.footnote_log_level, configuration.secrets)
    engine = build_engine(configuration.shared)
    asyncio.run(_serve(configuration, engine, listening, reload=reload))


async def _serve(
    configuration: registry.Configuration, engine: Engine, listening: Callable[[int], None] | None, *, reload: bool
) -> None:
    from bot.pictures.shelf import Files, Shelf
    from bot.service import Service
    from bot.store.common import Identity
    from bot.store.open import open_store

    settings = configuration.shared
    identity = Identity(installation_secret(settings))
    store = await open_store(settings.footnote_database_url)
    try:
        service = Service(settings, store, engine, identity)
        watcher = content_watcher(settings, engine) if reload else None
        files = Files(Shelf.open(settings.footnote_cache, engine), store, configuration.origin)
        add_channels(service, configuration, engine, identity, watcher, files)
        if listening is not None:
            service.listening.add_done_callback(lambda port: listening(port.result()))
        gc.collect()
        gc.freeze()  # the content lives as long as the process: the collector need not look at it again
        async with _beside(watcher.run() if watcher else None), files.shelf:
            await service.run(_stop_signal())
    finally:
        await store.close()


def content_watcher(settings: Settings, engine: Engine) -> ContentWatcher:
    """Return what takes over each change of the content as it is saved."""
    from bot.authoring.watch import ContentWatcher

    return ContentWatcher(
        settings.footnote_dialogs,
        settings.footnote_content,
        engine,
        partial(rebuild_engine, settings, engine),
        partial(_learn, settings),
        registry.limits(),
    )


async def _learn(settings: Settings) -> None:
    """Train what the content on disk needs in a process of its own: it takes a minute, and readers are answered."""
    names = ("footnote_dialogs", "footnote_content", "footnote_cache")
    given = {name.upper(): str(value) for name in names if (value := getattr(settings, name))}
    command, quiet = (sys.executable, "-m", "bot", "train"), asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **given}, stdout=quiet, stderr=quiet)
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """Run something in the background for as long as the block takes."""
    task = asyncio.create_task(work) if work is not None else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def add_channels(
    service: Service,
    configuration: registry.Configuration,
    engine: Engine,
    identity: Identity,
    content: ContentNews | None = None,
    files: Files | None = None,
) -> None:
    """Build every configured channel and have the service serve it; to be called inside the running event loop."""
    given = (configuration.shared, service.inbox, engine, identity, service.accept, content, files)
    for plugin, own in configuration.channels:
        service.add(plugin.build(host_services(plugin.name, *given), own))


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


def installation_secret(settings: Settings) -> str:
    """Return FOOTNOTE_SECRET, or one made at the first start and kept beside the SQLite file (owner-readable only).

    Raises SettingsError on PostgreSQL, where every replica must be given the same secret.
    """
    from bot.store.common import new_secret
    from bot.store.open import sqlite_path

    if settings.footnote_secret:
        return settings.footnote_secret.get_secret_value()
    if not settings.footnote_database_url.startswith("sqlite"):
        raise SettingsError(
            "FOOTNOTE_SECRET is missing: choose 32 or more random characters, the same on every replica"
        )
    path = sqlite_path(settings.footnote_database_url).with_suffix(".secret")
    try:
        secret = path.read_text(encoding="utf-8").strip() if path.exists() else new_secret(path)
    except OSError as fault:
        raise SettingsError(
            f"the secret {path} cannot be read or written ({fault.strerror}): its folder must belong to the user that"
            " the bot runs as, and have room; or set FOOTNOTE_SECRET"
        ) from None
    if not secret:
        raise SettingsError(f"the secret {path} is empty: restore it from the backup, or nobody's choices are found")
    return secret


# --- a conversation at this computer ----------------------------------------------------------------------------------


def converse(settings: Settings, register: Register | None) -> None:
    """Talk in the terminal until the lines end; reads standard input when that is no terminal. Nothing is kept."""
    from rich.console import Console

    from bot import logs
    from bot.channels.terminal.plugin import Terminal, typed_lines

    logs.configure("ERROR", settings.secrets)
    register = register or registry.default_register(Terminal.name)
    engine = build_engine(settings, default_register=lambda _channel: register)
    console = Console(highlight=False, markup=False)
    lines = typed_lines(console) if sys.stdin.isatty() else sys.stdin
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        opened = local_inbox(settings, engine, f"sqlite:///{folder}/chat.sqlite3", partial(Terminal, console=console))
        terminal = runner.run(opened.__aenter__())
        terminal.welcome(register)
        try:
            for line in lines:  # read outside the event loop, where Ctrl-C reaches the prompt
                runner.run(terminal.receive(line))
        finally:
            runner.run(opened.__aexit__(None, None, None))


LocalChannel = TypeVar("LocalChannel", bound="Channel")


@asynccontextmanager
async def local_inbox(
    settings: Settings, engine: Engine, database_url: str, build: Callable[[HostServices], LocalChannel]
) -> AsyncIterator[LocalChannel]:
    """Run an inbox with one channel and no web port; leaving answers what was accepted."""
    from bot.inbox.inbox import Inbox
    from bot.store.common import Identity
    from bot.store.open import open_store

    settings = settings.model_copy(update={"footnote_database_url": database_url})
    store, identity = await open_store(database_url), Identity(installation_secret(settings))
    try:
        inbox = Inbox(store, engine, identity)
        channel = build(host_services(registry.LOCAL, settings, inbox, engine, identity))
        inbox.add(channel.delivery)
        await inbox.start()
        await channel.start()
        yield channel
        await channel.stop()
        await inbox.drain(settings.footnote_drain_seconds)
        await channel.close()
    finally:
        await store.close()

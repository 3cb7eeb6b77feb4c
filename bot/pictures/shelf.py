"""What is drawn, ready to be sent: built beside the turns, kept in the cache folder under a digest of what decides it.

A turn never waits for a picture: where it is not there yet, its answer goes out as text, and the picture is built for
the next. A page to take along is asked for after its turn has answered, and built in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import structlog

from bot.content.files import cache_folder
from bot.content.library import Library
from bot.content.models import Register
from bot.dialog.composer import Composer
from bot.dialog.turn import Illustration, Leaflet
from bot.pictures.drawing import Handouts, NotDrawn, Words, draw, tools
from bot.store.base import StoreUnavailable

log = structlog.stdlib.get_logger(__name__)

IN_MEMORY = 128
"""Files held in memory: every picture of a large library; older pages are read from the folder again."""

ON_DISK = 200
"""Pages kept in the folder; they hold the day, so that yesterday's are of no more use."""

Image = Literal["png", "svg"]
_FORMS: tuple[Image, ...] = ("png", "svg")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One file. `name` is its name in the folder: it changes with anything that decides how it looks."""

    name: str
    body: bytes


class Speaker(Protocol):
    """Whose pictures these are: `Engine` is one, and its content may change while it speaks."""

    @property
    def library(self) -> Library:
        """The content."""

    @property
    def composer(self) -> Composer:
        """What makes cards of it."""


class Shelf:
    """Holds the pictures and pages of the content that an engine speaks."""

    def __init__(self, folder: Path, engine: Speaker, today: Callable[[], date]) -> None:
        self.folder = folder
        self._engine = engine
        self._today = today
        self._library: Library | None = None
        self._names: dict[tuple[Illustration, Register], str] = {}
        self._held: OrderedDict[str, Drawn] = OrderedDict()
        self._building: dict[str, asyncio.Task[Drawn]] = {}
        self._one_at_a_time = asyncio.Semaphore(1)
        self._failed: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    def open(cls, folder: Path | None, engine: Speaker) -> Shelf:
        """Return the shelf in the folder that also holds the matcher's models."""
        return cls(folder or cache_folder(), engine, lambda: datetime.now(UTC).date())

    async def prepare(self) -> None:
        """Draw every picture and every topic's page that is not in the folder yet. What cannot be drawn is logged."""
        library = self._engine.library
        for register in Register:
            for topic in library.topics:
                for shown in self._engine.composer.pictures(topic, register):
                    await asyncio.gather(*(self._picture(shown, register, form) for form in _FORMS))
                if library.topics[topic].handout is not None:
                    with contextlib.suppress(NotDrawn):
                        await self.page(Leaflet(topic, register))

    def picture(self, shown: Illustration, register: Register, form: Image) -> Drawn | None:
        """Return a picture if it is there; if not, have it drawn beside the turns, once."""
        try:
            name = f"{self._name(shown, register)}.{form}"
        except NotDrawn:
            return None
        if (found := self._found(name)) is None and name not in self._failed:
            self._in_background(self._picture(shown, register, form))
        return found

    async def ready(self, shown: Illustration, register: Register, form: Image) -> Drawn | None:
        """Return a picture, drawn first if need be: where nobody else waits. None if it cannot be drawn."""
        await self._picture(shown, register, form)
        return self.picture(shown, register, form)

    def named(self, name: str) -> Drawn | None:
        """Return a picture by the name of its file, if this process holds it."""
        return self._held.get(name) if name.endswith(".svg") else None

    def path(self, drawn: Drawn) -> Path:
        """Return where a file lies, if the folder could be written to."""
        return self.folder / drawn.name

    async def page(self, leaflet: Leaflet, link: str = "") -> Drawn:
        """Return a page to take along, today's; `link` leads back to the answer. Raises NotDrawn."""
        engine, day = self._engine, self._today()

        def build() -> bytes:
            return Handouts(engine.library, engine.composer).fitting(leaflet, day, link)[1]

        parts = (tools(), engine.library.version, repr(leaflet), link, day.isoformat())
        return await self._made(f"handout-{_digest(*parts)}.pdf", build)

    async def __aenter__(self) -> Self:
        """Begin to draw what is not there, beside everything else."""
        self._in_background(self.prepare())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Draw no more; what is being drawn comes to its end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._building.values(), *self._tasks, return_exceptions=True)

    # --- one file ---------------------------------------------------------------------------------------------------

    async def _picture(self, shown: Illustration, register: Register, form: Image) -> None:
        """Draw a picture if it is not there; log what cannot be drawn: the answers are complete without it."""
        try:
            name = f"{self._name(shown, register)}.{form}"
            sheet = Words(self._engine.library, self._engine.composer).sheet(shown.topic, shown.name, register)
            await self._made(name, lambda: draw(sheet, form))
        except NotDrawn as fault:
            log.warning("not_drawn", picture=shown.name, reason=str(fault))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _name(self, shown: Illustration, register: Register) -> str:
        if self._library is not self._engine.library:
            self._library, self._names = self._engine.library, {}
        key = (shown, register)
        if key not in self._names:
            words = Words(self._engine.library, self._engine.composer)
            self._names[key] = f"picture-{words.sheet(shown.topic, shown.name, register).digest}"
        return self._names[key]

    def _found(self, name: str) -> Drawn | None:
        """Return a file from memory, else from the folder."""
        if name not in self._held:
            try:
                self._hold(Drawn(name, (self.folder / name).read_bytes()))
            except OSError:
                return None
        self._held.move_to_end(name)
        return self._held[name]

    async def _made(self, name: str, build: Callable[[], bytes]) -> Drawn:
        """Return a file, built by whoever asks first; others wait for the same one."""
        if found := self._found(name):
            return found
        if name not in self._building:
            task = self._building[name] = asyncio.create_task(self._build(name, build))
            task.add_done_callback(lambda _: self._building.pop(name, None))
        return await asyncio.shield(self._building[name])

    async def _build(self, name: str, build: Callable[[], bytes]) -> Drawn:
        async with self._one_at_a_time:
            try:
                body = await asyncio.to_thread(build)
            except NotDrawn:
                self._failed.add(name)
                raise
            drawn = Drawn(name, body)
            self._hold(drawn)
            await asyncio.to_thread(keep, self.folder, drawn)
            return drawn

    def _hold(self, drawn: Drawn) -> None:
        self._held[drawn.name] = drawn
        while len(self._held) > IN_MEMORY:
            self._held.popitem(last=False)


class Uploads(Protocol):
    """Remembers under which name a platform holds a file; `Store` is one. Either call may raise StoreUnavailable."""

    async def upload(self, file: str) -> str | None:
        """Return the name, if the file was sent there; `file` names platform and file."""

    async def keep_upload(self, file: str, reference: str, at: float) -> None:
        """Remember the name."""


@dataclass(frozen=True, slots=True)
class Files:
    """What can be sent besides words: pictures and pages, and the names of those that were sent before."""

    shelf: Shelf
    uploads: Uploads
    origin: str = ""
    """Where the public reaches the page of this bot; empty where an operator has set up none."""

    def link(self, leaflet: Leaflet) -> str:
        """Return the address that a page to take along bears: of its latest answer, in its register."""
        node = f"a/{leaflet.nodes[-1]}?r={leaflet.register}" if leaflet.nodes else ""
        return f"{self.origin}/{node}" if self.origin else ""

    async def sent_before(self, file: str) -> str | None:
        """Return under which name a platform holds a file; None also where the database does not say."""
        try:
            return await self.uploads.upload(file)
        except StoreUnavailable:
            return None

    async def was_sent(self, file: str, reference: str) -> None:
        """Remember the name; where that fails, the file is sent once more another time."""
        with contextlib.suppress(StoreUnavailable):
            await self.uploads.keep_upload(file, reference, time.time())


def keep(folder: Path, drawn: Drawn) -> None:
    """Write a file whole or not at all; a full disk costs nothing but the drawing after the next start."""
    part = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
            part = file.name
            file.write(drawn.body)
        os.replace(part, folder / drawn.name)
        _drop_old(folder)
    except OSError as fault:
        log.warning("picture_not_kept", folder=str(folder), reason=fault.strerror)
        if part:
            Path(part).unlink(missing_ok=True)


def _drop_old(folder: Path) -> None:
    pages = sorted(folder.glob("handout-*.pdf"), key=lambda path: path.stat().st_mtime)
    for path in pages[:-ON_DISK]:
        path.unlink(missing_ok=True)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]

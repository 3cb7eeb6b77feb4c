"""Pictures and pages as files: for the cache, for docs/, for somebody's printer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.content.library import Library
from bot.content.models import Register
from bot.dialog.composer import Composer
from bot.dialog.turn import Leaflet
from bot.errors import UsageError
from bot.pictures.drawing import Format, Sheet, Words, draw
from bot.pictures.handout import Handouts
from bot.pictures.shelf import Shelf

FORMS: tuple[Format, ...] = ("png", "svg")


@dataclass(frozen=True, slots=True)
class Content:
    """What is drawn from where nobody talks: no matcher is needed."""

    library: Library
    composer: Composer


def sheets(library: Library) -> Iterator[tuple[str, Sheet]]:
    """Yield every picture in both registers, with the name of its file."""
    words = Words(library, Composer(library))
    for topic, held in library.topics.items():
        for name in held.pictures:
            for register in Register:
                yield f"{name}-{register}", words.sheet(topic, name, register)


def prepare(library: Library, cache: Path | None) -> str:
    """Draw into the cache what a start would draw; return what to say."""
    shelf = Shelf.open(cache, Content(library, Composer(library)))
    asyncio.run(shelf.prepare())
    return f"{sum(len(FORMS) for _ in sheets(library))} pictures and the pages to take along are in {shelf.folder}"


def write_all(library: Library, folder: Path, on: date) -> list[Path]:
    """Write every picture to `folder`/pictures and every topic's page to `folder`/handouts. Raises NotDrawn."""
    files = {folder / "pictures" / f"{name}.png": draw(sheet, "png") for name, sheet in sheets(library)}
    handouts = Handouts(library, Composer(library))
    for topic, held in library.topics.items():
        for register in Register if held.handout else ():
            files[folder / "handouts" / f"{topic}-{register}.pdf"] = handouts.fitting(Leaflet(topic, register), on)[1]
    for path, body in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return list(files)


def write_page(library: Library, file: Path, leaflet: Leaflet, on: date, link: str = "") -> None:
    """Write one page. Raises UsageError for an unknown topic or answer, and where the file cannot be written."""
    if leaflet.topic not in library.topics:
        raise UsageError(f"there is no topic `{leaflet.topic}`: {', '.join(library.topics)}")
    for node in leaflet.nodes:
        if node not in library.nodes or library.topic_of(node).id != leaflet.topic:
            raise UsageError(f"`{node}` is no answer of the topic `{leaflet.topic}`")
    _, body = Handouts(library, Composer(library)).fitting(leaflet, on, link)
    try:
        file.write_bytes(body)
    except OSError as fault:
        raise UsageError(f"{file} cannot be written: {fault.strerror}") from None

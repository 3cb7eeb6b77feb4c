"""The files on disk: which there are, what each holds as a model, and where in it something stands."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from bot.content.diagnostics import Diagnostic, Level, Location, Place, nearest
from bot.content.validation import validate
from bot.content.yaml_reader import YamlFile, read

Model = TypeVar("Model")

Inspector = Callable[[YamlFile, Any], Iterator[Diagnostic]]
"""Looks at a file as it is written, beside its shape: the file, and the model it should have."""


def visible(folder: Path, pattern: str) -> list[Path]:
    """Return the files below `folder` that match, in name order, without hidden ones.

    A name that begins with a dot is nobody's content: editors, file managers and version control write such files.
    """
    found = folder.glob(pattern)
    return sorted(path for path in found if not any(part[0] == "." for part in path.relative_to(folder).parts))


class FileReader:
    """Reads files one by one, remembering faults and a hash over every byte read, but no page: memory stays small."""

    def __init__(self, inspect: Inspector | None = None) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.broken: set[Path] = set()
        self._inspect = inspect
        self._asked: set[Path] = set()
        self._hash = hashlib.sha256()

    @property
    def version(self) -> str:
        """The hash of everything read so far."""
        return self._hash.hexdigest()[:16]

    def model(self, path: Path, model: type[Model]) -> Model | None:
        """Return the file as `model`, or None after noting its faults."""
        page = self._page(path)
        if page is None:
            return None
        made = validate(page, model) if page.data is not None else None
        self._note(path, page)
        if self._inspect:
            self.diagnostics.extend(self._inspect(page, model))
        return made

    def text(self, path: Path) -> str:
        """Return a file that is not YAML; empty after noting its faults."""
        raw = self._bytes(path)
        try:
            return "" if raw is None else raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.note(path, "F01", "the file is not UTF-8 text", "save it as UTF-8")
            return ""

    def note(self, path: Path, code: str, message: str, suggestion: str = "") -> None:
        """Add a fault about a whole file or folder."""
        self.broken.add(path)
        self.diagnostics.append(Diagnostic(path.as_posix(), 1, 1, code, message, "", suggestion))

    def unread(self, folder: Path, known: Iterable[str]) -> None:
        """Add a fault for every YAML file below `folder` that nobody has asked for; `known` are names that are read."""
        for path in sorted(path for path in visible(folder, "**/*") if _YAML.search(path.name)):
            if path not in self._asked:
                self.note(path, "F07", "nothing reads a file of this name", _new_name(path, known))

    def _page(self, path: Path) -> YamlFile | None:
        raw = self._bytes(path)
        return None if raw is None else read(path.as_posix(), raw)

    def _bytes(self, path: Path) -> bytes | None:
        self._asked.add(path)
        try:
            raw = path.read_bytes()
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                self.note(path, "F01", "this file is missing", f"write it, or take the shipped `{path.name}`")
            else:
                self.note(path, "F01", f"the file cannot be read: {error.strerror}", "see who may read it")
            return None
        self._hash.update(f"{path.name}\0{len(raw)}\0".encode())
        self._hash.update(raw)
        return raw

    def _note(self, path: Path, page: YamlFile) -> None:
        if page.diagnostics:
            self.broken.add(path)
            self.diagnostics.extend(page.diagnostics)


_YAML = re.compile(r"\.ya?ml(\.txt)?$", re.IGNORECASE)
"""Endings of a file that was meant to be read; an editor on Windows may add one of its own."""


def _new_name(path: Path, known: Iterable[str]) -> str:
    """Return what to do with a file that nothing reads: its ending, its capitals, its name or its place is wrong."""
    name = f"{_YAML.sub('', path.name).casefold()}.yaml"
    if path.suffix in (".yaml", ".yml") and path.parent.name not in ("answers", "dialogs"):
        first = re.search(r"^(answer|dialog):", path.read_bytes()[:2000].decode("utf-8", "ignore"), re.MULTILINE)
        if first:
            return f"move it to {'`answers/` of a topic' if first[1] == 'answer' else '`dialogs/`'}"
    if name != path.name and (name in known or path.parent.name in ("answers", "dialogs")):
        return f"rename it to `{name}`"
    return nearest(path.name, known) or "move it to `answers/` or `dialogs/`, or delete it"


@lru_cache(maxsize=256)
def page_of(path: Path) -> YamlFile:
    """Return a file's page again, to point at a place in it; only faults pay for this second reading."""
    return read(path.as_posix(), path.read_bytes())


def diagnostic_at(
    path: Path,
    location: Location,
    code: str,
    message: str,
    suggestion: str = "",
    *,
    key: bool = False,
    level: Level = "error",
) -> Diagnostic:
    """Return a fault about the value (or the key) at `location` of the file."""
    page = page_of(path)
    return page.diagnostic(page.source_map.place(location, key=key), code, message, suggestion, level)


def diagnostic_at_words(
    path: Path,
    location: Location,
    words: str,
    code: str,
    message: str,
    suggestion: str = "",
    *,
    level: Level = "error",
) -> Diagnostic:
    """Return a fault at `words` in the text at `location`, or at its beginning where the file writes them otherwise."""
    page = page_of(path)
    spot = page.source_map.source_range(location)
    for line in range(spot.start[0], min(spot.end[0] + 1, len(page.lines))):
        begin = spot.start[1] if line == spot.start[0] else 0
        if (column := page.lines[line].find(words, begin)) >= 0:
            return page.diagnostic((line, column), code, message, suggestion, level)
    return page.diagnostic(spot.start, code, message, suggestion, level)


def phrase_at(files: Iterable[Path], location: Location, phrase: str) -> tuple[YamlFile, Place] | None:
    """Return the last place where one of several phrase files lists a phrase at `location`, or None."""
    found = [
        (page.lines[line].strip() == phrase, at, line, page)
        for at, page in enumerate(map(page_of, files))
        for line in _lines_at(page, location)
        if phrase in page.lines[line]
    ]
    if not found:
        return None
    *_, line, page = max(found, key=lambda one: one[:3])  # the phrase alone on its line, the last one
    return page, (line, page.lines[line].find(phrase))


def _lines_at(page: YamlFile, location: Location) -> range:
    """Return the lines at a location of a file; none where the file lacks it."""
    if location not in page.source_map:
        return range(0)
    spot = page.source_map.source_range(location)
    return range(spot.start[0], min(spot.end[0] + 1, len(page.lines)))


@dataclass(frozen=True, slots=True)
class ContentPaths:
    """The two folders a library was read from."""

    dialogs: Path
    content: Path
    misnamed: dict[tuple[str, str], Path] = field(default_factory=dict, compare=False)
    """Where an answer really stands whose file's name cannot be an id: all else about it is found there, too."""

    def dialog(self, dialog: str) -> Path:
        """Return the file of a dialog."""
        return self.dialogs / f"{dialog}.yaml"

    def phrases(self) -> list[Path]:
        """Return every phrase file: what belongs to no topic, each topic's own, and those beside the dialogs."""
        shared = visible(self.content / "matching", "phrases.yaml")
        own = [path for name in ("phrases", "threads") for path in visible(self.content, f"*/{name}.yaml")]
        beside = visible(self.dialogs / "phrases", "*.yaml")
        return [*shared, *sorted(path for path in own if path not in shared), *beside]

    def messages(self) -> list[Path]:
        """Return every file of whole messages, `messages-2.yaml` and the like too: the shared, then each topic's."""
        names = ("messages", "messages-[0-9]", "thread-messages", "thread-messages-[0-9]")
        return sorted(path for name in names for path in visible(self.content, f"*/{name}.yaml"))

    def answer(self, topic: str, answer: str) -> Path:
        """Return the file of an answer."""
        return self.misnamed.get((topic, answer)) or self.content / topic / "answers" / f"{answer}.yaml"

    @property
    def small_talk(self) -> Path:
        """Return the file of what is said around the questions."""
        return self.content / "small-talk.yaml"

    def of_topic(self, topic: str, name: str) -> Path:
        """Return one of a topic's files: topic, facts, sources, notes, terms, pictures or handout."""
        return self.content / topic / f"{name}.yaml"


def cache_folder() -> Path:
    """Return where models and pictures are kept: FOOTNOTE_CACHE, or `footnote` in the user's folder of caches."""
    chosen = os.environ.get("FOOTNOTE_CACHE")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "footnote"

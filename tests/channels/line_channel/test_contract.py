"""A third channel passes the contract, and nothing outside this folder knows of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Self

import pytest

from bot.channels import registry
from bot.channels.registry import BUILT_IN
from bot.dialog.turn import Register
from tests.channels.contract import ChannelContract, PluginStandIn, Running, Trouble, until
from tests.channels.line_channel.line_channel import plugin
from tests.drivers.driver import Seen, leading_to, nodes_behind
from tests.test_cli import footnote, process

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent.parent


class LineStandIn(PluginStandIn):
    """The server of the line protocol, and a person on it."""

    plugin = plugin
    commands = False

    def __init__(self) -> None:
        self._messages: dict[str, list[tuple[str, list[str]]]] = {}
        self._events: list[str] = []
        self._waiting: set[str] = set()
        self._trouble: Trouble | None = None
        self._held = False
        self._writer: asyncio.StreamWriter | None = None
        self._said = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        if self._writer is not None:
            self._writer.close()

    # --- the platform -----------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        for event in list(self._events):
            if event.split(" ")[1] in self._waiting:
                writer.write(event.encode())
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while line := (await reader.readline()).decode().rstrip("\n"):
                word, rest = line.split(" ", 1)
                await (self._got(rest) if word == "got" else self._say(writer, *rest.split(" ", 1)))
        if self._writer is writer:
            self._writer = None

    async def _got(self, key: str) -> None:
        self._waiting.discard(key)

    async def _say(self, writer: asyncio.StreamWriter, thread: str, shown: str) -> None:
        trouble, self._trouble = self._trouble, None
        if self._held:
            return
        if trouble == "busy":
            writer.write(b"busy 0.05\n")
            return
        if trouble == "slow":
            await asyncio.sleep(0.3)
        message = json.loads(shown)
        self._messages.setdefault(thread, []).append((message["text"], message["buttons"]))
        if trouble == "lost":
            writer.close()
            return
        self._said += 1
        writer.write(f"said {self._said}\n".encode())

    def _bring(self, thread: str, kind: str, words: str) -> None:
        key = str(len(self._events))
        self._waiting.add(key)
        self._events.append(f"event {key} {thread} {kind} {words}\n")
        if self._writer is not None:
            self._writer.write(self._events[-1].encode())

    # --- the person ---------------------------------------------------------------------------------------------------

    async def choose(self, register: Register) -> None:
        await self.say("help", "preparation")
        if register is not plugin.default_register:
            await self.switch(register, "preparation")

    async def say(self, words: str, thread: str) -> Seen:
        return await self._act(thread, "text", words)

    async def command(self, name: str, thread: str) -> Seen:
        raise NotImplementedError

    async def tap(self, node: str, thread: str) -> Seen:
        return await self._act(thread, "tap", leading_to(node, self._buttons(thread)))

    async def switch(self, register: Register, thread: str) -> Seen:
        return await self._act(thread, "tap", next(p for p in self._buttons(thread) if p.endswith(f":{register}")))

    async def _act(self, thread: str, kind: str, words: str) -> Seen:
        before = len(self._messages.get(thread, ()))
        self._bring(thread, kind, words)
        await until(lambda: len(self._messages.get(thread, ())) > before)
        await self._idle()
        text, buttons = self._messages[thread][-1]
        return Seen(text, nodes_behind(buttons))

    def _buttons(self, thread: str) -> list[str]:
        return self._messages[thread][-1][1]

    # --- what the contract asks of a stand-in -------------------------------------------------------------------------

    def environment(self, port: int) -> Mapping[str, str]:
        return {"LINE_PORT": str(self._server.sockets[0].getsockname()[1]), "PYTHONPATH": str(FOLDER)}

    async def connect(self, port: int, running: Running | None) -> None:
        if running is not None:
            self._idle = running.idle
        await until(lambda: self._writer is not None)

    async def ask(self, words: str) -> None:
        self._bring("main", "text", words)

    async def acknowledged(self) -> None:
        await until(lambda: not self._waiting)

    async def redeliver(self) -> None:
        self._waiting.add(self._events[-1].split(" ")[1])
        if self._writer is not None:
            self._writer.write(self._events[-1].encode())

    def trouble(self, kind: Trouble) -> None:
        self._trouble = kind

    def hold(self) -> None:
        self._held = True

    def heal(self) -> None:
        self._held = False

    def shows(self, title: str) -> int:
        return sum(title in text for text, _ in self._messages.get("main", ()))


class TestLine(ChannelContract):
    """The same promises as Telegram's and Slack's."""

    @pytest.fixture
    async def stand_in(self) -> AsyncIterator[LineStandIn]:
        async with LineStandIn() as server:
            yield server


def test_the_channel_is_found_by_the_entry_point_of_its_package() -> None:
    """The help of `serve` names it; a wrong setting of it is explained like every other."""
    done = process("serve", code=2, PYTHONPATH=str(FOLDER), LINE_PORT="many")
    fault = "Input should be a valid integer, unable to parse string as an integer"
    assert done.stderr == f"footnote: LINE_PORT: {fault}\n"


FAULTY = {
    "a module that is not there": ("nowhere:plugin", ""),
    "a name that is not there": ("forged:nothing", ""),
    "no plugin at all": ("forged:plugin", "plugin = object()"),
    "another channel's plugin": ("forged:plugin", "from bot.channels.telegram.plugin import plugin"),
    "no Python": ("forged:plugin", "plugin = = 1"),
    "a fault of its own": ("forged:plugin", "raise RuntimeError('mine\\nand more')"),
    "a fault without words": ("forged:plugin", "raise ValueError"),
    "the end of the process": ("forged:plugin", "raise SystemExit(3)"),
    "the end of the process with words": ("forged:plugin", "import sys; sys.exit('nothing\\nto see')"),
    "an attribute of a number": ("forged:plugin.of.a.number", "plugin = 1"),
}


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder whose packages are found, by what has not looked for any yet."""
    monkeypatch.syspath_prepend(tmp_path)
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    for kept in (registry._entry_points, registry.plugin, registry.default_register):
        kept.cache_clear()
    sys.modules.pop("forged", None)


def forged(folder: Path, name: str, entry: str, code: str) -> None:
    """Install a package that brings a channel."""
    (folder / "forged.py").write_text(code)
    info = folder / "forged-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: forged\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[footnote.channels]\n{name} = {entry}\n")


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_or_forged_package_is_one_sentence(fault: str, fresh: Path) -> None:
    forged(fresh, "carrier", *FAULTY[fault])
    started = process if "process" in fault else footnote
    done = started("serve", code=2, PYTHONPATH=str(fresh), FOOTNOTE_PORT="none")
    assert done.stderr.startswith("footnote: the channel 'carrier' ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_package_cannot_take_the_name_of_a_channel_that_comes_with_the_bot(name: str, fresh: Path) -> None:
    forged(fresh, name, "forged:plugin", "raise SystemExit(7)")
    done = footnote("serve", code=2, FOOTNOTE_PORT="none")
    assert done.stderr.startswith("footnote:")
    assert "FOOTNOTE_PORT" in done.stderr


def test_nothing_outside_this_folder_knows_the_channel() -> None:
    everywhere = [path for folder in ("bot", "tests") for path in (ROOT / folder).rglob("*.py")]
    files = [path for path in everywhere if FOLDER not in path.parents]
    assert len(files) > 200, "the guard: there must be files to look at"
    assert not [path for path in files if "line_channel" in path.read_text(encoding="utf-8")]

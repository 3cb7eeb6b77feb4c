"""aiogram-dialog 2.6 over the same tree, its state in SQLite: one window per node, a button per follow-up.

aiogram ships no SQL storage, so the smallest possible one stands here: a table of keys and JSON values, each write
committed. Runs in its own environment (benchmarks/peers/aiogram.txt); imports nothing of Footnote.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import aiosqlite
from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.filters import CommandStart
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage, DefaultKeyBuilder, StateType, StorageKey
from aiogram.methods import TelegramMethod
from aiogram.types import Message, Update
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.kbd import SwitchTo
from aiogram_dialog.widgets.text import Const

from benchmarks import trees
from benchmarks.contenders import updates
from benchmarks.contenders.concurrency import side_by_side

_PUT = "INSERT INTO kept (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class SqliteStorage(BaseStorage):
    """Keys and JSON values in one table; WAL, and NORMAL: it may lose what a power cut catches, Footnote may not."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._keys = DefaultKeyBuilder(with_bot_id=True, with_destiny=True)

    @classmethod
    async def open(cls) -> SqliteStorage:
        db = await aiosqlite.connect(Path(tempfile.mkdtemp()) / "aiogram.sqlite3", isolation_level=None)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"):
            await db.execute_fetchall(statement)
        await db.execute("CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        return cls(db)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        await self._put(self._keys.build(key, "state"), state.state if isinstance(state, State) else state)

    async def get_state(self, key: StorageKey) -> str | None:
        return await self._get(self._keys.build(key, "state"))

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        await self._put(self._keys.build(key, "data"), data)

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        return await self._get(self._keys.build(key, "data")) or {}

    async def close(self) -> None:
        await self._db.close()

    async def _put(self, key: str, value: Any) -> None:
        await self._db.execute(_PUT, (key, json.dumps(value)))

    async def _get(self, key: str) -> Any:
        found = list(await self._db.execute_fetchall("SELECT value FROM kept WHERE key = ?", (key,)))
        return json.loads(found[0][0]) if found else None


class Canned(BaseSession):
    """The network stubbed at aiogram's own seam: parameters serialised, a whole message answered and validated.

    `keyboards` remembers what each chat was shown last, as a person sees it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.keyboards: dict[int, dict[str, Any]] = {}

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], *_: Any, **__: Any) -> Any:
        values = method.model_dump(warnings=False)
        parameters = {name: self.prepare_value(value, bot=bot, files={}) for name, value in values.items()}
        parameters = {name: value for name, value in parameters.items() if value is not None}
        content = updates.answer(method.__api_method__, parameters).decode()
        if method.__api_method__ in ("sendMessage", "editMessageText"):
            self.sent += 1
            self.keyboards[int(parameters["chat_id"])] = json.loads(parameters["reply_markup"])
        return self.check_response(bot, method, 200, content).result

    async def close(self) -> None: ...

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        yield b""


class Turns:
    """A thousand users walk through the tree, so many at a time."""

    def __init__(self, nodes: int = 20, users: int = 1000, at_once: int = 1) -> None:
        self._users, self._at_once = users, at_once
        self._walk = trees.Walk(nodes, users, at_once)
        self._session = Canned()
        self._bot = Bot(updates.TOKEN, self._session)
        self._states = type("Tree", (StatesGroup,), {_attribute(number): State() for number in range(nodes)})
        self._runner = asyncio.Runner()
        self._runner.run(self._open(nodes))

    def prepare(self, turns: int) -> None:
        self._presses = self._walk.presses(turns)
        self._session.sent = 0

    def run(self) -> None:
        self._runner.run(side_by_side(self._turn, len(self._presses), self._at_once))

    def result(self) -> dict[str, float]:
        if self._session.sent != len(self._presses):
            raise RuntimeError(f"{self._session.sent} answers to {len(self._presses)} presses")
        return {"turns": len(self._presses)}

    async def _open(self, nodes: int) -> None:
        self._dispatcher = Dispatcher(storage=await SqliteStorage.open())
        self._dispatcher.message.register(self._start, CommandStart())
        self._dispatcher.include_router(Dialog(*(self._window(number, nodes) for number in range(nodes))))
        setup_dialogs(self._dispatcher)
        for user in range(self._users):
            await self._feed(updates.words(user, "/start"))

    async def _start(self, _message: Message, dialog_manager: DialogManager) -> None:
        await dialog_manager.start(self._state(0), mode=StartMode.RESET_STACK)

    def _window(self, number: int, nodes: int) -> Window:
        ways = [*trees.follow_ups(number, nodes)] + ([0] if number and 0 not in trees.follow_ups(number, nodes) else [])
        buttons = [SwitchTo(Const(f"Answer {to}"), id=f"to{to}", state=self._state(to)) for to in ways]
        return Window(Const(trees.text(number, updates.CHARACTERS)), *buttons, state=self._state(number))

    def _state(self, number: int) -> State:
        state: State = getattr(self._states, _attribute(number))
        return state

    async def _turn(self, number: int) -> None:
        user, target = self._presses[number]
        shown = self._session.keyboards[int(updates.chat(user)["id"])]["inline_keyboard"]
        [data] = [b["callback_data"] for row in shown for b in row if b["callback_data"].endswith(f"to{target}")][:1]
        await self._feed(updates.press(user, data))

    async def _feed(self, body: bytes) -> None:
        await self._dispatcher.feed_update(
            self._bot, Update.model_validate(json.loads(body), context={"bot": self._bot})
        )


def _attribute(number: int) -> str:
    return f"n{number}"

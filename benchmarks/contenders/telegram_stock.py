"""Bots as python-telegram-bot's own tutorial writes them: an echo bot, and one whose buttons are hard-coded."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters

from benchmarks import trees
from benchmarks.contenders import updates
from benchmarks.contenders.canned import Canned

TEXT = trees.text(1, updates.CHARACTERS)

Context = ContextTypes.DEFAULT_TYPE


async def echo(update: Update, _context: Context) -> None:
    """Say what was said."""
    assert update.message is not None
    await update.message.reply_text(update.message.text or "")


async def press(update: Update, _context: Context) -> None:
    """Answer the press and edit the message: 1,200 characters, five buttons. Nothing is remembered."""
    query = update.callback_query
    assert query is not None
    await query.answer()
    rows = [[InlineKeyboardButton(f"Answer {n}", callback_data=f"v1:node-{n}")] for n in range(updates.BUTTONS)]
    await query.edit_message_text(TEXT, reply_markup=InlineKeyboardMarkup(rows))


class _Stock:
    """One update after the other, each from its JSON text."""

    calls_per_turn = 0

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._app: Application[Any, Any, Any, Any, Any, Any] = (
            Application.builder()
            .token(updates.TOKEN)
            .request(Canned())
            .get_updates_request(Canned())
            .updater(None)
            .build()
        )
        self._add_handlers()
        self._runner.run(self._app.initialize())

    def prepare(self, turns: int) -> None:
        self._bodies = [self._body(number % 1000) for number in range(turns)]
        Canned.calls.clear()

    def run(self) -> None:
        self._runner.run(self._work())

    def result(self) -> dict[str, float]:
        if Canned.calls.total() != self.calls_per_turn * len(self._bodies):
            raise RuntimeError(f"unexpected calls: {Canned.calls}")
        return {"turns": len(self._bodies)}

    async def _work(self) -> None:
        for body in self._bodies:
            await self._app.process_update(Update.de_json(json.loads(body), self._app.bot))

    def _add_handlers(self) -> None:
        raise NotImplementedError

    def _body(self, number: int) -> bytes:
        raise NotImplementedError


class Echo(_Stock):
    """The echo bot of the tutorial."""

    calls_per_turn = 1

    def _add_handlers(self) -> None:
        self._app.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, echo))

    def _body(self, number: int) -> bytes:
        return updates.words(number, "What is the role of alpha-lipoic acid?")


class Press(_Stock):
    """The bot with hard-coded buttons."""

    calls_per_turn = 2

    def _add_handlers(self) -> None:
        self._app.add_handler(CallbackQueryHandler(press))

    def _body(self, number: int) -> bytes:
        return updates.press(number, "v1:node-1")

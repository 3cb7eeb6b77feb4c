"""Updates on their way to the bot: a queue with Telegram's offset rules, read by polling or pushed to a webhook."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import aiohttp

from tests.fakes.telegram_rules import Json, Refused

DEFAULT_KINDS = frozenset(
    {"message", "edited_message", "channel_post", "edited_channel_post", "inline_query", "chosen_inline_result"}
    | {"callback_query", "shipping_query", "pre_checkout_query", "poll", "poll_answer", "my_chat_member"}
    | {"chat_join_request", "chat_boost", "removed_chat_boost", "business_message", "guest_message"}
)
"""What is sent when a bot names no `allowed_updates` (chat_member and reactions are not)."""

FAR = 1_000_000
"""An offset that lies so far above the newest update is taken for one of an earlier count, and confirms nothing."""

_TWO_POLLERS = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_WEBHOOK_ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it first"


class Feed:
    """The updates not yet confirmed, as JSON text so that a broken one can be among them."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.pending: dict[int, str] = {}
        self.allowed: frozenset[str] = DEFAULT_KINDS
        self.confirmed: set[int] = set()
        self.webhook: Json = {"url": ""}
        self.retry_unit = 1.0
        self._sent: dict[int, str] = {}
        self._repeats: list[str] = []
        self._next = 1000
        self._changed = changed
        self._arrived = asyncio.Event()
        self._poller: asyncio.Task[None] | None = None
        self._pump: asyncio.Task[None] | None = None

    def put(self, update: Json) -> int | None:
        """Queue an update unless its kind is not allowed; returns its id, which it gets if it has none."""
        kinds = [name for name in update if name != "update_id"]
        if kinds and kinds[0] in DEFAULT_KINDS | {"chat_member", "message_reaction"} and kinds[0] not in self.allowed:
            return None
        number = int(update.get("update_id", self._next))
        return self.put_text(number, json.dumps({"update_id": number} | update))

    def put_text(self, number: int, text: str) -> int:
        """Queue any text in place of an update."""
        self._next = max(self._next, number + 1)
        self.pending[number] = self._sent[number] = text
        self._wake()
        return number

    def next_id(self) -> int:
        """Return the id of the update that comes next."""
        return self._next

    def begin_again(self, number: int) -> None:
        """Choose new ids from `number` on, lower ones too, as Telegram may after a week without updates."""
        self._next = number

    def repeat(self, number: int) -> None:
        """Deliver an update once more, even one that was confirmed."""
        if self.webhook["url"]:
            self.pending[number] = self._sent[number]
        else:
            self._repeats.append(self._sent[number])
        self._wake()

    def text(self, number: int) -> str:
        """Return an update that was queued at any time, as the JSON text it was sent as."""
        return self._sent[number]

    async def poll(self, params: Json) -> list[str]:
        """Answer getUpdates: confirm what lies before the offset, then wait up to `timeout` seconds for something."""
        if self.webhook["url"]:
            raise Refused(_WEBHOOK_ACTIVE, 409)
        if params.get("allowed_updates") is not None:
            self.allowed = frozenset(params["allowed_updates"]) or DEFAULT_KINDS
        self._confirm(int(params.get("offset") or 0))
        waiting = asyncio.create_task(self._wait(float(params.get("timeout") or 0)))
        if self._poller is not None:
            self._poller.cancel()
        self._poller = waiting
        self._changed()
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            if waiting.cancelled():
                raise Refused(_TWO_POLLERS, 409) from None
            waiting.cancel()
            raise
        finally:
            if self._poller is waiting:
                self._poller = None
        return self._batch(int(params.get("limit") or 100))

    def set_webhook(self, params: Json) -> None:
        """Push from now on to `url`; an empty one ends the pushing."""
        self.webhook = {"url": "", "max_connections": 40} | params
        if params.get("allowed_updates") is not None:
            self.allowed = frozenset(params["allowed_updates"]) or DEFAULT_KINDS
        if params.get("drop_pending_updates") in (True, "true", "True"):
            self.pending.clear()
        if self._pump is not None:
            self._pump.cancel()
        self._pump = asyncio.create_task(self._push()) if self.webhook["url"] else None

    def info(self) -> Json:
        """Return the answer to getWebhookInfo."""
        known = {"url", "max_connections", "allowed_updates", "last_error_date", "last_error_message"}
        shown = {name: value for name, value in self.webhook.items() if name in known}
        return shown | {"has_custom_certificate": False, "pending_update_count": len(self.pending)}

    @property
    def polled(self) -> bool:
        """True while a getUpdates waits for something to arrive."""
        return self._poller is not None

    async def close(self) -> None:
        """Stop pushing and polling."""
        tasks = [task for task in (self._pump, self._poller) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _wake(self) -> None:
        self._arrived.set()
        self._changed()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            offset = sorted(self.pending)[offset:][0] if self.pending else 0
        if self.pending and offset > max(self.pending) + FAR:
            return
        for number in [number for number in self.pending if number < offset]:
            self._done(number)

    def _done(self, number: int) -> None:
        self.pending.pop(number, None)
        self.confirmed.add(number)
        self._changed()

    async def _wait(self, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while not self.pending and not self._repeats:
            self._arrived.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._arrived.wait()
            except TimeoutError:
                return

    def _batch(self, limit: int) -> list[str]:
        repeats, self._repeats = self._repeats, []
        return (repeats + [self.pending[number] for number in sorted(self.pending)])[:limit]

    async def _push(self) -> None:
        """Send each update to the webhook: in order within a chat, concurrently across chats."""
        busy: dict[str, asyncio.Task[None]] = {}
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=int(self.webhook["max_connections"])))
        try:
            while True:
                self._arrived.clear()
                for number, text in sorted(self.pending.items()):
                    chat = _chat_of(text)
                    if chat not in busy:
                        busy[chat] = asyncio.create_task(self._deliver(session, number, text))
                        busy[chat].add_done_callback(partial(self._free, busy, chat))
                await self._arrived.wait()
        finally:
            await _cancelled(list(busy.values()))
            await session.close()

    def _free(self, busy: dict[str, asyncio.Task[None]], chat: str, _: asyncio.Task[None]) -> None:
        busy.pop(chat, None)
        self._wake()

    async def _deliver(self, session: aiohttp.ClientSession, number: int, text: str) -> None:
        """Post one update until it is accepted, waiting 1, 2, 4 … units (at most 60) in between."""
        for attempt in range(1000):
            status = await self._post(session, text)
            if 200 <= status < 300:
                return self._done(number)
            self.webhook["last_error_date"] = int(time.time())
            self.webhook["last_error_message"] = f"Wrong response from the webhook: {status}"
            self._changed()
            await asyncio.sleep(min(2**attempt, 60) * self.retry_unit)
        raise AssertionError(f"update {number} was never accepted")

    async def _post(self, session: aiohttp.ClientSession, text: str) -> int:
        headers = {"Content-Type": "application/json"}
        if self.webhook.get("secret_token"):
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.webhook["secret_token"]
        try:
            async with session.post(self.webhook["url"], data=text.encode(), headers=headers) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _chat_of(text: str) -> str:
    """Return what Telegram keeps in order: the chat, or for an unreadable update itself."""
    try:
        update: Any = json.loads(text)
        body = next(value for name, value in update.items() if name != "update_id")
        return str((body.get("chat") or body.get("message", {}).get("chat") or body["from"])["id"])
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError):
        return text

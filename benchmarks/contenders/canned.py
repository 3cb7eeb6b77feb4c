"""python-telegram-bot's network, stubbed at its own seam: every contender has this one request class."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from telegram.request import BaseRequest, RequestData

from benchmarks.contenders import updates

_MESSAGE = json.loads(updates.answer("sendMessage", {"chat_id": 1, "text": "x"}))


class Canned(BaseRequest):
    """Answers every call at once with a message of 1,200 characters and five buttons, and counts the calls.

    The parameters are serialised as a real request would have to; `sent` is told the chat and the words of each answer.
    """

    calls: ClassVar[Counter[str]] = Counter()
    sent: ClassVar[Callable[[int, str], None]] = staticmethod(lambda _chat, _text: None)

    def __init__(self, _unexpected: object = None) -> None:
        whole = {"text": "x" * updates.CHARACTERS, "reply_markup": updates.keyboard("v1:overview")}
        self._message = json.dumps({"ok": True, "result": {**_MESSAGE["result"], **whole}}).encode()

    @property
    def read_timeout(self) -> float:
        """Seconds; nothing here takes any."""
        return 5.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,  # noqa: ARG002
        request_data: RequestData | None = None,
        *_: Any,
        **__: Any,
    ) -> tuple[int, bytes]:
        """Return the canned answer."""
        name = url.rpartition("/")[2]
        type(self).calls[name] += 1
        if request_data is not None:
            json.dumps(request_data.parameters).encode()
        if name in ("sendMessage", "editMessageText") and request_data is not None:
            told = request_data.parameters
            type(self).sent(int(str(told["chat_id"])), str(told["text"]))
            return 200, self._message
        return 200, updates.answer(name, {})

"""Answers as server-sent events. A stream that is cut resumes after the last event the browser saw."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from aiohttp import hdrs, web

from bot.channels.web.conversations import Answer, Conversation, Conversations

BEAT_SECONDS = 20.0
"""A comment is sent this often, so that proxies keep the connection and a vanished reader is noticed."""

RETRY_MILLISECONDS = 1000
"""How soon a browser connects again after a cut."""


async def stream(
    request: web.Request,
    conversations: Conversations,
    conversation: Conversation,
    html: Callable[[Answer], str],
    headers: dict[str, str],
) -> web.StreamResponse:
    """Send what happened since the browser's last event, then what happens, until either side ends it."""
    last = request.headers.get("Last-Event-ID") or request.query.get("last", "")
    response = web.StreamResponse(headers={**headers, hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8"})
    response.headers["X-Accel-Buffering"] = "no"  # nginx would otherwise hold the answer back
    missed, feed = conversation.since(conversations.after(last)), conversation.open_stream()
    try:
        await response.prepare(request)
        await response.write(f"retry: {RETRY_MILLISECONDS}\n\n".encode())
        for answer in missed:
            await response.write(event(conversations.event_id(answer), answer, html(answer)))
        while (fresh := await _next(feed.waiting, response)) is not None:
            await response.write(event(conversations.event_id(fresh), fresh, html(fresh)))
    except (ConnectionError, asyncio.CancelledError):
        pass  # the browser went away; it says what it saw last when it comes back
    finally:
        conversation.close_stream(feed)
    return response


async def _next(waiting: asyncio.Queue[Answer | None], response: web.StreamResponse) -> Answer | None:
    while True:
        try:
            return await asyncio.wait_for(waiting.get(), BEAT_SECONDS)
        except TimeoutError:
            await response.write(b": \n\n")


def event(id_: str, answer: Answer, html: str) -> bytes:
    """Return one event; JSON keeps it on one line."""
    data = {
        "id": answer.id,
        "question": answer.question,
        "html": html,
        "said": answer.said,
        "moved": answer.moved,
        "forgets": answer.forgets,
    }
    return f"id: {id_}\ndata: {json.dumps(data)}\n\n".encode()

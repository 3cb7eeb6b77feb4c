"""How an answer is delivered to a page: into the window of its conversation, and from there, as server-sent events, to
whoever looks. A stream that is cut resumes after the last event the browser saw."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from aiohttp import hdrs, web

from bot.channels.web.conversations import Conversation, Conversations, PageAnswer
from bot.dialog import payloads
from bot.dialog.turn import Effect, Reply
from bot.inbox.events import OutboundMessage, Progress

BEAT_SECONDS = 20.0
"""A comment is sent this often, so that proxies keep the connection and a vanished reader is noticed."""

RETRY_MILLISECONDS = 1000
"""How soon a browser connects again after a cut."""

_GIVEN = {"up": "up", "toup": "up", "down": "down", "todown": "down"}
"""What each button of a vote says of the answer it stands under."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Where an answer goes: whose page, which thread, which question; `under` is the answer whose button was pressed.

    `vote` is the word of that button, if it was a vote.
    """

    reader: str
    thread: str
    question: str
    under: str = ""
    vote: str = ""

    @classmethod
    def from_address(cls, address: Mapping[str, Any]) -> WebAddress:
        """Return the address as the inbox kept it."""
        return cls(**address)

    def to_address(self) -> dict[str, Any]:
        """Return the address as the inbox keeps it."""
        return asdict(self)


class WebDelivery:
    """Delivers by putting the answer where pages read it. An answer's id follows from the question's, so that the same
    answer delivered twice (a turn that was broken off) is one answer in the page."""

    name = "web"

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer. Nobody need be looking: a page that comes back is sent what it missed."""
        place = WebAddress.from_address(message.address)
        conversation = self._conversations.get(place.reader, place.thread)
        if message.reply.effect is Effect.FORGET:
            self._conversations.forget(place.reader)
        answer = self._answer(place, message.reply, conversation)
        conversation.add(answer)
        if not message.sent:
            await progress(answer.id, last=True)

    def _answer(self, place: WebAddress, reply: Reply, conversation: Conversation) -> PageAnswer:
        number, under = self._conversations.number(), conversation.answers.get(place.under)
        if place.vote and under is not None:
            vote = _GIVEN.get(place.vote, under.vote)
            return replace(under, question=place.question, number=number, vote=vote, said=reply.toast, moved=True)
        kind = "r" if reply.effect is Effect.ANSWERED else "a"  # an editor's answer comes beside the acknowledgement
        id_ = place.under if reply.in_place and place.under else f"{kind}-{place.question}"
        return PageAnswer(
            id_,
            place.question,
            reply,
            number,
            vote=_GIVEN.get(place.vote, ""),
            said=reply.toast,
            moved=id_ == place.under,
            forgets=reply.effect is Effect.FORGET,
        )


def vote_of(payload: str) -> str:
    """Return the word of a vote's button; empty for any other. `same` is the vote that stands."""
    tap = payloads.parse(payload)
    return tap.word if tap and tap.word in (*_GIVEN, "same") else ""


# --- to the browser ---------------------------------------------------------------------------------------------------


async def stream(
    request: web.Request,
    conversations: Conversations,
    conversation: Conversation,
    html: Callable[[PageAnswer], str],
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


async def _next(waiting: asyncio.Queue[PageAnswer | None], response: web.StreamResponse) -> PageAnswer | None:
    while True:
        try:
            return await asyncio.wait_for(waiting.get(), BEAT_SECONDS)
        except TimeoutError:
            await response.write(b": \n\n")


def event(id_: str, answer: PageAnswer, html: str) -> bytes:
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

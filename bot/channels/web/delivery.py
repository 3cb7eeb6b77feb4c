"""How an answer is delivered to a page: into the window of its conversation, and from there to whoever looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.channels.web.conversations import Answer, Conversation, Conversations
from bot.dialog import payloads
from bot.dialog.turn import Effect, Reply
from bot.inbox.events import OutboundMessage, Progress

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

    def _answer(self, place: WebAddress, reply: Reply, conversation: Conversation) -> Answer:
        number, under = self._conversations.number(), conversation.answers.get(place.under)
        if place.vote and under is not None:
            vote = _GIVEN.get(place.vote, under.vote)
            return replace(under, question=place.question, number=number, vote=vote, said=reply.toast, moved=True)
        id_ = place.under if reply.in_place and place.under else f"a-{place.question}"
        return Answer(
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

"""Where an answer goes: the address of an event, in Slack's words, as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from bot.dialog.turn import Effect, Outcome, Reply

INTRODUCTION = "introduction"
"""The text by which the bot says once in a channel what it is."""


class Surface(StrEnum):
    """What kind of place it is."""

    THREAD = "thread"  # a message in a channel or direct message, in a thread where there is one
    PRIVATE = "private"  # seen by one person only: a slash command's answer, a register of one's own
    HOME = "home"  # the App Home of one person


@dataclass(frozen=True, slots=True)
class SlackAddress:
    """An address. `thread` is the ts of the thread's root, `question` the id of the message that asked, `message` the
    ts of the message whose button was pressed and `asker` the person it answered; `response_url` allows five private
    answers within thirty minutes; `silent` wants no answer shown; `notice` wants this text of the bot's own instead of
    the answer; `asked` is the question to show above an answer that stands where it was not asked; `vote` says that a
    vote is thanked for and changes nothing, `above` that the bot was called into a thread of others, `aside` that
    nobody named it; `once` names what is shared and where, which is done once; `key` names the event."""

    surface: Surface
    team: str
    user: str
    channel: str = ""
    thread: str | None = None
    question: str | None = None
    message: str | None = None
    asker: str | None = None
    response_url: str | None = None
    enterprise: str | None = None
    shared: bool = False
    masked: bool = False
    silent: bool = False
    notice: str = ""
    asked: str = ""
    vote: bool = False
    above: bool = False
    aside: bool = False
    once: str = ""
    key: str = ""

    @property
    def direct(self) -> bool:
        """True in a direct message, which nobody else reads. A user id stands for the message to that user."""
        return self.channel[:1] in {"D", "U", "W"}

    def address(self) -> dict[str, Any]:
        """Return the place as JSON values, without what is empty."""
        return {name: value for name in _FIELDS if (value := getattr(self, name))}

    @classmethod
    def from_address(cls, address: Mapping[str, Any]) -> Self:
        """Return the place an address stands for; raises TypeError or ValueError for one this program did not write."""
        return cls(**{**address, "surface": Surface(address["surface"])})


_FIELDS = tuple(one.name for one in fields(SlackAddress))


_PERSONAL = frozenset({Effect.FORGET, Effect.EXPORT, Effect.REPORT})


def for_one(place: SlackAddress, reply: Reply) -> bool:
    """Tell whether only the person may see it: what is nobody else's business, a change of somebody else's answer (in a
    shared thread each reader has a register of their own), and having no answer to what did not name the bot."""
    if place.direct or place.shared:
        return False
    if place.aside and reply.card.outcome is Outcome.NOT_COVERED:
        return True
    return reply.effect in _PERSONAL or (reply.in_place and place.asker != place.user)


def message_id(channel: str, ts: str) -> str:
    """Return the id of a message as the store knows it: a ts is unique within its channel only."""
    return f"{channel}:{ts}"


def ts_of(message: str) -> tuple[str, str]:
    """Return the channel and the ts of a message id."""
    channel, _, ts = message.partition(":")
    return channel, ts

"""What a channel hands to the inbox, and what it must be able to do with the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.dialog.turn import Incoming, Reply

Address = Mapping[str, Any]
"""Where the answer goes, in the platform's own words; JSON only, kept in the inbox row until the turn is done."""


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """One accepted event.

    `keys` are the ids by which a repetition is known (the platform's event id; on Slack also team, channel and ts).
    `person` and `conversation` are clear platform ids such as `telegram:42`: the inbox hashes them before storing.
    `question` is the platform id of the message that asked, `replies_to` of the older message it answers, if any.
    `unaddressed` marks words that were not addressed to the bot (in a thread it was asked into), `asker` that they are
    those of somebody who asked it there: see bot.inbox.unaddressed for when it speaks.
    `said` is when the platform says the words were sent, in seconds since the epoch; `album` the name that the pictures
    of one album share; `cut` that the words are as long as one message may be, so that the rest is in the next.
    """

    keys: tuple[str, ...]
    channel: str
    person: str
    conversation: str
    incoming: Incoming
    address: Address
    question: str | None = None
    replies_to: str | None = None
    unaddressed: bool = False
    asker: bool = False
    said: float | None = None
    album: str | None = None
    cut: bool = False


class Progress(Protocol):
    """How a channel says which part of an answer was sent, so that a replay does not send it again."""

    async def __call__(self, message: str, *, last: bool = False) -> None:
        """Write down the platform's id of a part. The `last` one is written by the end of the turn, which follows at
        once: a commit of its own would tell a replay nothing that the turn's end does not."""


def each_written(progress: Progress) -> Progress:
    """Return how parts are written down none of which is the last: something else follows."""

    async def step(message: str, *, last: bool = False) -> None:  # noqa: ARG001
        await progress(message)

    return step


WhenEnded = Callable[[Callable[[], None]], None]


def at_once(then: Callable[[], None]) -> None:
    """Call back for a delivery that nobody writes down."""
    then()


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One answer to deliver. `sent` are the parts already delivered by an attempt that died; `earlier` is the message
    that answered the same question before it was edited: edit that one instead of sending a second. `doubtful` says
    that an attempt died that may have delivered one part more: where a platform lets one look, look first. `urgent`
    answers go before whatever else waits for its turn to be sent. `when_ended` calls back once all that was delivered
    is written down, or the turn was given up for now."""

    address: Address
    reply: Reply
    sent: Sequence[str] = ()
    earlier: str | None = None
    doubtful: bool = False
    urgent: bool = False
    when_ended: WhenEnded = at_once


class Delivery(Protocol):
    """A place that can deliver an answer."""

    name: str

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer, calling `progress` after each part.

        Raises `Busy` when the platform asks to wait or cannot be reached, `Paced` when the answer's turn to be sent is
        still to come, `Gone` when nobody is there any more, and `Refused` when the platform refuses for a reason the
        channel does not know.
        """


class Busy(Exception):
    """The platform cannot take it now; try again after `after` seconds."""

    def __init__(self, after: float, reason: str) -> None:
        super().__init__(reason)
        self.after = after


class Paced(Exception):
    """The answer may be sent in `after` seconds, not before: until then its worker is better off with other work."""

    def __init__(self, after: float) -> None:
        super().__init__(after)
        self.after = after


class Gone(Exception):
    """The person blocked the bot, or the chat, channel or message no longer exists: nothing left to deliver.

    `forget` asks for the person's data to be deleted after the grace period.
    """

    def __init__(self, reason: str, *, forget: bool = False) -> None:
        super().__init__(reason)
        self.forget = forget


class Refused(Exception):
    """The platform refuses it with a word that means nothing to the channel: the turn has failed. `str` is that word,
    which may be logged and shown to an operator."""

"""The rate limit of a user: beyond so many questions a minute one notice, not answers. Never for what is urgent.

Nothing accepted is lost: the turn is stored, takes its place in its conversation, and is ended by one message that says
what happened and holds the way to the answer; what else the same person sends within that minute is ended by the same
message. It is not put off instead, because a conversation keeps its order: somebody's "chest pain now" would wait
behind everything they sent before. So each question is still read, and whatever is urgent is answered in full.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.content.markdown import parse
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Button, Effect, Notice, Outcome, Reply
from bot.inbox.events import Delivery, InboundEvent, OutboundMessage, Progress
from bot.inbox.metrics import Metrics

_CROWD = 10_000
"""Names remembered, about two megabytes. Beyond that full buckets are forgotten, then those first heard of."""


class TokenBuckets:
    """A bucket for each name, in memory only.

    What is kept of a bucket is the moment at which it will be full again (the generic cell rate algorithm): one number
    each, and no timer. `rate` is in tokens a second, `burst` is how many a full bucket holds.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate
        self._burst = burst
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str) -> bool:
        """Take a token and return True, or return False if there is none."""
        now = self._clock()
        full_at = max(self._full_at.get(name, now), now) + self._interval
        if full_at - now > self._burst * self._interval + 1e-9:  # the sum of many intervals is a hair too long
            return False
        self._full_at[name] = full_at
        if len(self._full_at) > _CROWD:
            self._forget(now)
        return True

    def give_back(self, name: str) -> None:
        """Return a token that was not used after all."""
        if name in self._full_at:
            self._full_at[name] -= self._interval

    def seconds(self, name: str) -> float:
        """Return how long it takes until there is a token, 0 if there is one."""
        return max(self._full_at.get(name, 0.0) - self._clock() - (self._burst - 1) * self._interval, 0.0)

    def _forget(self, now: float) -> None:
        """Forget full buckets, which changes nothing, and if those were few, half of the crowd, the oldest first."""
        left = [(name, full_at) for name, full_at in self._full_at.items() if full_at > now]
        self._full_at = dict(left[-_CROWD // 2 :])


Accept = Callable[[InboundEvent], Awaitable[bool]]

_MARK = "beyond_share"
"""The address carries what was decided on arrival, so that an outage, a restart or another replica decides nothing
anew: what people sent in an hour and is answered in a minute was never too much."""

_NOTIFY, _SILENT = "tell", "told"
_ALWAYS = frozenset({Effect.FORGET, Effect.EXPORT})


class UserRateLimit:
    """Marks on arrival what is beyond a person's limit, and delivers a notice in place of its answer.

    `per_minute` questions may come at once or within a minute (0: any number). The count is in this process's memory
    alone: with several replicas a person has a share at each of them.
    """

    def __init__(
        self,
        per_minute: int,
        accept: Accept,
        engine: Engine,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._accept = accept
        self._engine = engine
        self._metrics = metrics
        self._shares = TokenBuckets(max(per_minute, 1) / 60, max(per_minute, 1), clock)
        self._notices = TokenBuckets(1 / 60, 1, clock)

    async def accept(self, event: InboundEvent) -> bool:
        """Accept the event as the inbox does, counted. Words that were not addressed to the bot are not counted."""
        if not self._per_minute or event.unaddressed:
            return await self._accept(event)
        if self._shares.take(event.person):
            return await self._returning(self._shares, event)
        if self._notices.take(event.person):
            return await self._returning(self._notices, _marked(event, _NOTIFY))
        return await self._accept(_marked(event, _SILENT))

    async def _returning(self, buckets: TokenBuckets, event: InboundEvent) -> bool:
        """Accept the event; what was known already, or could not be stored, costs nothing."""
        fresh = False
        try:
            fresh = await self._accept(event)
        finally:
            if not fresh:
                buckets.give_back(event.person)
        return fresh

    def delivery(self, delivery: Delivery) -> Delivery:
        """Return the delivery, which says so in place of an answer that was marked."""
        return _LimitedDelivery(delivery, self._notice, self._metrics)

    def _notice(self, reply: Reply) -> Reply:
        card, engine = reply.card, self._engine
        title = engine.text("too-many-title", card.register)
        body = parse(engine.text("too-many", card.register, number=self._per_minute))
        button = Button(engine.label(card.node, card.register), payloads.payload(card.node))
        buttons = reply.choices or (button,)
        notice = Notice(
            node=card.node, register=card.register, outcome=card.outcome, title=title, brief=body, buttons=buttons
        )
        return Reply(notice)


class _LimitedDelivery:
    def __init__(self, inner: Delivery, notice: Callable[[Reply], Reply], metrics: Metrics) -> None:
        self.name = inner.name
        self._inner = inner
        self._notice = notice
        self._metrics = metrics

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        if _MARK in message.address:
            message, mark = _unmarked(message)
            if message.reply.card.outcome is not Outcome.URGENT and message.reply.effect not in _ALWAYS:
                self._metrics.limited(self.name)
                if mark == _SILENT:
                    return
                message = replace(message, reply=self._notice(message.reply))
        await self._inner.deliver(message, progress)


def _marked(event: InboundEvent, mark: str) -> InboundEvent:
    return replace(event, address={**event.address, _MARK: mark})


def _unmarked(message: OutboundMessage) -> tuple[OutboundMessage, str]:
    address = dict(message.address)
    mark = str(address.pop(_MARK))
    return replace(message, address=address), mark

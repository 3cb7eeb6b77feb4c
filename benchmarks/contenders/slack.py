"""Whole Slack turns: the signed request through Bolt, the durable inbox, the engine, the post, the turn finished."""

from __future__ import annotations

import asyncio

from benchmarks import trees
from benchmarks.contenders import events, slack_canned
from benchmarks.contenders.concurrency import side_by_side
from benchmarks.contenders.footnote import footnote, host, idle, settled, shipped_footnote
from bot.channels.base import HostServices
from bot.channels.slack.app import Credentials, Slack
from bot.channels.slack.receiver import bolt_request
from bot.dialog import payloads

QUESTIONS = ("what dose of ala was studied", "is ala safe", "does vitamin k2 help", "what are the first-line drugs")


class Turns:
    """`turn` is press (a synthetic tree) or words (typed questions to the shipped content), so many at a time."""

    def __init__(self, folder: str, turn: str, nodes: int = 20, users: int = 1000, at_once: int = 20) -> None:
        self._kind, self._at_once = turn, at_once
        self._walk = trees.Walk(nodes, users, at_once)
        self._waiting: dict[str, asyncio.Event] = {}
        slack_canned.install(self._posted)
        self._runner = asyncio.Runner()
        self._runner.run(self._open(folder, nodes))

    def prepare(self, turns: int) -> None:
        presses = self._walk.presses(turns)
        self._channels = [events.direct(user) for user, _ in presses]
        self._requests = [self._request(user, target) for user, target in presses]
        slack_canned.calls.clear()

    def run(self) -> None:
        self._runner.run(self._work())

    def result(self) -> dict[str, float]:
        if slack_canned.calls["chat.postMessage"] != len(self._requests):
            raise RuntimeError(f"unexpected calls: {slack_canned.calls}")
        return {"turns": len(self._requests)}

    def _request(self, user: int, target: int) -> tuple[bytes, dict[str, str]]:
        if self._kind == "press":
            return events.press(user, payloads.payload(trees.node(target)))
        return events.words(user, QUESTIONS[target % len(QUESTIONS)])

    async def _open(self, folder: str, nodes: int) -> None:
        made = footnote(folder, nodes, events.CHARACTERS) if self._kind == "press" else shipped_footnote(folder)
        self._inbox, engine = await made
        self._slack = slack_over(host(self._inbox, engine))
        self._inbox.add(self._slack.delivery)
        await self._inbox.start()
        await self._slack.start()
        settled()

    async def _work(self) -> None:
        await side_by_side(self._turn, len(self._requests), self._at_once)
        await idle(self._inbox)

    async def _turn(self, number: int) -> None:
        """Take one request and wait until its answer has reached the API."""
        body, headers = self._requests[number]
        answered = self._waiting[self._channels[number]] = asyncio.Event()
        answer = await self._slack._app.async_dispatch(bolt_request(body.decode(), headers))
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}")
        await answered.wait()

    def _posted(self, channel: str) -> None:
        if channel in self._waiting:
            self._waiting[channel].set()


def slack_over(services: HostServices, base_url: str = "https://slack.com/api/") -> Slack:
    """Return the channel, with a fixed token."""
    credentials = Credentials("http", base_url, "xoxb-benchmark", signing_secret=events.SIGNING_SECRET)
    return Slack(credentials, services)

"""The stand-in as a process: prints its address and takes orders over HTTP.

    python -m tests.fakes.telegram --port 0 [--token 4242:STAND-IN] [--keep 1000]

Every order is a POST of JSON to /control/<order>; the answer is JSON. People and groups are named by their ids.

    person {name}                         -> {id}
    group {name, forum}                   -> {id}
    says {person, text, group?, topic?}   -> the message
    taps {person, button, message_id}     -> {query}: `button` is a label or a payload
    update {...any update...}             -> {update_id}
    fault {method, ...fields of Fault}    -> {}
    heal {}                               -> {}: removes every fault
    state {}                              -> {pending, calls: {method: n}, refused: [...]}
    events {since}                        -> {events: [{kind, chat, json}], next}: what the bot did, from a number on
    wait {events, seconds}                -> {events: n} as soon as the bot has done that many things; after so many
                                             seconds (10 unless said) status 408 and what there is
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from tests.fakes.telegram import PATIENCE, FakeTelegram
from tests.fakes.telegram_people import Group, Person
from tests.fakes.telegram_rules import Json


class Control:
    """The orders."""

    def __init__(self, telegram: FakeTelegram) -> None:
        self._telegram = telegram
        self._people: dict[int, Person] = {}
        self._groups: dict[int, Group] = {}
        self._orders: dict[str, Callable[[Json], Any]] = {
            "person": self.person,
            "group": self.group,
            "says": self.says,
            "taps": self.taps,
            "update": lambda order: {"update_id": telegram.feed.put(order)},
            "fault": self.fault,
            "heal": lambda _: telegram.faults.clear() or {},  # type: ignore[func-returns-value]
            "state": self.state,
            "events": self.events,
        }

    def routes(self) -> list[web.RouteDef]:
        """The control endpoint."""
        return [web.post("/control/wait", self.wait), web.post("/control/{order}", self.obey)]

    async def obey(self, request: web.Request) -> web.Response:
        """Carry out one order."""
        order = self._orders.get(request.match_info["order"])
        if order is None:
            return web.json_response({"error": f"unknown order; there are {sorted(self._orders)}"}, status=404)
        return web.json_response(order(await request.json()))

    async def wait(self, request: web.Request) -> web.Response:
        """Answer as soon as the bot has done `events` things, or when the time is up."""
        order, events = await request.json(), self._telegram.world.events
        wanted, seconds = int(order["events"]), float(order.get("seconds", PATIENCE))
        with contextlib.suppress(AssertionError):
            await self._telegram.until(lambda: len(events) >= wanted, backoff=seconds)
        return web.json_response({"events": len(events)}, status=200 if len(events) >= wanted else 408)

    def person(self, order: Json) -> Json:
        """Make a person."""
        person = self._telegram.person(order.get("name", "Ann"))
        self._people[person.id] = person
        return {"id": person.id}

    def group(self, order: Json) -> Json:
        """Make a group."""
        group = self._telegram.group(order.get("name", "Feet"), forum=bool(order.get("forum")))
        self._groups[group.id] = group
        return {"id": group.id}

    def says(self, order: Json) -> Json:
        """Let a person write."""
        where = self._groups[order["group"]] if "group" in order else None
        return self._people[order["person"]].says(order["text"], where, order.get("topic"))

    def taps(self, order: Json) -> Json:
        """Let a person press a button of the bot's message in their private chat, or in a group."""
        person = self._people[order["person"]]
        chat = self._groups[order["group"]].chat if "group" in order else person.chat
        return {"query": person.taps(order["button"], chat.messages[order["message_id"]])}

    def fault(self, order: Json) -> Json:
        """Order a fault."""
        self._telegram.fault(order.pop("method", "*"), **order)
        return {}

    def state(self, _: Json) -> Json:
        """What is pending, what was called, what was refused."""
        telegram = self._telegram
        refused = [asdict(call) for call in telegram.refused]
        return {"pending": len(telegram.feed.pending), "calls": dict(telegram.counts), "refused": refused}

    def events(self, order: Json) -> Json:
        """What the bot did, from `since` on."""
        events = self._telegram.world.events
        return {"events": [asdict(event) for event in events[int(order.get("since", 0)) :]], "next": len(events)}


async def serve(port: int, token: str, keep: int | None) -> None:
    """Run until the process is ended."""
    telegram = FakeTelegram(token=token, keep=keep)
    await telegram.start(port, Control(telegram).routes())
    print(telegram.url, flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await telegram.stop()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A strict stand-in of the Telegram Bot API on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=FakeTelegram.token)
    parser.add_argument("--keep", type=int, default=None, help="remember only so many calls")
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.port, options.token, options.keep))
    except KeyboardInterrupt:
        print("stopped", flush=True)

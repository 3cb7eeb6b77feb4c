"""HTTP mode at the door: signatures, the replay window, the handshake of the address, unreadable requests."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.channels.slack.app import EVENTS_PATH
from bot.dialog.engine import Engine
from tests.channels.slack.slack_app import ADA, CHANNEL, Ward, house
from tests.fakes.slack import FakeSlack


@pytest.fixture
async def ward(fake: FakeSlack, engine: Engine, tmp_path: Path) -> AsyncIterator[Ward]:
    """The bot in HTTP mode."""
    async with house(fake, engine, "http", tmp_path) as ward:
        yield ward


async def send(ward: Ward, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    content = {"Content-Type": "application/json", **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(ward.url + EVENTS_PATH, data=body, headers=content) as answer,
    ):
        return answer.status, await answer.text()


def question(ward: Ward) -> bytes:
    bot = ward.world.bot_of()
    event: dict[str, Any] = {"type": "app_mention", "channel": CHANNEL, "user": ADA, "ts": "1.1"}
    ward.world.channels[CHANNEL].messages["1.1"] = event
    return json.dumps(ward.people.body({**event, "text": f"<@{bot}> what is ala"}, "T0WARD")).encode()


async def test_only_slacks_own_fresh_signature_opens_the_door(ward: Ward) -> None:
    body = question(ward)
    signed = ward.fake.delivery.signed
    refused = [
        {},
        signed(body, secret="another secret"),
        signed(body, at=time.time() - 301),
        signed(body, at=time.time() + 301),
        {**signed(body), "X-Slack-Request-Timestamp": "soon"},
        {**signed(body), "X-Slack-Signature": "v0=zz"},
        {**signed(body + b" ")},
        {k: v for k, v in signed(body).items() if k != "X-Slack-Signature"},
    ]
    for headers in refused:
        assert (await send(ward, body, headers))[0] == 401, headers
    assert await send(ward, body, signed(body)) == (200, "")
    await ward.answer()
    await ward.quiet()


async def test_the_address_is_verified_by_its_challenge(ward: Ward) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()
    assert await send(ward, body, ward.fake.delivery.signed(body)) == (200, '{"challenge": "3eZbrw1a"}')


@pytest.mark.parametrize(
    "body", [b"{", b"[1, 2]", b"\xff\xfe\x00", b'"text"', b"payload=%7B", b"", b"null", b"[" * 100_000, b"payload=[]"]
)
async def test_unreadable_bodies_are_refused_whoever_signed_them(ward: Ward, body: bytes) -> None:
    for headers in ({}, ward.fake.delivery.signed(body)):
        status, text = await send(ward, body, headers)
        assert status in {200, 400, 401, 404}
        assert "Traceback" not in text
    assert ward.world.posts == []


async def test_a_closed_door_says_so_and_slack_comes_back(ward: Ward) -> None:
    body = question(ward)
    await ward.slack.stop()
    assert (await send(ward, body, ward.fake.delivery.signed(body)))[0] == 503


async def test_health_tells_the_mode(ward: Ward) -> None:
    assert ward.slack.health() == {"up": True, "mode": "http"}

"""What Slack posts, signed: the same bytes for every contender."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from typing import Any
from urllib.parse import quote

from benchmarks import trees

SIGNING_SECRET = "benchmark"
TEAM, BOT_USER, BOT_ID = "T0BENCH", "U0BOT", "B0BOT"
CHARACTERS = 1200
BUTTONS = 5

_numbers = itertools.count(1)

AUTH = {"ok": True, "url": "https://x.slack.com/", "team": "x", "user": "bot", "team_id": TEAM, "user_id": BOT_USER}
AUTH |= {"bot_id": BOT_ID, "is_enterprise_install": False}
SCOPES = "chat:write,im:history,app_mentions:read"


def _ts() -> str:
    return f"1800000000.{next(_numbers):06d}"


def direct(number: int) -> str:
    """Return the id of one person's direct message channel with the bot."""
    return f"D{number:08d}"


def blocks(data: str) -> list[dict[str, Any]]:
    """Return 1,200 characters and five buttons."""
    said = {"type": "section", "text": {"type": "mrkdwn", "text": trees.text(1, CHARACTERS)}}
    return [said, {"type": "actions", "block_id": "b", "elements": [_button(n, data) for n in range(BUTTONS)]}]


def _button(number: int, data: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": f"Answer {number}", "emoji": True}
    return {"type": "button", "text": text, "action_id": f"tap:0:{number}", "value": data}


def words(number: int, text: str) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of one person's direct message."""
    ts = _ts()
    event = {"type": "message", "channel_type": "im", "channel": direct(number), "user": f"U{number:08d}", "text": text}
    body = {
        "token": "x",
        "team_id": TEAM,
        "api_app_id": "A0",
        "event": event | {"ts": ts, "event_ts": ts, "team": TEAM},
        "type": "event_callback",
        "event_id": f"Ev{next(_numbers):010d}",
        "event_time": 1800000000,
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}],
    }
    return signed(json.dumps(body).encode(), "application/json")


def press(number: int, data: str) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of one person's press of a button under an answer in a direct message."""
    ts, moment = _ts(), _ts()
    body = {
        "type": "block_actions",
        "user": {"id": f"U{number:08d}", "username": "ada", "name": "ada", "team_id": TEAM},
        "api_app_id": "A0",
        "token": "x",
        "container": {"type": "message", "message_ts": ts, "channel_id": direct(number), "is_ephemeral": False},
        "trigger_id": f"1.2.{next(_numbers)}",
        "team": {"id": TEAM, "domain": "x"},
        "channel": {"id": direct(number), "name": "directmessage"},
        "message": {
            "user": BOT_USER,
            "type": "message",
            "ts": ts,
            "bot_id": BOT_ID,
            "text": "x",
            "blocks": blocks(data),
        },
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/x/y/z",
        "actions": [_button(0, data) | {"block_id": "b", "action_ts": moment}],
    }
    return signed(b"payload=" + quote(json.dumps(body)).encode(), "application/x-www-form-urlencoded")


def signed(body: bytes, kind: str) -> tuple[bytes, dict[str, str]]:
    """Return the body with the headers by which Slack proves that it is Slack."""
    now = str(int(time.time()))
    base = f"v0:{now}:".encode() + body
    proof = hmac.new(SIGNING_SECRET.encode(), base, hashlib.sha256).hexdigest()
    headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": now, "X-Slack-Signature": f"v0={proof}"}
    return body, headers


def answer(method: str, channel: str = "") -> dict[str, Any]:
    """Return what the Web API answers: the whole message for those that post one."""
    if method == "auth.test":
        return AUTH
    if method in ("chat.postMessage", "chat.update"):
        ts = _ts()
        message = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "ts": ts, "blocks": blocks("v1:overview")}
        return {"ok": True, "channel": channel, "ts": ts, "message": message}
    return {"ok": True}

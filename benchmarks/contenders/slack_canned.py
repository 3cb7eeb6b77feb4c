"""slack_sdk's network, stubbed where it would open a connection: every contender has this one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from slack_sdk.web.async_base_client import AsyncBaseClient

from benchmarks.contenders import events

calls: Counter[str] = Counter()


def install(on_post: Callable[[str], None] = lambda _channel: None) -> None:
    """Put the stub in place; `on_post` is told the channel of each message."""
    answered = json.dumps(events.answer("chat.postMessage"))

    async def request(_self: Any, *, api_url: str, req_args: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Serialise the arguments as a real request would, and parse an answer of the usual size."""
        method = api_url.rpartition("/")[2]
        calls[method] += 1
        arguments = req_args.get("json") or req_args.get("data") or {}
        json.dumps(arguments).encode()
        if method == "auth.test":
            return {"data": events.answer(method), "headers": {"x-oauth-scopes": events.SCOPES}, "status_code": 200}
        data = json.loads(answered) | {"channel": arguments.get("channel", "")}
        on_post(str(arguments.get("channel", "")))
        return {"data": data, "headers": {}, "status_code": 200}

    AsyncBaseClient._request = request  # type: ignore[method-assign, assignment]

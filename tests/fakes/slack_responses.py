"""The stand-in's response_urls: five uses within thirty minutes, then 404 in Slack's words."""

from __future__ import annotations

from aiohttp import web

from tests.fakes.slack_blocks import validate_blocks
from tests.fakes.slack_faults import Faults
from tests.fakes.slack_world import Call, Json, Post, Reply, World

USES = 5


class Responses:
    """Answers posts to `/response/<id>`."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults

    async def answer(self, request: web.Request) -> web.Response:
        """Take one response, or refuse it as Slack does."""
        body: Json = await request.json()
        call = Call("response_url", body)
        self._world.calls.append(call)
        fault = self._faults.take("response_url")
        if fault is not None:
            call.error = fault.kind
            headers = {"Retry-After": str(fault.retry_after)}
            return web.Response(status=429 if fault.kind == "ratelimited" else fault.status, headers=headers)
        refusal = self._refusal(self._world.replies.get(request.path), body)
        if refusal:
            call.error = refusal
            await self._world.note()
            return web.Response(status=404 if refusal.endswith("_url") else 400, text=refusal)
        await self._take(self._world.replies[request.path], body)
        return web.Response(text="ok")

    def _refusal(self, reply: Reply | None, body: Json) -> str:
        if reply is None or self._world.clock.time() >= reply.expires:
            return "expired_url"
        if reply.uses >= USES:
            return "used_url"
        if not body.get("text") and not body.get("blocks") and not body.get("delete_original"):
            return "no_text"
        return "invalid_blocks" if validate_blocks(body.get("blocks") or [], "message") else ""

    async def _take(self, reply: Reply, body: Json) -> None:
        reply.uses += 1
        replaced = body.get("replace_original") and reply.ts
        ts = reply.ts if replaced and reply.ts else self._world.ts()
        private = body.get("response_type", "ephemeral") == "ephemeral"
        post = Post("response_url", reply.channel, ts, body.get("text", ""), body.get("blocks", []), body)
        post.thread_ts, post.user = body.get("thread_ts"), reply.user if private else None
        await self._world.record(post)

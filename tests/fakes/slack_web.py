"""The Web API of the stand-in: refuses what Slack refuses, in Slack's words.

Errors and limits: docs.slack.dev, reference/methods, as of November 2026.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from tests.fakes.slack_errors import Refused
from tests.fakes.slack_faults import Fault, Faults
from tests.fakes.slack_files import Files
from tests.fakes.slack_messages import Messages
from tests.fakes.slack_oauth import OAuth
from tests.fakes.slack_views import Views
from tests.fakes.slack_world import Call, Install, Json, World

STATUSES = {"active", "processing", "suspended", "closed"}
NEEDS = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.delete": "chat:write",
    "reactions.add": "reactions:write",
    "conversations.open": "im:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "users.info": "users:read",
    "assistant.threads.setSuggestedPrompts": "assistant:write",
    "agents.sessions.setStatus": "chat:write",
}


class WebApi:
    """Answers `/api/<method>`."""

    def __init__(self, world: World, faults: Faults, address: Callable[[], str]) -> None:
        self._world = world
        self._faults = faults
        self._address = address
        self.messages = Messages(world)
        self.files = Files(world, self.messages, address)
        self._oauth = OAuth(world)
        self.tickets: set[str] = set()
        self._methods: dict[str, Callable[[Json, Install], Awaitable[Json]]] = {
            **self.messages.methods,
            **self.files.methods,
            **Views(world).methods,
            "auth.test": self._auth_test,
            "assistant.threads.setSuggestedPrompts": self._prompts,
            "agents.sessions.setStatus": self._status,
            "conversations.info": self._conversation,
            "conversations.open": self._open_conversation,
            "conversations.replies": self._replies,
            "users.info": self._user,
            "reactions.add": self._react,
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, with whatever trouble was ordered for it."""
        method = request.match_info["method"]
        args = await _arguments(request)
        await asyncio.sleep(self._faults.latency)
        fault = self._faults.take(method)
        early = await self._trouble(fault, request)
        if early is not None:
            self._world.calls.append(Call(method, args, fault.kind if fault else ""))
            await self._world.note()
            return early
        answer, headers = await self._carry_out(method, args, request)
        if fault is not None and fault.kind == "page":
            return web.Response(text=fault.body, content_type=fault.name)
        if fault is not None and fault.kind == "drop_after":
            return _drop(request)
        return web.json_response(answer, headers=headers)

    async def _trouble(self, fault: Fault | None, request: web.Request) -> web.StreamResponse | None:
        if fault is None or fault.kind == "drop_after" or (fault.kind == "page" and fault.carried_out):
            return None
        if fault.kind == "page":
            return web.Response(text=fault.body, content_type=fault.name)
        if fault.kind == "drop":
            return _drop(request)
        if fault.kind == "ratelimited":
            headers = {"Retry-After": str(fault.retry_after)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        if fault.kind == "server_error":
            return web.Response(status=fault.status, text="upstream failure")
        if fault.kind == "hold":
            await fault.release.wait()
            return None
        return web.json_response({"ok": False, "error": fault.name})

    async def _carry_out(self, method: str, args: Json, request: web.Request) -> tuple[Json, dict[str, str]]:
        call = Call(method, {k: v for k, v in args.items() if k != "token"})
        self._world.calls.append(call)
        headers: dict[str, str] = {}
        try:
            answer = await self._call(method, args, request, call, headers)
        except Refused as refusal:
            call.error = str(refusal)
            answer = refusal.answer
        await self._world.note()
        return answer, headers

    async def _call(self, method: str, args: Json, request: web.Request, call: Call, headers: dict[str, str]) -> Json:
        token = _token(request, args)
        if method == "apps.connections.open":
            return self._connection(token)
        if method == "oauth.v2.access":
            return self._oauth.access(args, request)
        if method not in self._methods:
            raise Refused("unknown_method", req_method=method)
        install = self._authorised(token)
        call.team = install.team
        headers["x-oauth-scopes"] = ",".join(sorted(install.scopes))
        needed = NEEDS.get(method)
        if needed and needed not in install.scopes:
            raise Refused("missing_scope", needed=needed, provided=headers["x-oauth-scopes"])
        return {"ok": True, **await self._methods[method](args, install)}

    def _authorised(self, token: str | None) -> Install:
        if not token:
            raise Refused("not_authed")
        install = self._world.installs.get(token)
        if install is None:
            raise Refused("invalid_auth")
        if not install.active:
            raise Refused("account_inactive")
        return install

    # --- connection and installation --------------------------------------------------------------------------------

    def _connection(self, token: str | None) -> Json:
        if token != self._world.app_token:
            raise Refused("invalid_auth")
        ticket = self._world.identifier("ticket-")
        self.tickets.add(ticket)
        return {"ok": True, "url": self._address().replace("http", "ws") + f"/link/?ticket={ticket}"}

    async def _auth_test(self, args: Json, install: Install) -> Json:
        return {
            "url": self._address(),
            "team": install.team.lower(),
            "user": "footnote",
            "team_id": install.team,
            "user_id": install.bot_user,
            "bot_id": install.bot_id,
            "enterprise_id": install.enterprise,
            "is_enterprise_install": False,
        }

    # --- the rest ---------------------------------------------------------------------------------------------------

    async def _prompts(self, args: Json, install: Install) -> Json:
        prompts = args.get("prompts") or []
        if not 1 <= len(prompts) <= 4 or any(not p.get("title") or not p.get("message") for p in prompts):
            raise Refused("invalid_arguments")
        if args.get("thread_ts") is None:  # in an agent app a thread_ts makes the call a silent no-op
            self._world.prompts[str(args["channel_id"])] = prompts
        return {}

    async def _status(self, args: Json, install: Install) -> Json:
        if args.get("status") not in STATUSES:
            raise Refused("invalid_arguments")
        if str(args.get("channel_id")) not in self._world.channels:
            raise Refused("channel_not_found")
        self._world.statuses.append(args)
        return {"status": args["status"]}

    async def _conversation(self, args: Json, install: Install) -> Json:
        channel = self._world.channels.get(str(args.get("channel")))
        if channel is None:
            raise Refused("channel_not_found")
        return {"channel": {"id": channel.id, "is_archived": channel.archived, "is_im": channel.kind == "im"}}

    async def _open_conversation(self, args: Json, install: Install) -> Json:
        return {"channel": {"id": self._world.dm(str(args.get("users")), install.team).id}}

    async def _replies(self, args: Json, install: Install) -> Json:
        channel = self.messages.place(args, install)
        root = str(args.get("ts"))
        found = [m for m in channel.messages.values() if m["ts"] == root or m.get("thread_ts") == root]
        if not found:
            raise Refused("thread_not_found")
        return {"messages": found, "has_more": False}

    async def _user(self, args: Json, install: Install) -> Json:
        if args.get("user") not in self._world.users:
            raise Refused("user_not_found")
        return {"user": {"id": args["user"], "team_id": self._world.users[str(args["user"])]}}

    async def _react(self, args: Json, install: Install) -> Json:
        if str(args.get("timestamp")) not in self.messages.place(args, install).messages:
            raise Refused("message_not_found")
        return {}


def _token(request: web.Request, args: Json) -> str | None:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ") if header.startswith("Bearer ") else args.get("token")


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _arguments(request: web.Request) -> Json:
    if request.content_type == "application/json":
        return dict(json.loads(await request.text() or "{}"))
    form: Mapping[str, Any] = {**request.query, **(await request.post())}
    return {key: _unpacked(str(value)) for key, value in form.items()}


def _unpacked(value: str) -> Any:
    if value[:1] in {"[", "{"}:
        return json.loads(value)
    return value

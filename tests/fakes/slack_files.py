"""The stand-in's files: an upload in three calls, and what an image block may show."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.slack_errors import Refused
from tests.fakes.slack_messages import Messages
from tests.fakes.slack_world import Install, Json, World

MAX_ALT = 1_000
_ID = re.compile(r"F[A-Z0-9]{8,}")


@dataclass(slots=True)
class File:
    """One file: whose workspace, what it should be, what it is; `ready` once a block may show it."""

    id: str
    team: str
    name: str
    length: int
    body: bytes = b""
    complete: bool = False
    ready: bool = True


class Files:
    """Takes uploads. `slow` files are complete and yet not ready for a block."""

    def __init__(self, world: World, messages: Messages, address: Callable[[], str]) -> None:
        self._world = world
        self._messages = messages
        self._address = address
        self.found: dict[str, File] = {}
        self.shared: list[Json] = []
        self.slow = False
        messages.files = self.faults

    @property
    def methods(self) -> dict[str, Callable[[Json, Install], Awaitable[Json]]]:
        """The methods by name."""
        return {"files.getUploadURLExternal": self._begin, "files.completeUploadExternal": self._complete}

    async def receive(self, request: web.Request) -> web.Response:
        """Take the bytes of an upload; anything but what was announced is refused."""
        file = self.found.get(request.match_info["file"])
        body = await request.read()
        if file is None or file.complete or len(body) != file.length:
            return web.Response(status=400)
        file.body = body
        return web.Response(text=f"OK - {len(body)}")

    def faults(self, blocks: list[Json], install: Install) -> list[str]:
        """Return what is wrong with the files that blocks name, in Slack's words."""
        shown = [(at, one["slack_file"]) for at, one in enumerate(blocks) if "slack_file" in one]
        wrong = [at for at, one in shown if not self._shows(one, install)]
        return [f"invalid slack file [json-pointer:/blocks/{at}/slack_file]" for at in wrong]

    def _shows(self, named: Json, install: Install) -> bool:
        if not _ID.fullmatch(str(named.get("id", ""))) or "url" in named:
            return False
        file = self.found.get(named["id"])
        return bool(file and file.team == install.team and file.complete and file.ready and file.name.endswith(".png"))

    async def _begin(self, args: Json, install: Install) -> Json:
        length = str(args.get("length", ""))
        if not args.get("filename") or not length.isdecimal() or not int(length):
            raise Refused("invalid_arguments")
        if len(str(args.get("alt_txt") or "")) > MAX_ALT:
            raise Refused("invalid_arguments")
        file = File(f"F0FILE{len(self.found) + 1:04}", install.team, str(args["filename"]), int(length))
        self.found[file.id] = file
        return {"file_id": file.id, "upload_url": f"{self._address()}/upload/{file.id}"}

    async def _complete(self, args: Json, install: Install) -> Json:
        files: Any = args.get("files")
        if not isinstance(files, list) or not files:
            raise Refused("invalid_arguments")
        found = [self.found.get(str(one.get("id"))) for one in files]
        if any(one is None or one.team != install.team or not one.body for one in found):
            raise Refused("file_not_found")
        if channel := args.get("channel_id"):
            if str(channel)[:1] in {"U", "W"}:
                raise Refused("invalid_channel")
            place = self._messages.place({"channel": channel}, install)
            if args.get("thread_ts") is not None and args["thread_ts"] not in place.messages:
                raise Refused("invalid_thread_ts")
        for one in found:
            if one is not None:
                one.complete, one.ready = True, not self.slow
        self.shared.append({name: value for name, value in args.items() if name != "token"})
        return {"files": [{"id": one["id"], "title": one.get("title", "")} for one in files]}

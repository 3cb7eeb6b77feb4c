"""The `chat.*` methods of the stand-in, with their limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from tests.fakes.slack_blocks import FOLDABLE, validate_blocks
from tests.fakes.slack_errors import Refused
from tests.fakes.slack_world import APP_ID, Channel, Install, Json, Post, World

MAX_TEXT, MAX_UPDATE = 40_000, 4_000
"""Characters of `text`: chat.postMessage, chat.update."""


class Messages:
    """Posts, edits and deletes. `foldable` are the blocks taken inside a container, `maximum` the length of a text."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.foldable: Collection[str] = FOLDABLE
        self.maximum = MAX_TEXT
        self.files: Callable[[list[Json], Install], list[str]] = lambda _blocks, _install: []

    @property
    def methods(self) -> dict[str, Callable[[Json, Install], Awaitable[Json]]]:
        """The methods by name."""
        return {
            "chat.postMessage": self._post_message,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "chat.delete": self._delete,
        }

    async def _post_message(self, args: Json, install: Install) -> Json:
        channel = self.place(args, install)
        self._content(args, self.maximum, install)
        self._thread(channel, args.get("thread_ts"))
        ts = self._world.ts()
        message = self._message(args, install, ts)
        channel.messages[ts] = message
        await self._world.record(self._post("chat.postMessage", channel.id, ts, args))
        return {"channel": channel.id, "ts": ts, "message": message}

    async def _post_ephemeral(self, args: Json, install: Install) -> Json:
        channel = self.place(args, install, ephemeral=True)
        self._content(args, self.maximum, install)
        if args.get("user") not in channel.members:
            raise Refused("user_not_in_channel")
        ts = self._world.ts()
        await self._world.record(self._post("chat.postEphemeral", channel.id, ts, args, args.get("user")))
        return {"message_ts": ts}

    async def _update(self, args: Json, install: Install) -> Json:
        channel = self._world.channels.get(str(args.get("channel")))
        if channel is None:
            raise Refused("channel_not_found")
        message = channel.messages.get(str(args.get("ts")))
        if message is None:
            raise Refused("message_not_found")
        if message.get("bot_id") != install.bot_id:
            raise Refused("cant_update_message")
        self._content(args, MAX_UPDATE, install)
        message.update(text=args.get("text", ""), blocks=args.get("blocks", []))
        await self._world.record(self._post("chat.update", channel.id, str(args["ts"]), args))
        return {"channel": channel.id, "ts": args["ts"], "text": message["text"]}

    async def _delete(self, args: Json, install: Install) -> Json:
        channel = self.place(args, install)
        if channel.messages.pop(str(args.get("ts")), None) is None:
            raise Refused("message_not_found")
        return {"channel": channel.id, "ts": args["ts"]}

    def place(self, args: Json, install: Install, *, ephemeral: bool = False) -> Channel:
        name = str(args.get("channel", ""))
        if name[:1] in {"U", "W"} and name in self._world.users and not ephemeral:
            return self._world.dm(name, install.team)
        channel = self._world.channels.get(name)
        here = channel is not None and install.bot_user in channel.members
        if channel is None or (channel.kind == "group" and not here):
            raise Refused("channel_not_found")
        if channel.archived:
            raise Refused("is_archived")
        if not here:
            raise Refused("not_in_channel")
        return channel

    def _content(self, args: Json, maximum: int, install: Install) -> None:
        text, blocks = args.get("text") or "", args.get("blocks") or []
        if not text and not blocks:
            raise Refused("no_text")
        if len(text) > maximum:
            raise Refused("msg_too_long")
        faults = validate_blocks(blocks, "message", self.foldable) or self.files(blocks, install)
        if faults:
            raise Refused("invalid_blocks", errors=faults, response_metadata={"messages": faults})

    @staticmethod
    def _thread(channel: Channel, thread_ts: str | None) -> None:
        """Slack's documentation does not name the error for a root that is gone; this is the strict reading."""
        if thread_ts is not None and thread_ts not in channel.messages:
            raise Refused("thread_not_found" if thread_ts in channel.deleted else "invalid_thread_ts")

    def _message(self, args: Json, install: Install, ts: str) -> Json:
        kept = {k: args[k] for k in ("thread_ts", "metadata") if args.get(k)}
        return {
            "type": "message",
            "user": install.bot_user,
            "bot_id": install.bot_id,
            "app_id": APP_ID,
            "team": install.team,
            "ts": ts,
            "text": args.get("text", ""),
            "blocks": args.get("blocks", []),
            **kept,
        }

    @staticmethod
    def _post(method: str, channel: str, ts: str, args: Json, user: str | None = None) -> Post:
        return Post(
            method, channel, ts, args.get("text", ""), args.get("blocks", []), args, args.get("thread_ts"), user
        )

"""The workspaces the stand-in knows: people, channels, messages, installations, and everything that was posted."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes.slack_clock import Clock

Kind = Literal["channel", "group", "im", "mpim"]
Json = dict[str, Any]

APP_ID = "A0FOOTNOTE"
SCOPES = (
    "app_mentions:read,assistant:write,channels:history,channels:read,chat:write,commands,files:write,groups:history,"
    "groups:read,im:history,im:read,im:write,mpim:history,reactions:read,reactions:write,users:read"
)


@dataclass(slots=True)
class Install:
    """The app in one workspace."""

    team: str
    bot_user: str
    bot_id: str
    scopes: set[str]
    active: bool = True
    enterprise: str | None = None


@dataclass(slots=True)
class Channel:
    """A place with messages. `messages` is keyed by ts; a deleted message leaves a key in `deleted`."""

    id: str
    kind: Kind
    team: str
    members: set[str] = field(default_factory=set)
    archived: bool = False
    messages: dict[str, Json] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    @property
    def type(self) -> str:
        """The `channel_type` of message events."""
        return self.kind


@dataclass(slots=True)
class Post:
    """One thing the bot made visible: a message, an ephemeral message, an update, a Home or a modal."""

    method: str
    channel: str
    ts: str
    text: str
    blocks: list[Json]
    args: Json
    thread_ts: str | None = None
    user: str | None = None
    view: Json | None = None


@dataclass(slots=True)
class Call:
    """One Web API call as it came in, and the error it was answered with (empty when it went well)."""

    method: str
    args: Json
    error: str = ""
    team: str = ""


@dataclass(slots=True)
class Trigger:
    """A trigger_id: three seconds, one use."""

    user: str
    team: str
    expires: float
    used: bool = False


@dataclass(slots=True)
class Reply:
    """A response_url: five uses within thirty minutes."""

    channel: str
    user: str
    team: str
    expires: float
    ts: str | None = None
    uses: int = 0


class World:
    """Everything that is true in the pretended Slack. Helpers make one; the Web API and the people change it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.app_token = f"xapp-1-{APP_ID}-1-{secrets.token_hex(8)}"
        self.signing_secret = secrets.token_hex(16)
        self.client_id, self.client_secret = "1111.2222", secrets.token_hex(16)
        self.installs: dict[str, Install] = {}
        self.channels: dict[str, Channel] = {}
        self.users: dict[str, str] = {}
        self.posts: list[Post] = []
        self.calls: list[Call] = []
        self.homes: dict[str, Json] = {}
        self.modals: dict[str, Json] = {}
        self.prompts: dict[str, list[Json]] = {}
        self.statuses: list[Json] = []
        self.triggers: dict[str, Trigger] = {}
        self.replies: dict[str, Reply] = {}
        self.codes: dict[str, str] = {}
        self.changed = asyncio.Condition()
        self._serial = itertools.count(1)

    # --- making things ----------------------------------------------------------------------------------------------

    def install(self, team: str = "T0WARD", scopes: str = SCOPES, enterprise: str | None = None) -> str:
        """Install the app in a workspace and return its bot token."""
        token = f"xoxb-{team}-{secrets.token_hex(10)}"
        number = len(self.installs) + 1
        found = Install(team, f"U0BOT{number}", f"B0BOT{number}", set(scopes.split(",")), enterprise=enterprise)
        self.installs[token] = found
        return token

    def channel(
        self, id_: str, *members: str, kind: Kind = "channel", team: str = "T0WARD", bot: bool = True
    ) -> Channel:
        """Make a channel with these people in it, and the bot unless told otherwise."""
        here = set(members) | ({self.bot_of(team)} if bot else set())
        for person in members:
            self.users.setdefault(person, team)
        self.channels[id_] = Channel(id_, kind, team, here)
        return self.channels[id_]

    def dm(self, user: str, team: str = "T0WARD") -> Channel:
        """Return the direct message channel between a person and the bot."""
        id_ = f"D{user[1:]}"
        return self.channels.get(id_) or self.channel(id_, user, kind="im", team=team)

    def install_of(self, team: str) -> Install:
        """Return the installation in a workspace."""
        return next(one for one in self.installs.values() if one.team == team)

    def bot_of(self, team: str = "T0WARD") -> str:
        """Return the bot's user id in a workspace."""
        return self.install_of(team).bot_user

    def ts(self) -> str:
        """Return a new message timestamp, unlike every other."""
        return f"{int(self.clock.time())}.{next(self._serial):06d}"

    def identifier(self, prefix: str) -> str:
        """Return a new id, such as an event's or a view's."""
        return f"{prefix}{next(self._serial):08d}"

    def trigger(self, user: str, team: str) -> str:
        """Issue a trigger_id, good for three seconds and one use."""
        id_ = f"{next(self._serial)}.{secrets.token_hex(6)}"
        self.triggers[id_] = Trigger(user, team, self.clock.time() + 3)
        return id_

    def reply_path(self, channel: str, user: str, team: str, ts: str | None = None) -> str:
        """Issue the path of a response_url, good for thirty minutes and five uses."""
        path = f"/response/{secrets.token_hex(8)}"
        self.replies[path] = Reply(channel, user, team, self.clock.time() + 1_800, ts)
        return path

    # --- watching ---------------------------------------------------------------------------------------------------

    async def note(self) -> None:
        """Wake everybody who waits for something to become true."""
        async with self.changed:
            self.changed.notify_all()

    async def until(self, true: Callable[[], bool], seconds: float = 10.0) -> None:
        """Return as soon as `true()` holds; raises TimeoutError after `seconds` of real time."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(true)

    async def record(self, post: Post) -> None:
        """Keep what became visible and tell those who wait."""
        self.posts.append(post)
        await self.note()

    @property
    def refused(self) -> list[Call]:
        """Calls that Slack would have refused."""
        return [call for call in self.calls if call.error]

    def visible(self, channel: str) -> list[Mapping[str, Any]]:
        """Return the messages of a channel in order."""
        found = self.channels[channel].messages
        return [found[ts] for ts in sorted(found)]

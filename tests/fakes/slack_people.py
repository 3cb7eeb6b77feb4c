"""People at work in the pretended Slack: they write, press, command, edit and delete, and Slack tells the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.slack_delivery import Delivery, Emission
from tests.fakes.slack_rich_text import walk
from tests.fakes.slack_world import APP_ID, Channel, Json, Post, World

HISTORY = {"channel": "channels:history", "group": "groups:history", "im": "im:history", "mpim": "mpim:history"}


@dataclass(slots=True)
class Said:
    """A message somebody wrote and what Slack sent the app because of it."""

    channel: str
    ts: str
    emissions: list[Emission]

    async def acked(self) -> Said:
        """Return when the app has acknowledged every event."""
        for emission in self.emissions:
            await emission.acked()
        return self


class People:
    """What one can do in a workspace."""

    def __init__(self, world: World, delivery: Delivery, address: Any) -> None:
        self._world = world
        self._delivery = delivery
        self._address = address

    # --- writing ----------------------------------------------------------------------------------------------------

    async def say(
        self,
        user: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        *,
        mention_first: bool = False,
        subtype: str | None = None,
        **more: Any,
    ) -> Said:
        """Write a message; the app gets a message event (with the history scope) and an app_mention if it is named."""
        place = self._world.channels[channel]
        message = self._message(user, place, text, thread_ts, subtype, more)
        place.messages[message["ts"]] = message
        events = self._events(place, message)
        if mention_first:
            events.reverse()
        emissions = [await self.event(event, place.team) for event in events]
        return Said(channel, message["ts"], emissions)

    async def mention(self, user: str, channel: str, text: str, thread_ts: str | None = None, **more: Any) -> Said:
        """Write a message that names the bot."""
        bot = self._world.bot_of(self._world.channels[channel].team)
        return await self.say(user, channel, f"<@{bot}> {text}", thread_ts, **more)

    async def dm(self, user: str, text: str, thread_ts: str | None = None, **more: Any) -> Said:
        """Write to the bot directly."""
        team = self._world.users.get(user, "T0WARD")
        return await self.say(user, self._world.dm(user, team).id, text, thread_ts, **more)

    async def edit(self, channel: str, ts: str, text: str) -> Emission:
        """Correct a message."""
        place = self._world.channels[channel]
        previous = dict(place.messages[ts])
        message = place.messages[ts]
        message.update(text=text, edited={"user": message["user"], "ts": self._world.ts()})
        hidden = {"hidden": True, "ts": self._world.ts(), "channel": channel, "channel_type": place.type}
        event = {"type": "message", "subtype": "message_changed", "message": message, "previous_message": previous}
        return await self.event({**event, **hidden, "event_ts": hidden["ts"]}, place.team)

    async def delete(self, channel: str, ts: str) -> Emission:
        """Delete a message."""
        place = self._world.channels[channel]
        previous = place.messages.pop(ts)
        place.deleted.add(ts)
        hidden = {"hidden": True, "ts": self._world.ts(), "channel": channel, "channel_type": place.type}
        event = {"type": "message", "subtype": "message_deleted", "deleted_ts": ts, "previous_message": previous}
        return await self.event({**event, **hidden, "event_ts": hidden["ts"]}, place.team)

    async def tombstone(self, channel: str, ts: str) -> Emission:
        """Delete a message that has replies: Slack leaves a tombstone and tells of it as a change."""
        place = self._world.channels[channel]
        previous = place.messages[ts]
        place.deleted.add(ts)
        message: Json = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": True, "ts": ts}
        message |= {"text": "This message was deleted.", "thread_ts": previous.get("thread_ts", ts)}
        place.messages[ts] = message
        hidden = {"hidden": True, "ts": self._world.ts(), "channel": channel, "channel_type": place.type}
        event = {"type": "message", "subtype": "message_changed", "message": message, "previous_message": previous}
        return await self.event({**event, **hidden, "event_ts": hidden["ts"]}, place.team)

    async def open_home(self, user: str, tab: str = "home") -> Emission:
        """Open the app's Home or Messages tab."""
        team = self._world.users[user]
        event = {"type": "app_home_opened", "user": user, "channel": self._world.dm(user, team).id, "tab": tab}
        return await self.event({**event, "event_ts": self._world.ts()}, team)

    async def event(self, event: Json, team: str) -> Emission:
        """Send any event in the envelope of the Events API."""
        return await self._delivery.emit("events_api", self.body(event, team))

    def body(self, event: Json, team: str) -> Json:
        """Return the outer body of an event."""
        install = self._world.install_of(team)
        return {
            "token": "legacy-verification",
            "team_id": team,
            "context_team_id": team,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": self._world.identifier("Ev"),
            "event_time": int(self._world.clock.time()),
            "authorizations": [
                {
                    "enterprise_id": install.enterprise,
                    "team_id": team,
                    "user_id": install.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }

    def _message(
        self, user: str, place: Channel, text: str, thread_ts: str | None, subtype: str | None, more: Mapping[str, Any]
    ) -> Json:
        message: Json = {"type": "message", "user": user, "text": text, "team": place.team, **more}
        message |= {"ts": self._world.ts(), "client_msg_id": self._world.identifier("c")}
        if thread_ts:
            root = place.messages.get(thread_ts, {})
            message |= {"thread_ts": thread_ts, "parent_user_id": root.get("user", "")}
        if subtype:
            message["subtype"] = subtype
        return message

    def _events(self, place: Channel, message: Json) -> list[Json]:
        install = self._world.install_of(place.team)
        if install.bot_user not in place.members:
            return []
        common = {**message, "channel": place.id, "event_ts": message["ts"]}
        found = []
        if HISTORY[place.kind] in install.scopes:
            found.append({**common, "channel_type": place.type})
        if f"<@{install.bot_user}>" in message["text"] and place.kind != "im":
            found.append({**common, "type": "app_mention"})
        return found

    # --- pressing ---------------------------------------------------------------------------------------------------

    async def press(self, user: str, channel: str, ts: str, label: str) -> Emission:
        """Press the button that is labelled so (or carries that value) under a message."""
        message = self._world.channels[channel].messages[ts]
        action = self._action(message["blocks"], label)
        thread = {"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}
        container = {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False, **thread}
        return await self._act(user, channel, action, container, message=message, ts=ts)

    async def press_ephemeral(self, user: str, post: Post, label: str) -> Emission:
        """Press a button under something only this person sees."""
        action = self._action(post.blocks, label)
        thread = {"thread_ts": post.thread_ts} if post.thread_ts else {}
        container = {
            "type": "message",
            "message_ts": post.ts,
            "channel_id": post.channel,
            "is_ephemeral": True,
            **thread,
        }
        return await self._act(user, post.channel, action, container, ts=post.ts)

    async def press_home(self, user: str, label: str) -> Emission:
        """Press a button on the person's App Home."""
        view = self._world.homes[user]
        container = {"type": "view", "view_id": view["id"]}
        return await self._act(user, None, self._action(view["blocks"], label), container, view=view)

    async def forge(self, user: str, channel: str, ts: str, action: Json, message: Json | None = None) -> Emission:
        """Send an action that no button of ours carries, or one of a `message` that is no longer there."""
        container = {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False}
        message = message or self._world.channels[channel].messages.get(ts, {"ts": ts, "type": "message"})
        return await self._act(user, channel, action, container, message=message, ts=ts)

    async def _act(
        self, user: str, channel: str | None, action: Json, container: Json, ts: str | None = None, **more: Any
    ) -> Emission:
        payload = {"type": "block_actions", "container": container, "actions": [action], **self._whom(user), **more}
        if channel is not None:
            payload |= {"channel": {"id": channel, "name": "somewhere"}, "response_url": self._url(channel, user, ts)}
        return await self._delivery.emit("interactive", payload)

    def _action(self, blocks: list[Json], label: str) -> Json:
        for block in walk(blocks):
            for one in block.get("elements", ()) if block.get("type") in {"actions", "context_actions"} else ():
                found = _pressed(one, label)
                if found:
                    block_id = block.get("block_id", "generated")
                    return {**found, "block_id": block_id, "action_ts": self._world.ts()}
        raise LookupError(f"no button {label!r} here")

    # --- commands, shortcuts, modals --------------------------------------------------------------------------------

    async def command(self, user: str, channel: str, text: str, command: str = "/footnote") -> Emission:
        """Type a slash command (not possible inside a thread)."""
        team = self._world.channels[channel].team
        payload = {
            "token": "legacy-verification",
            "team_id": team,
            "team_domain": "ward",
            "channel_id": channel,
            "channel_name": "somewhere",
            "user_id": user,
            "user_name": "someone",
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._url(channel, user, None),
            "trigger_id": self._world.trigger(user, team),
        }
        return await self._delivery.emit("slash_commands", payload)

    async def message_shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> Emission:
        """Choose a shortcut in the menu of a message."""
        message = self._world.channels[channel].messages[ts]
        payload = {
            "type": "message_action",
            "callback_id": callback_id,
            "message_ts": ts,
            "message": message,
            "channel": {"id": channel, "name": "somewhere"},
            "response_url": self._url(channel, user, None),
            "action_ts": self._world.ts(),
            **self._whom(user),
        }
        return await self._delivery.emit("interactive", payload)

    async def global_shortcut(self, user: str, callback_id: str) -> Emission:
        """Choose a shortcut in the lightning menu."""
        payload = {"type": "shortcut", "callback_id": callback_id, "action_ts": self._world.ts(), **self._whom(user)}
        return await self._delivery.emit("interactive", payload)

    async def submit(self, user: str, view: Json, **values: Any) -> Emission:
        """Submit a modal. `values` are given by action id: a text, or the value of the chosen option."""
        state: Json = {}
        for block in view["blocks"]:
            one = block.get("element")
            if one is not None:
                given = values.get(one["action_id"], one.get("initial_value"))
                state.setdefault(block["block_id"], {})[one["action_id"]] = _entered(one, given)
        payload = {"type": "view_submission", "view": {**view, "state": {"values": state}}, "response_urls": []}
        return await self._delivery.emit("interactive", {**payload, **self._whom(user)})

    async def close(self, user: str, view: Json) -> Emission | None:
        """Close a modal without submitting it; Slack only tells an app that asked to be told."""
        if not view.get("notify_on_close"):
            return None
        payload = {"type": "view_closed", "view": view, "is_cleared": False, **self._whom(user)}
        return await self._delivery.emit("interactive", payload)

    def _whom(self, user: str) -> Json:
        team = self._world.users[user]
        return {
            "user": {"id": user, "username": "someone", "name": "someone", "team_id": team},
            "team": {"id": team, "domain": "ward"},
            "api_app_id": APP_ID,
            "token": "legacy-verification",
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self._world.trigger(user, team),
        }

    def _url(self, channel: str, user: str, ts: str | None) -> str:
        team = self._world.users[user]
        return str(self._address()) + self._world.reply_path(channel, user, team, ts)


def _pressed(one: Json, label: str) -> Json | None:
    if one["type"] == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            if label in {one[name]["text"]["text"], one[name]["value"]}:
                kept = {"type": "feedback_buttons", "action_id": one["action_id"]}
                return {**kept, "text": one[name]["text"], "value": one[name]["value"]}
    elif one["type"] == "overflow":
        for option in one["options"]:
            if label in {option["text"]["text"], option["value"]}:
                return {"type": "overflow", "action_id": one["action_id"], "selected_option": option}
    elif label in {one["text"]["text"], one.get("value")}:
        kept = {k: one[k] for k in ("type", "action_id", "value", "style") if k in one}
        return {**kept, "text": {**one["text"], "emoji": True}}
    return None


def _entered(one: Json, given: Any) -> Json:
    if one["type"] == "plain_text_input":
        return {"type": one["type"], "value": given}
    if one["type"] in ("users_select", "conversations_select"):
        kind = one["type"].removesuffix("s_select")
        return {"type": one["type"], f"selected_{kind}": given}
    chosen = next((option for option in one["options"] if option["value"] == given), one.get("initial_option"))
    return {"type": one["type"], "selected_option": chosen}

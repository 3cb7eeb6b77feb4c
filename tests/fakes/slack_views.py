"""The `views.*` methods of the stand-in: modals need a fresh trigger, the Home a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.fakes.slack_blocks import validate_view
from tests.fakes.slack_errors import Refused
from tests.fakes.slack_world import APP_ID, Install, Json, Post, World


class Views:
    """Opens, updates and publishes."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def methods(self) -> dict[str, Callable[[Json, Install], Awaitable[Json]]]:
        """The methods by name."""
        return {
            "views.open": self._open_view,
            "views.push": self._open_view,
            "views.update": self._update_view,
            "views.publish": self._publish_view,
        }

    async def _open_view(self, args: Json, install: Install) -> Json:
        trigger = self._world.triggers.get(str(args.get("trigger_id")))
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._world.clock.time() >= trigger.expires:
            raise Refused("expired_trigger_id")
        view = self._checked(args, "modal", install)
        trigger.used = True
        self._world.modals[view["id"]] = view
        await self._world.record(Post("views.open", "", view["id"], "", view["blocks"], args, None, trigger.user, view))
        return {"view": view}

    async def _update_view(self, args: Json, install: Install) -> Json:
        old = self._world.modals.get(str(args.get("view_id")))
        if old is None:
            raise Refused("not_found")
        view = self._checked(args, "modal", install)
        view["id"] = old["id"]
        self._world.modals[old["id"]] = view
        return {"view": view}

    async def _publish_view(self, args: Json, install: Install) -> Json:
        user = str(args.get("user_id"))
        if user not in self._world.users:
            raise Refused("user_not_found")
        view = self._checked(args, "home", install)
        self._world.homes[user] = view
        await self._world.record(Post("views.publish", "", view["id"], "", view["blocks"], args, None, user, view))
        return {"view": view}

    def _checked(self, args: Json, kind: str, install: Install) -> Json:
        view = args.get("view") or {}
        faults = validate_view(view)
        if view.get("type") != kind:
            faults.append(f"must be a {kind} view [json-pointer:/view/type]")
        if faults:
            raise Refused("invalid_arguments", response_metadata={"messages": faults})
        ids = {"id": self._world.identifier("V"), "team_id": install.team, "bot_id": install.bot_id}
        return {**view, **ids, "app_id": APP_ID, "hash": self._world.ts(), "app_installed_team_id": install.team}

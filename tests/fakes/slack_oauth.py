"""`oauth.v2.access` of the stand-in: codes for tokens, refresh tokens for new ones."""

from __future__ import annotations

import base64

from aiohttp import web

from tests.fakes.slack_errors import Refused
from tests.fakes.slack_world import APP_ID, Json, World


class OAuth:
    """Exchanges what Slack's consent page hands out."""

    def __init__(self, world: World) -> None:
        self._world = world

    def access(self, args: Json, request: web.Request) -> Json:
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        pair = base64.b64decode(given).decode() if given else f"{args.get('client_id')}:{args.get('client_secret')}"
        if pair != f"{self._world.client_id}:{self._world.client_secret}":
            raise Refused("bad_client_secret")
        if args.get("grant_type") == "refresh_token":
            return self._rotated(str(args.get("refresh_token")))
        team = self._world.codes.pop(str(args.get("code")), None)
        if team is None:
            raise Refused("invalid_code")
        return self._installed(team, self._world.install(team))

    def _rotated(self, refresh: str) -> Json:
        team = refresh.removeprefix("xoxe-1-").split("-", 1)[0]
        if not any(one.team == team for one in self._world.installs.values()):
            raise Refused("invalid_refresh_token")
        old = next(token for token, one in self._world.installs.items() if one.team == team)
        new = f"xoxe.{old.removeprefix('xoxe.')}-{self._world.identifier('r')}"
        self._world.installs[new] = self._world.installs.pop(old)
        return self._installed(team, new)

    def _installed(self, team: str, token: str) -> Json:
        install = self._world.installs[token]
        return {
            "ok": True,
            "app_id": APP_ID,
            "authed_user": {"id": "U0ADMIN"},
            "scope": ",".join(sorted(install.scopes)),
            "token_type": "bot",
            "access_token": token,
            "refresh_token": f"xoxe-1-{team}-{self._world.identifier('f')}",
            "expires_in": 43_200,
            "bot_user_id": install.bot_user,
            "team": {"id": team, "name": team.lower()},
            "enterprise": None,
            "is_enterprise_install": False,
        }

"""The doctor's findings against a Slack that is set up well, badly, and not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.base import CheckResult
from bot.channels.slack.app import Credentials
from bot.channels.slack.client import TOKEN_WORDS
from bot.channels.slack.manifest import SCOPES, doctor
from bot.dialog.engine import Engine
from tests.channels.slack.slack_app import running_app
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_faults import Fault


def credentials(fake: FakeSlack, **other: str) -> Credentials:
    given = {
        "mode": "socket",
        "bot_token": fake.bot_token,
        "app_token": fake.world.app_token,
        "signing_secret": fake.world.signing_secret,
        **other,
    }
    return Credentials(base_url=fake.api, **given)  # type: ignore[arg-type]


def wrong(lines: list[CheckResult]) -> list[str]:
    return [line.what for line in lines if not line.ok]


async def test_a_good_set_up_has_nothing_to_mend(fake: FakeSlack) -> None:
    lines = await doctor(credentials(fake))
    assert wrong(lines) == []
    assert len(lines) == 5
    assert all(line.ok and not line.fix for line in lines)


async def test_missing_scopes_are_named_with_the_page_to_add_them_on(fake: FakeSlack) -> None:
    fake.world.install_of("T0WARD").scopes -= {"commands", "assistant:write", "groups:history"}
    lines = await doctor(credentials(fake))
    scopes, optional, agent = lines[1:4]
    assert "missing assistant:write, commands" in scopes.what
    assert f"{len(SCOPES) - 2} of {len(SCOPES)}" in scopes.what
    assert "OAuth & Permissions" in scopes.fix
    assert optional.ok
    assert "groups:history" in optional.what
    assert not agent.ok


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"bot_token": "xoxb-wrong"}, "SLACK_BOT_TOKEN: Slack says invalid_auth"),
        ({"app_token": "xoxb-wrong"}, "SLACK_APP_TOKEN: does not start with xapp-"),
        ({"app_token": "xapp-wrong"}, "SLACK_APP_TOKEN: Slack says invalid_auth"),
        ({"mode": "http", "signing_secret": ""}, "SLACK_SIGNING_SECRET: missing"),
    ],
)
async def test_a_wrong_credential_is_named_and_never_shown(fake: FakeSlack, other: dict[str, str], said: str) -> None:
    lines = await doctor(credentials(fake, **other))
    assert wrong(lines) == [said]
    assert not any("wrong" in line.what for line in lines)


@pytest.mark.parametrize("error", sorted(TOKEN_WORDS))
async def test_a_refused_or_revoked_token_is_told_with_the_page_to_copy_it_from(fake: FakeSlack, error: str) -> None:
    fake.faults.add(Fault("error", "auth.test", name=error))
    first = (await doctor(credentials(fake)))[0]
    assert (first.ok, first.what) == (False, f"SLACK_BOT_TOKEN: Slack says {error}")
    assert "OAuth & Permissions" in first.fix


async def test_a_slack_that_cannot_be_reached_is_not_called_a_wrong_token(fake: FakeSlack) -> None:
    away = Credentials(base_url="http://127.0.0.1:9/api/", bot_token="xoxb-1", app_token="xapp-1")
    lines = await doctor(away)
    assert "reachable" in lines[0].fix


async def test_the_public_address_must_refuse_what_is_not_signed(
    fake: FakeSlack, engine: Engine, tmp_path: Path
) -> None:
    async with running_app(fake, engine, "http", tmp_path) as slack_app:
        assert wrong(await doctor(credentials(fake, mode="http"), slack_app.url)) == []
        assert len(wrong(await doctor(credentials(fake, mode="http"), slack_app.url + "/elsewhere"))) == 1
    assert len(wrong(await doctor(credentials(fake, mode="http"), "http://127.0.0.1:9"))) == 1


async def test_without_a_static_token_it_points_to_the_installation(fake: FakeSlack) -> None:
    lines = await doctor(credentials(fake, bot_token=""))
    assert "/slack/install" in lines[0].what

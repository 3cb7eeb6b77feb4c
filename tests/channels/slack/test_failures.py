"""What goes wrong at Slack: refusals, limits, outages, lost answers; nothing accepted is lost, nothing said twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.dialog.engine import Engine
from bot.store.base import StoreUnavailable
from tests.channels.slack.slack_app import ADA, CHANNEL, Mode, SlackApp, house, words_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_faults import Fault

ALA = "what is alpha lipoic acid"


def posted(slack_app: SlackApp) -> list[str]:
    """The threads that got a message, in order."""
    return [post.thread_ts or "" for post in slack_app.world.posts if post.method == "chat.postMessage"]


async def test_a_short_rate_limit_is_waited_out(slack_app: SlackApp) -> None:
    slack_app.fake.faults.add(Fault("ratelimited", "chat.postMessage", retry_after=0))
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    assert (await slack_app.answer()).thread_ts == said.ts
    await slack_app.unaddressed()


async def test_a_server_error_is_tried_again(slack_app: SlackApp) -> None:
    slack_app.fake.faults.add(Fault("server_error", "chat.postMessage"))
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    assert (await slack_app.answer()).thread_ts == said.ts
    await slack_app.unaddressed()


async def test_a_post_whose_answer_was_lost_is_found_and_not_said_twice(slack_app: SlackApp) -> None:
    slack_app.fake.faults.add(Fault("drop_after", "chat.postMessage"))
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    await slack_app.unaddressed()
    assert posted(slack_app) == [said.ts]


async def test_a_post_that_never_arrived_is_said_once(slack_app: SlackApp) -> None:
    slack_app.fake.faults.add(Fault("drop", "chat.postMessage"))
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    await slack_app.unaddressed()
    assert posted(slack_app) == [said.ts]


@pytest.mark.parametrize("error", ["not_in_channel", "is_archived", "channel_not_found", "restricted_action"])
async def test_what_cannot_be_said_in_the_channel_is_said_to_the_asker(slack_app: SlackApp, error: str) -> None:
    slack_app.fake.faults.add(Fault("error", "chat.postMessage", name=error))
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    note, answer = await slack_app.answers(2)
    assert {note.channel, answer.channel} == {"D0ADA"}
    assert words_of(note) == slack_app.say("slack-not-here")
    assert slack_app.title("ala") in words_of(answer)
    await slack_app.unaddressed()


@pytest.mark.parametrize("error", ["account_inactive", "token_revoked", "user_not_found"])
async def test_when_nobody_is_there_any_more_nothing_is_tried_again(slack_app: SlackApp, error: str) -> None:
    fault = slack_app.fake.faults.add(Fault("error", "chat.postMessage", name=error))
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    await asyncio.wait_for(fault.introduced.wait(), 5)
    await slack_app.unaddressed()


async def test_a_missing_scope_sends_the_answer_elsewhere(slack_app: SlackApp) -> None:
    slack_app.fake.faults.add(Fault("error", "chat.postMessage", name="missing_scope"))
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    assert [post.channel for post in await slack_app.answers(2)] == ["D0ADA", "D0ADA"]


async def test_a_slack_that_takes_no_rich_text_in_containers_gets_the_same_words_unfolded(slack_app: SlackApp) -> None:
    slack_app.fake.web.messages.foldable = {"section", "image", "header", "context"}
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    post = await slack_app.answer()
    assert slack_app.title("ala") in words_of(post)
    assert slack_app.say("sources-heading") in words_of(post)
    assert not any(block["type"] == "container" for block in post.blocks)


async def test_a_slack_that_refuses_every_block_gets_text(slack_app: SlackApp) -> None:
    slack_app.fake.faults.add(Fault("error", "chat.postMessage", times=2, name="invalid_blocks"))
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    post = await slack_app.answer()
    assert post.blocks == []
    assert slack_app.title("ala") in post.text


async def test_a_deleted_thread_is_left_alone(slack_app: SlackApp) -> None:
    pending = slack_app.fake.faults.add(Fault("hold", "chat.postMessage"))
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await asyncio.wait_for(pending.introduced.wait(), 5)
    slack_app.world.channels[CHANNEL].messages.pop(said.ts)
    slack_app.world.channels[CHANNEL].deleted.add(said.ts)
    pending.release.set()
    await slack_app.unaddressed()


async def test_an_expired_trigger_loses_the_modal_and_nothing_else(slack_app: SlackApp) -> None:
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    post = await slack_app.answer()
    for kind in ("expired_trigger_id", "exchanged_trigger_id"):
        fault = slack_app.fake.faults.add(Fault("error", "views.open", name=kind))
        await slack_app.fake.clock.advance(2)  # type: ignore[attr-defined]
        await (await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.say("unhelpful"))).acked()
        await asyncio.wait_for(fault.introduced.wait(), 5)
        assert words_of(await slack_app.answer()) == slack_app.say("vote-counted")
    assert slack_app.world.modals == {}


async def test_failing_courtesies_do_not_hold_up_an_answer(slack_app: SlackApp) -> None:
    slack_app.fake.faults.add(Fault("hold", "agents.sessions.setStatus"))
    slack_app.fake.faults.add(Fault("server_error", "assistant.threads.*"))
    await (await slack_app.people.open_home(ADA, tab="messages")).acked()
    said = await slack_app.people.dm(ADA, ALA)
    assert (await slack_app.answer()).thread_ts == said.ts


async def test_an_event_is_acknowledged_only_when_it_is_written_down(
    slack_app: SlackApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = slack_app.inbox.accept
    refusals = iter([StoreUnavailable("the disk is full")])

    async def failing(envelope: object) -> bool:
        for refusal in refusals:
            raise refusal
        return await accept(envelope)  # type: ignore[arg-type]

    monkeypatch.setattr(slack_app.inbox, "accept", failing)
    slack_app.world.install_of("T0WARD").scopes.discard("channels:history")
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    (emission,) = said.emissions
    if slack_app.fake.delivery.mode == "http":
        await emission.refused()
        assert emission.status == 500
    await slack_app.fake.clock.advance(3)  # type: ignore[attr-defined]
    await emission.acked()
    assert emission.attempts == 2
    assert (await slack_app.answer()).thread_ts == said.ts


async def test_a_command_that_cannot_be_taken_is_answered_with_a_kind_word(
    slack_app: SlackApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(_event: object) -> bool:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(slack_app.inbox, "accept", failing)
    emission = await (await slack_app.people.command(ADA, CHANNEL, ALA)).acked()
    said = emission.answer["text"] if isinstance(emission.answer, dict) else emission.answer
    assert said == slack_app.say("slack-try-again")


async def test_unknown_events_actions_views_and_shortcuts_are_acknowledged(slack_app: SlackApp) -> None:
    unknown = [
        await slack_app.people.event({"type": "never_heard_of", "event_ts": "1.1"}, "T0WARD"),
        await slack_app.people.event({"type": "reaction_added", "user": ADA, "item": {}, "event_ts": "1.2"}, "T0WARD"),
        await slack_app.people.command(ADA, CHANNEL, ALA, command="/somebody-elses"),
        await slack_app.people.global_shortcut(ADA, "never_heard_of"),
    ]
    view = {"id": "V1", "type": "modal", "callback_id": "never", "blocks": [], "team_id": "T0WARD"}
    unknown.append(await slack_app.people.submit(ADA, view))
    closed = await slack_app.people.close(ADA, {**view, "notify_on_close": True})
    assert closed is not None
    for emission in [*unknown, closed]:
        await emission.acked()
        assert emission.attempts == 1


async def test_an_event_of_the_wrong_shape_is_set_aside_and_the_next_is_answered(slack_app: SlackApp) -> None:
    broken = await slack_app.people.event({"type": "message", "channel": CHANNEL, "user": ADA, "text": 5}, "T0WARD")
    await broken.acked()
    assert len(slack_app.quarantined) == 1
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()


@pytest.mark.parametrize(
    "words", ["", "\x00", "a" * 10_000, "‮ مرحبا ‬", "🧠" * 500, "<script>&amp;<!here>", "*_~`" * 100, "\n\t \r"]
)
async def test_whatever_is_written_is_answered(slack_app: SlackApp, words: str) -> None:
    await slack_app.people.dm(ADA, words)
    await slack_app.answer()


async def test_a_slack_that_is_away_at_the_start_stops_nobody(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path
) -> None:
    fake.faults.add(Fault("server_error", "auth.test"))
    fake.faults.add(Fault("server_error", "apps.connections.open"))
    async with house(fake, engine, mode, tmp_path, ping=0.1, connected=False) as slack_app:
        assert slack_app.slack.health()["up"] is False
        await slack_app.up()
        await slack_app.people.mention(ADA, CHANNEL, ALA)
        await slack_app.answer()


async def test_a_wrong_token_is_unwell_and_says_nothing_in_the_log(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {"bot_token": "xoxb-wrong-token", "app_token": "xapp-wrong-token"}
    async with house(fake, engine, mode, tmp_path, credentials=wrong, ping=0.1, connected=False) as slack_app:
        await fake.world.until(lambda: any(call.error == "invalid_auth" for call in fake.world.calls))
        assert slack_app.slack.health()["up"] is False
    assert "wrong-token" not in caplog.text

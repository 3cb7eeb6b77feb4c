"""What goes wrong at Slack: refusals, limits, outages, lost answers; nothing accepted is lost, nothing said twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.models.blocks import Block, BlockElement

from bot.channels.slack.client import (
    NO_QUESTION,
    NOBODY,
    NOT_DRAWN,
    NOT_HERE,
    NOT_MARKED,
    NOT_THIS_MESSAGE,
    PASSING,
    RATE_LIMITED,
    TOKEN_WORDS,
    TOO_LONG,
)
from bot.channels.slack.render import RenderOptions, SlackRenderer
from bot.channels.slack.views import ABOUT_MESSAGE, ASK_ANYWHERE
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, State
from bot.store.base import StoreUnavailable
from tests.channels.slack.slack_app import ADA, BEN, CHANNEL, Mode, SlackApp, running_app, until, words_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_faults import Fault
from tests.fakes.slack_world import APP_ID

ALA = "what is alpha lipoic acid"


def kinds(*classes: type) -> Iterator[type]:
    """Yield every class below these: the SDK's own list of what it has a model for."""
    for one in classes:
        yield one
        yield from kinds(*one.__subclasses__())


def other(register: Register) -> Register:
    """The other register."""
    return Register.LAYPERSON if register is Register.PROFESSIONAL else Register.PROFESSIONAL


async def _set_aside(slack_app: SlackApp, count: int) -> None:
    """Return once so many turns were set aside."""
    async with asyncio.timeout(10):
        while len(await slack_app.store.pending("quarantined")) < count:
            pass


def posted(slack_app: SlackApp) -> list[str]:
    """The threads that got a message, in order."""
    return [post.thread_ts or "" for post in slack_app.world.posts if post.method == "chat.postMessage"]


async def test_a_short_rate_limit_is_waited_out(slack_app: SlackApp) -> None:
    slack_app.fake.faults.add(Fault("ratelimited", "chat.postMessage", retry_after=0))
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    assert (await slack_app.answer()).thread_ts == said.ts
    await slack_app.unaddressed()


async def test_a_server_error_is_tried_again(slack_app: SlackApp, quickly: None) -> None:
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


async def test_a_post_that_never_arrived_is_said_once(slack_app: SlackApp, quickly: None) -> None:
    slack_app.fake.faults.add(Fault("drop", "chat.postMessage"))
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    await slack_app.unaddressed()
    assert posted(slack_app) == [said.ts]


async def test_what_cannot_be_said_in_the_channel_is_said_to_the_asker_in_one_message(slack_app: SlackApp) -> None:
    for error in sorted(NOT_HERE):
        slack_app.fake.faults.add(Fault("error", "chat.postMessage", name=error))
        await slack_app.people.mention(ADA, CHANNEL, ALA)
        answer = await slack_app.answer()
        assert answer.channel == "D0ADA", error
        assert words_of(answer).startswith(slack_app.text("slack-not-here")), error
        assert slack_app.title("ala") in words_of(answer), error
        await slack_app.unaddressed()


@pytest.mark.parametrize("error", sorted(NOBODY | NO_QUESTION))
async def test_when_nobody_is_there_any_more_nothing_is_tried_again(slack_app: SlackApp, error: str) -> None:
    fault = slack_app.fake.faults.add(Fault("error", "chat.postMessage", name=error))
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    await asyncio.wait_for(fault.introduced.wait(), 5)
    await slack_app.unaddressed()


UNLISTED = sorted(
    {"as_user_not_supported", "no_text", "two_factor_setup_required", "an_error_of_tomorrow", "éàü", "x" * 500, ""}
)


async def test_a_passing_or_unknown_refusal_loses_no_question(slack_app: SlackApp, quickly: None) -> None:
    for error in [*sorted(PASSING | RATE_LIMITED | NOT_DRAWN | NOT_MARKED | TOO_LONG), *UNLISTED]:
        slack_app.fake.faults.add(Fault("error", "chat.postMessage", name=error))
        said = await slack_app.people.mention(ADA, CHANNEL, ALA)
        assert (await slack_app.answer()).thread_ts == said.ts, error
        await slack_app.idle()
    await slack_app.unaddressed()


async def test_an_unknown_refusal_that_stays_is_set_aside_counted_and_named_once(
    slack_app: SlackApp, quickly: None, caplog: pytest.LogCaptureFixture
) -> None:
    for count in (1, 2):
        slack_app.fake.faults.add(Fault("error", "chat.postMessage", times=5, name="an_error_of_tomorrow"))
        await slack_app.people.mention(ADA, CHANNEL, ALA)
        await _set_aside(slack_app, count)
    held = await slack_app.store.pending("quarantined")
    assert [one.reason for one in held] == ["refused: an_error_of_tomorrow"] * 2
    assert slack_app.unexpected["error"] == 10
    assert sum("an_error_of_tomorrow" in line and "unexpected" in line for line in caplog.messages) == 1


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/json"])
async def test_a_page_that_is_not_slacks_loses_and_doubles_nothing(
    slack_app: SlackApp, quickly: None, content_type: str
) -> None:
    for body, carried_out in (("<html>Maintenance</html>", False), ("<html>Gateway</html>", True), ("[]", False)):
        page = Fault("page", "chat.postMessage", name=content_type, body=body, carried_out=carried_out)
        slack_app.fake.faults.add(page)
        said = await slack_app.people.mention(ADA, CHANNEL, ALA)
        assert (await slack_app.answer()).thread_ts == said.ts
        await slack_app.unaddressed()
        slack_app.fake.faults.add(Fault("page", "chat.update", name=content_type, body=body))
        await slack_app.people.edit(CHANNEL, said.ts, f"<@{slack_app.world.bot_of()}> what dose of alpha lipoic acid?")
        assert (await slack_app.answer()).method == "chat.update"
        await slack_app.unaddressed()


async def test_a_change_that_is_refused_is_handled_as_a_new_answer_is(slack_app: SlackApp, quickly: None) -> None:
    for error in [*sorted(NOT_HERE | NOT_THIS_MESSAGE | NOT_DRAWN | TOO_LONG | PASSING), *UNLISTED]:
        await slack_app.people.mention(ADA, CHANNEL, ALA)
        post = await slack_app.answer()
        await slack_app.idle()
        slack_app.fake.faults.add(Fault("error", "chat.update", name=error))
        register = slack_app.register(ADA)
        await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.text(f"to-{other(register)}", register))
        changed = await slack_app.answer()
        assert slack_app.title("ala", other(register)) in words_of(changed), error
        assert (changed.channel == "D0ADA") is (error in NOT_HERE), error
        slack_app.registers[ADA] = other(register)
        await slack_app.idle()
    await slack_app.unaddressed()


@pytest.mark.parametrize("error", sorted(TOKEN_WORDS))
async def test_a_static_token_that_is_refused_waits_for_the_operator(
    slack_app: SlackApp, quickly: None, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    fault = slack_app.fake.faults.add(Fault("error", "*", times=40, name=error))
    await slack_app.people.mention(ADA, CHANNEL, "does vitamin k2 help neuropathy", said.ts)
    await asyncio.wait_for(fault.introduced.wait(), 5)
    await until(lambda: not slack_app.slack.health()["up"])
    assert slack_app.slack.health()["token"] == error
    slack_app.fake.faults.clear()
    assert slack_app.title("k2") in words_of(await slack_app.answer())
    await slack_app.up()
    await slack_app.people.say(ADA, CHANNEL, "which trials?", said.ts)  # the thread is still known
    await slack_app.answer()
    assert sum("slack_token_refused" in line for line in caplog.messages) == 1


async def test_a_removed_app_is_told_by_slack_itself(slack_app: SlackApp) -> None:
    revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0BOT1"]}, "event_ts": "1.1"}
    await (await slack_app.people.event(revoked, "T0WARD")).acked()
    await until(lambda: not slack_app.slack.health()["up"])
    assert slack_app.slack.health()["token"] == "tokens_revoked"


async def test_a_text_too_long_goes_out_in_parts_without_losing_a_word(
    slack_app: SlackApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.slack.render.MAX_PART", 1_000)
    slack_app.fake.web.messages.maximum = 1_100
    slack_app.fake.faults.add(Fault("error", "chat.postMessage", times=2, name="invalid_blocks"))
    await slack_app.people.mention(ADA, CHANNEL, "which sources do you use?")
    await slack_app.world.until(lambda: len(slack_app.world.posts) >= 2)
    await slack_app.idle()
    posts = await slack_app.answers(len(slack_app.world.posts))
    assert all(len(post.text) <= 1_000 and not post.blocks for post in posts)
    reply, _ = slack_app.engine.respond(State(), Incoming(Kind.COMMAND, "references", "slack"))
    (whole,) = SlackRenderer(slack_app.engine.text).parts(reply, RenderOptions())
    assert "".join(post.text for post in posts) == whole.brief


async def test_a_slack_that_takes_no_rich_text_in_containers_gets_the_same_words_unfolded(slack_app: SlackApp) -> None:
    slack_app.fake.web.messages.foldable = {"section", "image", "header", "context"}
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    post = await slack_app.answer()
    assert slack_app.title("ala") in words_of(post)
    assert slack_app.text("sources-heading") in words_of(post)
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


async def test_an_expired_trigger_loses_a_votes_reason_and_nothing_else(slack_app: SlackApp) -> None:
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    post = await slack_app.answer()
    for kind, toast in (("expired_trigger_id", "vote-down"), ("exchanged_trigger_id", "vote-same")):
        await slack_app.idle()
        fault = slack_app.fake.faults.add(Fault("error", "views.open", name=kind))
        await slack_app.fake.clock.advance(2)  # type: ignore[attr-defined]
        await (await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.text("unhelpful"))).acked()
        if toast == "vote-down":
            await asyncio.wait_for(fault.introduced.wait(), 5)
        assert words_of(await slack_app.answer()) == slack_app.text(toast)
    assert slack_app.world.modals == {}


async def test_who_pressed_a_shortcut_too_late_is_told(slack_app: SlackApp) -> None:
    said = await slack_app.people.say(BEN, CHANNEL, ALA)
    for shortcut in (ASK_ANYWHERE, ABOUT_MESSAGE):
        slack_app.fake.faults.add(Fault("error", "views.open", name="expired_trigger_id"))
        if shortcut == ASK_ANYWHERE:
            await slack_app.people.global_shortcut(ADA, shortcut)
        else:
            await slack_app.people.message_shortcut(ADA, CHANNEL, said.ts, shortcut)
        told = await slack_app.answer()
        assert (told.channel, told.text) == ("D0ADA", slack_app.text("slack-try-again"))


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
    assert said == slack_app.text("slack-try-again")


SDK_TYPES = sorted(
    {str(vars(one)["type"]) for one in kinds(Block, BlockElement) if isinstance(vars(one).get("type"), str)}
)
UNKNOWN = ["never_heard_of", "", "é" * 300, "message.tomorrow", "__class__"]


async def test_unknown_events_actions_views_and_shortcuts_are_acknowledged_counted_and_named_once(
    slack_app: SlackApp, caplog: pytest.LogCaptureFixture
) -> None:
    sent = []
    for index, name in enumerate([*UNKNOWN, "reaction_added", *UNKNOWN]):
        event = {"type": name, "user": ADA, "channel": CHANNEL, "item": {}, "event_ts": f"{index}.1"}
        sent.append(await slack_app.people.event(event, "T0WARD"))
    sent.append(await slack_app.people.command(ADA, CHANNEL, ALA, command="/somebody-elses"))
    sent.append(await slack_app.people.global_shortcut(ADA, "never_heard_of"))
    view = {"id": "V1", "type": "modal", "callback_id": "never", "blocks": [], "team_id": "T0WARD"}
    sent.append(await slack_app.people.submit(ADA, view))
    closed = await slack_app.people.close(ADA, {**view, "notify_on_close": True})
    assert closed is not None
    for emission in [*sent, closed]:
        await emission.acked()
        assert emission.attempts == 1
    assert slack_app.unexpected["event"] == 2 * len(UNKNOWN) + 1
    assert sum("never_heard_of" in line and "'unexpected'" in line for line in caplog.messages) == 1


@pytest.mark.parametrize("subtype", ["never_heard_of", "huddle_thread", "é", "tombstone"])
async def test_messages_of_unknown_kinds_are_survived(slack_app: SlackApp, subtype: str) -> None:
    bot = slack_app.world.bot_of()
    await (await slack_app.people.say(ADA, CHANNEL, f"<@{bot}> {ALA}", subtype=subtype)).acked()
    await slack_app.idle()


async def test_fields_that_are_newer_than_this_program_change_nothing(
    slack_app: SlackApp, caplog: pytest.LogCaptureFixture
) -> None:
    odd: list[Any] = [None, 7, "words", ["words"], {"text": "words", "subtype": "bot_message"}, True]
    bot = slack_app.world.bot_of()
    for value in odd:
        newer = {"field_of_2027": value, "é": value, "hologram": {"field_of_2027": value}}
        said = await slack_app.people.say(ADA, CHANNEL, f"<@{bot}> {ALA}", **newer)
        answer = await slack_app.answer()
        assert (answer.thread_ts, slack_app.title("ala") in words_of(answer)) == (said.ts, True), value
        await slack_app.idle()
    assert slack_app.unexpected["field"] >= 3 * len(odd)
    assert sum("field_of_2027" in line and "'unexpected'" in line for line in caplog.messages) == 1


async def test_blocks_and_elements_of_every_kind_are_survived(slack_app: SlackApp) -> None:
    """Every type the SDK has a model for, and some it has not, around a mention that stands in the blocks alone."""
    bot = {"type": "user", "user_id": slack_app.world.bot_of()}
    asked = {"type": "rich_text_section", "elements": [bot, {"type": "text", "text": f" {ALA}"}]}
    for kind in [*SDK_TYPES, *UNKNOWN]:
        odd: dict[str, Any] = {
            "type": kind,
            "elements": [{"type": kind}, None, 5, "x"],
            "text": None,
            "rows": [[]],
            "tomorrow": {},
        }
        blocks: list[Any] = [
            odd,
            {"type": "rich_text", "elements": [odd, asked]},
            *([None, [], 7] if kind == "" else []),
        ]
        said = await slack_app.people.say(ADA, CHANNEL, "", blocks=blocks)
        answer = await slack_app.answer()
        assert (answer.thread_ts, slack_app.title("ala") in words_of(answer)) == (said.ts, True), kind
        await slack_app.idle()
    assert slack_app.unexpected["block"] >= len(UNKNOWN)


async def test_events_that_slack_withholds_are_told_to_the_operator(
    slack_app: SlackApp, caplog: pytest.LogCaptureFixture
) -> None:
    if slack_app.fake.delivery.mode == "socket":
        return
    for body in (
        {"type": "app_rate_limited", "team_id": "T0WARD", "minute_rate_limited": 1_518_467_820, "api_app_id": APP_ID},
        {"type": "an_outer_type_of_tomorrow", "team_id": "T0WARD", "api_app_id": APP_ID},
        {"team_id": "T0WARD"},
    ):
        emission = await slack_app.fake.delivery.emit("events_api", body)
        await emission.acked()
        assert (emission.status, emission.attempts) == (200, 1)
    assert slack_app.unexpected["request"] == 3
    assert sum("slack_withholds_events" in line for line in caplog.messages) == 1


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
    async with running_app(fake, engine, mode, tmp_path, ping=0.1, connected=False) as slack_app:
        assert slack_app.slack.health()["up"] is False
        await slack_app.up()
        await slack_app.people.mention(ADA, CHANNEL, ALA)
        await slack_app.answer()


async def test_a_wrong_token_is_unwell_and_says_nothing_in_the_log(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {"bot_token": "xoxb-wrong-token", "app_token": "xapp-wrong-token"}
    async with running_app(fake, engine, mode, tmp_path, credentials=wrong, ping=0.1, connected=False) as slack_app:
        await fake.world.until(lambda: any(call.error == "invalid_auth" for call in fake.world.calls))
        assert slack_app.slack.health()["up"] is False
    assert "wrong-token" not in caplog.text

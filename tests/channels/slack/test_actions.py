"""Buttons: follow-ups, the register, feedback, old and forged ones; in Socket Mode and over HTTP."""

from __future__ import annotations

from pathlib import Path

from bot.channels.registry import default_register
from bot.content.library import Library
from bot.dialog.engine import Engine
from bot.dialog.payloads import REASONS
from bot.dialog.turn import Match, Outcome, Register
from tests.channels.slack.slack_app import ADA, BEN, CHANNEL, Mode, SlackApp, labels_of, running_app, words_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_world import Post

ALA = "what is alpha lipoic acid"


async def asked(slack_app: SlackApp, words: str = ALA) -> Post:
    await slack_app.people.mention(ADA, CHANNEL, words)
    post = await slack_app.answer()
    await slack_app.idle()
    return post


async def test_the_main_path_by_buttons_in_one_thread(slack_app: SlackApp) -> None:
    post = await asked(slack_app, "overview of alpha lipoic acid and vitamin k2 for neuropathy")
    for node in ("ala", "ala-evidence", "ala-safety", "ala-interactions"):
        assert slack_app.label(node) in labels_of(post)
        await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.label(node))
        following = await slack_app.answer()
        assert slack_app.title(node) in words_of(following)
        assert following.thread_ts == post.thread_ts
        post = following


async def test_the_main_path_goes_on_after_a_restart(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path
) -> None:
    async with running_app(fake, engine, mode, tmp_path) as slack_app:
        post = await asked(slack_app)
        await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.text("to-layperson"))
        await slack_app.answer()
    async with running_app(fake, engine, mode, tmp_path) as slack_app:
        await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.label("ala-dose", Register.LAYPERSON))
        assert slack_app.title("ala-dose", Register.LAYPERSON) in words_of(await slack_app.answer())
        await slack_app.people.mention(ADA, CHANNEL, "and the side effects?", post.thread_ts)
        assert slack_app.title("ala-safety", Register.LAYPERSON) in words_of(await slack_app.answer())


async def test_the_register_switches_in_place_for_its_asker(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.text("to-layperson"))
    switched = await slack_app.answer()
    assert (switched.method, switched.ts) == ("chat.update", post.ts)
    assert slack_app.title("ala", Register.LAYPERSON) in words_of(switched)
    await slack_app.idle()
    await slack_app.people.mention(ADA, CHANNEL, "does vitamin k2 help neuropathy")
    assert slack_app.title("k2", Register.LAYPERSON) in words_of(await slack_app.answer())


async def test_another_reader_gets_a_register_of_their_own_and_changes_nobody_elses(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    await slack_app.people.press(BEN, CHANNEL, post.ts, slack_app.text("to-layperson"))
    own = await slack_app.answer()
    assert (own.method, own.user, own.thread_ts) == ("chat.postEphemeral", BEN, post.thread_ts)
    assert slack_app.title("ala", Register.LAYPERSON) in words_of(own)
    await slack_app.idle()
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    assert slack_app.title("ala") in words_of(await slack_app.answer())
    await slack_app.people.mention(BEN, CHANNEL, ALA)
    assert slack_app.title("ala", Register.LAYPERSON) in words_of(await slack_app.answer())


async def test_thumbs_up_is_thanked_for_in_private(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.text("helpful"))
    thanks = await slack_app.answer()
    assert (thanks.method, thanks.user) == ("chat.postEphemeral", ADA)
    assert words_of(thanks) == slack_app.text("vote-counted")
    await slack_app.unaddressed()
    assert slack_app.world.modals == {}


async def test_thumbs_down_asks_why_in_a_modal_and_counts_the_reason(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.text("unhelpful"))
    shown = {one.method for one in await slack_app.answers(2)}
    assert shown == {"chat.postEphemeral", "views.open"}
    (view,) = slack_app.world.modals.values()
    emission = await slack_app.people.submit(ADA, view, reason=REASONS[0])
    assert (await emission.acked()).answer in (None, {})
    await slack_app.unaddressed()
    votes = await slack_app.store.votes()
    assert votes == {("ala", "down"): 1, ("ala", REASONS[0]): 1}


class Unsure:
    """A matcher that always wavers between two answers."""

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return Match(Outcome.CHOICES, "not-covered", ("ala", "k2"))


async def test_did_you_mean_is_answered_in_place(fake: FakeSlack, library: Library, mode: Mode, tmp_path: Path) -> None:
    async with running_app(
        fake, Engine(library, Unsure(), default_register=default_register), mode, tmp_path
    ) as slack_app:
        post = await asked(slack_app)
        assert labels_of(post)[:2] == [slack_app.label("ala"), slack_app.label("k2")]
        await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.label("k2"))
        chosen = await slack_app.answer()
        assert (chosen.method, chosen.ts) == ("chat.update", post.ts)
        assert slack_app.title("k2") in words_of(chosen)


async def test_a_double_click_answers_once(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    message = slack_app.world.channels[CHANNEL].messages[post.ts]
    action = slack_app.people._action(message["blocks"], slack_app.label("ala-dose"))
    for _ in range(2):
        await (await slack_app.people.forge(ADA, CHANNEL, post.ts, {**action, "action_ts": "1700000000.1"})).acked()
    await slack_app.answer()
    await slack_app.unaddressed()


async def test_forged_and_unknown_buttons(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    forged = {"type": "button", "action_id": "tap:0:0", "value": "v1:no-such-node", "action_ts": "1.1", "block_id": "b"}
    await slack_app.people.forge(ADA, CHANNEL, post.ts, forged)
    assert slack_app.text("old-button") in words_of(await slack_app.answer())
    garbage = {**forged, "value": "<!channel>\x00" * 50, "action_ts": "2.1"}
    await slack_app.people.forge(ADA, CHANNEL, post.ts, garbage)
    assert slack_app.text("old-button") in words_of(await slack_app.answer())
    foreign = {**forged, "action_id": "somebody-elses", "action_ts": "3.1"}
    await (await slack_app.people.forge(ADA, CHANNEL, post.ts, foreign)).acked()
    await slack_app.unaddressed()


async def test_a_tap_on_a_message_deleted_meanwhile(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    message = slack_app.world.channels[CHANNEL].messages[post.ts]
    action = slack_app.people._action(message["blocks"], slack_app.text("to-layperson"))
    slack_app.world.channels[CHANNEL].messages.pop(post.ts)
    await slack_app.people.forge(ADA, CHANNEL, post.ts, action, message)
    fresh = await slack_app.answer()
    assert fresh.method == "chat.postMessage"
    assert slack_app.title("ala", Register.LAYPERSON) in words_of(fresh)


async def test_every_button_has_a_label_for_screen_readers_that_says_what_it_does(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    (row,) = [block for block in post.blocks if block["type"] == "actions"]
    follow_ups = [one for one in row["elements"] if one["type"] == "button"]
    assert follow_ups
    assert all(one["accessibility_label"].startswith(one["text"]["text"]) for one in follow_ups)
    assert post.blocks[-1]["type"] == "context_actions"

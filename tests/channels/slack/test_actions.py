"""Buttons: follow-ups, the register, feedback, old and forged ones; in Socket Mode and over HTTP."""

from __future__ import annotations

from pathlib import Path

from bot.content.library import Library
from bot.dialog.engine import Engine
from bot.dialog.matching import Match
from bot.dialog.payloads import REASONS
from bot.dialog.turn import Outcome, Tone
from tests.channels.slack.slack_app import ADA, BEN, CHANNEL, Mode, Ward, house, labels_of, words_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_world import Post

ALA = "what is alpha lipoic acid"


async def asked(ward: Ward, words: str = ALA) -> Post:
    await ward.people.mention(ADA, CHANNEL, words)
    post = await ward.answer()
    await ward.idle()
    return post


async def test_the_main_path_by_buttons_in_one_thread(ward: Ward) -> None:
    post = await asked(ward, "overview of alpha lipoic acid and vitamin k2 for neuropathy")
    for node in ("ala", "k2", "algorithm", "caveats"):
        await ward.people.press(ADA, CHANNEL, post.ts, ward.label(node))
        following = await ward.answer()
        assert ward.title(node) in words_of(following)
        assert following.thread_ts == post.thread_ts
        post = following


async def test_the_main_path_goes_on_after_a_restart(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path
) -> None:
    async with house(fake, engine, mode, tmp_path) as ward:
        post = await asked(ward)
        await ward.people.press(ADA, CHANNEL, post.ts, ward.say("to-layperson"))
        await ward.answer()
    async with house(fake, engine, mode, tmp_path) as ward:
        await ward.people.press(ADA, CHANNEL, post.ts, ward.label("k2", Tone.LAYPERSON))
        assert ward.title("k2", Tone.LAYPERSON) in words_of(await ward.answer())
        await ward.people.mention(ADA, CHANNEL, "and the side effects?", post.thread_ts)
        assert ward.title("k2", Tone.LAYPERSON) in words_of(await ward.answer())


async def test_the_register_switches_in_place_for_its_asker(ward: Ward) -> None:
    post = await asked(ward)
    await ward.people.press(ADA, CHANNEL, post.ts, ward.say("to-layperson"))
    switched = await ward.answer()
    assert (switched.method, switched.ts) == ("chat.update", post.ts)
    assert ward.title("ala", Tone.LAYPERSON) in words_of(switched)
    await ward.idle()
    await ward.people.mention(ADA, CHANNEL, "does vitamin k2 help neuropathy")
    assert ward.title("k2", Tone.LAYPERSON) in words_of(await ward.answer())


async def test_another_reader_gets_a_register_of_their_own_and_changes_nobody_elses(ward: Ward) -> None:
    post = await asked(ward)
    await ward.people.press(BEN, CHANNEL, post.ts, ward.say("to-layperson"))
    own = await ward.answer()
    assert (own.method, own.user, own.thread_ts) == ("chat.postEphemeral", BEN, post.thread_ts)
    assert ward.title("ala", Tone.LAYPERSON) in words_of(own)
    await ward.idle()
    await ward.people.mention(ADA, CHANNEL, ALA)
    assert ward.title("ala") in words_of(await ward.answer())
    await ward.people.mention(BEN, CHANNEL, ALA)
    assert ward.title("ala", Tone.LAYPERSON) in words_of(await ward.answer())


async def test_thumbs_up_is_thanked_for_in_private(ward: Ward) -> None:
    post = await asked(ward)
    await ward.people.press(ADA, CHANNEL, post.ts, ward.say("helpful"))
    thanks = await ward.answer()
    assert (thanks.method, thanks.user) == ("chat.postEphemeral", ADA)
    assert words_of(thanks) == ward.say("thanks")
    await ward.quiet()
    assert ward.world.modals == {}


async def test_thumbs_down_asks_why_in_a_modal_and_counts_the_reason(ward: Ward) -> None:
    post = await asked(ward)
    await ward.people.press(ADA, CHANNEL, post.ts, ward.say("unhelpful"))
    shown = {one.method for one in await ward.answers(2)}
    assert shown == {"chat.postEphemeral", "views.open"}
    (view,) = ward.world.modals.values()
    emission = await ward.people.submit(ADA, view, reason=REASONS[0])
    assert (await emission.acked()).answer in (None, {})
    await ward.quiet()
    votes = await ward.store.votes()
    assert votes == {("ala", "down"): 1, ("ala", REASONS[0]): 1}


class Unsure:
    """A matcher that always wavers between two answers."""

    def match(self, text: str, context: str | None, tone: Tone) -> Match:
        return Match(Outcome.CHOICES, "not-covered", ("ala", "k2"))


async def test_did_you_mean_is_answered_in_place(fake: FakeSlack, library: Library, mode: Mode, tmp_path: Path) -> None:
    async with house(fake, Engine(library, Unsure()), mode, tmp_path) as ward:
        post = await asked(ward)
        assert labels_of(post)[:2] == [ward.label("ala"), ward.label("k2")]
        await ward.people.press(ADA, CHANNEL, post.ts, ward.label("k2"))
        chosen = await ward.answer()
        assert (chosen.method, chosen.ts) == ("chat.update", post.ts)
        assert ward.title("k2") in words_of(chosen)


async def test_a_double_click_answers_once(ward: Ward) -> None:
    post = await asked(ward)
    message = ward.world.channels[CHANNEL].messages[post.ts]
    action = ward.people._action(message["blocks"], ward.label("k2"))
    for _ in range(2):
        await (await ward.people.forge(ADA, CHANNEL, post.ts, {**action, "action_ts": "1700000000.1"})).acked()
    await ward.answer()
    await ward.quiet()


async def test_forged_and_unknown_buttons(ward: Ward) -> None:
    post = await asked(ward)
    forged = {"type": "button", "action_id": "tap:0:0", "value": "v1:no-such-node", "action_ts": "1.1", "block_id": "b"}
    await ward.people.forge(ADA, CHANNEL, post.ts, forged)
    assert ward.say("old-button") in words_of(await ward.answer())
    garbage = {**forged, "value": "<!channel>\x00" * 50, "action_ts": "2.1"}
    await ward.people.forge(ADA, CHANNEL, post.ts, garbage)
    assert ward.say("old-button") in words_of(await ward.answer())
    foreign = {**forged, "action_id": "somebody-elses", "action_ts": "3.1"}
    await (await ward.people.forge(ADA, CHANNEL, post.ts, foreign)).acked()
    await ward.quiet()


async def test_a_tap_on_a_message_deleted_meanwhile(ward: Ward) -> None:
    post = await asked(ward)
    message = ward.world.channels[CHANNEL].messages[post.ts]
    action = ward.people._action(message["blocks"], ward.say("to-layperson"))
    ward.world.channels[CHANNEL].messages.pop(post.ts)
    await ward.people.forge(ADA, CHANNEL, post.ts, action, message)
    fresh = await ward.answer()
    assert fresh.method == "chat.postMessage"
    assert ward.title("ala", Tone.LAYPERSON) in words_of(fresh)


async def test_every_button_has_a_label_for_screen_readers_that_says_what_it_does(ward: Ward) -> None:
    post = await asked(ward)
    rows = [block for block in post.blocks if block["type"] == "actions"]
    follow_ups = rows[0]["elements"]
    assert follow_ups
    assert all(one["accessibility_label"].startswith(one["text"]["text"]) for one in follow_ups)
    assert post.blocks[-1]["type"] == "context_actions"

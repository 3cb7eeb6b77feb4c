"""Asking: mentions, direct messages, threads, corrections, deletions; in Socket Mode and over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.dialog.engine import Engine
from bot.dialog.turn import Tone
from tests.channels.slack.slack_app import ADA, BEN, CHANNEL, CLEO, Mode, Ward, house, labels_of, words_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_faults import Fault

ALA = "what is alpha lipoic acid"


async def test_a_mention_is_answered_in_its_thread_without_unfurling(ward: Ward) -> None:
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    post = await ward.answer()
    assert (post.method, post.channel, post.thread_ts) == ("chat.postMessage", CHANNEL, said.ts)
    assert ward.title("ala") in words_of(post)
    assert post.args["unfurl_links"] is False
    assert post.args["unfurl_media"] is False


async def test_one_answer_although_two_events_arrive_in_any_order(ward: Ward) -> None:
    for first in (False, True):
        said = await ward.people.mention(ADA, CHANNEL, ALA, mention_first=first)
        assert len(said.emissions) == 2
        await said.acked()
        assert (await ward.answer()).thread_ts == said.ts
        await ward.quiet()


async def test_one_answer_where_only_the_mention_arrives(ward: Ward) -> None:
    ward.world.install_of("T0WARD").scopes.discard("channels:history")
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    assert len(said.emissions) == 1
    assert (await ward.answer()).thread_ts == said.ts


async def test_every_event_that_is_sent_again_is_recognised(ward: Ward) -> None:
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    await ward.answer()
    emissions = [*said.emissions, *(await ward.people.dm(ADA, ALA)).emissions, await ward.people.open_home(ADA)]
    await ward.answers(2)
    emissions.append(await ward.people.edit(CHANNEL, said.ts, f"<@{ward.world.bot_of()}> what is vitamin k2"))
    await ward.answer()
    for emission in emissions:
        await emission.acked()
        emission.done.clear()
        await ward.fake.delivery.attempt(emission)
        await emission.acked()
    await ward.quiet()


async def test_a_followed_thread_needs_no_second_mention_and_keeps_its_context(ward: Ward) -> None:
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    await ward.answer()
    await ward.people.say(ADA, CHANNEL, "and the side effects?", said.ts)
    post = await ward.answer()
    assert ward.title("ala-safety") in words_of(post)
    assert post.thread_ts == said.ts


async def test_a_thread_is_followed_after_a_restart(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path
) -> None:
    async with house(fake, engine, mode, tmp_path) as ward:
        said = await ward.people.mention(ADA, CHANNEL, ALA)
        await ward.answer()
        await ward.idle()
    async with house(fake, engine, mode, tmp_path) as ward:
        await ward.people.say(BEN, CHANNEL, "and the side effects?", said.ts)
        assert ward.title("ala-safety") in words_of(await ward.answer())


async def test_between_people_the_bot_keeps_silent(ward: Ward) -> None:
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    await ward.answer()
    small_talk = ("see you at lunch then", "thanks", "can you help me with the rota", "who reviewed this chart")
    to_others = (f"<@{BEN}> what do you think about the side effects?", "<!here> done?", "what is alpha lipoic acid?")
    for words in (*small_talk, *to_others):
        reply = await ward.people.say(BEN, CHANNEL, words, said.ts)
        await reply.acked()
    await (await ward.people.say(CLEO, CHANNEL, "what is alpha lipoic acid")).acked()
    await ward.quiet()


async def test_a_thread_nobody_asked_in_is_not_followed(ward: Ward) -> None:
    root = await ward.people.say(ADA, CHANNEL, "lunch?")
    await (await ward.people.say(BEN, CHANNEL, ALA, root.ts)).acked()
    await ward.quiet()


async def test_urgent_words_in_a_followed_thread_are_answered(ward: Ward) -> None:
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    await ward.answer()
    await ward.people.say(BEN, CHANNEL, "I have chest pain and my left arm is heavy", said.ts)
    assert ward.title("urgent") in words_of(await ward.answer())


async def test_in_an_agents_direct_messages_each_question_has_a_thread(ward: Ward) -> None:
    one = await ward.people.dm(ADA, ALA)
    assert (await ward.answer()).thread_ts == one.ts
    two = await ward.people.dm(ADA, "does vitamin k2 help neuropathy")
    assert (await ward.answer()).thread_ts == two.ts
    await ward.people.dm(ADA, "and the side effects?", one.ts)
    assert ward.title("ala-safety") in words_of(await ward.answer())
    await ward.people.dm(ADA, "and the side effects?", two.ts)
    assert ward.title("k2") in words_of(await ward.answer())


async def test_the_agents_status_goes_up_and_down_beside_the_answer(ward: Ward) -> None:
    said = await ward.people.dm(ADA, ALA)
    await ward.answer()
    await ward.world.until(lambda: len(ward.world.statuses) == 2)
    assert [one["status"] for one in ward.world.statuses] == ["processing", "active"]
    assert {one["thread_ts"] for one in ward.world.statuses} == {said.ts}


async def test_a_correction_changes_the_answer_in_place(ward: Ward) -> None:
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    first = await ward.answer()
    bot = ward.world.bot_of()
    await ward.people.edit(CHANNEL, said.ts, f"<@{bot}> does vitamin k2 help neuropathy")
    second = await ward.answer()
    assert (second.method, second.ts) == ("chat.update", first.ts)
    assert ward.title("k2") in words_of(second)


async def test_a_link_preview_is_no_correction(ward: Ward) -> None:
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    await ward.answer()
    message = ward.world.channels[CHANNEL].messages[said.ts]
    await (await ward.people.edit(CHANNEL, said.ts, message["text"])).acked()
    await ward.quiet()


async def test_a_question_deleted_before_its_answer_is_not_answered(ward: Ward) -> None:
    held = ward.fake.faults.add(Fault("hold", "chat.postMessage"))
    first = await ward.people.mention(ADA, CHANNEL, ALA)
    await asyncio.wait_for(held.met.wait(), 5)
    second = await ward.people.mention(ADA, CHANNEL, "does vitamin k2 help neuropathy", first.ts)
    await second.acked()
    await (await ward.people.delete(CHANNEL, second.ts)).acked()
    held.release.set()
    assert ward.title("ala") in words_of(await ward.answer())
    await ward.quiet()


async def test_own_and_other_bots_messages_are_ignored(ward: Ward) -> None:
    bot = ward.world.bot_of()
    for subtype in (None, "bot_message"):
        said = await ward.people.say(ADA, CHANNEL, f"<@{bot}> {ALA}", subtype=subtype, bot_id="B0OTHER")
        await said.acked()
    await (await ward.people.say(bot, CHANNEL, f"<@{bot}> {ALA}")).acked()
    await ward.quiet()


async def test_private_channels_and_group_messages(ward: Ward) -> None:
    ward.world.channel("C0PRIVATE", ADA, kind="group")
    ward.world.channel("C0GROUP", ADA, BEN, kind="mpim")
    for place in ("C0PRIVATE", "C0GROUP"):
        said = await ward.people.mention(ADA, place, ALA)
        assert (await ward.answer()).thread_ts == said.ts
        await (await ward.people.say(ADA, place, "hello all")).acked()
    await ward.quiet()


async def test_a_guest_from_another_organisation_is_answered(ward: Ward) -> None:
    ward.world.users["W0GUEST"] = "T0ELSEWHERE"
    ward.world.channels[CHANNEL].members.add("W0GUEST")
    said = await ward.people.mention("W0GUEST", CHANNEL, ALA, user_team="T0ELSEWHERE")
    assert (await ward.answer()).thread_ts == said.ts


async def test_a_file_with_words_is_a_question_and_without_words_is_not_readable(ward: Ward) -> None:
    await ward.people.dm(ADA, ALA, subtype="file_share", files=[{"id": "F1"}])
    assert ward.title("ala") in words_of(await ward.answer())
    await ward.people.dm(ADA, "", subtype="file_share", files=[{"id": "F2"}])
    assert ward.say("only-text") in words_of(await ward.answer())


async def test_a_bare_mention_gets_help(ward: Ward) -> None:
    await ward.people.mention(ADA, CHANNEL, "")
    assert ward.title("help") in words_of(await ward.answer())


async def test_identifiers_are_removed_and_the_asker_is_reminded(ward: Ward) -> None:
    await ward.people.dm(ADA, "patient born 03/05/1951, MRN 44556677: what is alpha lipoic acid")
    post = await ward.answer()
    assert ward.say("slack-masked") in words_of(post)
    assert "44556677" not in str(post.args)
    assert "1951" not in post.text


async def test_nobody_is_pinged_by_a_question(ward: Ward) -> None:
    await ward.people.mention(ADA, CHANNEL, f"<!channel> <@{BEN}> <!subteam^S1|@team> xyzzy?")
    post = await ward.answer()
    assert BEN not in str(post.args)


async def test_the_switch_offers_the_other_register_once(ward: Ward) -> None:
    await ward.people.dm(ADA, ALA)
    first = await ward.answer()
    assert ward.say("offer") in words_of(first)
    assert ward.say("to-layperson") in labels_of(first)
    await ward.idle()
    await ward.people.dm(ADA, ALA)
    assert ward.say("offer", Tone.PROFESSIONAL) not in words_of(await ward.answer())


async def test_fifty_threads_at_once_each_get_their_answer_in_order(ward: Ward) -> None:
    said = await asyncio.gather(*(ward.people.mention(ADA, CHANNEL, ALA) for _ in range(50)))
    posts = await ward.answers(50)
    assert {post.thread_ts for post in posts} == {one.ts for one in said}
    await asyncio.gather(*(ward.people.say(ADA, CHANNEL, "and the side effects?", one.ts) for one in said))
    later = await ward.answers(50)
    assert {post.thread_ts for post in later} == {one.ts for one in said}
    assert all(ward.title("ala-safety") in words_of(post) for post in later)

"""Asking: mentions, direct messages, threads, corrections, deletions; in Socket Mode and over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.channels.slack.slack_app import ADA, BEN, CHANNEL, CLEO, Mode, SlackApp, labels_of, running_app, words_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_faults import Fault
from tests.fakes.slack_world import Post

ALA = "what is alpha lipoic acid"


async def test_a_mention_is_answered_in_its_thread_without_unfurling(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    post = await slack_app.answer()
    assert (post.method, post.channel, post.thread_ts) == ("chat.postMessage", CHANNEL, said.ts)
    assert slack_app.title("ala") in words_of(post)
    assert post.args["unfurl_links"] is False
    assert post.args["unfurl_media"] is False


async def test_one_answer_although_two_events_arrive_in_any_order(slack_app: SlackApp) -> None:
    for first in (False, True):
        said = await slack_app.people.mention(ADA, CHANNEL, ALA, mention_first=first)
        assert len(said.emissions) == 2
        await said.acked()
        assert (await slack_app.answer()).thread_ts == said.ts
        await slack_app.unaddressed()


async def test_one_answer_where_only_the_mention_arrives(slack_app: SlackApp) -> None:
    slack_app.world.install_of("T0WARD").scopes.discard("channels:history")
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    assert len(said.emissions) == 1
    assert (await slack_app.answer()).thread_ts == said.ts


async def test_every_event_that_is_sent_again_is_recognised(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    emissions = [
        *said.emissions,
        *(await slack_app.people.dm(ADA, ALA)).emissions,
        await slack_app.people.open_home(ADA),
    ]
    await slack_app.answers(2)
    emissions.append(await slack_app.people.edit(CHANNEL, said.ts, f"<@{slack_app.world.bot_of()}> what is vitamin k2"))
    await slack_app.answer()
    for emission in emissions:
        await emission.acked()
        emission.done.clear()
        await slack_app.fake.delivery.attempt(emission)
        await emission.acked()
    await slack_app.unaddressed()


async def test_a_followed_thread_needs_no_second_mention_and_keeps_its_context(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    await slack_app.people.say(ADA, CHANNEL, "and the side effects?", said.ts)
    post = await slack_app.answer()
    assert slack_app.title("ala-safety") in words_of(post)
    assert post.thread_ts == said.ts


async def test_a_thread_is_followed_after_a_restart(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path
) -> None:
    async with running_app(fake, engine, mode, tmp_path) as slack_app:
        said = await slack_app.people.mention(ADA, CHANNEL, ALA)
        await slack_app.answer()
        await slack_app.idle()
    async with running_app(fake, engine, mode, tmp_path) as slack_app:
        await (await slack_app.people.say(BEN, CHANNEL, "and the side effects?", said.ts)).acked()
        await slack_app.unaddressed()
        await slack_app.people.say(ADA, CHANNEL, "and the side effects?", said.ts)
        assert slack_app.title("ala-safety") in words_of(await slack_app.answer())


async def test_between_people_the_bot_keeps_silent(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    small_talk = ("see you at lunch then", "thanks", "can you help me with the rota", "who reviewed this chart")
    to_others = (f"<@{BEN}> what do you think about the side effects?", "<!here> done?", "what is alpha lipoic acid?")
    for words in (*small_talk, *to_others):
        reply = await slack_app.people.say(BEN, CHANNEL, words, said.ts)
        await reply.acked()
    await (await slack_app.people.say(CLEO, CHANNEL, "what is alpha lipoic acid")).acked()
    await slack_app.unaddressed()


async def test_a_thread_nobody_asked_in_is_not_followed(slack_app: SlackApp) -> None:
    root = await slack_app.people.say(ADA, CHANNEL, "lunch?")
    await (await slack_app.people.say(BEN, CHANNEL, ALA, root.ts)).acked()
    await slack_app.unaddressed()


async def test_urgent_words_in_a_followed_thread_are_answered(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    await slack_app.people.say(BEN, CHANNEL, "I have chest pain and my left arm is heavy", said.ts)
    assert slack_app.title("urgent-chest") in words_of(await slack_app.answer())


async def test_in_an_agents_direct_messages_each_question_has_a_thread(slack_app: SlackApp) -> None:
    one = await slack_app.people.dm(ADA, ALA)
    assert (await slack_app.answer()).thread_ts == one.ts
    two = await slack_app.people.dm(ADA, "does vitamin k2 help neuropathy")
    assert (await slack_app.answer()).thread_ts == two.ts
    await slack_app.people.dm(ADA, "and the side effects?", one.ts)
    assert slack_app.title("ala-safety") in words_of(await slack_app.answer())
    await slack_app.people.dm(ADA, "and the side effects?", two.ts)
    assert slack_app.title("k2") in words_of(await slack_app.answer())


async def test_the_agents_status_goes_up_and_down_beside_the_answer(slack_app: SlackApp) -> None:
    said = await slack_app.people.dm(ADA, ALA)
    await slack_app.answer()
    await slack_app.world.until(lambda: len(slack_app.world.statuses) == 2)
    assert [one["status"] for one in slack_app.world.statuses] == ["processing", "active"]
    assert {one["thread_ts"] for one in slack_app.world.statuses} == {said.ts}


async def test_a_correction_changes_the_answer_in_place(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    first = await slack_app.answer()
    bot = slack_app.world.bot_of()
    await slack_app.people.edit(CHANNEL, said.ts, f"<@{bot}> does vitamin k2 help neuropathy")
    second = await slack_app.answer()
    assert (second.method, second.ts) == ("chat.update", first.ts)
    assert slack_app.title("k2") in words_of(second)


async def test_a_link_preview_is_no_correction(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    message = slack_app.world.channels[CHANNEL].messages[said.ts]
    await (await slack_app.people.edit(CHANNEL, said.ts, message["text"])).acked()
    await slack_app.unaddressed()


async def test_a_correction_while_its_answer_is_on_the_way_changes_it_when_it_is_there(slack_app: SlackApp) -> None:
    pending = slack_app.fake.faults.add(Fault("hold", "chat.postMessage"))
    said = await slack_app.people.dm(ADA, "does vitamin k2 help neuropathy")
    await asyncio.wait_for(pending.introduced.wait(), 5)
    await (await slack_app.people.edit(said.channel, said.ts, ALA)).acked()
    pending.release.set()
    first, second = await slack_app.answers(2)
    assert slack_app.title("k2") in words_of(first)
    assert (second.method, second.ts) == ("chat.update", first.ts)
    assert slack_app.title("ala") in words_of(second)


async def test_an_emergency_edited_into_a_question_is_a_new_message_and_edited_out_changes_its_card(
    slack_app: SlackApp,
) -> None:
    said = await slack_app.people.dm(ADA, ALA)
    assert slack_app.title("ala") in words_of(await slack_app.answer())
    await slack_app.people.edit(said.channel, said.ts, "i have chest pain right now")
    card = await slack_app.answer()
    assert card.method == "chat.postMessage"
    assert slack_app.title("urgent-chest") in words_of(card)
    slip = await slack_app.people.dm(BEN, "i have chest pain right now")
    first = await slack_app.answer()
    assert slack_app.title("urgent-chest") in words_of(first)
    await slack_app.people.edit(slip.channel, slip.ts, ALA)
    second = await slack_app.answer()
    assert (second.method, second.ts) == ("chat.update", first.ts)
    assert slack_app.title("ala") in words_of(second)


async def test_thirty_pieces_of_two_people_are_a_few_turns_and_never_mixed(slack_app: SlackApp) -> None:
    said = [(who, words) for words in (*["and", "or", "the"] * 5, "?") for who in (ADA, BEN)]
    for who, words in said[:-2]:
        await slack_app.people.dm(who, words)
    for who, words in ((ADA, "is ala safe?"), (BEN, "does vitamin k2 help neuropathy?")):
        await slack_app.people.dm(who, words)
    posts: list[Post] = []
    while len({post.channel for post in posts if post.method == "chat.postMessage" and _answers(slack_app, post)}) < 2:
        posts.append(await slack_app.answer())
    by_place = {post.channel: words_of(post) for post in posts if _answers(slack_app, post)}
    assert len(posts) <= 8
    assert slack_app.title("ala-safety") in by_place[slack_app.world.dm(ADA).id]
    assert slack_app.title("k2") in by_place[slack_app.world.dm(BEN).id]


def _answers(slack_app: SlackApp, post: Post) -> bool:
    return any(slack_app.title(node) in words_of(post) for node in ("ala-safety", "k2"))


async def test_a_question_deleted_before_its_answer_is_not_answered(slack_app: SlackApp) -> None:
    pending = slack_app.fake.faults.add(Fault("hold", "chat.postMessage"))
    first = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await asyncio.wait_for(pending.introduced.wait(), 5)
    second = await slack_app.people.mention(ADA, CHANNEL, "does vitamin k2 help neuropathy", first.ts)
    await second.acked()
    await (await slack_app.people.delete(CHANNEL, second.ts)).acked()
    pending.release.set()
    assert slack_app.title("ala") in words_of(await slack_app.answer())
    await slack_app.unaddressed()


async def test_a_question_deleted_with_replies_below_it_is_not_answered(slack_app: SlackApp) -> None:
    pending = slack_app.fake.faults.add(Fault("hold", "chat.postMessage"))
    first = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await asyncio.wait_for(pending.introduced.wait(), 5)
    second = await slack_app.people.mention(ADA, CHANNEL, "does vitamin k2 help neuropathy", first.ts)
    await second.acked()
    await (await slack_app.people.tombstone(CHANNEL, second.ts)).acked()
    pending.release.set()
    assert slack_app.title("ala") in words_of(await slack_app.answer())
    await slack_app.unaddressed()


async def test_a_correction_that_arrives_before_the_message_is_answered_once(slack_app: SlackApp) -> None:
    bot = slack_app.world.bot_of()
    said = await slack_app.people.say(ADA, CHANNEL, f"<@{bot}> waht is", bot_id="B0HELD")  # not told to the app yet
    await said.acked()
    message = slack_app.world.channels[CHANNEL].messages[said.ts]
    message.pop("bot_id")
    await slack_app.people.edit(CHANNEL, said.ts, f"<@{bot}> {ALA}")
    assert slack_app.title("ala") in words_of(await slack_app.answer())
    late = {**message, "text": f"<@{bot}> waht is", "channel": CHANNEL, "channel_type": "channel"}
    late.pop("edited")
    await (await slack_app.people.event(late, "T0WARD")).acked()
    await (await slack_app.people.event({**late, "type": "app_mention"}, "T0WARD")).acked()
    await slack_app.unaddressed()


@pytest.mark.parametrize("subtype", [None, "me_message", "thread_broadcast", "file_share"])
@pytest.mark.parametrize("place", ["text", "blocks", "mrkdwn"])
async def test_a_mention_is_heard_wherever_it_stands(slack_app: SlackApp, subtype: str | None, place: str) -> None:
    bot = slack_app.world.bot_of()
    spoken = [{"type": "user", "user_id": bot}, {"type": "text", "text": ALA}]
    section = {"type": "rich_text_section", "elements": spoken}
    places: dict[str, dict[str, Any]] = {
        "text": {},
        "blocks": {"blocks": [{"type": "rich_text", "elements": [section]}]},
        "mrkdwn": {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"<@{bot}> {ALA}"}}]},
    }
    text = f"<@{bot}> {ALA}" if place == "text" else ""
    said = await slack_app.people.say(ADA, CHANNEL, text, subtype=subtype, **places[place])
    answer = await slack_app.answer()
    assert slack_app.title("ala") in words_of(answer)
    assert answer.thread_ts == said.ts


@pytest.mark.parametrize(
    "words",
    [
        "{} see <https://doi.org/10.1002/14651858.CD012967.pub2>",
        "<https://www.bmj.com/content/metformin-and-vitamin-b12> {}",
        "{} :thinking_face::pill::foot:",
        "{} ```chest pain = True```",
        "&gt; Call for help now: chest pain, sudden weakness or a black toe\n{}",
        "{} <#C0B12|b12-metformin>",
        "{} mailto:a@b.example",
    ],
)
async def test_what_is_no_word_spoils_no_question(slack_app: SlackApp, words: str) -> None:
    await slack_app.people.dm(ADA, words.format("what dose of alpha lipoic acid was studied?"))
    assert slack_app.title("ala-dose") in words_of(await slack_app.answer())


async def test_own_and_other_bots_messages_are_ignored(slack_app: SlackApp) -> None:
    bot = slack_app.world.bot_of()
    for subtype in (None, "bot_message"):
        said = await slack_app.people.say(ADA, CHANNEL, f"<@{bot}> {ALA}", subtype=subtype, bot_id="B0OTHER")
        await said.acked()
    await (await slack_app.people.say(bot, CHANNEL, f"<@{bot}> {ALA}")).acked()
    await slack_app.unaddressed()


async def test_private_channels_and_group_messages(slack_app: SlackApp) -> None:
    slack_app.world.channel("C0PRIVATE", ADA, kind="group")
    slack_app.world.channel("C0GROUP", ADA, BEN, kind="mpim")
    for place in ("C0PRIVATE", "C0GROUP"):
        said = await slack_app.people.mention(ADA, place, ALA)
        assert (await slack_app.answer()).thread_ts == said.ts
        await (await slack_app.people.say(ADA, place, "hello all")).acked()
    await slack_app.unaddressed()


async def test_a_guest_from_another_organisation_is_answered(slack_app: SlackApp) -> None:
    slack_app.world.users["W0GUEST"] = "T0ELSEWHERE"
    slack_app.world.channels[CHANNEL].members.add("W0GUEST")
    said = await slack_app.people.mention("W0GUEST", CHANNEL, ALA, user_team="T0ELSEWHERE")
    assert (await slack_app.answer()).thread_ts == said.ts


async def test_a_file_with_words_is_a_question_and_without_words_is_not_readable(slack_app: SlackApp) -> None:
    await slack_app.people.dm(ADA, ALA, subtype="file_share", files=[{"id": "F1"}])
    assert slack_app.title("ala") in words_of(await slack_app.answer())
    await slack_app.people.dm(ADA, "", subtype="file_share", files=[{"id": "F2"}])
    assert slack_app.text("only-text") in words_of(await slack_app.answer())


async def test_a_bare_mention_gets_help(slack_app: SlackApp) -> None:
    await slack_app.people.mention(ADA, CHANNEL, "")
    assert slack_app.title("help") in words_of(await slack_app.answer())


async def test_identifiers_are_removed_and_the_asker_is_reminded(slack_app: SlackApp) -> None:
    await slack_app.people.dm(ADA, "patient born 03/05/1951, MRN 44556677: what is alpha lipoic acid")
    post = await slack_app.answer()
    assert slack_app.text("slack-masked") in words_of(post)
    assert "44556677" not in str(post.args)
    assert "1951" not in post.text


async def test_nobody_is_pinged_by_a_question(slack_app: SlackApp) -> None:
    await slack_app.people.mention(ADA, CHANNEL, f"<!channel> <@{BEN}> <!subteam^S1|@team> xyzzy?")
    post = await slack_app.answer()
    assert BEN not in str(post.args)


async def test_the_switch_offers_the_other_register_once(slack_app: SlackApp) -> None:
    await slack_app.people.dm(ADA, ALA)
    first = await slack_app.answer()
    assert slack_app.text("welcome-offer") in words_of(first)
    assert slack_app.text("to-layperson") in labels_of(first)
    await slack_app.idle()
    await slack_app.people.dm(ADA, ALA)
    assert slack_app.text("welcome-offer", Register.PROFESSIONAL) not in words_of(await slack_app.answer())


async def test_fifty_threads_at_once_each_get_their_answer_in_order(slack_app: SlackApp) -> None:
    said = await asyncio.gather(*(slack_app.people.mention(ADA, CHANNEL, ALA) for _ in range(50)))
    posts = await slack_app.answers(50)
    assert {post.thread_ts for post in posts} == {one.ts for one in said}
    await asyncio.gather(*(slack_app.people.say(ADA, CHANNEL, "and the side effects?", one.ts) for one in said))
    later = await slack_app.answers(50)
    assert {post.thread_ts for post in later} == {one.ts for one in said}
    assert all(slack_app.title("ala-safety") in words_of(post) for post in later)

"""What one person sees alone: /footnote, the App Home, shortcuts and modals; in Socket Mode and over HTTP."""

from __future__ import annotations

import html
import json

import pytest

from bot.adapters.slack.modals import ABOUT_MESSAGE, ASK_ANYWHERE
from bot.engine.turn import Tone
from tests.adapters.slack.ward import ADA, BEN, CHANNEL, CLEO, Ward, labels_of, words_of
from tests.fakes import slack_responses

ALA = "what is alpha lipoic acid"


async def test_a_slash_command_is_answered_in_private_and_can_be_shared(ward: Ward) -> None:
    emission = await (await ward.people.command(ADA, CHANNEL, ALA)).acked()
    assert not emission.answer
    private = await ward.answer()
    assert (private.method, private.user) == ("response_url", ADA)
    assert ward.title("ala") in words_of(private)
    await ward.people.press_ephemeral(ADA, private, ward.say("slack-share"))
    shared = await ward.answer()
    assert (shared.method, shared.channel, shared.thread_ts) == ("chat.postMessage", CHANNEL, None)
    assert ward.say("slack-shared") in words_of(shared)
    assert ward.say("slack-share") not in labels_of(shared)


async def test_the_first_question_under_a_shared_answer_knows_what_it_follows(ward: Ward) -> None:
    await ward.people.command(ADA, CHANNEL, ALA)
    await ward.people.press_ephemeral(ADA, await ward.answer(), ward.say("slack-share"))
    shared = await ward.answer()
    await ward.idle()
    await ward.people.say(BEN, CHANNEL, "and the side effects?", shared.ts)
    assert ward.title("ala-safety") in words_of(await ward.answer())


async def test_buttons_of_a_private_answer_are_answered_in_private(ward: Ward) -> None:
    await ward.people.command(ADA, CHANNEL, ALA)
    private = await ward.answer()
    await ward.people.press_ephemeral(ADA, private, ward.label("k2"))
    following = await ward.answer()
    assert (following.method, following.args["replace_original"]) == ("response_url", False)
    await ward.people.press_ephemeral(ADA, private, ward.say("to-layperson"))
    switched = await ward.answer()
    assert (switched.ts, switched.args["replace_original"]) == (private.ts, True)


@pytest.mark.parametrize(
    ("words", "node"),
    [
        ("", "help"),
        ("help", "help"),
        ("Sources", "references"),
        ("tone", "tone"),
        ("status", "review-status"),
        ("privacy", "privacy"),
        ("forget", "privacy"),
        ("export", "privacy"),
    ],
)
async def test_the_words_of_the_command(ward: Ward, words: str, node: str) -> None:
    await ward.people.command(ADA, CHANNEL, words)
    assert ward.title(node) in words_of(await ward.answer())


async def test_forgetting_asks_once_and_says_what_was_deleted(ward: Ward) -> None:
    await ward.people.command(ADA, CHANNEL, ALA)
    await ward.answer()
    await ward.idle()
    await ward.people.command(ADA, CHANNEL, "forget")
    question = await ward.answer()
    assert ward.say("forget-ask") in words_of(question)
    await ward.people.press_ephemeral(ADA, question, ward.say("forget-confirm"))
    done = await ward.answer()
    assert "Deleted: preferences (1), places in conversations (1)" in words_of(done)


async def test_an_export_is_json_once_in_a_preformatted_block(ward: Ward) -> None:
    await ward.people.command(ADA, CHANNEL, ALA)
    await ward.answer()
    await ward.idle()
    await ward.people.command(ADA, CHANNEL, "export")
    export = await ward.answer()
    (shown,) = (
        element["elements"][0]["text"]
        for block in export.blocks
        for element in block.get("elements", ())
        if element["type"] == "rich_text_preformatted"
    )
    told = json.loads(shown)
    assert shown == json.dumps(told, indent=2)
    assert (told["met"], told["trails"], told["messages"]) == (True, [["ala"]], 1)
    assert shown in html.unescape(export.text)


async def test_the_full_disclaimer_comes_with_the_first_answer_only(ward: Ward) -> None:
    for full, short in ((True, False), (False, True)):
        await ward.people.command(ADA, CHANNEL, ALA)
        answer = words_of(await ward.answer())
        await ward.idle()
        assert ("not a medical device" in answer, ward.say("short-disclaimer") in answer) == (full, short)


async def test_a_share_where_the_bot_is_not_invited_says_so_to_the_sharer(ward: Ward) -> None:
    ward.world.channel("C0FOREIGN", ADA, bot=False)
    await ward.people.command(ADA, "C0FOREIGN", ALA)
    private = await ward.answer()
    assert private.method == "response_url"
    await ward.people.press_ephemeral(ADA, private, ward.say("slack-share"))
    told = await ward.answer()
    assert (told.method, told.user) == ("response_url", ADA)
    assert words_of(told) == ward.say("slack-not-invited")


async def test_a_used_up_response_url_is_replaced_by_an_ephemeral_message(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_responses, "USES", 0)
    await ward.people.command(ADA, CHANNEL, ALA)
    private = await ward.answer()
    assert (private.method, private.user) == ("chat.postEphemeral", ADA)
    assert ward.title("ala") in words_of(private)


async def test_where_nothing_private_can_be_shown_the_answer_is_a_direct_message(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_responses, "USES", 0)
    ward.world.channel("C0FOREIGN", ADA, bot=False)
    await ward.people.command(ADA, "C0FOREIGN", ALA)
    direct = await ward.answer()
    assert (direct.method, direct.channel) == ("chat.postMessage", "D0ADA")


async def test_the_home_shows_topics_register_review_and_data_controls(ward: Ward) -> None:
    await ward.people.open_home(ADA)
    home = await ward.answer()
    assert (home.method, home.user) == ("views.publish", ADA)
    labels = labels_of(home)
    for wanted in ("to-layperson", "slack-home-review-status", "slack-home-privacy", "slack-home-forget"):
        assert ward.say(wanted) in labels
    assert ward.label("overview") in labels
    assert ward.say("slack-home-how") in words_of(home)
    assert not any(block["type"] in {"table", "context_actions"} for block in home.blocks)


async def test_what_is_pressed_on_the_home_is_answered_on_the_home(ward: Ward) -> None:
    await ward.people.open_home(ADA)
    await ward.answer()
    await ward.idle()
    await ward.people.press_home(ADA, ward.label("first-line"))
    answered = await ward.answer()
    assert answered.method == "views.publish"
    assert ward.title("first-line") in words_of(answered)
    await ward.idle()
    await ward.people.press_home(ADA, ward.say("to-layperson"))
    assert ward.title("first-line", Tone.LAYPERSON) in words_of(await ward.answer())
    await ward.idle()
    await ward.people.press_home(ADA, ward.say("slack-home-forget", Tone.LAYPERSON))
    assert ward.say("forget-ask", Tone.LAYPERSON) in words_of(await ward.answer())


async def test_opening_the_messages_tab_offers_prompts_that_all_have_an_answer(ward: Ward) -> None:
    await ward.people.open_home(ADA, tab="messages")
    await ward.world.until(lambda: bool(ward.world.prompts))
    (prompts,) = ward.world.prompts.values()
    assert len(prompts) == 4
    for prompt, node in zip(prompts, ("overview", "first-line", "other-causes", "foot-exam"), strict=True):
        await ward.people.dm(ADA, prompt["message"])
        assert ward.title(node) in words_of(await ward.answer())


async def test_the_message_shortcut_confirms_before_anything_is_sent(ward: Ward) -> None:
    said = await ward.people.say(BEN, CHANNEL, f"Mrs <@{CLEO}>, born 03/05/1951: what is alpha lipoic acid?")
    await ward.people.message_shortcut(ADA, CHANNEL, said.ts, ABOUT_MESSAGE)
    opened = await ward.answer()
    assert opened.view is not None
    words = opened.view["blocks"][0]["element"]["initial_value"]
    assert "1951" not in words
    assert CLEO not in words
    await ward.quiet()
    await ward.people.submit(ADA, opened.view, question=ALA)
    private = await ward.answer()
    assert (private.method, private.user, private.thread_ts) == ("chat.postEphemeral", ADA, said.ts)
    assert ward.title("ala") in words_of(private)


async def test_the_message_shortcut_can_answer_the_whole_thread(ward: Ward) -> None:
    said = await ward.people.say(BEN, CHANNEL, ALA)
    await ward.people.message_shortcut(ADA, CHANNEL, said.ts, ABOUT_MESSAGE)
    opened = await ward.answer()
    assert opened.view is not None
    await ward.people.submit(ADA, opened.view, audience="thread")
    aloud = await ward.answer()
    assert (aloud.method, aloud.thread_ts) == ("chat.postMessage", said.ts)


async def test_the_global_shortcut_is_answered_in_a_direct_message_that_can_be_followed_up(ward: Ward) -> None:
    await ward.people.global_shortcut(ADA, ASK_ANYWHERE)
    opened = await ward.answer()
    assert opened.view is not None
    await ward.people.submit(ADA, opened.view, question=ALA)
    answered = await ward.answer()
    assert (answered.method, answered.channel) == ("chat.postMessage", "D0ADA")
    await ward.idle()
    await ward.people.dm(ADA, "and the side effects?", answered.ts)
    assert ward.title("ala-safety") in words_of(await ward.answer())


async def test_a_person_asks_a_colleague_follows_up_in_the_other_register_a_third_opens_home(ward: Ward) -> None:
    await ward.people.command(BEN, CHANNEL, "tone")
    choice = await ward.answer()
    await ward.people.press_ephemeral(BEN, choice, ward.say("to-layperson"))
    await ward.answer()
    await ward.idle()
    asked = await ward.people.mention(ADA, CHANNEL, ALA)
    await ward.people.open_home(CLEO)
    seen = {post.method: post for post in await ward.answers(2)}
    assert ward.title("ala") in words_of(seen["chat.postMessage"])
    assert seen["views.publish"].user == CLEO
    await ward.people.mention(BEN, CHANNEL, "and the side effects?", asked.ts)
    followed = await ward.answer()
    assert ward.title("ala-safety", Tone.LAYPERSON) in words_of(followed)
    assert followed.thread_ts == asked.ts

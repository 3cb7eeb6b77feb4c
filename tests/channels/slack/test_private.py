"""What one person sees alone: /footnote, the App Home, shortcuts and modals; in Socket Mode and over HTTP."""

from __future__ import annotations

import html
import json

import pytest

from bot.channels.slack.views import ABOUT_MESSAGE, ASK_ANYWHERE
from bot.dialog.payloads import REASONS
from bot.dialog.turn import Register
from tests.channels.slack.slack_app import ADA, BEN, CHANNEL, CLEO, SlackApp, labels_of, words_of
from tests.fakes import slack_responses
from tests.fakes.slack_rich_text import pings

ALA = "what is alpha lipoic acid"


async def test_a_slash_command_is_answered_in_private_and_can_be_shared(slack_app: SlackApp) -> None:
    emission = await (await slack_app.people.command(ADA, CHANNEL, ALA)).acked()
    assert not emission.answer
    private = await slack_app.answer()
    assert (private.method, private.user) == ("response_url", ADA)
    assert slack_app.title("ala") in words_of(private)
    await slack_app.people.press_ephemeral(ADA, private, slack_app.text("slack-share"))
    shared = await slack_app.answer()
    assert (shared.method, shared.channel, shared.thread_ts) == ("chat.postMessage", CHANNEL, None)
    assert f"shared this answer: {slack_app.title('ala')}" in words_of(shared)
    assert pings("", shared.blocks[:1]) == [str({"type": "user", "user_id": ADA})]
    assert slack_app.text("slack-shared") in shared.text
    assert slack_app.text("slack-share") not in labels_of(shared)


async def test_what_is_shared_is_what_is_on_the_screen_once_however_often_it_is_pressed(slack_app: SlackApp) -> None:
    await slack_app.people.command(ADA, CHANNEL, ALA)
    plain = await slack_app.answer()
    await slack_app.people.press_ephemeral(ADA, plain, slack_app.text("to-layperson"))
    await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.press_ephemeral(ADA, plain, slack_app.text("slack-share"))  # as it was before the switch
    shared = await slack_app.answer()
    assert slack_app.title("ala") in words_of(shared)
    for _ in range(2):
        await slack_app.fake.clock.advance(2)  # type: ignore[attr-defined]
        await slack_app.people.press_ephemeral(ADA, plain, slack_app.text("slack-share"))
        told = await slack_app.answer()
        assert (told.method, told.text) == ("chat.postEphemeral", slack_app.text("slack-shared-already"))
    await slack_app.people.command(ADA, CHANNEL, "what dose of alpha lipoic acid")
    own = await slack_app.answer()
    assert slack_app.title("ala-dose", Register.LAYPERSON) in words_of(own)  # sharing chose no register


async def test_answers_of_shortcuts_stand_under_their_question(slack_app: SlackApp) -> None:
    said = await slack_app.people.say(BEN, CHANNEL, "66 year old with burning feet")
    await slack_app.people.message_shortcut(ADA, CHANNEL, said.ts, ABOUT_MESSAGE)
    opened = await slack_app.answer()
    assert opened.view is not None
    await slack_app.people.submit(ADA, opened.view, question=ALA, audience="thread")
    aloud = await slack_app.answer()
    await slack_app.people.global_shortcut(CLEO, ASK_ANYWHERE)
    opened = await slack_app.answer()
    assert opened.view is not None
    await slack_app.people.submit(CLEO, opened.view, question=ALA)
    direct = await slack_app.answer()
    for post, user in ((aloud, ADA), (direct, CLEO)):
        assert words_of(post).strip().startswith(f"{slack_app.text('slack-asked-by', person='').strip()} {ALA}")
        assert pings("", post.blocks[:1]) == [str({"type": "user", "user_id": user})]
        assert post.text.startswith(slack_app.brief("ala"))


async def test_a_vote_can_be_changed_and_is_counted_with_its_reason(slack_app: SlackApp) -> None:
    await slack_app.people.dm(ADA, ALA)
    post = await slack_app.answer()
    for key, toast in (("helpful", "vote-counted"), ("helpful", "vote-same"), ("unhelpful", "vote-changed")):
        await slack_app.idle()
        await slack_app.fake.clock.advance(2)  # type: ignore[attr-defined]
        await slack_app.people.press(ADA, post.channel, post.ts, slack_app.text(key))
        shown = [await slack_app.answer() for _ in range(2 if key == "unhelpful" else 1)]
        assert slack_app.text(toast) in [words_of(one) for one in shown if one.view is None]
    (view,) = slack_app.world.modals.values()
    await (await slack_app.people.submit(ADA, view, reason=REASONS[0])).acked()
    await slack_app.idle()
    assert await slack_app.store.votes() == {("ala", "up"): 0, ("ala", "down"): 1, ("ala", REASONS[0]): 1}
    page = slack_app.inbox.metrics.page().decode()
    assert f'footnote_votes_total{{channel="slack",node="ala",vote="{REASONS[0]}"}} 1.0' in page


async def test_the_first_question_under_a_shared_answer_knows_what_it_follows(slack_app: SlackApp) -> None:
    await slack_app.people.command(ADA, CHANNEL, ALA)
    await slack_app.people.press_ephemeral(ADA, await slack_app.answer(), slack_app.text("slack-share"))
    shared = await slack_app.answer()
    await slack_app.idle()
    await (await slack_app.people.say(BEN, CHANNEL, "and the side effects?", shared.ts)).acked()
    await slack_app.unaddressed()
    await slack_app.people.say(ADA, CHANNEL, "and the side effects?", shared.ts)
    assert slack_app.title("ala-safety") in words_of(await slack_app.answer())


async def test_buttons_of_a_private_answer_are_answered_in_private(slack_app: SlackApp) -> None:
    await slack_app.people.command(ADA, CHANNEL, ALA)
    private = await slack_app.answer()
    await slack_app.people.press_ephemeral(ADA, private, slack_app.label("ala-dose"))
    following = await slack_app.answer()
    assert (following.method, following.args["replace_original"]) == ("response_url", False)
    await slack_app.people.press_ephemeral(ADA, private, slack_app.text("to-layperson"))
    switched = await slack_app.answer()
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
    ],
)
async def test_the_words_of_the_command(slack_app: SlackApp, words: str, node: str) -> None:
    await slack_app.people.command(ADA, CHANNEL, words)
    assert slack_app.title(node) in words_of(await slack_app.answer())


async def test_forgetting_asks_once_and_says_what_was_deleted(slack_app: SlackApp) -> None:
    await slack_app.people.command(ADA, CHANNEL, ALA)
    await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.command(ADA, CHANNEL, "forget")
    question = await slack_app.answer()
    assert slack_app.text("forget-ask") in words_of(question)
    await slack_app.people.press_ephemeral(ADA, question, slack_app.text("forget-confirm"))
    done = await slack_app.answer()
    assert "Deleted: preferences (1), places in conversations (1)" in words_of(done)


async def test_an_export_is_json_once_in_a_preformatted_block(slack_app: SlackApp) -> None:
    await slack_app.people.command(ADA, CHANNEL, ALA)
    await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.command(ADA, CHANNEL, "export")
    export = await slack_app.answer()
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


async def test_what_is_stored_about_a_person_is_offered_to_nobody_else(slack_app: SlackApp) -> None:
    for words, key in (("forget", "forget-title"), ("export", "export-title")):
        await slack_app.people.command(ADA, CHANNEL, words)
        own = await slack_app.answer()
        assert slack_app.text(key) in words_of(own)
        assert slack_app.text("slack-share") not in labels_of(own)
        await slack_app.idle()


async def test_a_share_where_the_bot_is_not_invited_says_so_to_the_sharer(slack_app: SlackApp) -> None:
    slack_app.world.channel("C0FOREIGN", ADA, bot=False)
    await slack_app.people.command(ADA, "C0FOREIGN", ALA)
    private = await slack_app.answer()
    assert private.method == "response_url"
    await slack_app.people.press_ephemeral(ADA, private, slack_app.text("slack-share"))
    told = await slack_app.answer()
    assert (told.method, told.user) == ("response_url", ADA)
    assert words_of(told) == slack_app.text("slack-not-invited")


async def test_a_used_up_response_url_is_replaced_by_an_ephemeral_message(
    slack_app: SlackApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_responses, "USES", 0)
    await slack_app.people.command(ADA, CHANNEL, ALA)
    private = await slack_app.answer()
    assert (private.method, private.user) == ("chat.postEphemeral", ADA)
    assert slack_app.title("ala") in words_of(private)


async def test_where_nothing_private_can_be_shown_the_answer_is_a_direct_message(
    slack_app: SlackApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_responses, "USES", 0)
    slack_app.world.channel("C0FOREIGN", ADA, bot=False)
    await slack_app.people.command(ADA, "C0FOREIGN", ALA)
    direct = await slack_app.answer()
    assert (direct.method, direct.channel) == ("chat.postMessage", "D0ADA")


async def test_the_home_shows_topics_register_review_and_data_controls(slack_app: SlackApp) -> None:
    await slack_app.people.open_home(ADA)
    home = await slack_app.answer()
    assert (home.method, home.user) == ("views.publish", ADA)
    labels = labels_of(home)
    for wanted in ("to-layperson", "slack-home-review-status", "slack-home-privacy", "slack-home-forget"):
        assert slack_app.text(wanted) in labels
    assert len(labels) == len(set(labels))
    for dialog in slack_app.engine.library.dialogs.values():
        assert slack_app.label(dialog.start) in labels
    assert slack_app.text("slack-home-how") in words_of(home)
    assert not any(block["type"] in {"table", "context_actions"} for block in home.blocks)


async def test_what_is_pressed_on_the_home_is_answered_on_the_home(slack_app: SlackApp) -> None:
    await slack_app.people.open_home(ADA)
    await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.press_home(ADA, slack_app.label("first-line"))
    answered = await slack_app.answer()
    assert answered.method == "views.publish"
    assert slack_app.title("first-line") in words_of(answered)
    await slack_app.idle()
    await slack_app.people.press_home(ADA, slack_app.text("to-layperson"))
    assert slack_app.title("first-line", Register.LAYPERSON) in words_of(await slack_app.answer())
    await slack_app.idle()
    await slack_app.people.press_home(ADA, slack_app.text("slack-home-forget", Register.LAYPERSON))
    assert slack_app.text("forget-ask", Register.LAYPERSON) in words_of(await slack_app.answer())


async def test_opening_the_messages_tab_offers_prompts_that_all_have_an_answer(slack_app: SlackApp) -> None:
    await slack_app.people.open_home(ADA, tab="messages")
    await slack_app.world.until(lambda: bool(slack_app.world.prompts))
    (prompts,) = slack_app.world.prompts.values()
    assert len(prompts) == 4
    for prompt, node in zip(prompts, ("overview", "first-line", "other-causes", "foot-exam"), strict=True):
        await slack_app.people.dm(ADA, prompt["message"])
        assert slack_app.title(node) in words_of(await slack_app.answer())


async def test_the_message_shortcut_confirms_before_anything_is_sent(slack_app: SlackApp) -> None:
    said = await slack_app.people.say(BEN, CHANNEL, f"Mrs <@{CLEO}>, born 03/05/1951: what is alpha lipoic acid?")
    await slack_app.people.message_shortcut(ADA, CHANNEL, said.ts, ABOUT_MESSAGE)
    opened = await slack_app.answer()
    assert opened.view is not None
    words = opened.view["blocks"][0]["element"]["initial_value"]
    assert "1951" not in words
    assert CLEO not in words
    await slack_app.unaddressed()
    await slack_app.people.submit(ADA, opened.view, question=ALA)
    private = await slack_app.answer()
    assert (private.method, private.user, private.thread_ts) == ("chat.postEphemeral", ADA, said.ts)
    assert slack_app.title("ala") in words_of(private)


async def test_the_message_shortcut_can_answer_the_whole_thread(slack_app: SlackApp) -> None:
    said = await slack_app.people.say(BEN, CHANNEL, ALA)
    await slack_app.people.message_shortcut(ADA, CHANNEL, said.ts, ABOUT_MESSAGE)
    opened = await slack_app.answer()
    assert opened.view is not None
    await slack_app.people.submit(ADA, opened.view, audience="thread")
    aloud = await slack_app.answer()
    assert (aloud.method, aloud.thread_ts) == ("chat.postMessage", said.ts)


async def test_the_global_shortcut_is_answered_in_a_direct_message_that_can_be_followed_up(slack_app: SlackApp) -> None:
    await slack_app.people.global_shortcut(ADA, ASK_ANYWHERE)
    opened = await slack_app.answer()
    assert opened.view is not None
    await slack_app.people.submit(ADA, opened.view, question=ALA)
    answered = await slack_app.answer()
    assert (answered.method, answered.channel) == ("chat.postMessage", "D0ADA")
    await slack_app.idle()
    await slack_app.people.dm(ADA, "and the side effects?", answered.ts)
    assert slack_app.title("ala-safety") in words_of(await slack_app.answer())


async def test_a_person_asks_a_colleague_follows_up_in_the_other_register_a_third_opens_home(
    slack_app: SlackApp,
) -> None:
    await slack_app.people.command(BEN, CHANNEL, "tone")
    choice = await slack_app.answer()
    await slack_app.people.press_ephemeral(BEN, choice, slack_app.text("to-layperson"))
    await slack_app.answer()
    await slack_app.idle()
    asked = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.people.open_home(CLEO)
    seen = {post.method: post for post in await slack_app.answers(2)}
    assert slack_app.title("ala") in words_of(seen["chat.postMessage"])
    assert seen["views.publish"].user == CLEO
    await slack_app.people.mention(BEN, CHANNEL, "and the side effects?", asked.ts)
    followed = await slack_app.answer()
    assert slack_app.title("ala-safety", Register.LAYPERSON) in words_of(followed)
    assert followed.thread_ts == asked.ts

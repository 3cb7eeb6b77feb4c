"""When the bot speaks in a thread it was asked into: to the asker, in an emergency, and else not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.channels.registry import default_register
from bot.content.library import Library
from bot.dialog.engine import Engine
from bot.dialog.turn import Match, Outcome, Register
from bot.inbox.processor import asks
from tests.channels.slack.slack_app import ADA, BEN, CHANNEL, CLEO, Mode, SlackApp, labels_of, running_app, words_of
from tests.fakes.slack import FakeSlack
from tests.questions.remarks import EMERGENCIES, FOLLOW_UPS, REMARKS

ALA = "what is alpha lipoic acid"


class Sure:
    """A matcher that is sure of everything."""

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return Match(Outcome.ANSWER, "ala-dose")


async def thread(slack_app: SlackApp) -> str:
    """Ask in the channel as Ada and return the thread."""
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await slack_app.answer()
    return said.ts


@pytest.fixture
async def sure(fake: FakeSlack, library: Library, mode: Mode, tmp_path: Path) -> Any:
    """The bot with a matcher that finds an answer in whatever is said."""
    engine = Engine(library, Sure(), default_register=default_register)
    async with running_app(fake, engine, mode, tmp_path) as slack_app:
        yield slack_app


async def test_colleagues_are_left_alone_however_sure_the_matcher_is(sure: SlackApp) -> None:
    root = await thread(sure)
    assert len(REMARKS) >= 150
    for said in [*REMARKS, *FOLLOW_UPS]:
        await (await sure.people.say(BEN, CHANNEL, said, root)).acked()
    await sure.unaddressed()


async def test_the_asker_is_heard_without_a_mention_and_their_remarks_are_not(sure: SlackApp) -> None:
    root = await thread(sure)
    assert len(FOLLOW_UPS) >= 40
    for said in FOLLOW_UPS:
        await sure.people.say(ADA, CHANNEL, said, root)
        heard = words_of(await sure.answer())
        titles = [sure.title("ala-dose", register) for register in Register]
        assert any(title in heard for title in (*titles, sure.text("source-under-title"))), said  # one asks for these
    for said in REMARKS:
        if not asks(said):
            await (await sure.people.say(ADA, CHANNEL, said, root)).acked()
    await sure.unaddressed()


async def test_an_emergency_is_answered_whoever_tells_it(slack_app: SlackApp) -> None:
    assert len(EMERGENCIES) >= 30
    urgent = {slack_app.title(node) for node in slack_app.engine.library.urgent_nodes}
    for said in EMERGENCIES:
        root = await thread(slack_app)
        await slack_app.people.say(BEN, CHANNEL, said, root)
        card = words_of(await slack_app.answer())
        assert any(title in card for title in urgent), said


class Lost:
    """A matcher that knows nothing but the first question."""

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return Match(Outcome.ANSWER, "ala") if text == ALA else Match(Outcome.NOT_COVERED, "not-covered")


async def test_that_there_is_no_answer_is_told_to_the_asker_alone(
    fake: FakeSlack, library: Library, mode: Mode, tmp_path: Path
) -> None:
    engine = Engine(library, Lost(), default_register=default_register)
    async with running_app(fake, engine, mode, tmp_path) as slack_app:
        root = await thread(slack_app)
        await (await slack_app.people.say(BEN, CHANNEL, "and with food?", root)).acked()
        await slack_app.unaddressed()
        await slack_app.people.say(ADA, CHANNEL, "and with food?", root)
        told = await slack_app.answer()
        assert (told.method, told.user, told.thread_ts) == ("chat.postEphemeral", ADA, root)
        assert slack_app.title("not-covered") in words_of(told)


async def test_what_names_a_colleague_is_said_to_the_colleague(sure: SlackApp) -> None:
    root = await thread(sure)
    for said in (f"<@{BEN}> which dose would you give?", "<!here> how long for?", f"what do you think <@{CLEO}>?"):
        await (await sure.people.say(ADA, CHANNEL, said, root)).acked()
    await sure.unaddressed()


async def test_emoji_links_and_pictures_are_no_words(sure: SlackApp) -> None:
    root = await thread(sure)
    for user in (ADA, BEN):
        for said in (
            ":+1:",
            ":thinking_face::skin-tone-2:",
            ":bone: :foot:",
            "<https://example.org/what-dose?>",
            ":100:",
        ):
            await (await sure.people.say(user, CHANNEL, said, root)).acked()
        await (await sure.people.say(user, CHANNEL, "", root, subtype="file_share", files=[{"id": "F1"}])).acked()
    await sure.unaddressed()


async def test_quiet_is_obeyed_said_once_and_can_be_undone(slack_app: SlackApp) -> None:
    root = await thread(slack_app)
    post = await _menu(slack_app, root)
    await slack_app.people.press(ADA, CHANNEL, post, slack_app.text("quiet-button"))
    assert _says(slack_app, "quiet") in words_of(await slack_app.answer())
    await slack_app.idle()
    await (await slack_app.people.say(ADA, CHANNEL, "and the side effects?", root)).acked()
    await slack_app.unaddressed()
    await slack_app.people.mention(ADA, CHANNEL, "and the side effects?", root)
    assert slack_app.title("ala-safety") in words_of(await slack_app.answer())


async def test_a_channel_can_be_kept_to_mentions_by_command(slack_app: SlackApp) -> None:
    root = await thread(slack_app)
    await slack_app.idle()
    await slack_app.people.command(CLEO, CHANNEL, "quiet")
    assert _says(slack_app, "quiet") in words_of(await slack_app.answer())
    await slack_app.idle()
    other = await thread(slack_app)
    for place in (root, other):
        await (await slack_app.people.say(ADA, CHANNEL, "and the side effects?", place)).acked()
    await slack_app.unaddressed()


async def test_an_operator_can_keep_channels_to_mentions(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path
) -> None:
    async with running_app(fake, engine, mode, tmp_path, mention_only=frozenset({CHANNEL})) as slack_app:
        root = await thread(slack_app)
        await slack_app.idle()
        before = slack_app.kept_silent
        await (await slack_app.people.say(ADA, CHANNEL, "I have crushing chest pain", root)).acked()
        await slack_app.unaddressed()
        assert slack_app.kept_silent == before  # not even read


async def test_an_invitation_is_answered_once_with_three_lines(slack_app: SlackApp) -> None:
    bot = slack_app.world.bot_of()
    joined = {"type": "member_joined_channel", "user": bot, "channel": CHANNEL, "inviter": BEN, "event_ts": "1.1"}
    await slack_app.people.event(joined, "T0WARD")
    said = await slack_app.answer()
    assert (said.channel, said.thread_ts) == (CHANNEL, None)
    assert words_of(said) == slack_app.text("introduction", mention="@footnote")
    assert len(words_of(said)) <= 3 * 40
    await slack_app.idle()
    await (await slack_app.people.event({**joined, "event_ts": "2.1"}, "T0WARD")).acked()
    await (await slack_app.people.say(bot, CHANNEL, "has joined", subtype="channel_join")).acked()
    await (await slack_app.people.event({**joined, "user": CLEO}, "T0WARD")).acked()
    await slack_app.unaddressed()


@pytest.mark.parametrize("words", ["", "what do you think?", "thoughts?", "xyzzy"])
async def test_called_into_a_thread_of_others_it_offers_to_read_what_they_talk_about(
    slack_app: SlackApp, words: str
) -> None:
    root = await slack_app.people.say(BEN, CHANNEL, "what is the usual dose of alpha lipoic acid")
    await slack_app.people.mention(ADA, CHANNEL, words, root.ts)
    offer = await slack_app.answer()
    assert slack_app.text("read-above") in words_of(offer)
    await slack_app.people.press(ADA, CHANNEL, offer.ts, slack_app.text("read-above-button"))
    opened = await slack_app.answer()
    assert opened.view is not None
    assert opened.view["blocks"][0]["element"]["initial_value"] == "what is the usual dose of alpha lipoic acid"
    await slack_app.people.submit(ADA, opened.view, audience="thread")
    answered = await slack_app.answer()
    assert slack_app.title("ala-dose") in words_of(answered)
    assert answered.thread_ts == root.ts


async def test_a_question_in_a_thread_of_others_is_simply_answered(slack_app: SlackApp) -> None:
    root = await slack_app.people.say(BEN, CHANNEL, "66 year old with burning feet")
    await slack_app.people.mention(ADA, CHANNEL, ALA, root.ts)
    assert slack_app.title("ala") in words_of(await slack_app.answer())


def _says(slack_app: SlackApp, kind: str) -> str:
    library = slack_app.engine.library
    return library.text(library.small_talk[kind].says, Register.PROFESSIONAL)


async def _menu(slack_app: SlackApp, root: str) -> str:
    """Return the ts of the bot's answer in a thread."""
    found = [m for m in slack_app.world.visible(CHANNEL) if m.get("thread_ts") == root]
    assert slack_app.text("quiet-button") in labels_of(slack_app.world.posts[-1])
    return str(found[-1]["ts"])

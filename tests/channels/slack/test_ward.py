"""What a ward does with an answer besides reading it: share it, report it, set how it looks, look a source up."""

from __future__ import annotations

from typing import Any

import pytest

from bot.content.models import Register
from bot.dialog import payloads
from bot.inbox.admin import ReportDesk
from bot.store.common import Identity
from tests.channels.slack.slack_app import ADA, BEN, CHANNEL, SECRET, SlackApp, labels_of, words_of
from tests.fakes.slack_world import Post

ALA = "what is alpha lipoic acid"
SHARE, REPORT = payloads.payload("ala", Register.PROFESSIONAL, "share"), payloads.payload("ala", word="report")


async def asked(slack_app: SlackApp, words: str = ALA) -> Post:
    await slack_app.people.mention(ADA, CHANNEL, words)
    post = await slack_app.answer()
    await slack_app.idle()
    return post


async def told(slack_app: SlackApp, words: str = ALA) -> Post:
    """Ask in a direct message, where the menu has room for more."""
    await slack_app.people.dm(ADA, words)
    post = await slack_app.answer()
    await slack_app.idle()
    return post


async def opened(slack_app: SlackApp, post: Post, value: str, who: str = ADA) -> dict[str, Any]:
    """Press what opens a modal and return the modal."""
    await slack_app.people.press(who, post.channel, post.ts, value)
    shown = await slack_app.answer()
    assert (shown.method, shown.user) == ("views.open", who)
    return list(slack_app.world.modals.values())[-1]


def desk(slack_app: SlackApp) -> ReportDesk:
    return ReportDesk(slack_app.store, Identity(SECRET))


# --- sharing ----------------------------------------------------------------------------------------------------------


async def test_an_answer_is_shared_with_a_person_with_its_question_and_who_shares_it(slack_app: SlackApp) -> None:
    view = await opened(slack_app, await asked(slack_app), SHARE)
    await slack_app.people.submit(ADA, view, person=BEN, question="Is ALA worth it?")
    there, done = await slack_app.answers(2)
    assert (there.method, there.channel) == ("chat.postMessage", "D0BEN")
    assert "shared this answer: Is ALA worth it?" in words_of(there)
    assert slack_app.title("ala") in words_of(there)
    assert ADA in str(there.blocks[0])
    assert (done.method, words_of(done)) == ("response_url", slack_app.text("slack-shared-done"))


async def test_what_is_shared_is_in_the_register_on_the_screen(slack_app: SlackApp) -> None:
    slack_app.world.channel("C0TEAM", ADA)
    post = await asked(slack_app)
    await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.text("to-layperson"))
    switched = await slack_app.answer()
    await slack_app.idle()
    view = await opened(slack_app, switched, payloads.payload("ala", Register.LAYPERSON, "share"))
    await slack_app.people.mention(ADA, CHANNEL, "in medical words please")  # what is chosen later changes nothing
    await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.submit(ADA, view, channel="C0TEAM")
    there, _ = await slack_app.answers(2)
    assert there.channel == "C0TEAM"
    assert slack_app.title("ala", Register.LAYPERSON) in words_of(there)


async def test_the_same_answer_is_shared_once_in_a_place(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    for _ in range(2):
        view = await opened(slack_app, post, SHARE)
        await slack_app.people.submit(ADA, view, channel=CHANNEL)
        shown = await slack_app.answer()
        if shown.method == "chat.postMessage":
            await slack_app.answer()
        await slack_app.idle()
    assert (shown.method, words_of(shown)) == ("response_url", slack_app.text("slack-shared-already"))


@pytest.mark.parametrize(
    ("given", "field", "key"),
    [
        ({}, "person", "slack-share-nobody"),
        ({"person": ADA}, "person", "slack-share-self"),
        ({"person": BEN, "channel": CHANNEL}, "channel", "slack-share-one"),
    ],
)
async def test_a_share_with_nobody_oneself_or_both_is_sent_back_with_the_reason(
    slack_app: SlackApp, given: dict[str, str], field: str, key: str
) -> None:
    view = await opened(slack_app, await asked(slack_app), SHARE)
    emission = await slack_app.people.submit(ADA, view, **given)
    answer = (await emission.acked()).answer
    assert answer == {"response_action": "errors", "errors": {field: slack_app.text(key)}}
    await slack_app.unaddressed()


@pytest.mark.parametrize("trouble", ["archived", "not invited", "foreign", "unknown person"])
async def test_a_share_that_slack_refuses_is_told_to_the_sharer_alone(slack_app: SlackApp, trouble: str) -> None:
    view = await opened(slack_app, await asked(slack_app), SHARE)
    if trouble == "archived":
        slack_app.world.channel("C0OLD", ADA).archived = True
    if trouble == "not invited":
        slack_app.world.channel("C0OLD", ADA, bot=False)
    target = {"person": "U0GONE"} if trouble == "unknown person" else {"channel": "C0OLD"}
    await slack_app.people.submit(ADA, view, **target)
    refusal = await slack_app.answer()
    assert (refusal.method, refusal.user) == ("response_url", ADA)
    assert words_of(refusal) == slack_app.text("slack-not-shared")
    await slack_app.unaddressed()


async def test_an_answer_is_shared_by_words_and_by_command_too(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    await slack_app.people.mention(ADA, CHANNEL, "share this with a colleague", post.thread_ts)
    offered = await slack_app.answer()
    await slack_app.idle()
    assert slack_app.text("share-lead") in words_of(offered)
    await opened(slack_app, offered, SHARE)
    await slack_app.people.command(ADA, CHANNEL, ALA)
    await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.command(ADA, CHANNEL, "share")
    assert slack_app.text("share-button") in labels_of(await slack_app.answer())


# --- what is wrong ----------------------------------------------------------------------------------------------------


async def test_a_report_in_a_modal_is_masked_acknowledged_and_answered_in_private(slack_app: SlackApp) -> None:
    view = await opened(slack_app, await told(slack_app), REPORT)
    wrong = "Mrs Jane Smith, born 12.03.1950, got 600 mg; see ada@ward.example"
    await slack_app.people.submit(ADA, view, wrong=wrong)
    thanked = await slack_app.answer()
    assert (thanked.method, thanked.channel) == ("chat.postMessage", "D0ADA")
    assert slack_app.text("reported-title") in words_of(thanked)
    await slack_app.idle()
    (report,) = await desk(slack_app).list()
    assert (report.node, report.channel, report.words) == ("ala", "slack", "[…], born […], got 600 mg; see […]")
    await desk(slack_app).close(report.number, "Thank you, the dose is corrected.")
    answer = await slack_app.answer()
    assert (answer.method, answer.channel) == ("chat.postMessage", "D0ADA")
    assert "Thank you, the dose is corrected." in words_of(answer)
    assert await desk(slack_app).list() == []


async def test_a_thumb_down_with_words_is_a_report(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.text("unhelpful"))
    await slack_app.answers(2)
    (view,) = slack_app.world.modals.values()
    await slack_app.people.submit(ADA, view, reason="old", wrong="A newer guideline exists.")
    assert slack_app.text("reported-title") in words_of(await slack_app.answer())
    await slack_app.idle()
    (report,) = await desk(slack_app).list()
    assert report.words == "old: A newer guideline exists."


async def test_a_report_by_words_in_a_thread_is_made_where_nobody_reads_along(slack_app: SlackApp) -> None:
    post = await asked(slack_app)
    await slack_app.people.mention(ADA, CHANNEL, "this is wrong", post.thread_ts)
    asked_back = await slack_app.answer()
    await slack_app.idle()
    assert "where nobody else reads along" in words_of(asked_back)
    await opened(slack_app, asked_back, REPORT)


async def test_a_report_by_command_and_an_emergency_in_it(slack_app: SlackApp) -> None:
    await slack_app.people.command(ADA, CHANNEL, ALA)
    await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.command(ADA, CHANNEL, "report my patient has crushing chest pain now, and it says nothing")
    shown = await slack_app.answer()
    assert slack_app.title("urgent-chest") in words_of(shown)
    await slack_app.idle()
    (report,) = await desk(slack_app).list()
    assert report.node == "ala"


async def test_forget_takes_the_reports_along_and_export_shows_them(slack_app: SlackApp) -> None:
    view = await opened(slack_app, await told(slack_app), REPORT)
    await slack_app.people.submit(ADA, view, wrong="The heading is wrong.")
    await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.command(ADA, CHANNEL, "export")
    assert "The heading is wrong." in words_of(await slack_app.answer())
    await slack_app.idle()
    await slack_app.people.command(ADA, CHANNEL, "forget")
    sure = await slack_app.answer()
    await slack_app.people.press_ephemeral(ADA, sure, slack_app.text("forget-confirm"))
    assert "reports of mistakes (1)" in words_of(await slack_app.answer())
    assert await desk(slack_app).list(closed=True) == []


# --- one source, settings, a person -----------------------------------------------------------------------------------


async def test_one_source_by_its_name_can_be_copied(slack_app: SlackApp) -> None:
    await slack_app.people.mention(ADA, CHANNEL, "DOI of Cochrane 2024")
    shown = await slack_app.answer()
    assert "doi: 10.1002/14651858.CD012967.pub2" in words_of(shown)
    assert "rich_text_preformatted" in str(shown.blocks)
    await slack_app.idle()
    await slack_app.people.mention(ADA, CHANNEL, "reference 999", shown.thread_ts)
    assert slack_app.text("source-none-title") in words_of(await slack_app.answer())


async def test_the_settings_stand_on_the_home_and_change_there(slack_app: SlackApp) -> None:
    await slack_app.people.open_home(ADA)
    await slack_app.answer()
    for label in ("settings-title", "settings-country-button"):
        await slack_app.idle()
        await slack_app.people.press_home(ADA, slack_app.text(label))
        shown = await slack_app.answer()
        assert (shown.method, shown.user) == ("views.publish", ADA)
    await slack_app.idle()
    await slack_app.people.press_home(ADA, "Austria")
    assert "112 · Telefonseelsorge 142" in words_of(await slack_app.answer())
    await slack_app.idle()
    await slack_app.people.dm(ADA, "I have crushing chest pain")
    urgent = await slack_app.answer()
    assert "112" in words_of(urgent)
    assert "999" not in words_of(urgent)


async def test_settings_pressed_by_somebody_else_are_their_own(slack_app: SlackApp) -> None:
    await slack_app.people.mention(ADA, CHANNEL, "settings")
    shown = await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.press(BEN, CHANNEL, shown.ts, slack_app.text("settings-unfold-button"))
    own = await slack_app.answer()
    assert (own.method, own.user) == ("chat.postEphemeral", BEN)
    await slack_app.idle()
    assert not (await slack_app.inbox.preferences(f"slack:T0WARD:{ADA}")).preferences.open
    assert (await slack_app.inbox.preferences(f"slack:T0WARD:{BEN}")).preferences.open


async def test_detail_is_open_for_who_set_it_so(slack_app: SlackApp) -> None:
    await slack_app.people.dm(ADA, "always show details")
    await slack_app.answer()
    await slack_app.idle()
    await slack_app.people.dm(ADA, ALA)
    shown = await slack_app.answer()
    (folded,) = [block for block in shown.blocks if block["type"] == "container"]
    assert folded["title"]["text"].startswith(slack_app.text("sources-heading"))

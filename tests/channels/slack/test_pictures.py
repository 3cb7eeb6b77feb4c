"""Pictures and pages on Slack, over Socket Mode and HTTP: image blocks, shared files, and words where refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.dialog.engine import Engine
from bot.pictures.shelf import Shelf
from tests.channels.slack.slack_app import ADA, BEN, CHANNEL, Mode, SlackApp, running_app, words_of
from tests.fakes.slack import FakeSlack, Fault
from tests.fakes.slack_world import Post

FEET = "how do i look after my feet every day"


@pytest.fixture
async def slack_app(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path, shelf: Shelf
) -> AsyncIterator[SlackApp]:
    """The bot at work, with everything drawn."""
    async with running_app(fake, engine, mode, tmp_path, shelf=shelf) as app:
        yield app


def images(post: Post) -> list[dict[str, Any]]:
    return [block for block in post.blocks if block["type"] == "image"]


async def test_an_answer_in_a_direct_message_has_its_picture_with_all_it_says_in_words(slack_app: SlackApp) -> None:
    await slack_app.people.dm(ADA, FEET)
    answer = await slack_app.answer()
    [image] = images(answer)
    assert image["alt_text"].startswith("Six numbered boxes")
    assert "Both feet should be equally warm." in image["alt_text"]
    assert "Both feet should be equally warm." in answer.text
    kinds = [block["type"] for block in answer.blocks]
    assert kinds.index("rich_text") < kinds.index("image") < kinds.index("container")


async def test_a_picture_is_uploaded_once_per_workspace(slack_app: SlackApp) -> None:
    for person in (ADA, BEN):
        await slack_app.people.dm(person, FEET)
        assert images(await slack_app.answer())
    assert len(slack_app.fake.web.files.found) == 1


async def test_in_a_channel_words_come_first_and_the_picture_when_asked_for(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, FEET)
    assert not images(await slack_app.answer())
    await slack_app.people.mention(ADA, CHANNEL, "show me a picture", thread_ts=said.ts)
    assert images(await slack_app.answer())


async def test_a_button_names_each_picture_there_is(slack_app: SlackApp) -> None:
    await slack_app.people.dm(ADA, "show me a picture")
    offered = await slack_app.answer()
    assert not images(offered)
    await slack_app.people.press(ADA, offered.channel, offered.ts, "Low sugar as a picture")
    assert images(await slack_app.answer())


async def test_a_file_that_is_not_ready_leaves_the_answer_to_words_and_the_next_one_has_it(
    slack_app: SlackApp,
) -> None:
    files = slack_app.fake.web.files
    files.slow = True
    await slack_app.people.dm(ADA, FEET)
    assert not images(await slack_app.answer())
    for file in files.found.values():
        file.ready = True
    await slack_app.people.dm(BEN, FEET)
    assert images(await slack_app.answer())
    assert len(files.found) == 1


async def test_a_picture_that_was_deleted_is_uploaded_anew(slack_app: SlackApp) -> None:
    files = slack_app.fake.web.files
    await slack_app.people.dm(ADA, FEET)
    assert images(await slack_app.answer())
    files.found.clear()
    await slack_app.people.dm(BEN, FEET)
    assert not images(await slack_app.answer())
    await slack_app.people.dm("U0CLEO", FEET)
    assert images(await slack_app.answer())


async def test_without_the_scope_the_answer_is_words_and_the_page_is_said_to_be_missing(slack_app: SlackApp) -> None:
    for install in slack_app.world.installs.values():
        install.scopes.discard("files:write")
    await slack_app.people.dm(ADA, FEET)
    answer = await slack_app.answer()
    assert not images(answer)
    assert "Patients should inspect both feet daily" in words_of(answer)
    await slack_app.people.dm(ADA, "handout")
    _, failed = await slack_app.answers(2)
    assert "could not be sent" in words_of(failed) or "could not be sent" in failed.text


async def test_an_emergency_has_no_picture(slack_app: SlackApp) -> None:
    await slack_app.people.dm(ADA, "my patient has a sugar of 40 and does not wake up")
    assert not images(await slack_app.answer())


@pytest.mark.parametrize("wish", ["print this", "something for my doctor", "handout"])
async def test_the_page_is_shared_where_it_was_asked_for(slack_app: SlackApp, wish: str) -> None:
    said = await slack_app.people.dm(ADA, wish)
    answer = await slack_app.answer()
    assert "Here is a page to print" in words_of(answer)
    await slack_app.idle()
    [shared] = slack_app.fake.web.files.shared
    assert shared["thread_ts"] in (said.ts, answer.ts, answer.thread_ts)
    [file] = slack_app.fake.web.files.found.values()
    assert file.name == "footnote-clinician.pdf"
    assert file.body.startswith(b"%PDF")


async def test_the_page_of_a_slash_command_comes_as_a_direct_message(slack_app: SlackApp) -> None:
    await slack_app.people.command(ADA, CHANNEL, "handout")
    await slack_app.answer()
    await slack_app.idle()
    [shared] = slack_app.fake.web.files.shared
    assert slack_app.world.channels[shared["channel_id"]].kind == "im"


async def test_a_page_is_shared_once_though_the_announcement_was_hard_to_post(
    slack_app: SlackApp, quickly: None
) -> None:
    slack_app.fake.faults.add(Fault("server_error", "files.completeUploadExternal"))
    await slack_app.people.dm(ADA, "handout")
    await slack_app.answer()
    await slack_app.idle()
    assert len(slack_app.fake.web.files.shared) == 1
    await slack_app.unaddressed()


async def test_an_upload_that_breaks_off_leaves_words(slack_app: SlackApp) -> None:
    slack_app.fake.faults.add(Fault("drop", "files.getUploadURLExternal"))
    await slack_app.people.dm(ADA, FEET)
    assert not images(await slack_app.answer())

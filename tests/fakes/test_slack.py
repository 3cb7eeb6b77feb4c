"""The pretended Slack is as strict as the documentation says: its own tests, with the real slack_sdk where it calls."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import CHANNEL, FakeSlack
from tests.fakes.slack_blocks import validate_blocks, validate_view
from tests.fakes.slack_clock import ManualClock

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Press"), "action_id": "a", **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def rich(*inline: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(inline)}]}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def container(**more: Any) -> Json:
    return {"type": "container", "title": plain("Sources"), "child_blocks": [rich(text("x"))], **more}


def table(rows: int = 1, columns: int = 1, words: str = "x") -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": words}] * columns for _ in range(rows)]}


GOOD = [
    {"type": "section", "text": plain("x" * 3_000)},
    {"type": "header", "text": plain("x" * 150), "level": 2},
    {"type": "context", "elements": [plain("x")] * 10},
    actions(*(button(action_id=str(n)) for n in range(25))),
    button_row := actions(button(value="x" * 2_000, accessibility_label="x" * 75)),
    rich(text("x"), {"type": "link", "url": "https://a.b", "text": "y"}),
    container(is_collapsible=True, default_collapsed=True),
    table(100, 20, "x"),
    {"type": "image", "image_url": "https://a.b/c.png", "alt_text": "a picture"},
    {"type": "divider"},
]
BAD = {
    "unknown type": {"type": "hologram"},
    "no type": {},
    "not an object": "text",
    "section too long": {"type": "section", "text": plain("x" * 3_001)},
    "section without text": {"type": "section"},
    "empty text": {"type": "section", "text": plain("")},
    "fields": {"type": "section", "fields": [plain("x")] * 11},
    "header too long": {"type": "header", "text": plain("x" * 151)},
    "header in mrkdwn": {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
    "header level": {"type": "header", "text": plain("x"), "level": 5},
    "context elements": {"type": "context", "elements": [plain("x")] * 11},
    "no actions": actions(),
    "too many actions": actions(*(button(action_id=str(n)) for n in range(26))),
    "same action twice": actions(button(), button()),
    "action id": actions(button(action_id="x" * 256)),
    "button text": actions(button(text=plain("x" * 76))),
    "button value": actions(button(value="x" * 2_001)),
    "button label": actions(button(accessibility_label="x" * 76)),
    "button style": actions(button(style="purple")),
    "button address": actions(button(url="javascript:alert(1)")),
    "button property": actions(button(colour="red")),
    "block id": {"type": "divider", "block_id": "x" * 256},
    "image without alt text": {"type": "image", "image_url": "https://a.b/c.png"},
    "image with empty alt text": {"type": "image", "image_url": "https://a.b/c.png", "alt_text": ""},
    "rich text without elements": {"type": "rich_text", "elements": []},
    "rich text with empty text": rich(text("")),
    "rich text with unknown style": rich({"type": "text", "text": "x", "style": {"blink": True}}),
    "rich text with a bad link": rich({"type": "link", "url": "nowhere"}),
    "rich text list of text": {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "bullet", "elements": [text("x")]}],
    },
    "table rows": table(101),
    "table columns": table(1, 21),
    "table characters": table(11, 10, "x" * 100),
    "container children": container(child_blocks=[{"type": "divider"}] * 11),
    "container title": container(title=plain("x" * 151)),
    "container without title": {"type": "container", "child_blocks": [{"type": "divider"}]},
    "container collapsed but not collapsible": container(default_collapsed=True),
    "container in a container": container(child_blocks=[container()]),
    "alert outside a modal": {"type": "alert", "text": plain("x")},
    "thumbs without value": {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "positive_button": {"text": plain("x")}, "negative_button": {}}],
    },
}


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_good_blocks_are_taken(block: Json) -> None:
    assert validate_blocks([block]) == []


@pytest.mark.parametrize("name", BAD)
def test_bad_blocks_are_refused_with_their_place(name: str) -> None:
    faults = validate_blocks([{"type": "divider"}, BAD[name]])
    assert faults
    assert all("[json-pointer:/blocks" in fault for fault in faults)


def test_what_only_a_whole_message_can_break() -> None:
    assert validate_blocks([{"type": "divider"}] * 51)
    assert not validate_blocks([{"type": "divider"}] * 51, "home")
    assert validate_blocks([{"type": "divider"}] * 101, "modal")
    assert validate_blocks([table(), table()]) == ["only_one_table_allowed [json-pointer:/blocks]"]
    assert validate_blocks([{"type": "divider", "block_id": "x"}] * 2)
    assert validate_blocks([{"type": "markdown", "text": "x" * 6_001}] * 2)
    assert validate_blocks({"type": "divider"})


@pytest.mark.parametrize("kind", ["table", "markdown", "context_actions", "container"])
def test_surfaces_take_what_they_draw(kind: str) -> None:
    blocks = {"table": table(), "markdown": {"type": "markdown", "text": "x"}, "container": container()}
    thumb = {"text": plain("x"), "value": "x"}
    blocks["context_actions"] = {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "positive_button": thumb, "negative_button": thumb}],
    }
    assert validate_blocks([blocks[kind]]) == []
    assert validate_blocks([blocks[kind]], "modal")
    assert bool(validate_blocks([blocks[kind]], "home")) == (kind != "container")


def test_views() -> None:
    modal: Json = {"type": "modal", "title": plain("x"), "blocks": [{"type": "divider"}]}
    question = {"type": "input", "label": plain("x"), "element": {"type": "plain_text_input", "action_id": "q"}}
    assert validate_view(modal) == []
    assert validate_view({**modal, "title": plain("x" * 25)})
    assert validate_view({**modal, "private_metadata": "x" * 3_001})
    assert validate_view({**modal, "blocks": [question]})
    assert validate_view({**modal, "blocks": [question], "submit": plain("Send")}) == []
    assert validate_view({"type": "home", "blocks": [], "title": plain("x")})
    assert validate_view("text")


@pytest.fixture
async def fake() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        yield slack


@pytest.fixture
def client(fake: FakeSlack) -> AsyncWebClient:
    return AsyncWebClient(fake.bot_token, fake.api, retry_handlers=[])


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
async def test_the_web_api_refuses_in_slacks_words(fake: FakeSlack, client: AsyncWebClient) -> None:
    fake.world.channel("C0FOREIGN", bot=False)
    fake.world.channel("C0SECRET", kind="group", bot=False)
    fake.world.channel("C0OLD").archived = True
    post = client.chat_postMessage
    assert await refusal(AsyncWebClient("xoxb-wrong", fake.api).auth_test()) == "invalid_auth"
    assert await refusal(AsyncWebClient(None, fake.api).auth_test()) == "not_authed"
    assert await refusal(client.api_call("chat.dance")) == "unknown_method"
    assert await refusal(post(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert await refusal(post(channel="C0SECRET", text="x")) == "channel_not_found"
    assert await refusal(post(channel="C0FOREIGN", text="x")) == "not_in_channel"
    assert await refusal(post(channel="C0OLD", text="x")) == "is_archived"
    assert await refusal(post(channel=CHANNEL, text="")) == "no_text"
    assert await refusal(post(channel=CHANNEL, text="x" * 40_001)) == "msg_too_long"
    assert await refusal(post(channel=CHANNEL, text="x", blocks=[{"type": "hologram"}])) == "invalid_blocks"
    assert await refusal(client.chat_update(channel=CHANNEL, ts="1.1", text="x")) == "message_not_found"
    assert await refusal(client.views_open(trigger_id="none", view={})) == "invalid_trigger_id"
    sent = await post(channel=CHANNEL, text="x")
    assert await refusal(client.chat_update(channel=CHANNEL, ts=sent["ts"], text="x" * 4_001)) == "msg_too_long"
    fake.world.install_of("T0WARD").scopes.discard("chat:write")
    assert await refusal(post(channel=CHANNEL, text="x")) == "missing_scope"
    fake.world.install_of("T0WARD").active = False
    assert await refusal(client.auth_test()) == "account_inactive"


async def test_a_trigger_is_good_for_three_seconds_and_one_use(fake: FakeSlack, client: AsyncWebClient) -> None:
    view = {"type": "modal", "title": plain("x"), "blocks": [{"type": "divider"}]}
    trigger = fake.world.trigger("U0ADA", "T0WARD")
    await client.views_open(trigger_id=trigger, view=view)
    assert await refusal(client.views_open(trigger_id=trigger, view=view)) == "exchanged_trigger_id"
    late = fake.world.trigger("U0ADA", "T0WARD")
    assert isinstance(fake.clock, ManualClock)
    await fake.clock.advance(3)
    assert await refusal(client.views_open(trigger_id=late, view=view)) == "expired_trigger_id"


async def test_a_response_url_is_good_for_five_uses_and_thirty_minutes(fake: FakeSlack) -> None:
    url = fake.address + fake.world.reply_path(CHANNEL, "U0ADA", "T0WARD")
    late = fake.address + fake.world.reply_path(CHANNEL, "U0ADA", "T0WARD")
    async with aiohttp.ClientSession() as session:
        for status in (200, 200, 200, 200, 200, 404):
            async with session.post(url, json={"text": "x"}) as answer:
                assert answer.status == status
        assert isinstance(fake.clock, ManualClock)
        await fake.clock.advance(1_800)
        async with session.post(late, json={"text": "x"}) as answer:
            assert (answer.status, await answer.text()) == (404, "expired_url")


async def test_events_are_retried_at_once_after_a_minute_and_after_five(fake: FakeSlack) -> None:
    emission = await fake.people.event({"type": "message"}, "T0WARD")
    assert isinstance(fake.clock, ManualClock)
    seen = []
    for seconds in (2.9, 0.1, 59, 5, 299, 5, 10_000):
        await fake.clock.advance(seconds)
        seen.append(emission.attempts)
    assert seen == [1, 2, 2, 3, 3, 4, 4]


async def test_commands_are_never_retried(fake: FakeSlack) -> None:
    emission = await fake.people.command("U0ADA", CHANNEL, "help")
    assert isinstance(fake.clock, ManualClock)
    await fake.clock.advance(10_000)
    assert emission.attempts == 1


async def test_it_runs_as_a_process_of_its_own_and_is_driven_from_outside() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.slack", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        given = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        client = AsyncWebClient(given["bot_token"], given["api"])
        await client.chat_postMessage(channel=CHANNEL, text="hello")
        async with aiohttp.ClientSession() as session:
            order = {"do": "mention", "with": {"user": "U0ADA", "channel": CHANNEL, "text": "hello"}}
            async with session.post(given["address"] + "/control", json=order) as answer:
                assert (await answer.json())["channel"] == CHANNEL
            async with session.get(given["address"] + "/control/posts") as answer:
                assert [post["text"] for post in await answer.json()] == ["hello"]
    finally:
        process.terminate()
        await process.wait()

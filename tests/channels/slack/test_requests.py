"""A press is read as Bolt itself reads it, only faster; the signature is still made of what was posted."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.channels.slack.receiver import bolt_request

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TEXTS = st.text(st.characters(codec="utf-8"))


@given(st.dictionaries(TEXTS, TEXTS), st.sampled_from([quote, quote_plus, lambda text: urlencode({"": text})[1:]]))
def test_a_form_with_one_field_is_read_as_bolt_reads_it(body: dict[str, str], escaped: Callable[[str], str]) -> None:
    text = "payload=" + escaped(json.dumps(body, ensure_ascii=False))
    read, theirs = bolt_request(text, FORM), AsyncBoltRequest(body=text, headers=FORM)  # type: ignore[arg-type]
    assert read.body == theirs.body == body
    assert (read.raw_body, read.mode) == (theirs.raw_body, theirs.mode) == (text, "http")


@pytest.mark.parametrize(
    "text",
    [
        "command=%2Ffootnote&text=what+is+ala&team_id=T1",
        "payload=%7B%22a%22%3A+%22x%3Dy%22%7D&other=1",
        'payload={"a":"b=="}',
        '{"type": "event_callback", "event": {"text": "payload=%41"}}',
        "",
    ],
)
def test_anything_else_is_left_to_bolt(text: str) -> None:
    read, theirs = bolt_request(text, FORM, "a=1"), AsyncBoltRequest(body=text, headers=FORM, query="a=1")  # type: ignore[arg-type]
    assert (read.body, read.raw_body, read.query) == (theirs.body, theirs.raw_body, theirs.query)


@pytest.mark.parametrize("text", ["payload=%FF%FE", "payload=%7Bnot", "payload=%5B1%5D", "payload=é"])
def test_what_is_no_json_object_raises_what_the_door_turns_into_a_400(text: str) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        bolt_request(text, FORM)

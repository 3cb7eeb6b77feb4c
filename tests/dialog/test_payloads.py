"""What a button carries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.plugin import MAX_CALLBACK_DATA
from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.payloads import Tap
from bot.dialog.turn import Register


@pytest.mark.parametrize(
    ("tap", "text"),
    [
        (Tap("ala"), "v1:ala"),
        (Tap("ala", Register.LAYPERSON), "v1:ala:layperson"),
        (Tap("ala-dose", None, "up"), "v1:ala-dose!up"),
        (Tap("privacy", None, "forget"), "v1:privacy!forget"),
    ],
)
def test_a_payload_is_read_back(tap: Tap, text: str) -> None:
    assert payloads.payload(tap.node, tap.register, tap.word) == text
    assert payloads.parse(text) == tap


FORGED = ("", "ala", "v2:ala", "v1:", "v1:ALA", "v1:ala:expert", "v1:ala\n", "v1:a b", "v1:ala!")


@pytest.mark.parametrize("forged", FORGED)
def test_what_this_program_did_not_write_is_no_tap(forged: str) -> None:
    assert payloads.parse(forged) is None


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    assert payloads.parse(text) is None or text.startswith("v1:")


def test_every_payload_fits_telegram(library: Library) -> None:
    longest = payloads.payload(max(library.nodes, key=len), Register.PROFESSIONAL)
    assert len(longest.encode()) <= MAX_CALLBACK_DATA
    assert len(payloads.payload("x" * 40, Register.PROFESSIONAL, "x" * 7).encode()) <= MAX_CALLBACK_DATA

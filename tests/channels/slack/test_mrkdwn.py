"""Words on their way in: identifiers masked, mentions taken out, in time that grows with the text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.blocks import escaped, mentions, names_another, plain
from bot.dialog.personal_data import MASK, mask
from tests.growth import LINEAR, growth


@pytest.mark.parametrize(
    "text",
    [
        "MRN 12345678",
        "born 03/05/1951",
        "born 3-5-51",
        "DOB 1951-05-03",
        "born 3 May 1951",
        "born May 3rd, 1951",
        "ann.example@hospital.example",
        "NHS number 943 476 5919",
        "SSN 123-45-6789",
        "call +44 20 7946 0958",
        "tel 020 7946 0958",
    ],
)
def test_obvious_identifiers_are_masked(text: str) -> None:
    masked, found = mask(f"Patient ({text}): which drug?")
    assert found
    assert MASK in masked
    assert not any(digit in masked for digit in "1234567890")


@pytest.mark.parametrize(
    "text",
    [
        "ALA 600 mg twice daily for 6 months",
        "gabapentin 1800-3600 mg/day",
        "titrate 600 1200 1800 mg",
        "HbA1c 53 mmol/mol, eGFR 45, 7.5 %",
        "the 2020 trial and the 2024 review",
        "10000000 IU",
        "1,200 mg to 3,600 mg",
        "vitamin K2 @ 90 mcg",
    ],
)
def test_doses_values_and_years_are_left_alone(text: str) -> None:
    assert mask(text) == (text, False)


@pytest.mark.parametrize("piece", ["a", "1", "1-", "a.", " ", "<", "+1 ", "a@", "0123-", "3 May ", "<@U1", "&"])
def test_the_work_grows_with_a_flood_and_no_faster(piece: str) -> None:
    assert growth(lambda text: mask(plain(text)), piece) < LINEAR


def test_mentions_links_and_entities_become_words() -> None:
    text = (
        "<@U0BOT> ask <@U0BEN|ben> <!channel> <!subteam^S1|@team> <#C1|general> <https://x.y/z|a link> &lt;b&gt; &amp;"
    )
    assert plain(text) == "ask a link <b> &"
    assert plain("<https://x.y/z>\x00") == ""
    assert plain("<mailto:a@b.example|a@b.example>") == "a@b.example"


def test_who_is_named() -> None:
    assert mentions("hello <@U0BOT|footnote>", "U0BOT")
    assert not mentions("hello U0BOT <@U0BOTTLE>", "U0BOT")
    assert names_another("<@U0BOT> <@U0BEN>", "U0BOT")
    assert names_another("<!here> hello", "U0BOT")
    assert not names_another("<@U0BOT> <https://x.y>", "U0BOT")


@given(st.text())
def test_nothing_escaped_can_ping(text: str) -> None:
    assert "<" not in escaped(text)
    assert ">" not in escaped(text)

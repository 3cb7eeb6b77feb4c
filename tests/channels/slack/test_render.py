"""The renderer: no character lost, every limit held, nothing read as markup, whatever an answer looks like."""

from __future__ import annotations

import html
from dataclasses import replace
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.channels.layout import Shown
from bot.channels.slack.actions import MAX_BUTTONS, asker_of
from bot.channels.slack.blocks import block_text, shown
from bot.channels.slack.plugin import plugin, slack_measure
from bot.channels.slack.render import RenderOptions, SlackMessage, SlackRenderer, fallbacks
from bot.content.library import Library
from bot.content.markdown import Document, Heading, Inline, Paragraph, Table
from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import (
    Button,
    ClaimCard,
    FootLine,
    Incoming,
    Kind,
    Outcome,
    Register,
    Reply,
    SourceLine,
    State,
)
from tests.channels.slack.cards import DOCUMENT, REPLY, squeezed, words_in
from tests.fakes.slack_blocks import validate_blocks
from tests.fakes.slack_rich_text import pings, walk


def say(key: str, register: Register, **values: Any) -> str:
    return f"{key} {values.get('label', '')}"


FOOT = {"review": FootLine("pending", "pending review"), "disclaimer": FootLine("not advice", "not medical advice")}


def card(brief: Document = (), **more: Any) -> ClaimCard:
    fields = {"node": "ala", "register": Register.PROFESSIONAL, "outcome": Outcome.ANSWER, "title": "Title", **FOOT}
    return ClaimCard(**{**fields, "sources": (), "brief": brief, **more})


def broken_by(found: Shown) -> list[str]:
    assert plugin.limits is not None
    assert plugin.limits.screens is not None
    return list(plugin.limits.screens.broken(found))


def words_shown(parts: list[SlackMessage]) -> str:
    texts = [node.get("text") for part in parts for node in walk(part.blocks)]
    return "".join(text for text in texts if isinstance(text, str))


def paragraph(text: str) -> Paragraph:
    return Paragraph((Inline(text),))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(REPLY)
def test_every_limit_is_held_on_every_surface_and_in_every_way(reply: Reply) -> None:
    renderer = SlackRenderer(say)
    for look in (RenderOptions(asker="U0ADA", share=True), RenderOptions(asker="U0ADA", home=True)):
        parts = renderer.parts(reply, look, ["a closing line"])
        for part in parts:
            assert validate_blocks(part.blocks, "home" if look.home else "message") == []
            assert len(part.text) <= 40_000
            assert pings(part.text, part.blocks) == []
            if not look.home:
                for way in fallbacks(part):
                    assert validate_blocks(way.blocks, "message") == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(DOCUMENT)
def test_no_character_is_lost_neither_in_blocks_nor_in_the_text(body: Document) -> None:
    parts = SlackRenderer(say).parts(Reply(card(body)), RenderOptions())
    wanted = words_in(body)
    seen = squeezed(words_shown(parts))
    text = squeezed(html.unescape("".join(part.brief for part in parts)))
    for haystack in (seen, text):
        assert sorted(set(wanted)) == sorted(set(wanted) & set(haystack))
    plain = [one for one in body if not isinstance(one, Table)]
    for one in plain:
        assert words_in((one,)) in seen


@settings(max_examples=25, deadline=None)
@given(DOCUMENT)
def test_a_rendered_card_is_kept_and_never_mixed_up(body: Document) -> None:
    renderer = SlackRenderer(say)
    one, other = card(body), card((paragraph("another"),))
    first = renderer.parts(Reply(one), RenderOptions())
    offered = renderer.parts(Reply(one, offer="Said once."), RenderOptions())
    renderer.parts(Reply(other), RenderOptions())
    assert renderer.parts(Reply(one), RenderOptions()) == first
    assert renderer.parts(Reply(one, offer="Said once."), RenderOptions()) == offered
    assert ("Said once." in words_shown(offered), "Said once." in words_shown(first)) == (True, False)


def test_rows_that_were_laid_out_once_are_those_of_the_card_the_turn_and_the_asker() -> None:
    renderer, shown_card = SlackRenderer(say), card(buttons=(Button("More", "v1:k2"),))
    (first,) = renderer.parts(Reply(shown_card), RenderOptions(asker="U0ADA"))
    (again,) = renderer.parts(Reply(shown_card), RenderOptions(asker="U0BOB"))
    assert [asker_of(part.blocks[-1]["block_id"]) for part in (first, again)] == ["U0ADA", "U0BOB"]
    assert again.blocks[-1]["elements"] == first.blocks[-1]["elements"]
    (chosen,) = renderer.parts(Reply(shown_card, choices=(Button("Other", "v1:k3"),)), RenderOptions())
    assert [one["value"] for one in chosen.blocks[-1]["elements"]] == ["v1:k3", "v1:k2"]
    (changed,) = renderer.parts(Reply(replace(shown_card, buttons=(Button("New", "v1:k4"),))), RenderOptions())
    assert [one["value"] for one in changed.blocks[-1]["elements"]] == ["v1:k4"]


def test_markup_in_authored_text_stays_text() -> None:
    words = "p < 0.05 & <!channel> <@U123> *not bold* _nor this_ :smile: `code`"
    (part,) = SlackRenderer(say).parts(Reply(card((paragraph(words),)), lead=words), RenderOptions())
    assert words_shown([part]).count(words) == 2
    assert pings(part.text, part.blocks) == []
    assert words in html.unescape(part.text)


def test_a_notification_begins_with_the_first_sentence_of_an_answer_and_with_the_action_of_an_emergency() -> None:
    first = (paragraph("It probably helps little."), paragraph("More."))
    (answer,) = SlackRenderer(say).parts(Reply(card(first), lead="In short:"), RenderOptions())
    assert answer.text.startswith("It probably helps little.\n\nIn short:\n\nTitle\n\nMore.")
    (urgent,) = SlackRenderer(say).parts(Reply(card(first, outcome=Outcome.URGENT)), RenderOptions())
    assert urgent.text.startswith("Title\n\nIt probably helps little.")


def test_what_is_behind_the_brief_is_one_closed_container() -> None:
    source = SourceLine(5, "x", "A trial", "https://a.b/c")
    notes = (Heading((Inline("Notes"),), 2), paragraph("Newer evidence."))
    answer = card((paragraph("Brief."),), detail=(paragraph("Detail."),), notes=notes, sources=(source,))
    (part,) = SlackRenderer(say).parts(Reply(answer), RenderOptions())
    (fold,) = (block for block in part.blocks if block["type"] == "container")
    assert fold["default_collapsed"] is True
    for words in ("Detail.", "Notes", "Newer evidence.", "A trial"):
        assert words in words_shown([part])
        assert words in part.text
        assert words not in "".join(map(block_text, part.blocks))
    link = next(node for node in walk(fold) if node.get("type") == "link")
    assert (link["url"], link["text"]) == ("https://a.b/c", "A trial")
    assert "https://a.b/c" in part.text
    assert "https://a.b/c" not in part.brief


def test_the_small_print_is_one_block_below_everything_that_claims_something() -> None:
    (part,) = SlackRenderer(say).parts(Reply(card((paragraph("Brief."),))), RenderOptions())
    (foot,) = (block for block in part.blocks if block["type"] == "context")
    assert [one["text"] for one in foot["elements"]] == ["pending", "not advice"]


def test_a_table_is_a_table_where_a_phone_shows_it_and_a_card_per_row_where_it_is_wide() -> None:
    row = (Inline("Pregabalin"),), (Inline("300 mg"),)
    narrow = Table(((Inline("Drug"),), (Inline("Dose"),)), (row,))
    wide = Table((*narrow.header, (Inline("Harm"),)), ((*row, (Inline("falls"),)),))
    renderer = SlackRenderer(say)
    (message,) = renderer.parts(Reply(card((narrow, narrow))), RenderOptions())
    assert [block["type"] for block in message.blocks].count("table") == 1
    (cards,) = renderer.parts(Reply(card((wide,))), RenderOptions())
    assert not any(block["type"] == "table" for block in cards.blocks)
    assert "Drug: Pregabalin\n• Dose: 300 mg\n• Harm: falls" in block_text(cards.blocks[1])
    for part in (message, cards):
        assert "300 mg" in part.text


def test_a_long_answer_is_split_between_paragraphs_with_the_buttons_on_the_last() -> None:
    from bot.dialog.turn import Button

    body = tuple(paragraph(f"{number}: " + "word " * 200) for number in range(30))
    parts = SlackRenderer(say).parts(Reply(card(body, buttons=(Button("More", "v1:k2"),))), RenderOptions())
    assert len(parts) > 1
    assert [any(block["type"] == "actions" for block in part.blocks) for part in parts] == [False] * (
        len(parts) - 1
    ) + [True]
    for number in range(30):
        assert sum(f"{number}: word" in part.text for part in parts) >= 1


def test_rows_of_buttons_remember_the_asker() -> None:
    from bot.dialog.turn import Button

    (part,) = SlackRenderer(say).parts(Reply(card(buttons=(Button("More", "v1:k2"),))), RenderOptions(asker="U0ADA"))
    assert asker_of(part.blocks[-1]["block_id"]) == "U0ADA"
    assert asker_of("generated") is None


@pytest.mark.parametrize("register", Register)
def test_every_shipped_answer_is_one_message_within_all_limits(engine: Engine, register: Register) -> None:
    renderer = SlackRenderer(engine.text)
    assert len(engine.library.nodes) >= 25
    for node in engine.library.nodes:
        reply, _ = engine.respond(State(register), Incoming(Kind.COMMAND, node, "slack"))
        (part,) = renderer.parts(reply, RenderOptions(asker="U0ADA", share=True))
        assert validate_blocks(part.blocks) == [], node
        assert len(part.brief) <= 12_000, node  # a reserve below the 13,200 at which Slack refuses blocks
        for way in fallbacks(part):
            assert validate_blocks(way.blocks) == [], node
        for block in renderer.parts(reply, RenderOptions(home=True)):
            assert validate_blocks(block.blocks, "home") == [], node


def test_shipped_answers_fit_a_phone(library: Library) -> None:
    measure = slack_measure(Composer(library))
    found = {(node, register): measure(node, register) for node in library.nodes for register in Register}
    assert median(one.screens for one in found.values()) <= 1.0
    for key, one in found.items():
        assert broken_by(one) == [], key
        assert one.buttons <= MAX_BUTTONS + 1, f"{key}: the menu is one more"


def test_the_measure_counts_what_is_above_the_fold_and_the_rows_as_they_flow() -> None:
    source = SourceLine(5, "x", "A trial", "https://a.b/c")
    own = tuple(Button(label, f"v1:{number}") for number, label in enumerate(("a" * 30, "b" * 20, "c")))
    reply = Reply(card((paragraph("word " * 20),), detail=(paragraph("Detail."),), sources=(source,), buttons=own))
    (part,) = SlackRenderer(say).parts(reply, RenderOptions())
    found = shown(reply, part.blocks)
    assert (found.above, found.head, found.words, found.small_print) == (4, 1, 20, 1)
    assert (found.rows, found.buttons) == (2, 3)
    assert found.picture[0] == "Title"
    too_long = replace(found, above=13)
    assert [one for one in broken_by(too_long) if "13 lines above" in one]

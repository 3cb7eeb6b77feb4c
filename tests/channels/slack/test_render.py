"""The renderer: no character lost, every limit held, nothing read as markup, whatever an answer looks like."""

from __future__ import annotations

import html
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.channels.slack.actions import asker_of
from bot.channels.slack.render import RenderOptions, SlackMessage, SlackRenderer, fallbacks
from bot.content.markdown import Document, Inline, Paragraph, Table
from bot.dialog.engine import Engine
from bot.dialog.turn import Card, ClaimCard, FootLine, Incoming, Kind, Outcome, Register, Reply, State
from tests.channels.slack.cards import DOCUMENT, REPLY, squeezed, words_in
from tests.fakes.slack_blocks import validate_blocks
from tests.fakes.slack_rich_text import pings, walk


def say(key: str, register: Register, **values: Any) -> str:
    return f"{key} {values.get('label', '')}"


def card(body: Document = (), **more: Any) -> Card:
    fields: dict[str, Any] = {
        "node": "ala",
        "register": Register.PROFESSIONAL,
        "outcome": Outcome.ANSWER,
        "title": "Title",
        "brief": body,
        "sources": (),
        "review": FootLine("pending", "pending human review"),
        "disclaimer": FootLine("not advice", "this is not advice"),
    }
    return ClaimCard(**(fields | more))


def shown(parts: list[SlackMessage]) -> str:
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
    seen = squeezed(shown(parts))
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
    renderer.parts(Reply(other), RenderOptions())
    assert renderer.parts(Reply(one), RenderOptions()) == first


def test_markup_in_authored_text_stays_text() -> None:
    words = "p < 0.05 & <!channel> <@U123> *not bold* _nor this_ :smile: `code`"
    (part,) = SlackRenderer(say).parts(Reply(card((paragraph(words),)), lead=words), RenderOptions())
    assert shown([part]).count(words) == 2
    assert pings(part.text, part.blocks) == []
    assert words in html.unescape(part.text)


def test_an_urgent_answer_says_what_to_do_before_anything_is_folded() -> None:
    urgent = card((paragraph("Call now."),), outcome=Outcome.URGENT, detail=(paragraph("Other signs."),))
    (part,) = SlackRenderer(say).parts(Reply(urgent), RenderOptions())
    assert part.blocks[0]["text"]["text"] == "Title"
    assert part.text.startswith("Title\n\nCall now.")
    assert [block["type"] for block in part.blocks[:3]] == ["header", "rich_text", "container"]


def test_notes_and_sources_are_folded() -> None:
    from bot.dialog.turn import SourceLine

    answer = card((), notes=(paragraph("Newer evidence."),), sources=(SourceLine(5, "x", "A trial", "https://a.b/c"),))
    (part,) = SlackRenderer(say).parts(Reply(answer), RenderOptions())
    notes, sources = (block for block in part.blocks if block["type"] == "container")
    assert (notes["default_collapsed"], sources["default_collapsed"]) == (True, True)
    link = next(node for node in walk(sources) if node.get("type") == "link")
    assert (link["url"], link["text"]) == ("https://a.b/c", "A trial")
    assert "https://a.b/c" in part.text
    assert "https://a.b/c" not in part.brief


def test_a_table_is_a_table_in_a_message_and_a_list_at_home() -> None:
    table = Table(((Inline("Drug"),), (Inline("Dose"),)), (((Inline("Pregabalin"),), (Inline("300 mg"),)),))
    renderer = SlackRenderer(say)
    (message,) = renderer.parts(Reply(card((table, table))), RenderOptions())
    assert [block["type"] for block in message.blocks].count("table") == 1
    assert "300 mg" in message.text
    (home,) = renderer.parts(Reply(card((table,))), RenderOptions(home=True))
    assert not any(block["type"] == "table" for block in home.blocks)
    assert "300 mg" in shown([home])


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
    renderer = SlackRenderer(engine.sentence)
    assert len(engine.library.nodes) >= 25
    for node in engine.library.nodes:
        reply, _ = engine.respond(State(register), Incoming(Kind.COMMAND, node, "slack"))
        (part,) = renderer.parts(reply, RenderOptions(asker="U0ADA", share=True))
        assert validate_blocks(part.blocks) == [], node
        for way in fallbacks(part):
            assert validate_blocks(way.blocks) == [], node
        for block in renderer.parts(reply, RenderOptions(home=True)):
            assert validate_blocks(block.blocks, "home") == [], node

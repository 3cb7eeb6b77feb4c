"""The budget of a phone's screen over all that an answer is said with, on every channel and in both registers.

The measures are those of single answers: tests/channels/telegram/test_screens.py and rule L03.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.channels.layout import SCREEN, Shown
from bot.channels.slack.blocks import shown as on_slack
from bot.channels.slack.plugin import ABOVE
from bot.channels.slack.render import RenderOptions, SlackRenderer
from bot.channels.telegram.layout import shown as on_telegram
from bot.channels.telegram.render import MAX_BUTTONS, MAX_ROWS, TelegramRenderer
from bot.channels.web.render import shown as on_page
from bot.content.library import Library
from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import ClaimCard, Emergency, Incoming, Kind, Match, Outcome, Register, Reply, State

pytestmark = pytest.mark.usefixtures("remembered")

MOST_TEXT, MOST_SCREENS = 21, 2.0
"""Lines of text, one more than of the longest answer alone; screens with buttons, as rule L03 allows them."""


class Decided:
    """A matcher that finds the same whatever is asked."""

    found: Match

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return self.found


class Measured:
    """Says something to the bot and measures what a phone shows of the answer."""

    def __init__(self, library: Library) -> None:
        self.library = library
        texts = Composer(library).text
        self._texts, self._telegram, self._slack = texts, TelegramRenderer(texts), SlackRenderer(texts)
        self._matcher = Decided()
        self._engine = Engine(library, self._matcher)

    def said(self, match: Match, state: State) -> Reply:
        incoming = Incoming(Kind.TEXT, "?", at=1.0)
        self._matcher.found = match
        return self._engine.respond(replace(state, introduced=True), incoming)[0]

    def over(self, reply: Reply) -> Iterator[str]:
        """Yield what of a reply is over its budget."""
        messages = self._telegram.render(reply)
        yield from _over("Telegram", on_telegram(reply, [(one.text, one.entities, one.keyboard) for one in messages]))
        blocks = [block for part in self._slack.parts(reply, RenderOptions(quiet=True)) for block in part.blocks]
        slack = on_slack(reply, blocks)
        if slack.above > ABOVE:
            yield f"Slack: {slack.above} lines above the fold"
        page = on_page(reply, self._texts)
        if page.text > MOST_TEXT:
            yield f"page: {page.text} lines"


def _over(channel: str, found: Shown) -> Iterator[str]:
    if found.span > SCREEN:
        yield f"{channel}: {found.span} lines from the first sentence to the last"
    if found.text > MOST_TEXT or found.screens > MOST_SCREENS:
        yield f"{channel}: {found.text} lines, {found.screens:.2f} screens"
    if found.rows > MAX_ROWS or found.buttons > MAX_BUTTONS:
        yield f"{channel}: {found.buttons} buttons in {found.rows} rows"


@pytest.fixture(scope="module")
def measured(library: Library) -> Measured:
    return Measured(library)


def answers(library: Library) -> list[str]:
    """Return the answers that a question can have."""
    apart = {*library.urgent_nodes, *library.always, library.otherwise, library.advice}
    return [node for node in library.nodes if node not in apart]


AMOUNTS = {"first-line", "second-line", "not-diabetes", "overdose-mood"}
"""Answers that say how much is taken, or is too much: who spoke of dying is not told."""


def harms(library: Library) -> list[str]:
    """Return the answers on what may harm."""
    assert library.matching is not None
    return [node for topic in library.matching.topics.values() for node in topic.harms]


@pytest.mark.parametrize("register", Register)
def test_a_refusal_and_what_may_harm(measured: Measured, register: Register) -> None:
    library = measured.library
    assert len(harms(library)) >= 7
    for node in harms(library):
        reply = measured.said(
            Match(Outcome.ANSWER, library.advice, beside=node, related=("k2", "ala")), State(register)
        )
        assert list(measured.over(reply)) == [], node
        whole = Composer(library).card(node, register)
        assert isinstance(whole, ClaimCard)
        assert isinstance(reply.card, ClaimCard)
        assert reply.card.sources == whole.sources
        assert len(reply.card.brief) + len(reply.card.detail) >= len(whole.brief) + len(whole.detail), "all is folded"
        assert Composer(library).label(node, register) in reply.card.title, "whom it is about is said with the refusal"
        assert f"v1:{library.advice}" in [button.payload for button in reply.choices], "the whole refusal is a tap away"


@pytest.mark.parametrize("register", Register)
@pytest.mark.parametrize("note", ["part-missing", "aspect-missing"])
def test_what_nothing_answers_and_an_answer(measured: Measured, note: str, register: Register) -> None:
    for node in answers(measured.library):
        reply = measured.said(Match(Outcome.ANSWER, node, note=note), State(register))
        assert reply.lead
        assert list(measured.over(reply)) == [], node


@pytest.mark.parametrize("register", Register)
@pytest.mark.parametrize("note", ["", "part-missing"])
@pytest.mark.parametrize("further", [1, 2])
def test_several_questions_of_one_message(measured: Measured, further: int, note: str, register: Register) -> None:
    found = answers(measured.library)
    for at, node in enumerate(found):
        also = tuple(found[(at + step) % len(found)] for step in range(1, further + 1))
        reply = measured.said(Match(Outcome.ANSWER, node, also=also, note=note), State(register))
        named = [button.label for button in reply.choices if button.role == "also"]
        assert reply.second is not None or (len(named) == further and all(one in reply.remark for one in named))
        assert list(measured.over(reply)) == [], (node, also)


@pytest.mark.parametrize("register", Register)
def test_a_word_on_an_emergency_and_an_answer(measured: Measured, register: Register) -> None:
    found = answers(measured.library)
    for at, card in enumerate(sorted(measured.library.urgent_nodes)):
        untold = set(harms(measured.library)) | AMOUNTS if "crisis" in card else set()
        for node in (one for one in found[at::5] if one not in untold):
            state = State(register, emergency=Emergency(card, 0.5))
            reply = measured.said(Match(Outcome.ANSWER, node), state)
            assert reply.card.node == node
            assert reply.lead
            assert list(measured.over(reply)) == [], (card, node)

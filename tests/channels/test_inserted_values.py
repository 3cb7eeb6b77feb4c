"""A figure of every printable sign reaches readers unchanged, on every channel and in every place of an answer."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from rich.console import Console

from bot.channels.slack.render import RenderOptions, SlackRenderer
from bot.channels.telegram.render import TelegramRenderer
from bot.channels.terminal.render import show
from bot.content.library import Library
from bot.content.models import Answer, Claim, Register, Registers
from bot.dialog.composer import Composer
from bot.dialog.turn import Reply
from tests.fakes.slack_rich_text import walk

EVERY_SIGN = "> 2*3 - +5 1. #6 | _a_ `b` [c](d) {e} <f> ~g~ \\h &amp; !i ^j = $k % 'l' \"m\" ; : , ? @ /"
NODE = "ala-dose"


def both(text: str) -> Registers:
    return Registers(professional=text, layperson=text)


def claim(id_: str, text: str, **more: object) -> Claim:
    return Claim(id=id_, kind="editorial", professional=text, layperson=text, **more)  # type: ignore[arg-type]


PLACES = {
    "text": claim("text", "The dose was {{ facts.ala.dose }} a day."),
    "start": claim("start", "{{ facts.ala.dose }} a day."),
    "bullet": claim("bullet", "{{ facts.ala.dose }}", bullet=True),
    "heading": claim("heading", "Text.", section=both("Dose {{ facts.ala.dose }}")),
    "cell": claim("cell", "| A | B |\n|---|---|\n| x | {{ facts.ala.dose }} |"),
    "title": claim("title", "Text."),
}


@pytest.fixture(params=PLACES)
def reply(request: pytest.FixtureRequest, library: Library) -> tuple[Library, Reply]:
    """Return an answer with the figure in one place, whole."""
    title = both("{{ facts.ala.dose }}") if request.param == "title" else both("Title")
    answer = Answer(answer=NODE, label=both("Label"), title=title, claims=(PLACES[request.param],))
    topic = library.topics["neuropathy"]
    changed = replace(topic, answers={**topic.answers, NODE: answer})
    values = {register: {**library.values(register), "facts": {"ala": {"dose": EVERY_SIGN}}} for register in Register}
    made = replace(library, topics={**library.topics, "neuropathy": changed}, _values=values, _rendered={})
    return made, Reply(Composer(made).card(NODE, Register.LAYPERSON))


def on_telegram(made: Library, reply: Reply) -> Iterator[str]:
    for part in TelegramRenderer(made.interface_text).render(reply):
        yield part.parameters()["text"]


def on_slack(made: Library, reply: Reply) -> Iterator[str]:
    for part in SlackRenderer(made.interface_text).parts(reply, RenderOptions()):
        yield "".join(str(node["text"]) for node in walk(part.blocks) if isinstance(node.get("text"), str))


def in_the_terminal(made: Library, reply: Reply) -> Iterator[str]:
    screen = io.StringIO()
    show(Console(file=screen, width=400, highlight=False, markup=False), reply, made.interface_text)
    yield screen.getvalue()


@pytest.mark.parametrize("shown", [on_telegram, on_slack, in_the_terminal])
def test_every_sign_arrives(shown: Callable[[Library, Reply], Iterator[str]], reply: tuple[Library, Reply]) -> None:
    assert EVERY_SIGN in "\n".join(shown(*reply))

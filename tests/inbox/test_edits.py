"""A corrected question: read as it was asked, changing its own answer and nothing else."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.dialog.turn import Emergency, Incoming, Kind, Reply, State
from bot.inbox.events import OutboundMessage, asked_in, left_by
from bot.inbox.inbox import Inbox
from bot.store.base import Earlier, Store, Turn
from tests.inbox.support import IDENTITY, PATIENT, START, EchoEngine, Notebook, alarming, event


@dataclass
class Listener(EchoEngine):
    """Remembers in which state each text was read, and what it was left as."""

    read: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def respond(self, state: State, incoming: Incoming) -> tuple[Reply, State]:
        self.read.append((incoming.text, state.history))
        return super().respond(state, incoming)


@dataclass
class Talk:
    """One private chat: what is said gets a number, what is corrected keeps it."""

    inbox: Inbox
    notebook: Notebook
    engine: Listener
    said: int = 0

    async def says(self, text: str, **more: Any) -> str:
        self.said += 1
        await self.inbox.accept(event(text, question=str(self.said), **more))
        return str(self.said)

    async def corrects(self, question: str, text: str, **more: Any) -> None:
        await self.inbox.accept(event(text, question=question, edited=True, **more))

    async def place(self) -> tuple[str, ...]:
        """Return where the conversation is: what the next question is read after."""
        await self.says("next?")
        async with asyncio.timeout(5):
            while not self.engine.read or self.engine.read[-1][0] != "next?":  # noqa: ASYNC110 (the engine has no bell)
                await asyncio.sleep(0.01)
        return self.engine.read[-1][1]


@pytest.fixture
async def talk(store: Store) -> Any:
    engine, notebook = Listener(), Notebook()
    inbox = Inbox(store, engine, IDENTITY, [notebook], policy=PATIENT, urgent=alarming)
    await inbox.start()
    yield Talk(inbox, notebook, engine)
    await inbox.drain(1)


@pytest.mark.parametrize("corrected", range(5))
async def test_a_correction_is_read_after_what_was_shown_before_the_question(talk: Talk, corrected: int) -> None:
    words = ["ala", "dose", "k2", "caveats", "glucose"]
    questions = [await talk.says(word) for word in words]
    await talk.notebook.wait_for(5)
    await talk.corrects(questions[corrected], "mended")
    await talk.notebook.wait_for(6)
    assert talk.engine.read[-1] == ("mended", tuple(words[:corrected]))
    assert talk.notebook.messages[-1].earlier == f"m{corrected}.0"
    place = await talk.place()
    assert place == (tuple(words) if corrected < 4 else ("ala", "dose", "k2", "caveats", "mended"))


async def test_a_second_correction_is_read_as_the_first_was(talk: Talk) -> None:
    await talk.says("ala")
    question = await talk.says("dsoe")
    await talk.says("k2")
    await talk.notebook.wait_for(3)
    for number, text in enumerate(("doze", "dose"), start=4):
        await talk.corrects(question, text)
        await talk.notebook.wait_for(number)
        assert talk.engine.read[-1] == (text, ("ala",))
        assert talk.notebook.messages[-1].earlier == "m1.0"
    assert await talk.place() == ("ala", "dsoe", "k2")


@pytest.mark.parametrize("seed", range(10))
async def test_where_no_word_changed_nothing_happens(talk: Talk, seed: int) -> None:
    """Reactions come as edits with the same words, in any number and order."""
    chance = random.Random(seed)
    words = {}
    for count, word in enumerate(("ala", "dose", "k2", "emergency"), start=1):
        words[await talk.says(word)] = word
        await talk.notebook.wait_for(count)
    for question in chance.choices(list(words), k=6):
        await talk.corrects(question, words[question])
    assert await talk.place() == ("ala", "dose", "k2", "emergency")
    await talk.inbox.drain(1)
    assert len(talk.notebook.messages) == 5
    assert len(talk.engine.read) == 5


async def test_reactions_to_the_parts_of_one_thought_change_nothing(talk: Talk) -> None:
    words = {await talk.says(word): word for word in ("is", "ala", "safe?")}
    await talk.notebook.wait_for(1)
    for question, word in words.items():
        await talk.corrects(question, word)
    assert await talk.place() == ("is", "ala", "safe?")
    await talk.inbox.drain(1)
    assert talk.notebook.nodes == ["is ala safe?", "next?"]


async def test_a_corrected_part_is_read_after_the_answer_its_thought_had(talk: Talk) -> None:
    for word in ("is", "ala"):
        await talk.says(word)
    last = await talk.says("sfae?")
    await talk.notebook.wait_for(1)
    await talk.corrects(last, "safe?")
    await talk.notebook.wait_for(2)
    assert talk.engine.read[-1] == ("safe?", ("is ala sfae?",))
    assert talk.notebook.messages[-1].earlier == "m0.0"


async def test_a_correction_while_the_answer_is_on_its_way_changes_it_when_it_is_there(store: Store) -> None:
    begun, released = asyncio.Event(), asyncio.Event()

    def hold(message: OutboundMessage) -> Any:
        begun.set()
        return released.wait() if message.reply.card.node == "dsoe" else None

    notebook = Notebook(before=hold)
    inbox = Inbox(store, EchoEngine(), IDENTITY, [notebook], policy=PATIENT, urgent=alarming)
    await inbox.start()
    await inbox.accept(event("dsoe", question="1"))
    await begun.wait()
    await inbox.accept(event("dose", question="1", edited=True))
    released.set()
    assert await notebook.wait_for(2) == ["dsoe", "dose"]
    assert [one.earlier for one in notebook.messages] == [None, "m0.0"]
    await inbox.drain(1)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_question_corrected_while_it_waits_is_answered_once_as_corrected(store: Store, times: int) -> None:
    begun, released = asyncio.Event(), asyncio.Event()

    def hold(message: OutboundMessage) -> Any:
        begun.set()
        return released.wait() if message.reply.card.node == "ala" else None

    notebook = Notebook(before=hold)
    inbox = Inbox(store, EchoEngine(), IDENTITY, [notebook], policy=PATIENT, urgent=alarming)
    await inbox.start()
    await inbox.accept(event("ala"))
    await begun.wait()
    await inbox.accept(event("dsoe", question="1"))
    await inbox.accept(event("k2"))
    for number in range(times):
        await inbox.accept(event(f"dose {number}", question="1", edited=True))
    released.set()
    assert await notebook.wait_for(3) == ["ala", f"dose {times - 1}", "k2"]
    assert await inbox.drain(1)
    assert len(notebook.messages) == 3
    assert await store.pending() == []


async def test_an_emergency_edited_in_is_said_anew_and_at_once(talk: Talk) -> None:
    question = await talk.says("emergence")
    await talk.says("k2")
    await talk.notebook.wait_for(2)
    await talk.corrects(question, "emergency")
    await talk.notebook.wait_for(3)
    assert talk.notebook.messages[-1].earlier is None
    await talk.corrects(question, "emergency!")
    await talk.notebook.wait_for(4)
    assert talk.notebook.messages[-1].reply.card.node == "emergency!"


async def test_an_emergency_edited_out_changes_its_answer(talk: Talk) -> None:
    question = await talk.says("emergency")
    await talk.notebook.wait_for(1)
    await talk.corrects(question, "emergence")
    await talk.notebook.wait_for(2)
    assert talk.notebook.messages[-1].earlier == "m0.0"
    assert await talk.place() == ("emergence",)


async def test_an_emergency_edited_into_a_waiting_question_overtakes_and_replaces_it(store: Store) -> None:
    begun, released = asyncio.Event(), asyncio.Event()

    def hold(message: OutboundMessage) -> Any:
        begun.set()
        return released.wait() if message.reply.card.node == "ala" else None

    notebook = Notebook(before=hold)
    inbox = Inbox(store, EchoEngine(), IDENTITY, [notebook], policy=PATIENT, urgent=alarming)
    await inbox.start()
    await inbox.accept(event("ala"))
    await begun.wait()
    await inbox.accept(event("k2"))
    await inbox.accept(event("emergence", question="1"))
    await inbox.accept(event("emergency", question="1", edited=True))
    released.set()
    assert await notebook.wait_for(3) == ["ala", "emergency", "k2"]
    await inbox.drain(1)
    assert len(notebook.messages) == 3


async def test_a_caption_that_changes_and_one_that_does_not(store: Store) -> None:
    notebook = Notebook()
    inbox = Inbox(store, EchoEngine(), IDENTITY, [notebook], policy=replace(PATIENT), urgent=alarming)
    await inbox.start()
    await inbox.accept(event("ala", kind=Kind.OTHER, question="1"))
    await notebook.wait_for(1)
    for text in ("ala", "k2"):
        await inbox.accept(event(text, kind=Kind.OTHER, question="1", edited=True))
    await notebook.wait_for(2)
    await inbox.drain(1)
    assert [(one.reply.card.node, one.earlier) for one in notebook.messages] == [("ala", None), ("k2", "m0.0")]


def test_the_hash_of_words_is_keyed_short_and_tells_a_change() -> None:
    assert IDENTITY.words("ala") == IDENTITY.words("ala") != IDENTITY.words("ala ")
    assert len(IDENTITY.words("x" * 4096)) == 8


def turn(state: State, received: float = START, earlier: Earlier | None = None) -> Turn:
    return Turn(1, "telegram", b"p", b"c", b"", received, 0, (), "1", state, None, earlier)


CHEST = Emergency("urgent-chest", START + 10)
IN_NEED = State(history=("ala", "urgent-chest"), emergency=CHEST)


def test_what_an_emergency_overtook_is_read_as_before_it_and_leaves_it_what_the_talk_is_about() -> None:
    overtaken = turn(IN_NEED, START + 5)
    asked = asked_in(overtaken, edited=False)
    assert (asked.history, asked.emergency) == (("ala",), None)
    assert left_by(overtaken, State(history=("ala", "ala-dose")), edited=False).emergency == CHEST
    later = turn(IN_NEED, START + 15)
    assert asked_in(later, edited=False) == IN_NEED
    assert left_by(later, State(), edited=False).emergency is None


def test_a_correction_is_read_outside_an_emergency_that_came_later_and_inside_one_that_came_before() -> None:
    for answered, emergency in ((START + 5, None), (START + 15, CHEST)):
        corrected = turn(IN_NEED, START + 20, Earlier("m1", "ala-dose", ("ala",), at=answered))
        asked = asked_in(corrected, edited=True)
        assert (asked.history, asked.emergency) == (("ala",), emergency)
        assert left_by(corrected, replace(asked, history=("ala", "k2")), edited=True) == IN_NEED


def test_an_emergency_that_was_a_slip_of_the_pen_is_over_once_it_is_mended() -> None:
    earlier = Earlier("m1", "urgent-chest", ("ala",), at=START + 11, newest=True)
    corrected = turn(IN_NEED, START + 20, earlier)
    assert asked_in(corrected, edited=True) == State(history=("ala",))
    assert left_by(corrected, State(history=("ala", "k2")), edited=True) == State(history=("ala", "k2"))

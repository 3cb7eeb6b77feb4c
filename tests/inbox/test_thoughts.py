"""One turn for one thought: halves of a sentence, what the app cut in two, albums; nobody's words mixed or lost."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest

from bot.dialog.turn import Kind
from bot.inbox.events import APART, LONGEST, MOST_PARTS, PATIENCE, MessagePart, thought_of, unfinished
from bot.inbox.inbox import Inbox
from bot.store.base import Store
from tests.inbox.support import IDENTITY, PATIENT, START, Clock, EchoEngine, Notebook, alarming, at_work, event

QUESTIONS = Path(__file__).parents[1] / "questions"
PLAIN = [json.loads(line)["text"] for line in (QUESTIONS / "plain.jsonl").read_text().splitlines()]
_numbers = itertools.count(1)


def part(text: str = "", at: float = 0.0, **more: Any) -> MessagePart:
    row = next(_numbers)
    return MessagePart(row, START + at, more.pop("kind", Kind.TEXT), text, {"chat": row}, **more)


# --- whether the rest is to come ------------------------------------------------------------------------------------


def test_whole_questions_are_answered_at_once() -> None:
    waiting = [text for text in PLAIN if unfinished(text)]
    assert len(waiting) <= len(PLAIN) / 200, waiting


@pytest.mark.parametrize("seed", range(20))
def test_a_sentence_that_breaks_off_at_a_little_word_is_waited_for(seed: int) -> None:
    chance = random.Random(seed)
    little = ("the", "my", "and", "or", "because", "a", "if", "but")
    beginnings = [f"{' '.join(text.rstrip('?.! ').split()[:5])} {chance.choice(little)}" for text in PLAIN]
    assert all(map(unfinished, beginnings))


@pytest.mark.parametrize("text", ["is", "can i", "is ala", "I want to", "my foot is", "what about", "i take ala,"])
def test_beginnings(text: str) -> None:
    assert unfinished(text)
    assert unfinished(f"{text}…")
    assert not unfinished(f"{text}?")


@pytest.mark.parametrize("text", ["", "k2", "ala dose", "hello", "what is it for", "how much", ":foot:", "...", "no"])
def test_what_stands_alone(text: str) -> None:
    assert not unfinished(text)


# --- which messages are one thought --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_every_message_is_in_exactly_one_thought_and_in_order(seed: int) -> None:
    chance, parts, at = random.Random(seed), list[MessagePart](), 0.0
    for _ in range(chance.randint(1, 40)):
        at += chance.choice([0.1, 0.5, 1.4, 2.0])
        text, album = chance.choice(["is", "ala", "safe?", "and my", ""]), chance.choice([None, None, "a", "b"])
        parts.append(part(text, at, kind=Kind.OTHER if album or not text else Kind.TEXT, album=album))
    thoughts = {thought.rows: thought for thought in (thought_of(one.row, parts) for one in parts)}
    assert sorted(row for rows in thoughts for row in rows) == [one.row for one in parts]
    for thought in thoughts.values():
        rows = [one.row for one in thought.parts]
        assert rows == list(range(rows[0], rows[0] + len(rows)))
        assert len(rows) <= MOST_PARTS
        assert thought.parts[-1].received - thought.parts[0].received <= LONGEST


def test_only_the_last_thought_may_still_grow() -> None:
    first, second = part("is"), part("is", PATIENCE + 1)
    assert thought_of(first.row, [first, second]).open_until == 0
    assert thought_of(second.row, [first, second]).open_until == second.received + PATIENCE


def test_a_press_a_command_and_words_for_others_are_no_part_of_a_sentence() -> None:
    for other in (part("v1:ala", kind=Kind.TAP), part("help", kind=Kind.COMMAND), part("ala", unaddressed=True)):
        begun = part("is")
        assert thought_of(begun.row, [begun, other]).parts == (begun,)


def test_the_platforms_own_time_tells_what_only_arrived_together() -> None:
    begun, later = part("is", said=100.0), part("ala", said=100.0 + APART + 1)
    assert thought_of(begun.row, [begun, later]).parts == (begun,)


def test_a_correction_takes_the_place_of_the_words_it_corrects() -> None:
    begun, typo = part("is", question="1"), part("aal safe?", question="2")
    mended = part("ala safe?", question="2", edited=True)
    thought = thought_of(begun.row, [begun, typo, mended])
    assert (thought.text, len(thought.rows), thought.parts[0].edited) == ("is ala safe?", 3, False)


# --- through the inbox -----------------------------------------------------------------------------------------------


async def say(inbox: Inbox, *words: str, **more: Any) -> None:
    for one in words:
        await inbox.accept(event(one, **more))


async def test_fragments_are_answered_once_as_soon_as_they_are_whole(store: Store, clock: Clock) -> None:
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        await say(inbox, "is", "ala", "safe?")
        assert await notebook.wait_for(1) == ["is ala safe?"]
        await say(inbox, "k2")
        assert await notebook.wait_for(2) == ["is ala safe?", "k2"]
    assert await store.pending() == []


@pytest.mark.parametrize("seed", range(8))
async def test_however_a_question_is_cut_at_little_words_it_is_one_turn(store: Store, clock: Clock, seed: int) -> None:
    """Cut after words that no sentence ends in; the last piece is whatever is left."""
    chance = random.Random(seed)
    text = chance.choice(["can the dose or the form and my age matter?", "is it the ala or my k2 and the heat?"])
    words = text.split()
    pieces, piece = list[str](), list[str]()
    for count, word in enumerate(words, start=1):
        piece.append(word)
        if unfinished(" ".join(words[:count])) and chance.random() < 0.6:
            pieces, piece = [*pieces, " ".join(piece)], []
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        await say(inbox, *pieces, " ".join(piece))
        assert await notebook.wait_for(1) == [text]
    assert await store.pending() == []


async def test_what_never_goes_on_is_answered_when_patience_is_out(store: Store, clock: Clock) -> None:
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        await say(inbox, "is ala")
        await say(inbox, "k2", conversation="telegram:2")
        assert await notebook.wait_for(1) == ["k2"]
        clock.advance(PATIENCE)
        assert await notebook.wait_for(2) == ["k2", "is ala"]


async def test_the_beginning_outlives_the_process_that_heard_it(store: Store, clock: Clock) -> None:
    async with at_work(store, Notebook(), clock=clock) as inbox:
        await say(inbox, "is", "ala")
    assert len(await store.pending()) == 2
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        await say(inbox, "safe?")
        assert await notebook.wait_for(1) == ["is ala safe?"]
    assert await store.pending() == []


async def test_an_emergency_waits_for_no_beginning(store: Store, clock: Clock) -> None:
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        await say(inbox, "is ala", "I have chest pain and")
        assert await notebook.wait_for(1) == ["is ala I have chest pain and"]
        clock.advance(2 * PATIENCE)  # or "I want to" would go on from the chest pain, and be answered at once
        await say(inbox, "I want to", "die")
        assert await notebook.wait_for(2) == ["is ala I have chest pain and", "I want to die"]
    assert await store.pending() == []


async def test_two_people_in_a_group_are_never_mixed(store: Store, clock: Clock) -> None:
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        for words, person in (("is", "ann"), ("can", "bob"), ("ala", "ann"), ("k2 help?", "bob"), ("safe?", "ann")):
            await say(inbox, words, conversation="telegram:-5", person=person)
        assert await notebook.wait_for(2) == ["is ala safe?", "can k2 help?"]
    assert await store.pending() == []


async def test_thirty_fragments_in_ten_seconds_are_bounded_and_lose_no_word(store: Store, clock: Clock) -> None:
    said, notebook = [f"w{number} and" for number in range(45)], Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        for words in said:
            await say(inbox, words)
            clock.advance(1 / 3)
        clock.advance(PATIENCE)
        while await store.pending():
            await notebook.wait_for(len(notebook.messages))
            await _moment()
    assert " ".join(notebook.nodes) == " ".join(said)
    assert 2 <= len(notebook.nodes) <= 4


async def _moment() -> None:
    import asyncio

    await asyncio.sleep(0.01)


@pytest.mark.parametrize("caption_at", [None, 0, 3])
async def test_an_album_is_one_turn(store: Store, clock: Clock, caption_at: int | None) -> None:
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        for number in range(4):
            words = "is ala safe?" if number == caption_at else ""
            await say(inbox, words, kind=Kind.OTHER, album="album-9", question=str(number), address={"chat": number})
        clock.advance(PATIENCE)
        assert await notebook.wait_for(1) == ["" if caption_at is None else "is ala safe?"]
    assert notebook.messages[0].address == {"chat": caption_at or 0}
    assert await store.pending() == []


async def test_an_emergency_under_a_picture_waits_for_no_other_and_the_others_are_not_answered_again(
    store: Store, clock: Clock
) -> None:
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        await say(inbox, "", "", "chest pain", kind=Kind.OTHER, album="album-9", question="1")
        assert await notebook.wait_for(1) == ["chest pain"]
        await say(inbox, "", kind=Kind.OTHER, album="album-9", question="4")
        clock.advance(PATIENCE)
        await say(inbox, "k2")
        assert await notebook.wait_for(2) == ["chest pain", "k2"]
    assert await store.pending() == []


async def test_an_emergency_overtakes_an_album(store: Store, clock: Clock) -> None:
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock) as inbox:
        await say(inbox, *[""] * 10, kind=Kind.OTHER, album="album-9")
        await say(inbox, "chest pain")
        assert await notebook.wait_for(1) == ["chest pain"]
        clock.advance(PATIENCE)
        assert await notebook.wait_for(2) == ["chest pain", ""]


async def test_what_the_app_cut_in_two_is_one_question(store: Store, clock: Clock) -> None:
    notebook, story = Notebook(), "it began last winter. " * 180
    async with at_work(store, notebook, clock=clock) as inbox:
        await say(inbox, story, cut=True)
        await say(inbox, "is ala safe?")
        assert await notebook.wait_for(1) == [f"{story} is ala safe?"]


async def test_an_emergency_across_the_cut_is_seen(store: Store, clock: Clock) -> None:
    inbox = Inbox(store, EchoEngine(), IDENTITY, [notebook := Notebook()], policy=PATIENT, urgent=alarming, now=clock)
    await inbox.start()
    await say(inbox, "ala", "k2", conversation="telegram:2")
    await say(inbox, "x " * 2000 + "I have chest", cut=True)
    await say(inbox, "pain")
    await notebook.wait_for(3)
    assert [node[-10:] for node in notebook.nodes if alarming(node)] == ["chest pain"]
    await inbox.drain(1)

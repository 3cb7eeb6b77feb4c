"""What a turn counts as, what editors read of the counts, and the unanswered questions an operator had kept."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.content.library import Library
from bot.dialog.engine import Engine
from bot.dialog.turn import Button, Incoming, Kind, Leaflet, Outcome, Register, Reply, State
from bot.inbox import insights
from bot.inbox.metrics import SURE, cell_of
from bot.inbox.processor import RetryPolicy
from bot.store.base import Store
from bot.store.common import DAY
from bot.store.records import Published, Summed, TallyCell
from tests.inbox.support import IDENTITY, START, EchoEngine, Notebook, at_work, event, reply_of

QUESTION = "does … tea help with a sore throat"


class Keeping(EchoEngine):
    """Keeps a scrubbed question of every text that says so."""

    def respond(self, state: State, incoming: Incoming) -> tuple[Reply, State]:
        reply, after = super().respond(state, incoming)
        return (replace(reply, unmatched=QUESTION), after) if incoming.text == "unknown" else (reply, after)


async def test_a_kept_question_is_sealed_exported_in_words_and_forgotten(store: Store) -> None:
    notebook = Notebook()
    async with at_work(store, notebook, engine=Keeping()) as inbox:
        for person in ("a", "b"):
            await inbox.accept(event("unknown", conversation=f"telegram:{person}"))
        await notebook.wait_for(2)
    kept = await store.unmatched()
    assert len(kept) == 2
    assert all(QUESTION.encode() not in sealed for _, sealed in kept)
    assert {IDENTITY.unseal(sealed).decode() for _, sealed in kept} == {QUESTION}
    async with at_work(store, notebook, engine=Keeping()) as inbox:
        for number, text in enumerate(("export", "forget"), 3):
            await inbox.accept(event(text, conversation="telegram:a"))
            await notebook.wait_for(number)
    exported, forgotten = (json.loads(message.reply.lead) for message in notebook.messages[2:])
    assert exported["unmatched"] == [QUESTION]
    assert forgotten["unmatched"] == 1
    [(number, _)] = await store.unmatched()
    assert (await store.export(IDENTITY.person("telegram:b")))["unmatched"]
    assert await store.drop_unmatched(number)
    assert not await store.drop_unmatched(number)
    assert not await store.unmatched()


@pytest.mark.parametrize(("days", "left"), [(29, 1), (32, 0)])
async def test_a_kept_question_is_gone_after_thirty_days(store: Store, days: int, left: int) -> None:
    notebook = Notebook()
    async with at_work(store, notebook, engine=Keeping()) as inbox:
        await inbox.accept(event("unknown"))
        await notebook.wait_for(1)
    await store.prune(RetryPolicy().cutoffs(START + days * DAY))
    assert len(await store.unmatched()) == left


# --- what a turn counts as --------------------------------------------------------------------------------------------


def counted(text: str, reply: Reply, kind: Kind = Kind.TEXT, before: str = "") -> TallyCell:
    return cell_of("slack", Incoming(kind, text), reply, State(history=(before,) if before else ()))


def test_an_answer_to_words_says_how_sure_it_was_and_what_it_followed() -> None:
    found = counted("is it any good", replace(reply_of("ala"), sure=SURE), before="start")
    assert found == TallyCell("slack", "layperson", "words", "answer", "ala", "start", "sure")
    assert counted("good", replace(reply_of("ala"), sure=0.5)).about == "unsure"
    assert counted("ala", reply_of("ala"), Kind.COMMAND).about == ""


def test_buttons_say_what_was_pressed() -> None:
    pressed = {"v1:ala": "button", "v1:ala!more": "more", "v1:ala!down": "down", "v1:ala:layperson": "register"}
    assert {text: counted(text, reply_of("ala"), Kind.TAP).via for text in pressed} == pressed


def test_choices_what_is_missing_and_a_page_to_take_along_are_told_apart() -> None:
    offered = (Button("K2", "v1:k2", "choice"), Button("ALA", "v1:ala", "choice"), Button("no", "v1:help", "none"))
    assert counted("?", replace(reply_of("otherwise", Outcome.CHOICES), choices=offered)).about == "ala k2"
    missing = replace(reply_of("otherwise", Outcome.NOT_COVERED), missing="k2 x cost")
    assert counted("cost of k2", missing).about == "k2 x cost"
    leaflet = Leaflet("neuropathy", Register.LAYPERSON, ("ala",))
    assert counted("print this", replace(reply_of("print"), leaflet=leaflet)).about == "handout"


@pytest.mark.parametrize("subject", ["duloxetine", "pregabalin", "capsaicin"])
def test_a_subject_that_is_held_without_what_was_asked_of_it_is_counted_so(engine: Engine, subject: str) -> None:
    """It may be answered with the subject's general answer; still somebody did not get what they asked for."""
    incoming = Incoming(Kind.TEXT, f"how do I check {subject} levels", "telegram")
    reply, _ = engine.respond(State(introduced=True), incoming)
    found = cell_of("telegram", incoming, reply, State())
    assert found.about == f"neuropathy/{subject} x check"
    table = insights.tables(Summed([(20_000, 9)], [(found, 9)]), engine.library)[0]
    assert table.rows == ((found.about, 9, "100 %, a subject that is held"),)


def test_no_words_of_a_question_are_in_its_count(engine: Engine) -> None:
    words = "does xylomine from Mr Brezhanov at 12 Hill Road help with nerve pain"
    incoming = Incoming(Kind.TEXT, words)
    reply, _ = engine.respond(State(), incoming)
    found = str(cell_of("telegram", incoming, reply, State())).lower()
    assert not any(word in found for word in ("xylomine", "brezhanov", "hill", "12"))


# --- what editors read ------------------------------------------------------------------------------------------------


def summed(rows: Sequence[Published]) -> Summed:
    """Return what the database would add up."""
    weeks, cells = Counter[int](), Counter[TallyCell]()
    for one in rows:
        weeks[one.day] += one.times
        cells[one.cell] += one.times
    return Summed(sorted(weeks.items()), sorted(cells.items()))


def published(library: Library) -> list[Published]:
    def row(times: int, *fields: str, day: int = 20_000) -> Published:
        return Published(day, TallyCell(*fields), times)

    return [
        row(60, "slack", "professional", "words", "answer", "ala", "", "sure"),
        row(20, "web", "layperson", "button", "answer", "k2", "ala", ""),
        row(10, "*", "*", "words", "not-covered", library.otherwise, "*", "neuropathy/k2 x cost"),
        row(30, "*", "*", "words", "not-covered", library.otherwise, "*", "foreign/remedy x evidence", day=20_007),
        row(8, "web", "layperson", "words", "choices", library.otherwise, "ala", "ala k2"),
        row(6, "web", "layperson", "choice", "answer", "k2", library.otherwise, ""),
        row(7, "web", "layperson", "down", "answer", "ala", "ala", ""),
        row(9, "web", "layperson", "more", "answer", "ala", "ala", ""),
        row(5, "*", "*", "command", "small-talk", "print", "*", "handout"),
        row(11, "web", "layperson", "words", "urgent", library.urgent, "*", ""),
    ]


def test_every_question_of_an_editor_has_its_table(library: Library) -> None:
    found = {table.name: table.rows for table in insights.tables(summed(published(library)), library)}
    assert [row[2] for row in found["missing"]] == ["75 %, nothing is held of it", "25 %, a subject that is held"]
    assert [row[:2] for row in found["missing"]] == [("foreign/remedy x evidence", 30), ("neuropathy/k2 x cost", 10)]
    assert dict(row[:2] for row in found["outcome"])["not-covered"] == 40
    assert [row[:2] for row in found["answers"]] == [("ala", 60), ("k2", 26)]
    assert found["topics"] == (("neuropathy", 86, "100 %"),)
    assert [times for _, times, _ in found["weeks"]] == [136, 30]
    assert ("slack, professional", 60) in [row[:2] for row in found["where"]]
    assert ("k2", 8, "6 taken") in found["choices"]
    assert found["again"] == (("ala", 8, "of 60 times shown"),)
    assert found["last"][0][:2] == ("k2", 26)
    assert found["votes"][0][:2] == ("ala: down", 7)
    assert {row[:2] for row in found["opened"]} == {("ala: detail", 9), ("page to take along", 5)}
    assert found["paths"][0][:2] == ("ala > k2", 20)
    assert found["urgent"][0][:2] == (library.urgent, 11)


def test_the_file_has_every_count_and_the_terminal_says_when_there_is_none(library: Library) -> None:
    rows = published(library)
    read = list(csv.DictReader(insights.as_csv(rows).splitlines()))
    assert sum(int(row["turns"]) for row in read) == sum(one.times for one in rows)
    assert list(read[0]) == ["week", *TallyCell._fields, "turns"]
    assert "166 turns" in insights.as_text(summed(rows), library)
    assert "\n" not in insights.as_text(Summed(), library)


def test_a_renamed_answer_is_counted_under_todays_name_and_one_that_is_gone_does_no_harm(library: Library) -> None:
    cells = [TallyCell("web", "layperson", "words", "answer", node, "old", "sure") for node in ("old", "lost")]
    rows = [Published(20_000, one, 5) for one in cells]
    today = insights.todays(rows, {"old": "ala"}.get)
    assert [(one.cell.node, one.cell.before) for one in today] == [("ala", "ala"), ("lost", "ala")]
    added = insights.summed_today(summed(rows), {"old": "ala"}.get)
    assert dict(added.cells) == dict(summed(today).cells)
    found = {table.name: table.rows for table in insights.tables(added, library)}
    assert {row[0] for row in found["topics"]} == {"neuropathy", "answers that are gone"}

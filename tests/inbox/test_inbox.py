"""Accepted means answered: once, in order, whatever the platform and the process do."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace

import pytest

from bot.dialog.turn import Register
from bot.inbox.events import Busy, Gone, OutboundMessage, Progress
from bot.inbox.inbox import Inbox, Overloaded
from bot.inbox.processor import pack
from bot.store.base import Lease, Store, Turn
from tests.inbox.support import (
    BUSY,
    FAILED,
    IDENTITY,
    PATIENT,
    QUARANTINED,
    Clock,
    EchoEngine,
    Notebook,
    Watched,
    at_work,
    event,
    figures,
)


async def test_an_accepted_question_is_answered_and_its_row_is_gone(store: Store) -> None:
    notebook = Notebook()
    async with at_work(store, notebook) as inbox:
        assert await inbox.accept(event("ala"))
        assert await notebook.wait_for(1) == ["ala"]
    assert await store.pending() == []
    assert notebook.messages[0].address == {"chat": 42}


async def test_a_repetition_is_known_by_any_of_its_keys(store: Store) -> None:
    notebook = Notebook("slack")
    async with at_work(store, notebook) as inbox:
        mention = event("ala", channel="slack", keys=("Ev1", "T1:C1:17.5"))
        message = event("ala", channel="slack", keys=("Ev2", "T1:C1:17.5"))
        assert await inbox.accept(mention)
        assert not await inbox.accept(message)
        assert not await inbox.accept(replace(message, keys=("Ev2",)))
        await inbox.drain(1)
    assert notebook.nodes == ["ala"]


async def test_one_conversation_is_answered_in_order_and_its_state_carried_on(store: Store) -> None:
    notebook = Notebook()
    async with at_work(store, notebook) as inbox:
        for word in ("overview", "professional", "ala", "k2"):
            await inbox.accept(event(word))
        await notebook.wait_for(4)
    assert notebook.nodes == ["overview", "professional", "ala", "k2"]
    assert (await store.preferences(IDENTITY.person("telegram:1"))).register is Register.PROFESSIONAL


async def test_a_hanging_conversation_does_not_hold_up_another(store: Store) -> None:
    released = asyncio.Event()
    notebook = Notebook(before=lambda message: released.wait() if message.reply.card.node == "slow" else None)
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("slow", "telegram:1"))
        await inbox.accept(event("ala", "telegram:1"))
        await inbox.accept(event("k2", "telegram:2"))
        assert await notebook.wait_for(1) == ["k2"]
        released.set()
        assert await notebook.wait_for(3) == ["k2", "slow", "ala"]


async def test_one_platform_hanging_with_every_slot_taken_does_not_stop_the_other(store: Store) -> None:
    released = asyncio.Event()
    hanging, fine = Notebook("telegram", before=lambda _: released.wait()), Notebook("slack")
    async with at_work(store, hanging, fine, policy=replace(PATIENT, slots=2)) as inbox:
        for chat in range(5):
            await inbox.accept(event("ala", f"telegram:{chat}"))
        await inbox.accept(event("k2", "slack:C1", "slack"))
        assert await fine.wait_for(1) == ["k2"]
        assert hanging.messages == []
        released.set()
        assert len(await hanging.wait_for(5)) == 5


async def test_hundreds_of_conversations_at_once_each_keep_their_order(store: Store) -> None:
    notebook = Notebook()
    async with at_work(store, notebook) as inbox:
        for turn in range(4):
            await asyncio.gather(
                *(inbox.accept(event(f"t{turn}", f"telegram:{chat}", address={"chat": chat})) for chat in range(100))
            )
        await notebook.wait_for(400)
    by_chat: dict[int, list[str]] = {}
    for message in notebook.messages:
        by_chat.setdefault(message.address["chat"], []).append(message.reply.card.node)
    assert Counter(tuple(order) for order in by_chat.values()) == {("t0", "t1", "t2", "t3"): 100}


async def test_what_a_dead_process_left_is_answered_at_the_next_start(store: Store, clock: Clock) -> None:
    lease = Lease(owner=7, now=clock(), until=clock() + PATIENT.lease)
    for word in ("ala", "k2"):
        await store.accept(pack(event(word), IDENTITY, clock()), lease)
    clock.advance(PATIENT.lease)
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock):
        assert await notebook.wait_for(2) == ["ala", "k2"]


@pytest.mark.parametrize("seconds", [3600.0, -14_400.0])
async def test_a_clock_that_is_set_does_not_begin_a_second_time_what_is_under_way(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    claims, claim = asyncio.Semaphore(0), store.claim

    async def counted(channel: str, limit: int, lease: Lease) -> list[Turn]:
        found = await claim(channel, limit, lease)
        claims.release()
        return found

    monkeypatch.setattr(store, "claim", counted)
    released = asyncio.Event()
    notebook = Notebook(before=lambda _: released.wait())
    async with at_work(store, notebook, clock=clock) as inbox:
        await claims.acquire()
        for word in ("ala", "k2"):
            await inbox.accept(event(word))
        clock.advance(seconds)
        for _ in range(2):  # the first of these may have looked at the time before it changed
            await claims.acquire()
        released.set()
        await notebook.wait_for(2)
    assert notebook.nodes == ["ala", "k2"]


async def test_parts_already_sent_are_not_sent_again(store: Store, clock: Clock) -> None:
    class Stumbling(Notebook):
        """Breaks off after the first of two parts, once."""

        async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
            if not message.sent:
                await progress("first")
                raise ConnectionResetError
            await super().deliver(message, progress)

    notebook, metrics = Stumbling(parts=2), Watched()
    async with at_work(store, notebook, clock=clock, metrics=metrics) as inbox:
        await inbox.accept(event("ala"))
        await metrics.reach(FAILED, 1)
        clock.advance(1.0)
        await notebook.wait_for(1)
    assert notebook.messages[0].sent == ("first",)


async def test_a_busy_platform_is_tried_again_when_it_asked_and_order_holds(store: Store, clock: Clock) -> None:
    answers = iter([Busy(30.0, "429")])

    def busy_once(message: OutboundMessage) -> None:
        if fault := next(answers, None):
            raise fault

    notebook, metrics = Notebook(before=busy_once), Watched()
    async with at_work(store, notebook, clock=clock, metrics=metrics) as inbox:
        await inbox.accept(event("ala"))
        await inbox.accept(event("k2"))
        await inbox.accept(event("caveats", "telegram:2"))
        assert await notebook.wait_for(1) == ["caveats"]
        await metrics.reach(BUSY, 1)
        clock.advance(30.0)
        assert await notebook.wait_for(3) == ["caveats", "ala", "k2"]


async def test_poison_is_quarantined_after_its_attempts_and_blocks_nobody(store: Store, clock: Clock) -> None:
    notebook, metrics, policy = Notebook(), Watched(), replace(PATIENT, attempts=2)
    async with at_work(store, notebook, clock=clock, policy=policy, metrics=metrics) as inbox:
        await inbox.accept(event("break"))
        await inbox.accept(event("ala"))
        await inbox.accept(event("k2", "telegram:2"))
        assert await notebook.wait_for(1) == ["k2"]
        await metrics.reach(FAILED, 1)
        clock.advance(1.0)
        assert await notebook.wait_for(2) == ["k2", "ala"]
    [pending] = await store.pending("quarantined")
    assert (pending.attempts, pending.channel) == (2, "telegram")
    assert pending.reason is not None
    assert pending.reason.startswith("RuntimeError at support.py:")


async def test_a_platform_away_for_a_day_ends_in_quarantine_not_in_a_loop(store: Store, clock: Clock) -> None:
    def away(message: OutboundMessage) -> None:
        raise Busy(1.0, "no route")

    notebook, metrics = Notebook(before=away), Watched()
    async with at_work(store, notebook, clock=clock, metrics=metrics) as inbox:
        await inbox.accept(event("ala"))
        await metrics.reach(BUSY, 1)
        clock.advance(90_000)
        await metrics.reach(QUARANTINED, 1)
    assert [pending.status for pending in await store.pending()] == ["quarantined"]


async def test_whoever_is_gone_is_done_with_and_forgotten_after_the_grace_period(store: Store, clock: Clock) -> None:
    gone = iter([None, Gone("blocked", forget=True)])

    def leave(message: OutboundMessage) -> None:
        if fault := next(gone, None):
            raise fault

    notebook, person = Notebook(before=leave), IDENTITY.person("telegram:1")
    async with at_work(store, notebook, clock=clock) as inbox:
        await inbox.accept(event("professional"))
        await notebook.wait_for(1)
        await inbox.accept(event("ala"))
        await inbox.drain(1)
    assert await store.pending() == []
    await store.prune(PATIENT.cutoffs(clock() + PATIENT.grace - 1))
    assert (await store.preferences(person)).register is Register.PROFESSIONAL
    await store.prune(PATIENT.cutoffs(clock() + PATIENT.grace + 1))
    assert (await store.preferences(person)).register is None


async def test_who_comes_back_within_the_grace_period_keeps_their_register(store: Store, clock: Clock) -> None:
    notebook, person = Notebook(), IDENTITY.person("telegram:1")
    async with at_work(store, notebook, clock=clock) as inbox:
        await inbox.accept(event("professional"))
        await notebook.wait_for(1)
        await inbox.user_left("telegram:1")
        await inbox.accept(event("ala"))
        await notebook.wait_for(2)
    await store.prune(PATIENT.cutoffs(clock() + PATIENT.grace + 1))
    assert (await store.preferences(person)).register is Register.PROFESSIONAL


async def test_a_full_inbox_refuses_at_the_door_and_only_on_that_channel(store: Store) -> None:
    released = asyncio.Event()
    hanging, fine = Notebook("telegram", before=lambda _: released.wait()), Notebook("slack")
    async with at_work(store, hanging, fine, policy=replace(PATIENT, slots=1, backlog=2)) as inbox:
        await inbox.accept(event("ala", "telegram:1"))
        await inbox.accept(event("ala", "telegram:2"))
        with pytest.raises(Overloaded):
            await inbox.accept(event("ala", "telegram:3"))
        assert await inbox.accept(event("ala", "slack:1", "slack"))
        released.set()
        await hanging.wait_for(2)


async def test_unaddressed_words_are_answered_only_when_the_asker_asks_and_it_is_sure(store: Store) -> None:
    notebook = Notebook("slack")
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("unknown", "slack:1", "slack", unaddressed=True, asker=True))
        await inbox.accept(event("ala?", "slack:1", "slack", unaddressed=True))
        await inbox.accept(event("k2?", "slack:1", "slack", unaddressed=True, asker=True))
        assert await notebook.wait_for(1) == ["k2?"]
        assert figures(inbox.metrics)['footnote_silent_total{channel="slack"}'] == 2


async def test_where_a_person_would_be_silent_nothing_is_delivered_and_nothing_waits(store: Store) -> None:
    notebook = Notebook()
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("thanks"))
        await inbox.accept(event("ala"))
        assert await notebook.wait_for(1) == ["ala"]
    assert await store.pending() == []


async def test_an_emergency_that_was_shown_does_not_break_into_a_thread_again(store: Store) -> None:
    notebook = Notebook("slack")
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("and now", "slack:1", "slack", unaddressed=True))
        await inbox.accept(event("and now", "slack:1", "slack"))
        assert await notebook.wait_for(1) == ["urgent"]
        assert figures(inbox.metrics)['footnote_silent_total{channel="slack"}'] == 1


async def test_a_thread_that_asked_for_quiet_is_told_once_and_then_left_alone(store: Store) -> None:
    notebook = Notebook("slack")
    async with at_work(store, notebook) as inbox:
        for words in ("be quiet", "ala?", "be quiet"):
            await inbox.accept(event(words, "slack:1", "slack", unaddressed=True, asker=True))
        await inbox.accept(event("k2", "slack:1", "slack"))
        assert await notebook.wait_for(2) == ["quiet", "k2"]


async def test_a_reply_to_an_older_answer_takes_its_node_as_context(store: Store) -> None:
    notebook = Notebook()
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("ala"))
        await inbox.accept(event("k2"))
        await notebook.wait_for(2)
        await inbox.accept(event("side-effects", replies_to="m0.0"))
        await notebook.wait_for(3)
    assert notebook.messages[2].reply.lead == "after ala"


async def test_an_edited_question_edits_the_answer_it_had(store: Store) -> None:
    notebook = Notebook()
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("alla", question="7"))
        await notebook.wait_for(1)
        await inbox.accept(event("ala", question="7", edited=True))
        await inbox.accept(event("ala", question="7"))
        await notebook.wait_for(3)
    assert [message.earlier for message in notebook.messages] == [None, "m0.0", None]


async def test_forgetting_deletes_first_then_says_what_was_deleted(store: Store) -> None:
    notebook, person = Notebook(), IDENTITY.person("telegram:1")
    async with at_work(store, notebook) as inbox:
        for word in ("professional", "ala", "forget"):
            await inbox.accept(event(word))
        await notebook.wait_for(3)
    told = notebook.messages[2].reply.lead
    kinds = ("messages", "conversations", "preferences", "questions", "reports", "unmatched")
    assert json.loads(told) == dict(zip(kinds, (2, 1, 1, 0, 0, 0), strict=True))
    assert (await store.export(person))["conversations"] == 0
    assert (await store.preferences(person)).introduced is False


async def test_an_export_tells_all_that_is_stored(store: Store) -> None:
    notebook = Notebook()
    async with at_work(store, notebook) as inbox:
        for word in ("professional", "ala", "export"):
            await inbox.accept(event(word))
        await notebook.wait_for(3)
    stored = json.loads(notebook.messages[2].reply.lead)
    assert (stored["tone"], stored["met"], stored["trails"]) == ("professional", True, [["professional", "ala"]])


async def test_feedback_is_counted_by_day_and_never_by_person(store: Store) -> None:
    notebook = Notebook()
    async with at_work(store, notebook) as inbox:
        for word in ("up", "up", "down"):
            await inbox.accept(event(word))
        await notebook.wait_for(3)
    assert await store.votes() == {("ala", "up"): 2, ("ala", "down"): 1}


async def test_two_conversations_of_one_person_do_not_undo_each_others_register(store: Store) -> None:
    """A turn that began before the register changed must not write the old one back when it ends later."""
    released = asyncio.Event()
    notebook = Notebook(before=lambda message: released.wait() if message.reply.card.node == "slow" else None)
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("slow", "slack:thread-1", person="slack:ann"))
        await inbox.accept(event("professional", "slack:thread-2", person="slack:ann"))
        await notebook.wait_for(1)
        released.set()
        await notebook.wait_for(2)
        assert await inbox.drain(5)
        assert (await inbox.preferences("slack:ann")).register is Register.PROFESSIONAL


async def test_draining_answers_what_waits_and_gives_up_in_time(store: Store) -> None:
    never = asyncio.Event()
    notebook = Notebook(before=lambda message: never.wait() if message.reply.card.node == "slow" else None)
    inbox = Inbox(store, EchoEngine(), IDENTITY, [notebook], policy=replace(PATIENT, slots=2))
    await inbox.start()
    for chat in range(20):
        await inbox.accept(event("ala", f"telegram:{chat}"))
    assert await inbox.drain(5)
    assert len(notebook.messages) == 20


async def test_what_could_not_be_drained_is_free_for_the_next_process_at_once(store: Store, clock: Clock) -> None:
    never = asyncio.Event()
    stuck = Inbox(store, EchoEngine(), IDENTITY, [Notebook(before=lambda _: never.wait())], now=clock)
    await stuck.start()
    await stuck.accept(event("ala"))
    assert not await stuck.drain(0.01)
    notebook = Notebook()
    async with at_work(store, notebook, clock=clock):
        assert await notebook.wait_for(1) == ["ala"]


async def test_an_event_no_door_can_read_is_kept_once_for_an_operator(store: Store) -> None:
    async with at_work(store, Notebook()) as inbox:
        for _ in range(2):
            await inbox.quarantine_raw("telegram", "no JSON", "{broken")
        [pending] = await store.pending()
        assert (pending.status, pending.reason, pending.channel) == ("unreadable", "no JSON", "telegram")
        assert not await store.replay(pending.row, 0)
        assert await store.drop(pending.row)

"""The contract of a store, kept by both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.dialog.turn import Emergency, Preferences, Register, State
from bot.inbox.processor import pack
from bot.store.base import AcceptResult, Lease, RetentionCutoffs, Store, Turn, TurnResult
from bot.store.common import DAY, context_text, net_votes, state_from
from bot.store.records import NewReport
from tests.inbox.support import IDENTITY, PATIENT, START, event

MINE, THEIRS = 1, 2


def lease(owner: int = MINE, now: float = START) -> Lease:
    return Lease(owner, now, now + 15)


async def accept(
    store: Store, text: str = "ala", *, leased: bool = False, at: float = START, **more: object
) -> AcceptResult:
    return await store.accept(pack(event(text, **more), IDENTITY, at), lease() if leased else None)  # type: ignore[arg-type]


async def claim(store: Store, owner: int = MINE, now: float = START, limit: int = 10) -> list[Turn]:
    return await store.claim("telegram", limit, lease(owner, now))


async def test_a_lane_is_leased_to_one_owner_at_a_time(store: Store) -> None:
    await accept(store)
    assert len(await claim(store, MINE)) == 1
    assert await claim(store, THEIRS) == []


async def test_accepting_with_a_lease_leases_an_idle_conversation_only(store: Store) -> None:
    first, second = await accept(store, leased=True), await accept(store, leased=True)
    assert first.turn is not None
    assert second == AcceptResult(fresh=True, turn=None)
    assert await claim(store) == []


async def test_the_latest_name_of_an_upload_is_remembered_until_it_is_old(store: Store) -> None:
    assert await store.upload("telegram:1:picture.png") is None
    for reference in ("first", "second"):
        await store.keep_upload("telegram:1:picture.png", reference, START)
    assert await store.upload("telegram:1:picture.png") == "second"
    assert await store.upload("telegram:2:picture.png") is None
    await store.prune(RetentionCutoffs(events=0, messages=0, quarantine=0, idle=START + 2 * DAY, user_left=0))
    assert await store.upload("telegram:1:picture.png") is None


@pytest.mark.parametrize(("asked", "gone"), [(-1, True), (1, False)], ids=["before leaving", "after leaving"])
async def test_only_a_question_asked_after_somebody_left_means_that_they_are_back(
    store: Store, asked: float, gone: bool
) -> None:
    """An answer may be finished after its asker blocked the bot: that brings nobody back."""
    accepted = await accept(store, leased=True, at=START + asked)
    assert accepted.turn is not None
    await store.user_left(accepted.turn.person, START)
    await store.finish(accepted.turn, TurnResult(START + 2, State(register=Register.LAYPERSON)), None)
    pruned = await store.prune(RetentionCutoffs(events=0, messages=0, quarantine=0, idle=0, user_left=START + 5))
    assert pruned.counts["departed"] == int(gone)


async def test_a_lease_that_ran_out_is_taken_over(store: Store) -> None:
    accepted = await accept(store, leased=True)
    assert accepted.turn is not None
    assert await claim(store, THEIRS, START + 14.9) == []
    [turn] = await claim(store, THEIRS, START + 15)
    assert turn.row == accepted.turn.row


async def test_a_turn_somebody_broke_off_is_doubtful_and_a_fresh_one_is_not(store: Store) -> None:
    accepted = await accept(store, leased=True)
    assert accepted.turn is not None
    assert not accepted.turn.doubtful
    await accept(store, conversation="telegram:2", person="telegram:9")
    await store.release(MINE)
    doubts = {turn.conversation: turn.doubtful for turn in await claim(store, THEIRS)}
    assert doubts == {accepted.turn.conversation: True, IDENTITY.conversation("telegram:2"): False}


async def test_a_renewed_lease_is_not_taken_over(store: Store) -> None:
    accepted = await accept(store, leased=True)
    assert accepted.turn is not None
    await store.renew(lease(now=START + 10), [accepted.turn.conversation])
    assert await claim(store, THEIRS, START + 20) == []
    await store.renew(lease(THEIRS, START + 30), [accepted.turn.conversation])
    assert len(await claim(store, THEIRS, START + 25)) == 1


async def test_a_clock_that_was_ahead_does_not_hold_a_lane_or_a_retry_for_hours(store: Store) -> None:
    ahead = START + 7 * 3600
    await accept(store, at=ahead)
    [turn] = await claim(store, MINE, ahead)
    [again] = await claim(store, THEIRS, START)
    assert again.row == turn.row
    await store.postpone(again, ahead + 60, 1)
    assert len(await claim(store, THEIRS, START)) == 1


async def test_a_replica_whose_clock_is_behind_does_not_take_what_another_has_just_begun(store: Store) -> None:
    await accept(store, at=START - 30)
    assert len(await claim(store, MINE, START)) == 1
    assert await claim(store, THEIRS, START - 0.05) == []
    assert await claim(store, THEIRS, START - 14) == []


async def test_released_lanes_are_free_at_once(store: Store) -> None:
    await accept(store, leased=True)
    await store.release(MINE)
    assert len(await claim(store, THEIRS)) == 1


async def test_lanes_are_claimed_longest_due_first_one_turn_each(store: Store) -> None:
    for number, chat in enumerate(["telegram:1", "telegram:2", "telegram:1", "telegram:3"]):
        await accept(store, conversation=chat, at=START - 10 + number)
    claimed = sorted(await claim(store, limit=2), key=lambda turn: turn.row)
    assert [turn.conversation for turn in claimed] == [
        IDENTITY.conversation("telegram:1"),
        IDENTITY.conversation("telegram:2"),
    ]


async def test_a_channel_claims_only_its_own(store: Store) -> None:
    await accept(store)
    assert await store.claim("slack", 10, lease()) == []


async def test_finishing_goes_on_to_the_next_turn_under_the_same_lease(store: Store) -> None:
    first = (await accept(store, leased=True)).turn
    await accept(store, "k2")
    assert first is not None
    second = await store.finish(
        first, TurnResult(START, State(introduced=True, history=("ala",)), "ala", ("m1",)), lease()
    )
    assert second is not None
    assert second.state == State(introduced=True, history=("ala",))
    assert await claim(store, THEIRS) == []
    assert await store.finish(second, TurnResult(START), lease()) is None
    assert await store.pending() == []


async def test_finishing_without_a_lease_leaves_the_lane(store: Store) -> None:
    first = (await accept(store, leased=True)).turn
    await accept(store, "k2")
    assert first is not None
    assert await store.finish(first, TurnResult(START), None) is None
    assert len(await claim(store, THEIRS)) == 1


async def test_a_turn_finished_twice_counts_once(store: Store) -> None:
    turn = (await accept(store, leased=True)).turn
    await accept(store, "k2")
    assert turn is not None
    await store.finish(turn, TurnResult(START, State(Register.LAYPERSON, True, ("ala",))), None)
    await store.finish(turn, TurnResult(START, State(Register.PROFESSIONAL, True, ("wrong",))), None)
    [following] = await claim(store, THEIRS)
    assert following.state == State(Register.LAYPERSON, True, ("ala",))


async def test_a_lane_opens_again_after_it_was_emptied(store: Store) -> None:
    for _ in range(3):
        turn = (await accept(store, leased=True)).turn
        assert turn is not None
        await store.finish(turn, TurnResult(START), lease())


async def test_progress_survives_in_order(store: Store) -> None:
    turn = (await accept(store, leased=True)).turn
    assert turn is not None
    await store.progress(turn, ["m1"])
    await store.progress(turn, ["m1", "m2"])
    [again] = await claim(store, THEIRS, START + 15)
    assert again.sent == ("m1", "m2")


async def test_a_postponed_turn_stays_first_of_its_conversation(store: Store) -> None:
    turn = (await accept(store, leased=True)).turn
    await accept(store, "k2")
    assert turn is not None
    await store.postpone(turn, START + 60, 3)
    assert await claim(store, now=START + 59) == []
    [again] = await claim(store, now=START + 60)
    assert (again.row, again.attempts) == (turn.row, 3)


async def test_quarantine_lets_the_conversation_go_on_and_replay_brings_it_back(store: Store) -> None:
    turn = (await accept(store, leased=True)).turn
    await accept(store, "k2")
    assert turn is not None
    await store.quarantine(turn, "RuntimeError", START)
    [following] = await claim(store)
    assert following.row != turn.row
    await store.finish(following, TurnResult(START), None)
    assert await store.replay(turn.row, START)
    [back] = await claim(store)
    assert (back.row, back.attempts) == (turn.row, 0)
    assert not await store.replay(turn.row, START)


async def test_only_quarantined_turns_can_be_dropped(store: Store) -> None:
    turn = (await accept(store, leased=True)).turn
    assert turn is not None
    assert not await store.drop(turn.row)
    await store.quarantine(turn, "RuntimeError", START)
    assert await store.drop(turn.row)
    assert await store.pending() == []


async def test_a_thousand_arrivals_at_once_are_each_accepted_exactly_once(store: Store) -> None:
    """Every event arrives twice at the same moment; half of the conversations are shared."""
    twins = [
        pack(event("ala", f"telegram:{n % 250}", keys=(f"e{n}", f"alias-{n}")), IDENTITY, START) for n in range(500)
    ]
    accept_results = await asyncio.gather(*(store.accept(twin, None) for twin in twins for _ in range(2)))
    assert sum(accepted.fresh for accepted in accept_results) == 500
    queue_depth = await store.queue_depth()
    assert queue_depth["telegram"].waiting == 500


async def test_concurrent_claims_never_share_a_lane(store: Store) -> None:
    for number in range(60):
        await accept(store, conversation=f"telegram:{number}")
    claims = await asyncio.gather(*(claim(store, owner, limit=20) for owner in range(1, 7)))
    rows = [turn.row for turns in claims for turn in turns]
    assert len(rows) == len(set(rows))


async def test_depth_counts_by_channel_and_knows_the_oldest(store: Store) -> None:
    await accept(store, at=START)
    await accept(store, at=START + 5, conversation="telegram:2")
    await accept(store, conversation="slack:1", channel="slack")
    [turn] = await store.claim("slack", 1, lease())
    await store.quarantine(turn, "RuntimeError", START)
    queue_depth = await store.queue_depth()
    assert (queue_depth["telegram"].waiting, queue_depth["telegram"].oldest) == (2, START)
    assert (queue_depth["slack"].waiting, queue_depth["slack"].quarantined, queue_depth["slack"].oldest) == (0, 1, None)


async def test_pruning_keeps_what_is_young(store: Store) -> None:
    turn = (await accept(store, leased=True, keys=("old",))).turn
    assert turn is not None
    await store.finish(turn, TurnResult(START, State(introduced=True, history=("ala",)), "ala", ("m1",)), None)
    for days, expected in ((2, False), (4, True)):  # seen events are kept for three days
        await store.prune(PATIENT.cutoffs(START + days * DAY))
        assert (await accept(store, keys=("old",))).fresh is expected
    await store.prune(PATIENT.cutoffs(START + 100 * DAY))
    assert (await store.export(IDENTITY.person("telegram:1")))["messages"] == 1
    await store.prune(PATIENT.cutoffs(START + 200 * DAY))
    assert (await store.export(IDENTITY.person("telegram:1")))["messages"] == 0
    assert (await store.preferences(IDENTITY.person("telegram:1"))).introduced
    await store.prune(PATIENT.cutoffs(START + 401 * DAY))
    assert not (await store.preferences(IDENTITY.person("telegram:1"))).introduced


async def test_forgetting_leaves_other_people_alone(store: Store) -> None:
    for chat in ("telegram:1", "telegram:2"):
        turn = (await accept(store, conversation=chat, leased=True)).turn
        assert turn is not None
        await store.finish(turn, TurnResult(START, State(Register.PROFESSIONAL, True, ("ala",)), "ala", ("m1",)), None)
    await store.forget(IDENTITY.person("telegram:1"))
    assert (await store.preferences(IDENTITY.person("telegram:1"))) == State()
    assert (await store.export(IDENTITY.person("telegram:2")))["trails"] == [["ala"]]


async def test_forgetting_takes_quarantined_questions_along(store: Store) -> None:
    turn = (await accept(store, leased=True)).turn
    assert turn is not None
    await store.quarantine(turn, "RuntimeError", START)
    assert (await store.forget(turn.person))["questions"] == 1
    assert await store.pending() == []


@pytest.mark.parametrize("text", ["", "ALA\x00?", "‮ما", "🦶" * 3000, "\ud800", "'; DROP TABLE inbox; --"])
async def test_whatever_people_write_is_stored_and_comes_back(store: Store, text: str) -> None:
    accepted = await accept(store, text, leased=True)
    assert accepted.turn is not None
    assert text.encode(errors="surrogatepass") not in accepted.turn.payload or not text


def test_a_changed_vote_counts_once() -> None:
    presses = {("ala", "up"): 3, ("ala", "todown"): 2, ("ala", "toup"): 1, ("k2", "down"): 1, ("k2", "unclear"): 4}
    assert net_votes(presses) == {("ala", "up"): 2, ("ala", "down"): 1, ("k2", "down"): 1, ("k2", "unclear"): 4}


def report(words: str = "the dose is wrong", number: int = 1, at: float = START) -> NewReport:
    sealed, place = IDENTITY.seal(words.encode()), IDENTITY.seal(b"{}")
    person, conversation = IDENTITY.person("telegram:1"), IDENTITY.conversation("telegram:1")
    name = IDENTITY.event(f"report:{number}")
    return NewReport(name, person, conversation, "telegram", "ala-dose", "layperson", sealed, place, at)


async def test_a_report_is_kept_once_listed_closed_once_and_forgotten(store: Store) -> None:
    await store.add_report(report())
    await store.add_report(report())
    await store.add_report(report(number=2))
    first, second = await store.reports()
    assert (first.node, IDENTITY.unseal(first.words), first.closed) == ("ala-dose", b"the dose is wrong", None)
    closed = await store.close_report(first.number, START + 5)
    assert closed is not None
    assert closed.closed == START + 5
    assert await store.close_report(first.number, START + 6) is None
    assert [one.number for one in await store.reports()] == [second.number]
    assert len(await store.reports(closed=True)) == 2
    told = (await store.export(IDENTITY.person("telegram:1")))["reports"]
    assert [(one["answer"], one["closed"]) for one in told] == [("ala-dose", True), ("ala-dose", False)]
    assert (await store.forget(IDENTITY.person("telegram:1")))["reports"] == 2
    assert list(await store.reports(closed=True)) == []


async def test_old_reports_are_pruned_closed_ones_sooner(store: Store) -> None:
    for number in (1, 2):
        await store.add_report(report(number=number))
    first, _ = await store.reports()
    await store.close_report(first.number, START)
    cutoffs = RetentionCutoffs(0.0, START + 1, 0.0, START - 1, 0.0)
    assert (await store.prune(cutoffs)).counts["reports"] == 1
    assert (await store.prune(replace(cutoffs, idle=START + 1))).counts["reports"] == 1


async def test_what_a_person_set_is_kept_and_does_not_undo_what_another_conversation_sets(store: Store) -> None:
    await accept(store, conversation="telegram:1", person="telegram:9")
    await accept(store, conversation="telegram:2", person="telegram:9")
    one, two = await claim(store)
    chosen = Preferences(country="GB", language="es", open=True, quiet=True)
    await store.finish(one, TurnResult(START, State(introduced=True, preferences=chosen)), None)
    await store.finish(two, TurnResult(START, State(Register.PROFESSIONAL, introduced=True)), None)
    kept = await store.preferences(one.person)
    assert (kept.preferences, kept.register) == (chosen, Register.PROFESSIONAL)
    assert (await store.export(one.person))["settings"] == {
        "country": "GB",
        "language": "es",
        "open": True,
        "quiet": True,
    }


def test_what_a_list_offered_is_kept_in_its_order() -> None:
    state = State(Register.LAYPERSON, True, ("ala",), offered=("v1:k2!choice", "v1:ala!choice"), about="b12-metformin")
    state = replace(state, ended=Emergency("urgent-chest", 3.5), told=("pregnant",), recalled=("ala-interactions",))
    assert state_from(Register.LAYPERSON, True, "ala", context_text(state)) == state

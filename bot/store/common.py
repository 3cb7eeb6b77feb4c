"""What both databases do alike: how what is kept is written, and how calls are committed in groups.

People become keyed hashes, words are sealed, a trail is written as words and a context as JSON.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.dialog.turn import AwaitedReport, Emergency, Preferences, Register, State
from bot.store.base import Earlier, NewEvent, StoreUnavailable

DAY = 86400.0
"""Seconds in a day."""

LONGEST_WAIT = 7200.0
"""Seconds. Slack and Telegram ask for an hour at most, so a retry further away than this is clock skew: it counts as
due."""


def day_of(moment: float) -> int:
    """Return the day number (days since 1970-01-01) of a moment in seconds since the epoch."""
    return int(moment // DAY)


AT_ONCE = 0.0
"""When a conversation is due that must be taken before all others."""

MOST_JOINED = 64
"""Rows looked at when messages are joined into one turn."""

# --- pseudonyms: keyed hashes, and payloads that nobody can read without the secret -----------------------------------

DIGEST_BYTES = 16
"""128 bits: with 10 million people the chance that any two share a hash is below 10^-24."""

HASH_BYTES = 8
"""Of the words of a question: enough to tell whether they changed, too few to tell what they were."""

_NONCE_BYTES = 12
"""AES-GCM's standard nonce (NIST SP 800-38D, section 8.2.2)."""


class DecryptionError(Exception):
    """The payload was sealed with another secret, or was altered."""


class Identity:
    """Derives everything that depends on the installation's secret. Each use has its own key."""

    def __init__(self, secret: str) -> None:
        master = secret.encode()
        self._hash_key = hmac.digest(master, b"footnote:hash:v1", "sha256")
        self._cipher = AESGCM(hmac.digest(master, b"footnote:seal:v1", "sha256"))

    def person(self, clear: str) -> bytes:
        """Return the stored name of a person such as `telegram:42`."""
        return self._digest("person", clear)

    def conversation(self, clear: str) -> bytes:
        """Return the stored name of a conversation."""
        return self._digest("conversation", clear)

    def event(self, clear: str) -> bytes:
        """Return the stored name of a platform event, by which a repetition is known."""
        return self._digest("event", clear)

    def words(self, clear: str) -> bytes:
        """Return by what it is known whether a corrected question reads as it did."""
        return self._digest("words", clear)[:HASH_BYTES]

    def seal(self, clear: bytes) -> bytes:
        """Return `clear` encrypted and authenticated (AES-256-GCM, random nonce in front)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, None)

    def unseal(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises `DecryptionError` for anything this secret did not seal."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError) as fault:
            raise DecryptionError("the payload was sealed with another FOOTNOTE_SECRET, or was altered") from fault

    def _digest(self, kind: str, clear: str) -> bytes:
        return hmac.digest(self._hash_key, f"{kind}:{clear}".encode(), "sha256")[:DIGEST_BYTES]


def new_secret(path: Path) -> str:
    """Make the file whole or not at all: an empty one would key everybody's hashes with nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(32)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".secret", delete=False) as file:
        try:
            file.write(secret)
            file.flush()
            os.replace(file.name, path)
        except OSError:
            os.unlink(file.name)
            raise
    return secret


# --- state and votes as rows, the same in both databases --------------------------------------------------------------


def event_values(new_event: NewEvent) -> tuple[Any, ...]:
    """Return the columns of a row of the inbox, in their order; what is urgent has the lower number, and goes first."""
    return (
        new_event.conversation,
        new_event.person,
        new_event.channel,
        new_event.payload,
        new_event.question,
        new_event.replies_to,
        new_event.edited,
        int(not new_event.urgent),
        new_event.received,
    )


def history_text(state: State) -> str:
    """Return the history as it is stored: node ids, oldest first, separated by spaces."""
    return " ".join(state.history)


def context_text(state: State) -> str:
    """Return what a conversation is about beyond its trail, as JSON with short names; empty for nearly all."""
    found: dict[str, Any] = {}
    if state.emergency is not None:
        found["emergency"] = _emergency_row(state.emergency)
    if state.ended is not None:
        found["ended"] = _emergency_row(state.ended)
    if state.question is not None:
        found["question"] = list(state.question)
    if state.quiet:
        found["quiet"] = True
    if state.offered:
        found["offered"] = list(state.offered)
    if state.about:
        found["about"] = state.about
    if state.told:
        found["told"] = list(state.told)
    if state.recalled:
        found["recalled"] = list(state.recalled)
    if state.report is not None:
        found["report"] = [state.report.node, state.report.at]
    return json.dumps(found, separators=(",", ":")) if found else ""


def _emergency_row(emergency: Emergency) -> list[Any]:
    """Return what is kept of an emergency, without what stands at its end and differs from how all begin."""
    row = [*astuple(emergency)]
    while not row[-1]:
        row.pop()
    return row if len(row) > 1 else [emergency.node, emergency.at]


def _emergency_from(row: list[Any]) -> Emergency:
    return Emergency(*row[:4], *(tuple(told) for told in row[4:]))


def settings_text(preferences: Preferences) -> str:
    """Return what a person set, as JSON of what differs from how all begin; empty for nearly all."""
    found = _set_in(preferences)
    return json.dumps(found, separators=(",", ":")) if found else ""


_SETTINGS = tuple(field.name for field in fields(Preferences))
_NOTHING_SET = Preferences()


def _set_in(preferences: Preferences) -> dict[str, Any]:
    return {name: value for name in _SETTINGS if (value := getattr(preferences, name))}


def earlier_from(
    question: str, message: str, node: str, before: str | None, words: bytes | None, asked: str, newest: bool, at: float
) -> Earlier:
    """Return the earlier answer to `question` from its stored row; `asked` names every message it answered."""
    names = asked.split()
    start = names.index(question) * HASH_BYTES
    hashed = (words or b"")[start : start + HASH_BYTES]
    return Earlier(message, node, tuple((before or "").split()), hashed, bool(newest), len(names) == 1, at)


def state_from(
    register: str | None,
    introduced: bool | None,
    history: str | None,
    context: str | None = None,
    settings: str | None = None,
) -> State:
    """Return the state that a person's row (tone, met, settings) and a conversation's (trail, context) hold, where they
    exist."""
    person, trail = Register(register) if register else None, tuple(history.split()) if history else ()
    preferences = Preferences(**json.loads(settings)) if settings else _NOTHING_SET
    if not context:
        return State(person, bool(introduced), trail, preferences=preferences)
    found = json.loads(context)
    emergency, question, report, ended = (found.get(name) for name in ("emergency", "question", "report", "ended"))
    return State(
        person,
        bool(introduced),
        trail,
        _emergency_from(emergency) if emergency else None,
        (question[0], question[1]) if question else None,
        found.get("quiet", False),
        preferences,
        AwaitedReport(*report) if report else None,
        tuple(found.get("offered", ())),
        found.get("about", ""),
        _emergency_from(ended) if ended else None,
        tuple(found.get("told", ())),
        tuple(found.get("recalled", ())),
    )


def quiet_in(context: str | None) -> bool:
    """Return whether a conversation's context says that the bot is to be quiet."""
    return bool(context) and bool(json.loads(context or "{}").get("quiet", False))


def exported(trails: Sequence[str], contexts: Sequence[str]) -> dict[str, Any]:
    """Return what conversations hold as plain JSON values: the trails, and the contexts of those that have any."""
    return {
        "trails": [trail.split() for trail in trails],
        "contexts": [json.loads(context) for context in contexts if context],
    }


def settings_of(state: State) -> dict[str, Any]:
    """Return what a person set, as plain JSON values."""
    return _set_in(state.preferences)


def reported(row: Sequence[Any]) -> dict[str, Any]:
    """Return one of a person's reports (node, at, words, closed) as plain JSON values; its words are sealed still."""
    node, at, words, closed = row
    return {"answer": node, "at": at, "words": words.hex(), "closed": closed is not None}


def net_votes(found: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Return the sums with changes of mind counted in: `toup` is one `up` more and one `down` fewer."""
    net = {key: votes for key, votes in found.items() if key[1] not in _CHANGES}
    for (node, vote), votes in found.items():
        if vote in _CHANGES:
            more, less = _CHANGES[vote]
            net[node, more] = net.get((node, more), 0) + votes
            net[node, less] = net.get((node, less), 0) - votes
    return net


_CHANGES = {"toup": ("up", "down"), "todown": ("down", "up")}


# --- work in groups ---------------------------------------------------------------------------------------------------

Call = TypeVar("Call")
Result = TypeVar("Result")
Outcome = tuple[Any, Exception | None]
"""What a call returned, or what it raised."""

MAX_GROUP = 256
"""Calls in one group: enough to make the commit free, few enough to keep it in the low milliseconds."""


class Grouping(Generic[Call, Result]):
    """Performs calls group by group. Calls that share a name never share a group and keep their order."""

    def __init__(
        self,
        perform: Callable[[Sequence[Call]], Awaitable[Sequence[Outcome]]],
        names: Callable[[Call], Collection[Hashable]] = lambda _: (),
    ) -> None:
        self._perform = perform
        self._names = names
        self._waiting: list[tuple[Call, asyncio.Future[Result]]] = []
        self._pump: asyncio.Task[None] | None = None

    async def run(self, call: Call) -> Result:
        """Return what the call returned, once committed. Raises what it raised, or what kept its group from it."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, future))
        if self._pump is None:
            self._pump = asyncio.create_task(self._perform_groups())
        return await future

    async def flush(self) -> None:
        """Return when every call made so far has its outcome."""
        while self._pump is not None:
            await asyncio.wait([self._pump])

    async def _perform_groups(self) -> None:
        while self._waiting:
            group = self._next()
            try:
                outcomes = await self._perform([call for call, _ in group])
            except Exception as fault:
                outcomes = [(None, fault)] * len(group)
            for (_, future), outcome in zip(group, outcomes, strict=True):
                _resolve(future, outcome)
        self._pump = None

    def _next(self) -> list[tuple[Call, asyncio.Future[Result]]]:
        """Take the next group out of those waiting; one that has to wait holds back whoever shares a name with it."""
        taken: set[Hashable] = set()
        group: list[tuple[Call, asyncio.Future[Result]]] = []
        rest: list[tuple[Call, asyncio.Future[Result]]] = []
        for waiting in self._waiting:
            names = self._names(waiting[0])
            fits = len(group) < MAX_GROUP and taken.isdisjoint(names)
            (group if fits else rest).append(waiting)
            taken.update(names)
        self._waiting = rest
        return group


def _resolve(future: asyncio.Future[Any], outcome: Outcome) -> None:
    result, fault = outcome
    if future.done():  # its caller was cancelled; the work is committed all the same
        return
    if fault is None:
        future.set_result(result)
    else:
        future.set_exception(fault)


Statement = Callable[[Sequence[Call]], Awaitable[Sequence[Result]]]


def together(statement: Statement[Call, Result]) -> Callable[[Sequence[Call]], Awaitable[list[Outcome]]]:
    """Return a function that runs `statement` for all calls at once, or, if it fails for them together, for each alone.

    It raises `StoreUnavailable` when no call can succeed now. A statement that failed has written nothing, and one that
    was followed by a failure is harmless a second time: an event is known then, and a finished turn is gone.
    """

    async def at_once(calls: Sequence[Call]) -> list[Outcome]:
        try:
            return [(result, None) for result in await statement(calls)]
        except StoreUnavailable:
            raise
        except Exception:
            return [await alone(call) for call in calls]

    async def alone(call: Call) -> Outcome:
        try:
            [result] = await statement([call])
        except Exception as fault:
            return None, fault
        return result, None

    return at_once

"""People in private Telegram chats: several questions in one breath, and now and then the other register."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile

from bot.dialog.turn import Kind
from tests.chaos.oracle import Oracle, Step, Talk
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Person
from tests.fakes.telegram_rules import Json

Budget = Callable[[], bool]
"""True while there is time left."""

BREATH = 3
"""Questions asked at once, at most."""


@dataclass
class Patient:
    """Somebody with a phone."""

    person: Person
    talk: Talk
    newest: Json = field(default_factory=dict)

    def sees(self, payload: str) -> bool:
        """Return whether the button is under the newest message that has buttons."""
        return json.dumps(payload) in json.dumps(self.newest.get("reply_markup"))


class Patients:
    """So many private chats."""

    def __init__(self, telegram: FakeTelegram, oracle: Oracle, seed: int, count: int, turns: int) -> None:
        self._telegram = telegram
        self._oracle = oracle
        people = [telegram.person(f"Patient{number}") for number in range(count)]
        self._patients = {
            person.id: Patient(person, oracle.talk("telegram", turns, f"{seed} patient {number}"))
            for number, person in enumerate(people)
        }
        self._read = 0

    @property
    def talks(self) -> list[Talk]:
        """Every conversation, as far as it is visible now."""
        self._look()
        return [patient.talk for patient in self._patients.values()]

    async def live(self, turns: int, budget: Budget) -> None:
        """Let everybody go on until they have done so many turns in all."""
        await asyncio.gather(*(self._live(patient, turns, budget) for patient in self._patients.values()))

    async def ask(self, number: int, _budget: Budget) -> None:
        """Let one person say the next thing, whether or not the last was answered."""
        patient = list(self._patients.values())[number % len(self._patients)]
        step = patient.talk.script[patient.talk.done]
        patient.talk.done += 1
        patient.person.says(step.words)

    async def _live(self, patient: Patient, turns: int, budget: Budget) -> None:
        talk = patient.talk
        while (ahead := talk.ahead(turns)) and budget():
            if ahead[0].kind is Kind.TAP:
                await self._press(patient, ahead[0], budget)
            for step in takewhile(lambda step: step.kind is Kind.TEXT, ahead[: 1 + talk.done % BREATH]):
                talk.done += 1
                patient.person.says(step.words)
            await self._until(lambda: talk.answered, budget)
            await asyncio.sleep(ahead[0].pause)

    async def _press(self, patient: Patient, step: Step, budget: Budget) -> None:
        await self._until(lambda: patient.sees(step.words), budget)
        if patient.sees(step.words):
            patient.talk.done += 1
            patient.person.taps(step.words, patient.newest)

    async def _until(self, true: Callable[[], bool], budget: Budget) -> None:
        """Return when it is true or time is up."""

        def looked() -> bool:
            self._look()
            return true() or not budget()

        while not looked():
            with contextlib.suppress(AssertionError):  # ten seconds without it: a restart may take that long
                await self._telegram.until(looked)

    def _look(self) -> None:
        events = self._telegram.world.events
        unread, self._read = events[self._read :], len(events)
        for event in unread:
            patient = self._patients.get(event.chat or 0)
            if patient is None or event.kind not in ("message", "edit"):
                continue
            if "reply_markup" in event.json:
                patient.newest = event.json
            answer = self._oracle.read(event.json.get("text") or event.json.get("caption", ""))
            if answer is not None:
                patient.talk.seen.append(answer)

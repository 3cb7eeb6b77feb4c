"""People in private Telegram chats: several questions in one breath, and now and then the other register."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.oracle import Oracle, Talk
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Person
from tests.fakes.telegram_rules import Json

Budget = Callable[[], bool]
"""True while there is time left."""


@dataclass
class Patient:
    """Somebody with a phone."""

    person: Person
    talk: Talk = field(default_factory=lambda: Talk("telegram"))
    newest: Json = field(default_factory=dict)

    def sees(self, payload: str) -> bool:
        """Return whether the button is under the newest message that has buttons."""
        return json.dumps(payload) in json.dumps(self.newest.get("reply_markup"))


class Patients:
    """So many private chats."""

    def __init__(self, telegram: FakeTelegram, oracle: Oracle, chance: random.Random, count: int) -> None:
        self._telegram = telegram
        self._oracle = oracle
        self._chance = chance
        people = [telegram.person(f"Patient{number}") for number in range(count)]
        self._patients = {person.id: Patient(person) for person in people}
        self._read = 0

    @property
    def talks(self) -> list[Talk]:
        """Every conversation, as far as it is visible now."""
        self._look()
        return [patient.talk for patient in self._patients.values()]

    async def live(self, turns: int, budget: Budget) -> None:
        """Let everybody ask, so many turns each."""
        await asyncio.gather(*(self._live(patient, turns, budget) for patient in self._patients.values()))

    async def _live(self, patient: Patient, turns: int, budget: Budget) -> None:
        talk = patient.talk
        while len(talk.expected) < turns and budget():
            for _ in range(min(self._chance.choice((1, 1, 2, 3)), turns - len(talk.expected))):
                patient.person.says(self._oracle.question(talk, self._chance))
            await self._until(lambda: talk.answered, budget)
            if self._chance.random() < 0.3 and len(talk.expected) < turns and talk.answered:
                await self._switch(patient, budget)

    async def _switch(self, patient: Patient, budget: Budget) -> None:
        payload = self._oracle.other_register(patient.talk)
        await self._until(lambda: patient.sees(payload), budget)
        if patient.sees(payload):
            self._oracle.press(patient.talk, payload)
            patient.person.taps(payload, patient.newest)
            await self._until(lambda: patient.talk.answered, budget)

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
            answer = self._oracle.read(event.json.get("text", ""))
            if answer is not None:
                patient.talk.seen.append(answer)

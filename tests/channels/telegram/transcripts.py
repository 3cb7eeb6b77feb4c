"""What people see on their phones, as text: `python -m tests.channels.telegram.transcripts`.

The whole bot answers over real HTTP against the stand-in; what stands in the chats afterwards is printed, and then what
the doctor finds. `**` is bold, `_` italic, `|>` folded until touched; `[!…]` is a red button, `[…→]` opens a link.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

from bot.channels.registry import Configuration
from bot.channels.telegram.plugin import TelegramSettings, plugin
from bot.cli.main import examine
from bot.content.loader import load
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from bot.matching import build_matcher
from bot.settings import Settings
from tests.channels.telegram.telegram_app import running_app
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Group, Person
from tests.fakes.telegram_transcript import transcript
from tests.fakes.telegram_world import Chat

ROOT = Path(__file__).resolve().parents[3]
Json = dict[str, Any]
Scene = Callable[[FakeTelegram], Awaitable[Chat]]


async def asked(telegram: FakeTelegram, who: Person, words: str, **where: Any) -> Json:
    """Texts something and return the answer."""
    who.says(words, **where)
    return await telegram.next_message(where.get("where", who))


async def alone(telegram: FakeTelegram) -> Chat:
    """A patient in private: greeting, question, a follow-up, a photo, something urgent, what is stored, goodbye."""
    ann = telegram.person("Ann")
    greeting = await asked(telegram, ann, "/start")
    ann.taps(payloads.payload("overview"), greeting)
    answer = await telegram.next_message(ann)
    ann.forges(payloads.payload("overview", word="more"), answer)
    more = await telegram.next_message(ann)
    ann.taps(payloads.payload("overview", word="up"), more)
    await telegram.next_edit(ann)
    await asked(telegram, ann, "does vitamin K2 help")
    await asked(telegram, ann, "and the side effects of alpha lipoic acid?")
    ann.sends("voice")
    await telegram.next_message(ann)
    await asked(telegram, ann, "can I stop my pregabalin?")
    await asked(telegram, ann, "my toe has turned black")
    await asked(telegram, ann, "who won the football?")
    await asked(telegram, ann, "/export")
    question = await asked(telegram, ann, "/forget")
    ann.taps(payloads.payload("privacy", word="forget"), question)
    await telegram.next_message(ann)
    return ann.chat


async def clinician(telegram: FakeTelegram) -> Chat:
    """A clinician who came by a link: the answer in plain words, switched in place, and on from there."""
    bob = telegram.person("Bob")
    answer = await asked(telegram, bob, "/start ala-dose")
    bob.taps(payloads.payload("ala-dose", Register.PROFESSIONAL), answer)
    await telegram.next_edit(bob)
    await asked(telegram, bob, "first line drugs?")
    await asked(telegram, bob, "side effects")
    return bob.chat


async def together(telegram: FakeTelegram) -> Chat:
    """A group: people talk among themselves, two ask, each reads their own register."""
    ann, bob, group = telegram.person("Ann"), telegram.person("Bob"), telegram.group("Feet and family")
    await asked(telegram, bob, "/tone")
    bob.forges(payloads.payload("overview", Register.PROFESSIONAL))
    await telegram.next_message(bob)
    ann.says("good morning everybody", group)
    answer = await asked(telegram, ann, f"@{telegram.username} how often should feet be checked?", where=group)
    await asked(telegram, bob, "who should not use ALA?", where=group, reply_to=answer)
    return group.chat


async def by_topic(telegram: FakeTelegram) -> Chat:
    """A forum: the same words mean the topic they are written in."""
    ann, group = telegram.person("Ann"), telegram.group("Forum", forum=True)
    for name, words in (("ALA", "what dose of ALA was studied?"), ("K2", "does vitamin K2 help?")):
        await _in_topic(telegram, ann, group, name, words)
    return group.chat


async def _in_topic(telegram: FakeTelegram, ann: Person, group: Group, name: str, words: str) -> None:
    topic = group.topic(name, by=ann.user)
    for said in (words, "and the side effects?"):
        await asked(telegram, ann, f"@{telegram.username} {said}", where=group, topic=topic)


SCENES: dict[str, Scene] = {
    "Private, plain words": alone,
    "Private, for clinicians": clinician,
    "Group, each in their own register": together,
    "Forum topics": by_topic,
}


async def played(scene: Scene, engine: Engine, folder: Path) -> str:
    """Return the transcript of a scene. Raises AssertionError if Telegram refused anything."""
    async with FakeTelegram() as telegram, running_app(telegram, engine, folder / f"{scene.__name__}.sqlite3"):
        chat = await scene(telegram)
        assert not telegram.refused, telegram.refused
        return transcript(chat, int(telegram.bot["id"]))


async def examined(engine: Engine, folder: Path) -> str:
    """Return what the doctor prints about a bot that runs."""
    async with FakeTelegram() as telegram, running_app(telegram, engine, folder / "doctor.sqlite3"):
        await telegram.until(lambda: telegram.profile.menu == {"type": "commands"}, "the profile")
        own = TelegramSettings(bot_token=SecretStr(telegram.token), api_base_url=telegram.url)
        report: str
        _, report = await examine(Configuration(Settings(), ((plugin, own),)), engine.text, "telegram")
        return report


async def main() -> None:
    """Print every scene and the doctor's findings."""
    library = load(ROOT / "dialogs", ROOT / "content")
    engine = Engine(library, build_matcher(library))
    with tempfile.TemporaryDirectory() as folder, structlog.testing.capture_logs():
        for title, scene in SCENES.items():
            sys.stdout.write(f"## {title}\n\n```\n{await played(scene, engine, Path(folder))}\n```\n\n")
        sys.stdout.write(f"## The doctor\n\n```\n{await examined(engine, Path(folder))}\n```\n")


if __name__ == "__main__":
    asyncio.run(main())

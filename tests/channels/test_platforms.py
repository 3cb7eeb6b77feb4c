"""No text of the bot's names what only another platform knows: a command, a mention, a menu."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.channels import registry
from bot.channels.slack.actions import COMMAND
from bot.channels.slack.channel import MENTION
from bot.channels.telegram.updates import NAMES
from bot.content.library import Library
from bot.content.models import Register

_ADDRESS = re.compile(r"https?://\S+")
_COMMAND = re.compile(r"(?<![\w/.])/[a-z]+\b")
_OWN = {
    "slack": re.compile(rf"{COMMAND}\b|{MENTION}\b|/invite\b|App Home|Messages tab|workspace", re.IGNORECASE),
    "telegram": re.compile(rf"/(?:{'|'.join(NAMES)})\b|inline|BotFather", re.IGNORECASE),
}
"""What each platform alone knows, by the beginning of its own keys."""


def own_channel(key: str) -> str | None:
    """Return the channel a sentence belongs to, by the beginning of its key."""
    names = (plugin.name for plugin in registry.plugins())
    return next((name for name in names if key.startswith(f"{name}-")), None)


def texts(library: Library) -> Iterator[tuple[str, str | None, str]]:
    """Yield every text a reader may see: where it stands, whose it is, and its words."""
    for register in Register:
        for key, pair in library.interface.items():
            yield key, own_channel(key), pair.for_register(register)
        for kind, talk in library.small_talk.items():
            yield f"small talk {kind}", None, talk.says.for_register(register)
        for topic in library.topics.values():
            for answer in topic.answers.values():
                for claim in answer.claims:
                    yield f"{answer.id} {claim.id}", None, claim.for_register(register)


def named(text: str, whose: str | None) -> list[str]:
    """Return what a text names that is not its own platform's."""
    bare = _ADDRESS.sub(" ", text)
    others = [one[0] for name, words in _OWN.items() if name != whose for one in words.finditer(bare)]
    mine = _OWN.get(whose or "")
    commands = [one[0] for one in _COMMAND.finditer(bare) if mine is None or not mine.match(one[0])]
    return [*others, *commands]


def test_no_text_names_the_commands_of_another_platform(library: Library) -> None:
    found = {where: wrong for where, whose, text in texts(library) if (wrong := named(text, whose))}
    assert not found


@pytest.mark.parametrize(
    ("text", "whose", "wrong"),
    [
        ("Use /forget to delete it.", None, True),
        ("Use /forget to delete it.", "slack", True),
        ("Use /footnote forget.", "telegram", True),
        ("Use /footnote forget.", "slack", False),
        ("See https://doi.org/10.1/help and take it and/or leave it.", None, False),
    ],
)
def test_a_foreign_command_would_be_found(text: str, whose: str | None, wrong: bool) -> None:
    assert bool(named(text, whose)) is wrong

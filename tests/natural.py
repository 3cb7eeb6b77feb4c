"""The ten natural conversations and every emergency card, as readers see them; `python -m tests.natural` writes them.

What people write lies in tests/conversations/natural; what the bot answers is drawn here as a phone shows it, by the
renderers that serve Telegram, Slack and the page. Nothing is sent: the engine answers, and `worth_saying` tells when.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from bot.channels.layout import Shown
from bot.channels.registry import default_register
from bot.channels.slack.blocks import shown as on_slack
from bot.channels.slack.render import RenderOptions, SlackRenderer
from bot.channels.telegram.layout import shown as on_telegram
from bot.channels.telegram.render import TelegramRenderer
from bot.channels.web.render import shown as on_page
from bot.content.loader import load
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, Reply, State
from bot.inbox.processor import worth_saying
from bot.matching import build_matcher

ROOT = Path(__file__).resolve().parents[1]
HUMAN = ROOT / "tests" / "conversations" / "natural"
FOLDER = ROOT / "docs" / "conversations"
MENTION = re.compile(r"@footnote(?:_bot)?\b\s*")
SPOKEN = re.compile(r"> (?:\[(?P<who>[^]]+)\] )?(?P<words>.+)")
PACE = 20.0
"""Seconds between two messages of a conversation."""


@dataclass(frozen=True)
class Said:
    """One message of a person; `wanted` is what a good answer would do, in the words of who wrote the conversation."""

    who: str
    words: str
    wanted: str


@dataclass(frozen=True)
class Conversation:
    """The human side of one conversation, and where it takes place."""

    name: str
    about: str
    said: tuple[Said, ...]

    @property
    def channel(self) -> str:
        """The channel its first words name."""
        return "slack" if self.about.startswith("Slack") else "telegram" if self.about.startswith("Telegram") else "web"

    @property
    def several(self) -> bool:
        """Whether several people read along."""
        return any(word in self.about.partition(".")[0] for word in ("group", "channel"))


def read(path: Path) -> Conversation:
    """Return the conversation of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    about = next(line[2:] for line in lines if line.startswith("# "))
    spoken = [(SPOKEN.fullmatch(line), after) for line, after in zip(lines, [*lines[1:], ""], strict=True)]
    said = tuple(Said(found["who"] or "", found["words"], after) for found, after in spoken if found)
    return Conversation(path.stem, about, said)


@dataclass
class Stage:
    """The bot in one conversation: what is remembered of it, and of each person."""

    engine: Engine
    conversation: Conversation
    state: State = field(default_factory=State)
    people: dict[str, State] = field(default_factory=dict)
    asker: str | None = None
    now: float = 0.0

    def hear(self, said: Said) -> Reply | None:
        """Return what is answered to a message; None where the bot says nothing."""
        self.now += PACE
        who, addressed = said.who.partition(",")[0], self._addressed(said)
        if not addressed and not self._overheard(said):
            return None
        own = self.people.get(who, State())
        before = replace(self.state, register=own.register, introduced=own.introduced)
        reply, after = self.engine.respond(before, self._incoming(MENTION.sub("", said.words)))
        asks = who == self.asker or "replying" in said.who
        if not addressed and not worth_saying(reply, before, after, said.words, asker=asks):
            return None
        self.state, self.people[who] = after, after
        if reply.silent:
            return None
        self.asker = who
        return reply

    def _addressed(self, said: Said) -> bool:
        return not self.conversation.several or bool(MENTION.search(said.words)) or said.words.startswith("/")

    def _overheard(self, said: Said) -> bool:
        """Tell whether words to nobody reach the bot: in a thread on Slack; on Telegram those below its answer."""
        below = "replying" in said.who or said.who.partition(",")[0] == self.asker
        return self.asker is not None and (self.conversation.channel == "slack" or below)

    def _incoming(self, words: str) -> Incoming:
        kind = Kind.COMMAND if words.startswith("/") else Kind.TEXT
        place = {"channel": self.conversation.channel, "group": self.conversation.several}
        return Incoming(kind, words.removeprefix("/"), at=self.now, **place)  # type: ignore[arg-type]


class Phone:
    """Draws replies as a phone shows them on each channel."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._telegram = TelegramRenderer(engine.text)
        self._slack = SlackRenderer(engine.text)

    def drawn(self, reply: Reply, conversation: Conversation) -> Shown:
        """Return what a reply fills, with its picture."""
        match conversation.channel:
            case "slack":
                parts = self._slack.parts(reply, RenderOptions(quiet=conversation.several))
                return on_slack(reply, [block for part in parts for block in part.blocks])
            case "telegram":
                sent = self._telegram.render(reply, group=conversation.several)
                return on_telegram(reply, [(part.text, part.entities, part.keyboard) for part in sent])
            case _:
                return on_page(reply, self._engine.text)


def transcript(engine: Engine, conversation: Conversation) -> str:
    """Return a conversation as a page."""
    stage, phone = Stage(engine, conversation), Phone(engine)
    lines, screens = list[str](), list[float]()
    for said in conversation.said:
        reply = stage.hear(said)
        found = phone.drawn(reply, conversation) if reply else None
        screens += [found.screens] if found else []
        lines += [f"**{said.who or 'She or he'}:** {said.words}", ""]
        lines += [f"*A good answer:* {said.wanted}", ""]
        lines += ["```text", *found.picture, "```", ""] if found else ["*(nothing is said)*", ""]
    head = [f"# {title(conversation)}", "", conversation.about, ""]
    head += [f"{len(conversation.said)} messages, {len(screens)} answers on {sum(screens):.1f} screens of a phone.", ""]
    return "\n".join([*head, *lines]).rstrip() + "\n"


def title(conversation: Conversation) -> str:
    """Return the heading of a conversation's page."""
    return conversation.name.partition("-")[2].replace("-", " ").capitalize()


def index(conversations: Sequence[Conversation], pages: Mapping[str, str]) -> str:
    """Return the page that lists them."""
    rows = [f"| [{title(one)}]({one.name}.md) | {one.about} | {_counted(pages[one.name])} |" for one in conversations]
    head = (HUMAN / "reading.md").read_text(encoding="utf-8").strip()
    table = ["| conversation | who, where | messages, answers, screens |", "|---|---|---|"]
    return "\n".join([head, "", *table, *rows, ""])


def _counted(page: str) -> str:
    return page.splitlines()[4].removesuffix(" of a phone.")


# --- every card of an emergency ------------------------------------------------------------------------------------

CARDS = ROOT / "docs" / "emergency-cards.md"
FOLLOWING = ("what should I do", "where do I call", "I am alone", "nobody can help me", "ok", "the ambulance is coming")
"""What is said after a card on the page of cards."""
COUNTRY = "GB"
"""Whose numbers the page shows where an operator named a country."""


def cards_page(engine: Engine) -> str:
    """Return the page that shows each card as its readers see it, and what follows one."""
    library = engine.library
    nodes = [library.urgent, *sorted(library.urgent_nodes - {library.urgent})]
    lines = [(HUMAN / "cards.md").read_text(encoding="utf-8").strip(), ""]
    for node in nodes:
        lines += [f"## {engine.label(node, Register.LAYPERSON)}", "", f"`{node}`", ""]
        for channel in ("Telegram", "Slack"):
            lines += _beside(engine, channel, [Incoming(Kind.TAP, f"v1:{node}", at=1.0)])
    lines += ["## What follows a card", ""]
    for first in ("I have chest pain right now", "I want to die"):
        lines += [f'After "{first}", in the order in which it is said:', ""]
        said = [Incoming(Kind.TEXT, words, at=20.0 * at) for at, words in enumerate((first, *FOLLOWING), 1)]
        for at, words in enumerate(FOLLOWING, 2):
            lines += [f"**{words}**", "", *_beside(engine, "Telegram", said[:at])]
    lines += ["## Where an operator named a country", ""]
    abroad = Engine(library.in_country(COUNTRY), engine.matcher, default_register=default_register)
    return "\n".join([*lines, *_beside(abroad, "Telegram", [Incoming(Kind.TAP, "v1:urgent-chest", at=1.0)])])


def _beside(engine: Engine, channel: str, said: Sequence[Incoming]) -> list[str]:
    """Return the answer to the last of what is said, plain words on the left and professional ones on the right."""
    columns = []
    for register in (Register.LAYPERSON, Register.PROFESSIONAL):
        state = State(register=register, introduced=True)
        for incoming in said:
            reply, state = engine.respond(state, incoming)
        columns.append(Phone(engine).drawn(reply, Conversation("", channel + ".", ())).picture)
    rows = [f"{left:<42}| {right}".rstrip() for left, right in zip_longest(*columns, fillvalue="")]
    return [f"{channel}: plain words, professional", "", "```text", *rows, "```", ""]


def generated(engine: Engine) -> dict[Path, str]:
    """Return every page with the text it should have."""
    conversations = [read(path) for path in sorted(HUMAN.glob("*.txt"))]
    pages = {one.name: transcript(engine, one) for one in conversations}
    files = {FOLDER / f"{name}.md": text for name, text in pages.items()}
    return files | {FOLDER / "README.md": index(conversations, pages), CARDS: cards_page(engine)}


def written(files: Mapping[Path, str]) -> Iterable[Path]:
    """Write the pages that are not fresh, and yield them."""
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            yield path


def main() -> Iterator[Path]:
    """Write the pages anew."""
    library = load(ROOT / "dialogs", ROOT / "content")
    engine = Engine(library, build_matcher(library), default_register=default_register)
    yield from written(generated(engine))


if __name__ == "__main__":
    for page in main():
        sys.stdout.write(f"wrote {page.relative_to(ROOT)}\n")

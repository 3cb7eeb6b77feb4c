"""What a channel is to the rest of the bot, and what the rest of the bot is to a channel.

A channel is one folder. Its `plugin.py` holds a `ChannelPlugin` and imports no SDK at its top, so that the channels
nobody configured cost nothing. `bot/channels/registry.py` finds plugins; nothing else names one.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from bot.channels.layout import SCREEN, Shown
from bot.content.diagnostics import Diagnostic
from bot.content.library import Library
from bot.dialog.composer import Composer
from bot.dialog.turn import Button, Register, Reply
from bot.inbox.events import Delivery, InboundEvent
from bot.settings import EnvironmentSettings

if TYPE_CHECKING:
    from datetime import date

    import typer
    from aiohttp import web

    from bot.dialog.engine import Engine
    from bot.inbox.admin import ReportDesk
    from bot.pictures.shelf import Files
    from bot.store.common import Identity
    from bot.store.records import Published, Summed


class Texts(Protocol):
    """Returns one of the bot's own texts (content/interface.yaml) in one register; `Engine.text` is one."""

    def __call__(self, key: str, register: Register, **values: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One finding of a doctor: whether it is as it should be, what was looked at, and what to do if not."""

    ok: bool
    what: str
    fix: str = ""


class Channel(Protocol):
    """A running channel, as the service sees it."""

    @property
    def delivery(self) -> Delivery:
        """How answers are delivered there."""

    async def start(self) -> None:
        """Begin to take events. Returns at once; an outage of the platform is waited out in the background."""

    async def stop(self) -> None:
        """Take no more events."""

    async def close(self) -> None:
        """Let go of connections, after the last answer was delivered."""

    def routes(self) -> list[web.RouteDef]:
        """Return the HTTP paths it needs on the shared port, if any."""

    def health(self) -> Mapping[str, Any]:
        """Return its state for /readyz: `up` and whatever helps an operator."""


Accept = Callable[[InboundEvent], Awaitable[bool]]
"""Writes an event to the inbox; False for one that is known. Raises when it could not be written: then the platform
must not be told that it was received, so that it sends the event again."""


@dataclass(frozen=True, slots=True)
class ContentState:
    """What is known of the content on disk: `number` grows with each news of it, `served` says whether readers are
    given exactly that, `checked` whether the rules have looked at it too and not the loader alone."""

    number: int
    served: bool
    diagnostics: tuple[Diagnostic, ...] = ()
    checked: bool = False


class ContentNews(Protocol):
    """Follows the content while it is written."""

    @property
    def now(self) -> ContentState:
        """What is known."""

    async def next(self, number: int) -> ContentState:
        """Return the state that follows the one of this number, once there is one."""


@dataclass(frozen=True, slots=True)
class AuthorsView:
    """What only authoring knows of the content as it now is, drawn as HTML: for whoever looks while it is written."""

    changes: Callable[[Library, str], str]
    """What reads otherwise in an answer than it was approved, before and after; empty where nothing does."""
    trees: Callable[[Library, str, Callable[[str], str]], str]
    """The trees as a picture: with the node where one is, and where each node leads."""


@dataclass(frozen=True, slots=True)
class HostServices:
    """What a channel is given: the inbox, the bot's texts, and what several replicas must agree on."""

    accept: Accept
    user_left: Callable[[str], Awaitable[None]]
    """Notes that a person left; unless they return, they are forgotten after the grace period."""
    quarantine: Callable[[str, str], Awaitable[None]]
    """Keeps an event that cannot be read (reason, raw text), for an operator. Raises when it could not be kept."""
    is_known: Callable[[str, str | None], Awaitable[bool]]
    """Tells whether the bot has answered in this conversation; with a person, whether it answered them last."""
    is_quiet: Callable[[str], Awaitable[bool]]
    """Tells whether somebody asked the bot to be quiet in this conversation."""
    unexpected: Callable[[str], None]
    """Counts something the platform sent that is not known, by its kind."""
    published: Callable[[], Awaitable[Sequence[Published]]]
    """Returns the counts of turns that may be seen. Raises `StoreUnavailable`."""
    summed: Callable[[int], Awaitable[Summed]]
    """Returns those of the last so many weeks, added up. Raises `StoreUnavailable`."""
    lead: Callable[[str], AbstractAsyncContextManager[asyncio.Event]]
    """Waits until this replica alone leads in what is named; the event is set when that ends."""
    texts: Texts
    topics: Callable[[Register], Sequence[Button]]
    """Returns the buttons of the answers one can begin with."""
    library: Library
    engine: Engine
    """The dialog itself, which is pure: for what is shown without a turn, such as a preview."""
    identity: Identity
    database_url: str
    reports: ReportDesk | None = None
    """Where editors read what people report as wrong, and close it."""
    files: Files | None = None
    """Pictures and pages to take along; without them every answer is words alone."""
    content: ContentNews | None = None
    """What happens to the content while it is served (`footnote serve --reload`)."""
    authors_view: Callable[[], AuthorsView] | None = None
    """Loads the part for authors, which no turn needs."""


class ChannelSettings(EnvironmentSettings):
    """The settings of one channel. `env_prefix` in its `model_config` begins the name of each variable."""

    @property
    def configured(self) -> bool:
        """Whether enough is set to serve this channel."""
        return False

    @property
    def origin(self) -> str:
        """Where the public reads answers on this channel; empty where it has no such place."""
        return ""


LimitCheck = Callable[[str, Register], Iterable[str]]
"""Judges one node's answer as it would really be sent: yields a sentence for each limit it breaks."""


def longest_reply(composer: Composer, node: str, register: Register) -> Reply:
    """Return the longest form of an answer: the first one a link led to, which greets and offers the other register."""
    card, lead = composer.card(node, register), composer.text("hello-line", register)
    return Reply(card, lead, offer=composer.text("welcome-offer", register))


@dataclass(frozen=True, slots=True)
class LabelLimit:
    """The longest button label, in characters: a longer one is an error where the channel refuses it."""

    characters: int
    reason: str
    refused: bool = False


Measure = Callable[[str, Register], Shown]
"""Measures one node's answer as a phone shows it."""


@dataclass(frozen=True, slots=True)
class ScreenLimit:
    """How much of a phone's screen an answer may fill on a channel."""

    channel: str
    measure: Callable[[Composer], Measure]
    screens: float
    """Most screens, buttons included."""
    span: int = SCREEN
    """Most lines from the first sentence to the last line of text."""
    above: int | None = None
    """Most lines of text above what is folded, where that is bounded."""
    register: Register = Register.LAYPERSON
    """The register whose answers the page of screens draws."""

    def broken(self, shown: Shown) -> Iterator[str]:
        """Yield a sentence for each budget that is exceeded."""
        if shown.screens > self.screens:
            over = math.ceil(shown.lines - self.screens * SCREEN)
            screens = (
                f"{self.channel} shows it on {shown.screens:.1f} screens of a phone; {self.screens:g} are the most"
            )
            yield f"{screens}, which is {over} line{'s' * (over > 1)} too many"
        if shown.span > self.span:
            yield f"on {self.channel} {shown.span} lines from its first sentence to its last; {self.span} fit a screen"
        if self.above is not None and shown.above > self.above:
            yield f"{self.channel} shows {shown.above} lines above what is folded; {self.above} are the most"


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """What `footnote check` holds content to, for the sake of one channel."""

    answers: Callable[[Composer], LimitCheck]
    labels: tuple[LabelLimit, ...] = ()
    screens: ScreenLimit | None = None


S = TypeVar("S", bound=ChannelSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPlugin(Generic[S]):
    """Everything the rest of the bot knows of a channel. What is None or left out, the channel does not have."""

    name: str
    """In event keys, metrics, the database and on the command line: never changed once people have used it."""
    settings: type[S]
    build: Callable[[HostServices, S], Channel]
    """Makes the channel inside the running event loop."""
    set_up: str = ""
    """What to set so that it is configured, in one line for an operator."""
    default_register: Register = Register.LAYPERSON
    """The register of people who have not chosen one."""
    doctor: Callable[[S, Texts], Awaitable[Sequence[CheckResult]]] | None = None
    limits: ChannelLimits | None = None
    commands: Callable[[], typer.Typer] | None = None
    """Its own commands, as `footnote NAME ...`."""
    preview: Callable[[Engine, date, AuthorsView], str] | None = None
    """Draws one page of all the bot may say, for a reviewer (`footnote preview`)."""

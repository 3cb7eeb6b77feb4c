"""The only words adapters and engine share: what came in, what goes out, what is remembered between."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.content.document import Document
from bot.content.models import Register

__all__ = ["Button", "Card", "Effect", "Incoming", "Kind", "Outcome", "Register", "Reply", "SourceLine", "State"]


class Kind(StrEnum):
    """What a person did."""

    TEXT = "text"  # wrote words
    TAP = "tap"  # pressed a button that carries a payload (see bot.dialog.payloads)
    COMMAND = "command"  # named a node: /help, /start ala-dose, App Home opened
    OTHER = "other"  # sent something that is not text; words in a caption are in `text`


class Outcome(StrEnum):
    """What kind of answer it is."""

    ANSWER = "answer"
    CHOICES = "choices"
    URGENT = "urgent"
    NOT_COVERED = "not-covered"
    SMALL_TALK = "small-talk"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing a person did, free of any platform's vocabulary.

    `text` holds the words of a TEXT, the payload of a TAP, the node id of a COMMAND or the caption of an OTHER.
    `context` is the node of the older answer this one replies to, when there is one; it wins over the state's node.
    `edited` marks a corrected question whose answer replaces the earlier one.
    """

    kind: Kind
    text: str = ""
    channel: str = "terminal"
    context: str | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered: about the person (tone, met) and about the conversation (trail, newest last).

    `met` says that the person was greeted or answered, with the full disclaimer and the offer of both registers.
    """

    register: Register | None = None
    introduced: bool = False
    history: tuple[str, ...] = ()

    @property
    def node(self) -> str | None:
        """The node last shown in this conversation, if any."""
        return self.history[-1] if self.history else None


@dataclass(frozen=True, slots=True)
class Button:
    """A follow-up. `payload` is at most 64 bytes (Telegram's callback data); `role` lets a channel lay it out."""

    label: str
    payload: str
    role: str = "follow-up"  # follow-up | choice | tone | navigation | feedback | link | danger
    url: str | None = None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One numbered source as shown under an answer."""

    number: int
    id: str
    text: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """One authored answer in one register, composed once and shared by every turn that shows it.

    `sources` are those the answer uses; where `lists_sources` is set the body itself lists them (as `references`
    does) and no renderer repeats them. `about_bot` marks what is always reachable (help, sources, ...) and never
    said unasked.
    """

    node: str
    register: Register
    outcome: Outcome
    title: str
    body: Document
    notes: Document
    sources: tuple[SourceLine, ...]
    review: str
    disclaimer: str
    buttons: tuple[Button, ...]
    lists_sources: bool = False
    about_bot: bool = False


class Effect(StrEnum):
    """What the delivery half must do besides sending: the engine itself has no I/O."""

    FORGET = "forget"
    EXPORT = "export"
    FEEDBACK_UP = "up"
    FEEDBACK_DOWN = "down"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer to one turn: a shared card plus the little that belongs to this turn alone.

    `lead` is a sentence before the card (empty mostly), `stored` what it announces: JSON, to be shown letter by letter.
    `disclaimer` is the full one, once per person, in place of the card's own; `offer` an invitation to choose the
    register (first contact), `choices` the buttons of "did you mean", `back` the button to the previous node,
    `in_place` asks the channel to edit the message that was tapped instead of sending a new one.
    """

    card: Card
    lead: str = ""
    stored: str = ""
    disclaimer: Document = ()
    offer: str = ""
    choices: tuple[Button, ...] = ()
    back: Button | None = None
    in_place: bool = False
    effect: Effect | None = None
    reasons: tuple[str, ...] = ()

    def with_back(self, back: Button) -> Reply:
        """Return the same reply with a way back; nearly every turn adds one, and `dataclasses.replace` is slow."""
        return Reply(
            self.card,
            self.lead,
            self.stored,
            self.disclaimer,
            self.offer,
            self.choices,
            back,
            self.in_place,
            self.effect,
            self.reasons,
        )

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Every button in reading order: choices, follow-ups and navigation, back."""
        back = (self.back,) if self.back else ()
        return (*self.choices, *self.card.buttons, *back)

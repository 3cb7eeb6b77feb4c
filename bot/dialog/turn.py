"""What a turn is made of: what came in, what the matcher decides, what goes out, what is remembered between.

Channels, dialog and matching share these words alone. A matcher may have been trained, and a conversation begun, before
an editor changed the tree: what comes from there is brought up to date here, so that nothing behind it meets a node
that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, runtime_checkable

from bot.content.library import Library
from bot.content.markdown import Document
from bot.content.models import Register as Register


class Kind(StrEnum):
    """What a person did."""

    TEXT = "text"  # wrote words
    TAP = "tap"  # pressed a button that carries a payload (see bot.dialog.payloads)
    COMMAND = "command"  # named a node: /help, /start ala-dose, App Home opened
    OTHER = "other"  # sent something that is not text; words in a caption are in `text`
    ANSWERED = "answered"  # nothing: an editor closed their report; `text` is the node and the editor's words


class Outcome(StrEnum):
    """What kind of answer it is."""

    ANSWER = "answer"
    CHOICES = "choices"
    URGENT = "urgent"
    NOT_COVERED = "not-covered"
    SMALL_TALK = "small-talk"


UNSURE = frozenset({Outcome.CHOICES, Outcome.NOT_COVERED})  # nothing is surely found


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing a person did, free of any platform's vocabulary.

    `text` holds the words of a TEXT, the payload of a TAP, the node id of a COMMAND or the caption of an OTHER.
    `context` is the node of the older answer this one replies to, when there is one; it wins over the state's node.
    `edited` marks a corrected question whose answer replaces the earlier one. `at` is when it was received, in seconds
    since the epoch: the dialog has no clock of its own. `group` says that several people read what is answered.
    """

    kind: Kind
    text: str = ""
    channel: str = "terminal"
    context: str | None = None
    edited: bool = False
    at: float = 0.0
    group: bool = False


@dataclass(frozen=True, slots=True)
class Emergency:
    """The emergency a conversation is about: the card that was shown, and when it was last spoken of; `left` where
    something else was asked and nobody said that it is over, `guessed` where no rule saw its sign; `told` is what was
    said to what followed: claims of the card, or the last of its own words."""

    node: str
    at: float
    left: bool = False
    guessed: bool = False
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AwaitedReport:
    """That the next words are what is wrong with an answer: which answer, and when they were asked for."""

    node: str
    at: float


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person set for good, wherever they write: whose emergency numbers they are told (two letters, `ZZ` for a
    country that is not known here), the language of the emergency sentence, whether detail is open, and whether the bot
    speaks to them only when it is named."""

    country: str = ""
    language: str = ""
    open: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered: about the person (register, introduced, preferences) and about the conversation (all else).

    `introduced` says that the person was greeted or answered once, with the offer of both registers; `history` are the
    nodes shown, newest last; `question` what the bot itself asked last: the payloads "yes" and "no" stand for, if any;
    `quiet` that it was asked to speak only when it is addressed; `report` that it asked what is wrong with an answer;
    `offered` the payloads of the list of choices shown last, in their order, and `about` the node of the subject that
    this list was about; `ended` is the emergency that was spoken of before and may come back; `told` are the names of
    what was told of somebody that bears on medicines, as they are authored ("pregnant"), newest last, and `recalled`
    the claims, each after its answer, that were given beside others because of them.
    """

    register: Register | None = None
    introduced: bool = False
    history: tuple[str, ...] = ()
    emergency: Emergency | None = None
    question: tuple[str, str] | None = None
    quiet: bool = False
    preferences: Preferences = Preferences()
    report: AwaitedReport | None = None
    offered: tuple[str, ...] = ()
    about: str = ""
    ended: Emergency | None = None
    told: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()

    @property
    def node(self) -> str | None:
        """The node last shown in this conversation, if any."""
        return self.history[-1] if self.history else None


@dataclass(frozen=True, slots=True)
class Button:
    """A way on. `payload` is what a press of it sends (bot.dialog.payloads); `role` lets a channel lay it out:
    follow-up, choice, none (of the choices), also, tone, sources, start, navigation, share, feedback, report, link or
    danger."""

    label: str
    payload: str
    role: str = "follow-up"
    url: str | None = None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One numbered source as shown under an answer."""

    number: int
    id: str
    text: str
    url: str | None


@dataclass(frozen=True, slots=True)
class FootLine:
    """One line of small print: `short` fits a phone's line and is always shown, `full` says the same at length."""

    short: str
    full: str


@dataclass(frozen=True, slots=True)
class Illustration:
    """A picture that goes with an answer. It is drawn elsewhere, ahead of any turn; `node` is the answer,
    `alt` says all that it shows, `label` is the text of a button that shows it."""

    topic: str
    name: str
    node: str
    title: str
    alt: str
    label: str


@dataclass(frozen=True, slots=True)
class Leaflet:
    """A page to take along: of the answers named, or of a whole topic where none is."""

    topic: str
    register: Register
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One authored text in one register, composed once and shared by every turn that shows it.

    Always a `ClaimCard` or a `Notice`. `brief` is the answer itself, `detail` what a platform may fold. `about_bot`
    marks what is always reachable (help, sources, ...) and never said unasked.
    """

    node: str
    register: Register
    outcome: Outcome
    title: str
    brief: Document
    detail: Document = ()
    buttons: tuple[Button, ...] = ()
    about_bot: bool = False
    picture: Illustration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCard(Card):
    """A card that makes a claim. Its small print has no default: nobody can make such a card without it.

    `sources` are those the answer uses; where `lists_sources` is set the detail itself lists them (as `references`
    does) and no renderer repeats them.
    """

    notes: Document = ()
    sources: tuple[SourceLine, ...]
    review: FootLine
    disclaimer: FootLine
    lists_sources: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Card):
    """A card that claims nothing (a greeting, small talk, "did you mean", help, privacy): it has no small print."""


class Effect(StrEnum):
    """What the delivery half must do besides sending: the engine itself has no I/O."""

    FORGET = "forget"
    EXPORT = "export"
    FEEDBACK_UP = "up"
    FEEDBACK_DOWN = "down"
    REPORT = "report"  # keep what the person says is wrong with the answer
    ANSWERED = "answered"  # tell the person alone: it is an editor's answer to their report


class View(StrEnum):
    """How much of a card a reply shows."""

    BRIEF = "brief"  # the brief, and the rest folded
    OPEN = "open"  # the brief and the rest, nothing of it folded: somebody set it so
    DETAIL = "detail"  # the rest, without the brief: somebody asked for more
    SHORT = "short"  # the brief and its sources alone


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer to one turn: a shared card plus the little that belongs to this turn alone.

    `lead` is a sentence before the card (empty mostly), `stored` what the card announces: JSON, shown letter by letter.
    `second` is the card of a second question in the same message; its brief follows the first. `remark` says which half
    of the question nothing answers, `offer` is a line after all text (the register, once). `choices` are the turn's own
    buttons, before the card's. `in_place` asks the channel to edit the message that was tapped instead of sending a new
    one, `toast` is said beside the finger; `silent` says nothing at all, `again` marks the card of an emergency that
    this conversation has seen already. `numbers` are telephone numbers to offer, as (label, number); `report` is what a
    person says is wrong, and `report_on` with which answer. `picture` goes with this turn's answer, which is complete
    without it; `leaflet` is a page that follows the answer as a file. For those who count and not for the reader:
    `sure` is how likely the answer was, 0 to 1; `missing` what no answer holds; `unmatched` what may be kept of a
    question that was not answered. `about` is the answer that a list of choices leads to if one follows none of them.
    `asks` is the payload of what "yes" opens after small talk that asks.
    `briefs` are the claims to say at once so that what was asked comes first, the fullest first: the first that fits.
    """

    card: Card
    lead: str = ""
    stored: str = ""
    second: Card | None = None
    remark: str = ""
    offer: str = ""
    choices: tuple[Button, ...] = ()
    view: View = View.BRIEF
    in_place: bool = False
    toast: str = ""
    effect: Effect | None = None
    silent: bool = False
    again: bool = False
    numbers: tuple[tuple[str, str], ...] = ()
    report: str = ""
    report_on: str = ""
    reasons: tuple[str, ...] = ()
    picture: Illustration | None = None
    leaflet: Leaflet | None = None
    sure: float = 0.0
    missing: str = ""
    unmatched: str = ""
    about: str = ""
    asks: str = ""
    briefs: tuple[tuple[str, ...], ...] = ()

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Every button in reading order: the turn's own, then the card's; none twice."""
        own = {button.payload for button in self.choices}
        return (*self.choices, *(button for button in self.card.buttons if button.payload not in own or button.url))

    @property
    def question(self) -> tuple[str, str] | None:
        """What "yes" and "no" mean after this reply: what it asks, its only choice, and the button that refuses all."""
        if self.asks:
            return self.asks, ""
        offered = [button.payload for button in self.choices if button.role in ("choice", "also", "danger")]
        refused = [button.payload for button in self.choices if button.role == "none"]
        if not offered and not refused:
            return None
        return offered[0] if len(offered) == 1 else "", refused[0] if refused else ""

    @property
    def offered(self) -> tuple[str, ...]:
        """The payloads of the list this reply offers, in the order of its buttons; an answer is none."""
        if isinstance(self.card, ClaimCard):
            return ()
        return tuple(one.payload for one in self.buttons if one.role in ("choice", "also", "follow-up") and one.payload)


Step = tuple[Reply, State]
"""What is answered, and what is remembered besides the place in the conversation."""


# --- what the matcher decides -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match:
    """The decision about one message, with its reasons.

    `node` is the node to show (for CHOICES the `otherwise` node); `choices` holds two or three node ids when unsure;
    `related` the general answers that help: nearest topics for not-covered, matching answers for personal advice;
    `scores` the best candidates first, 0..1; `reasons` one short English phrase per deciding rule or signal;
    `note` names an interface sentence to lead the answer with (for example `other-language`), or is empty; `language`
    is the code of another language the message is in, when content/languages.yaml holds it; `also` are the answers to
    further questions of the same message, in their order; `beside` is the answer that stands beside a refusal to
    advise: what may harm, or what is known; `missing` is what was asked and no answer holds, as authored names:
    `subject x aspect`; `about` is, beside CHOICES, the general answer on the subject that the message names; `perhaps`
    is the card of an emergency that the words name and do not seem to tell of: it is offered first;
    `guessed` tells of a sign of an emergency that only examples told, and no rule.
    """

    outcome: Outcome
    node: str
    choices: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()
    reasons: tuple[str, ...] = ()
    note: str = ""
    language: str = ""
    also: tuple[str, ...] = ()
    beside: str = ""
    missing: str = ""
    about: str = ""
    perhaps: str = ""
    guessed: bool = False


class Matcher(Protocol):
    """Anything that can decide about free text."""

    def match(self, text: str, context: str | None, register: Register) -> Match:
        """Return the decision for `text` asked after node `context` by a reader of `register`; never raises."""


@runtime_checkable
class Alarm(Protocol):
    """A matcher that tells an emergency without deciding about the rest: cheap enough for every message at the door."""

    def is_urgent(self, text: str) -> bool:
        """Return whether words speak of an emergency, whatever they follow."""

    def is_over(self, text: str, card: str = "") -> bool:
        """Return whether words, after the card of an emergency, say that it is over."""

    def heard(self, text: str, card: str = "") -> str:
        """Return what words after the card of an emergency say (`worse`, `alone`, ...), or an empty text."""

    def is_news(self, text: str, *, plainly: bool = False) -> bool:
        """Return whether words tell or ask how an emergency goes on, though something else was said meanwhile; only
        `plainly` where a sure answer to something else is found."""

    def closest(self, text: str, lines: Sequence[str]) -> int | None:
        """Return which of some lines speaks of what words speak of, or None."""


@runtime_checkable
class SentenceSelector(Protocol):
    """A matcher that knows which sentence of an answer speaks of what is asked."""

    def select(self, text: str, lines: Sequence[str], shown: Sequence[str]) -> int | None:
        """Return which of some lines speaks of what words ask about and what is `shown` does not, or None."""

    def unsaid(self, text: str, lines: Sequence[str], *, together: bool = False) -> tuple[str, bool]:
        """Return the words of which no line speaks, else what one takes of which none is about all `together`, and
        whether they were read."""


@runtime_checkable
class Turner(Protocol):
    """A matcher that knows what "the other one" is, where a conversation spoke of two."""

    def other(self, text: str, shown: Sequence[str]) -> str | None:
        """Return the answer on the other subject spoken of, where words ask for it after the answers shown."""


@runtime_checkable
class Listener(Protocol):
    """A matcher that knows what somebody told of a person, and which answer speaks of that."""

    def told(self, text: str) -> Mapping[str, bool]:
        """Return the names, as authored, of what words tell of somebody that bears on medicines ("pregnant"), and
        whether it is so."""

    def beside(self, node: str, told: str) -> str | None:
        """Return the answer on what an answer is about together with what was told, if there is one."""

    def speaking(self, told: str, lines: Sequence[str]) -> int | None:
        """Return which of some lines speaks of what was told by its own words, and best; None where none does."""


@runtime_checkable
class Scrubber(Protocol):
    """A matcher that knows which words of a question may be kept for an editor."""

    def scrubbed(self, text: str) -> str:
        """Return what is no name, place or number; empty where the question is personal or too little is left."""


def todays(library: Library, nodes: Iterable[str]) -> tuple[str, ...]:
    """Return the nodes under their present ids, without those that are gone, each once."""
    known = (library.resolve(node) for node in nodes)
    return tuple(dict.fromkeys(node for node in known if node is not None and library.has_answer(node)))


def up_to_date(library: Library, state: State, incoming: Incoming) -> tuple[State, Incoming]:
    """Return a turn that names no node but today's."""
    shown = state.history
    if not library.answered_nodes.issuperset(shown) or len(set(shown)) < len(shown):
        # of what was shown twice, the later time counts
        state = replace(state, history=todays(library, shown[::-1])[::-1])
    if state.about:
        state = replace(state, about=next(iter(todays(library, [state.about])), ""))
    if incoming.context is not None:
        incoming = replace(incoming, context=next(iter(todays(library, [incoming.context])), None))
    return state, incoming


class UpToDateMatcher:
    """A matcher whose decisions name today's nodes only; where nothing is left of one, nothing was found."""

    def __init__(self, library: Library, matcher: Matcher) -> None:
        self._library = library
        self._matcher = matcher

    def match(self, text: str, context: str | None, register: Register) -> Match:
        """Return the matcher's decision, brought up to date."""
        context = next(iter(todays(self._library, [context] if context else ())), None)
        found = self._matcher.match(text, context, register)
        named = (found.node, *found.choices, *found.related, *found.also, *filter(None, [found.beside]))
        if found.outcome is Outcome.SMALL_TALK:
            return found if found.node in self._library.small_talk else self._nothing(found)
        if self._library.answered_nodes.issuperset(named):
            return found
        return self._changed(found)

    def _changed(self, found: Match) -> Match:
        node = next(iter(todays(self._library, [found.node])), None)
        choices, related = todays(self._library, found.choices), todays(self._library, found.related)
        also, beside = todays(self._library, found.also), next(iter(todays(self._library, [found.beside])), "")
        if found.outcome is Outcome.URGENT:
            return replace(found, node=node or self._library.urgent, choices=choices, related=related)
        if node is None or (found.outcome is Outcome.CHOICES and not choices):
            return self._nothing(found)
        return replace(found, node=node, choices=choices, related=related, also=also, beside=beside)

    def _nothing(self, found: Match) -> Match:
        reasons = (*found.reasons, f"`{found.node}` is no node any more")
        related = todays(self._library, found.related)
        node = self._library.otherwise
        return replace(found, outcome=Outcome.NOT_COVERED, node=node, choices=(), related=related, reasons=reasons)


def leant_on(library: Library, state: State) -> str | None:
    """Return the answer that words lean on: what a list of choices was about, else the last that says something of a
    subject. A refusal to advise, an emergency that is over and a page about the bot leave the talk where it was."""
    if state.about:
        return state.about
    apart = {library.advice, *library.always, *library.urgent_nodes}
    current = None if state.node in library.urgent_nodes else state.node
    return next((node for node in reversed(state.history) if node not in apart), current)

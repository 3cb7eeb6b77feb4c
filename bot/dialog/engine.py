"""One turn: (state, incoming) -> (reply, state). Pure: no I/O, no clock, no platform.

An emergency lasts: the whole card is shown again where somebody asks for it or it got worse; anything else is met with
a short reminder in the words of the sign, until it is over or something else is asked. After a wish to die every reply
says whom to call, also to questions about something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.answers import Answers, Keeping, SmallTalk, illustrated, part
from bot.dialog.composer import Composer
from bot.dialog.payloads import Tap
from bot.dialog.personal_data import PersonalData
from bot.dialog.turn import (
    Alarm,
    Button,
    Card,
    Effect,
    Emergency,
    Incoming,
    Kind,
    Match,
    Matcher,
    Outcome,
    Register,
    Reply,
    State,
    Step,
    Turner,
    UpToDateMatcher,
    View,
    leant_on,
    up_to_date,
)
from bot.dialog.wishes import CHOSEN, COMMANDS, Wishes, picked

HOLD_SECONDS = 3600.0
"""How long after it was last spoken of an emergency is what "what should I do" means."""

OVER = "over"
"""The kind of small talk that says so; its button says the same."""

_TALK = {"again": "again", "longer": "again", "before": "again", "not-understood": "do", "person": "nobody"}
_TALK |= {"will-ask": "coming", "sad": "", "wrong": ""} | dict.fromkeys(("who-are-you", "robot", "how-are-you"), "talk")
"""What small talk means within an emergency: nothing new, or a sign of life, like "ok", where it is of another kind."""

_CLAIMS = {"do": ("call", "meanwhile"), "coming": ("meanwhile",)} | dict.fromkeys(
    ("call", "alone", "nobody"), ("call",)
)
"""Which claims of the card answer what is heard; all else is met with the one that is authored to remind of it."""

_LET_OFF, _PERHAPS = "let-off", "perhaps"
"""What is heard where help is there or it was nothing, and where it may be so: then it is said how to end it."""

_TOLD = frozenset({"worse", "back", "coming"})
"""What is heard as news of the emergency, whoever in a group tells it."""


class Emergencies:
    """Keeps to the card of an emergency; the card itself is an answer like any other."""

    def __init__(
        self, library: Library, composer: Composer, answers: Answers, matcher: Matcher, alarm: Alarm | None
    ) -> None:
        self._library = library
        self._composer = composer
        self._answers = answers
        self._matcher = matcher
        self._alarm = alarm
        self._always = frozenset(library.always)
        signs = library.urgent_rules.signs.values() if library.urgent_rules else ()
        self._lasting = frozenset(sign.card for sign in signs if not sign.passes)
        topics = library.matching.topics.values() if library.matching else ()
        self._harms = frozenset(node for topic in topics for node in topic.harms)

    def current(self, state: State, incoming: Incoming) -> str | None:
        """Return the card this conversation is about, if it is an emergency still."""
        found = state.emergency
        if found is None or incoming.at - found.at > HOLD_SECONDS:
            return None
        return self._library.resolve(found.node)

    def named(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step:
        """Return what is said to a sign: its card; where it is named once more a reminder, unless it got worse."""
        current = self.current(state, incoming)
        cry = current is not None and match.node == self._library.urgent  # a cry for help names no other sign
        node = current if cry and current else match.node
        whole, after = self._answers.matched(match, state, register), self.begin(state, incoming, node)
        if node != current or incoming.group or incoming.edited or match.language:
            return whole, after
        heard = self._heard(incoming.text)
        known = cry or heard in ("worse", "back", "again", "coming")
        return replace(self._said(heard if known else "same", node, register), reasons=whole.reasons), after

    def answer(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return what is said to words within an emergency: that it ends, an answer to what is plainly something else,
        or a reminder; None where there is none."""
        node = self.current(state, incoming)
        if node is None:
            return self._back(state, incoming, register) if state.ended else None
        heard = self._heard(incoming.text)
        over = self._is_over(match, incoming.text)
        if over and self._ends(node, heard):
            return self._end(node, register), ended(state)
        if not over and self._is_else(match, node):
            return self._aside(match, node, ended(state), state, register)
        if over or heard == _LET_OFF:
            heard = "steady" if over and not self._stays(node) else "ok"
        if heard in ("", _PERHAPS) and match.outcome is Outcome.SMALL_TALK:
            heard = _TALK.get(match.node, "ok")
        if heard == "talk" and not self._stays(node):
            said = self._library.plain(self._library.small_talk[match.node].says, register)
            return replace(self._said("ok", node, register), lead=said), self.begin(state, incoming, node)
        return self._said(heard, node, register, match.related), self.begin(state, incoming, node)

    def tapped(self, node: str, word: str, state: State, incoming: Incoming, register: Register) -> Step:
        """Return what a button of a card does: it ends the emergency, or says what to do now that it got worse."""
        if word == OVER:
            return self._end(node, register), ended(state)
        return self._said("worse", node, register), self.begin(state, incoming, node)

    def _heard(self, text: str) -> str:
        return self._alarm.heard(text) if self._alarm is not None else ""

    def _is_over(self, match: Match, text: str) -> bool:
        """Tell whether somebody says that it is over, in an authored line or in other words."""
        said = match.outcome is Outcome.SMALL_TALK and match.node == OVER
        return said or (self._alarm is not None and self._alarm.is_over(text))

    def _ends(self, node: str, heard: str) -> bool:
        """Tell whether what sounds as if it were over ends it. A wish to die ends by its button alone; where a card
        says to get help though it feels better, only help that is there ends it, or that it was nothing."""
        return not self._stays(node) and (node not in self._lasting or heard == _LET_OFF)

    def _back(self, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return the card of an emergency that was over, where it came back or got worse; None where words say nothing
        of that, or plainly speak of something else."""
        node, heard = self.current(replace(state, emergency=state.ended), incoming), self._heard(incoming.text)
        if node is None or heard not in ("back", "worse"):
            return None
        if self._is_else(self._matcher.match(incoming.text, node, register), node):
            return None
        return self._said(heard, node, register), self.begin(state, incoming, node)

    def _is_else(self, match: Match, node: str) -> bool:
        """Tell whether words after a card were found to ask something else: no list of signs, no way to ask on."""
        apart = {node, self._library.advice, self._library.urgent, self._library.role("help")}
        if self._stays(node):  # how much harms is not told to somebody who spoke of dying
            apart |= self._harms
        return match.outcome is Outcome.ANSWER and match.node not in apart

    def begin(self, state: State, incoming: Incoming, node: str) -> State:
        """Return the state in which `node` is what the conversation is about."""
        return replace(state, emergency=Emergency(node, incoming.at), ended=None)

    def _aside(self, match: Match, node: str, over: State, state: State, register: Register) -> Step:
        """Return the answer to something else after a word on the emergency, which ends unless it is a wish to die, or
        what is answered is about the bot."""
        sign = self._library.plain(self._library.answer(node).label, register)
        lead = self._composer.text(self._key("first", node), register, sign=sign)
        reply = self._answers.matched(match, over, register)
        lasts = self._stays(node) or match.node in self._always
        return replace(reply, lead="\n".join(filter(None, (lead, reply.lead)))), state if lasts else over

    def _stays(self, node: str) -> bool:
        """Tell whether a card has words of its own for all that follows it: it stays with the person."""
        own = node.removeprefix(f"{self._library.urgent}-")  # the card of no sign has none, and says what all say
        return own != node and f"{own}-first" in self._library.interface

    def _said(self, heard: str, node: str, register: Register, related: Sequence[str] = ()) -> Reply:
        """Return what is said to what was heard: the whole card where that is wanted, else a reminder with the card's
        ways to say that it got worse or is over, and the ways to `related` cards and to the whole card."""
        if heard in ("worse", "back", "again"):
            lead = self._composer.text("urgent-again" if heard == "again" else "urgent-worse-answer", register)
            view = View.BRIEF if heard == "again" else View.SHORT
            return Reply(self._composer.card(node, register), lead, view=view, again=heard == "again")
        kept = [one for one in self._composer.card(node, register).buttons if "!" in one.payload]  # worse, over
        others = [self._composer.link(one, register) for one in related if one in self._library.urgent_nodes]
        whole = Button(self._composer.text("urgent-whole", register), payloads.payload(node))
        card = replace(self._reminder(heard, node, register), buttons=(*kept, *others, whole))
        return Reply(card, view=View.SHORT, again=heard not in _TOLD)

    def _reminder(self, heard: str, node: str, register: Register) -> Card:
        """Return the card's own words, or the card cut down to what answers what was heard, under its sign's name."""
        key, answer = self._key(heard or "else", node), self._library.answer(node)
        if self._stays(node):
            said = self._composer.markdown(key, register)
            return self._composer.notice(node, register, "", said, Outcome.URGENT)
        named = _CLAIMS.get(heard) or (answer.reminder or answer.brief[0],)
        card = part(self._composer, answer, named, node, register)
        sign = self._library.plain(answer.label, register)
        return replace(card, title=self._composer.text(key, register, sign=sign))

    def _key(self, heard: str, node: str) -> str:
        """Return the key of what is said: the card's own where it has words of its own, such as `crisis-alone`."""
        return f"{node.removeprefix(self._library.urgent + '-') if self._stays(node) else 'urgent'}-{heard}"

    def _end(self, node: str, register: Register) -> Reply:
        """Return what is said when it is over: short, with the way back to the card and to the start."""
        buttons = (self._composer.link(node, register, "navigation"), self._composer.start_over(register))
        said = self._composer.markdown("urgent-over-answer", register)
        card = self._composer.notice(node, register, "", said, Outcome.SMALL_TALK)
        return Reply(replace(card, buttons=buttons, about_bot=True))


def ended(state: State) -> State:
    """Return the state in which no emergency is spoken of, but one that may come back."""
    return replace(state, emergency=None, ended=state.emergency)


# --- the engine -------------------------------------------------------------------------------------------------------

TRAIL = 8
"""Nodes remembered per conversation: enough for what was said before, small enough to stay in one row."""

_DATA = {"forget": "forgotten", "delete": "forget", "export": "export"}
"""Words of buttons that concern a person's data, and what each wishes."""

_EFFECTS = dict.fromkeys(("up", "toup"), Effect.FEEDBACK_UP) | dict.fromkeys(("down", "todown"), Effect.FEEDBACK_DOWN)
_EFFECTS |= dict.fromkeys(payloads.REASONS, Effect.FEEDBACK_DOWN)
_TOASTS = {"down": "vote-down", "toup": "vote-changed", "todown": "vote-changed", "same": "vote-same"}

_TALKS = {"picture": "picture", "pictures": "picture", "handout": "print", "print": "print"}
"""Commands that ask for what words ask for too, and the kind of small talk those words are."""

_OF_THE_MOMENT = frozenset({Outcome.CHOICES, Outcome.NOT_COVERED, Outcome.SMALL_TALK})


def patient(_channel: str) -> Register:
    """Take every reader for a patient until they choose; a channel may know better."""
    return Register.LAYPERSON


class Engine:
    """The dialog engine over one immutable library."""

    def __init__(
        self,
        library: Library,
        matcher: Matcher,
        *,
        require_approved: bool = False,
        keep_unmatched: bool = False,
        default_register: Callable[[str], Register] = patient,
    ) -> None:
        self.matcher = matcher
        self._alarm = matcher if isinstance(matcher, Alarm) else None
        self._turner = matcher if isinstance(matcher, Turner) else None
        matcher = UpToDateMatcher(library, matcher)
        self._library = library
        self._matcher = matcher
        self._default_register = default_register
        self._require_approved = require_approved
        self._abroad: dict[str, Engine] = {}
        self._composer = Composer(library, require_approved=require_approved)
        self._keeping = Keeping(self.matcher if keep_unmatched else None, self._composer)
        self._small_talk = SmallTalk(library, self._composer)
        self._data = PersonalData(library, self._composer)
        self._answers = Answers(library, self._composer, self._data)
        self._emergencies = Emergencies(library, self._composer, self._answers, matcher, self._alarm)
        self._wishes = Wishes(library, self._composer, self._data, self._small_talk)
        self._answer: Mapping[Kind, Callable[[State, Incoming, Register], Step]] = {
            Kind.TEXT: self._text,
            Kind.TAP: self._tap,
            Kind.COMMAND: self._command,
            Kind.OTHER: self._other,
            Kind.ANSWERED: self._wishes.answered,
        }

    def adopt(self, other: Engine) -> None:
        """Speak another engine's content from the next turn on: one assignment, so that no turn sees half of it."""
        self.__dict__ = other.__dict__

    @property
    def library(self) -> Library:
        """The content this engine speaks."""
        return self._library

    @property
    def composer(self) -> Composer:
        """What composes its cards: what is printed of them says the same."""
        return self._composer

    def respond(self, state: State, incoming: Incoming) -> Step:
        """Return the answer to one incoming event and the state to remember. Raises nothing for any input."""
        engine = self._in(state.preferences.country)
        if engine is not self:
            return engine.respond(state, incoming)
        register = state.register or self._default_register(incoming.channel)
        state, incoming = up_to_date(self._library, state, incoming)
        reply, after = self._answer[incoming.kind](state, incoming, register)
        reply = self._answers.as_set(reply, after.preferences, incoming)
        if reply.effect is Effect.FORGET:
            return reply, State()
        reply = self._keeping.told(reply) if reply.card.node == self._library.role("privacy") else reply
        if reply.silent:
            return reply, after
        reply = illustrated(reply, state, incoming)
        first = not state.introduced and self._introduces(incoming, reply.card)
        after = replace(
            after,
            introduced=state.introduced or first,
            history=self._history(state, reply),
            question=reply.question,
            offered=reply.offered,
            about=reply.about or (state.about if reply.card.outcome in _OF_THE_MOMENT else ""),
            report=None if after.report is state.report else after.report,
        )
        return (self._keeping.introduced(reply) if first else reply), after

    def is_urgent(self, words: str) -> bool:
        """Return whether words speak of an emergency, whatever they follow."""
        if self._alarm is not None:
            return self._alarm.is_urgent(words)
        return self._matcher.match(words, None, Register.LAYPERSON).outcome is Outcome.URGENT

    def report(self, reply: Reply, found: Mapping[str, Any]) -> Reply:
        """Return `reply` with what its effect did; `found` is how much was deleted, or all that is stored."""
        return self._data.report(reply, found)

    def text(self, key: str, register: Register, **values: object) -> str:
        """Return one of the bot's own sentences for a channel, from content/interface.yaml."""
        return self._composer.text(key, register, **values)

    def label(self, node: str, register: Register) -> str:
        """Return the button text of a node."""
        return self._composer.label(node, register)

    def title(self, node: str, register: Register) -> str:
        """Return the title of a node's answer."""
        return self._composer.card(node, register).title

    # --- words ------------------------------------------------------------------------------------------------

    def _text(self, state: State, incoming: Incoming, register: Register) -> Step:
        context = self._emergencies.current(state, incoming) or incoming.context or leant_on(self._library, state)
        match = self._matcher.match(incoming.text, context, register)
        wrong = self._wishes.awaited(match, state, incoming)
        if match.outcome is Outcome.URGENT:
            reply, after = self._emergencies.named(match, replace(state, report=None), incoming, register)
            kept = self._data.reported(wrong, incoming.text, register) if wrong else reply
            return replace(reply, effect=kept.effect, report=kept.report, report_on=kept.report_on), after
        if wrong is not None:
            return self._data.reported(wrong, incoming.text, register), state
        if within := self._emergencies.answer(match, state, incoming, register):
            return within
        if meant := self._pointed_at(state, incoming, register):
            reply, after = self._tap(state, replace(incoming, kind=Kind.TAP, text=meant), register)
            return replace(reply, in_place=False, toast=""), after
        if granted := self._wishes.in_words(match, state, incoming, register):
            return granted
        if match.outcome is Outcome.SMALL_TALK:
            return self._talk(match.node, state, incoming, register)
        return self._keeping.kept(self._answers.matched(match, state, register), incoming), state

    def _pointed_at(self, state: State, incoming: Incoming, register: Register) -> str | None:
        """Return the payload of what words point at in the list just shown, or of the other subject spoken of."""
        below = self._composer.card(state.node, register).buttons if state.node else ()
        buttons = [one.payload for one in below if one.role in ("follow-up", "danger")]
        if meant := picked(incoming.text, state.offered, buttons):
            return meant
        other = self._turner.other(incoming.text, state.history) if self._turner is not None else None
        return payloads.payload(other) if other and other in self._library.nodes else None

    def _in(self, country: str) -> Engine:
        """Return the engine that names the emergency numbers of a country; this one where none, or its own, is set."""
        if not country or country == self._library.country:
            return self
        if country not in self._abroad:
            self._abroad[country] = Engine(
                self._library.in_country(country),
                self.matcher,
                require_approved=self._require_approved,
                default_register=self._default_register,
            )
        return self._abroad[country]

    def _talk(self, kind: str, state: State, incoming: Incoming, register: Register) -> Step:
        """Answer small talk; "yes" and "no" answer the bot's own question first, if it has just asked one."""
        if kind in ("yes", "no") and state.question is not None:
            meant = state.question[0 if kind == "yes" else 1]
            if meant:
                reply, after = self._tap(state, replace(incoming, kind=Kind.TAP, text=meant), register)
                return replace(reply, in_place=False, toast=""), after
        if kind == "quiet" and (state.quiet or not incoming.group):
            return self._data.quiet(register, alone=not incoming.group), state
        if kind in ("quiet", "unquiet"):
            state = replace(state, quiet=kind == "quiet")
        return self._small_talk.answer(kind, state, incoming, register), state

    def _other(self, state: State, incoming: Incoming, register: Register) -> Step:
        """Something that is not text: the words of a caption are a question like any other."""
        if incoming.text.strip():
            return self._text(state, incoming, register)
        node = self._library.role("help") or self._library.otherwise
        return Reply(self._composer.instead(node, register, "only-text")), state

    # --- commands and taps ------------------------------------------------------------------------------------

    def _command(self, state: State, incoming: Incoming, register: Register) -> Step:
        name, _, rest = incoming.text.partition(" ")
        if rest and self.is_urgent(rest):
            state = self._wishes.reporting(name, state, incoming)
            return self._text(state, replace(incoming, kind=Kind.TEXT, text=rest), register)
        if name == "start" and rest:
            wrong = self._library.resolve(rest.removeprefix("report-"))
            if wrong and rest.startswith("report-"):
                return self._wishes.ask_for_report(wrong, state, incoming, register)
            return self._answers.linked(rest, state, register), state
        if name in ("start", "menu"):
            return Reply(self._composer.greeting(register)), state
        if name == "stop" and "quiet" in self._library.small_talk:
            return self._talk("quiet", state, incoming, register)
        if name in ("forget", "export", "settings"):
            return self._about_them(name, state, incoming, register), state
        if name == "person" and name not in self._library.nodes:
            return self._talk(name, state, incoming, register)
        if name in COMMANDS and name not in self._library.nodes:
            return self._wishes.command(name, rest, state, incoming, register)
        if _TALKS.get(name) in self._library.small_talk:
            return self._talk(_TALKS[name], state, incoming, register)
        node = self._library.resolve(name)
        if node is None:
            lead = self.text("unknown-command", register, help="/help")
            return Reply(self._composer.greeting(register), lead), state
        return self._answers.show(node, state, register), state

    def _about_them(self, wish: str, state: State, incoming: Incoming, register: Register) -> Reply:
        """Answer what concerns one person's data; where others read along, only where to ask."""
        if wish == "settings":
            return self._data.settings(state, incoming, register)
        if incoming.group:
            return self._data.elsewhere(register)
        if wish == "export":
            return self._data.export(register)
        return self._data.forget(register) if wish == "forgotten" else self._data.ask_to_forget(register)

    def _tap(self, state: State, incoming: Incoming, register: Register) -> Step:
        tap = payloads.parse(incoming.text)
        node = self._library.resolve(tap.node) if tap else None
        if tap is None or node is None:
            return Reply(self._composer.greeting(register), self.text("old-button", register)), state
        if tap.word in ("worse", "over") and node in self._library.urgent_nodes:
            return self._emergencies.tapped(node, tap.word, state, incoming, register)
        if tap.word in CHOSEN:
            return self._wishes.chosen(tap, node, state, incoming, register)
        if tap.word in _DATA:
            return self._about_them(_DATA[tap.word], state, incoming, register), state
        if tap.word == "share":
            return self._answers.show(node, state, tap.register or register), state
        if tap.word == "picture":
            return self._small_talk.picture(node, register), state
        if tap.word == "handout":
            return self._small_talk.handout(state.history, node, register, group=incoming.group), state
        after = replace(state, register=tap.register) if tap.register else state
        return self._tapped(tap, node, state, tap.register or register), after

    def _tapped(self, tap: Tap, node: str, state: State, register: Register) -> Reply:
        if tap.word == "start":
            return self._switched(Reply(self._composer.greeting(register)), tap)
        reply = self._answers.show(node, state, register)
        if (effect := _EFFECTS.get(tap.word)) is not None or tap.word == "same":
            toast = self.text(_TOASTS.get(tap.word, "vote-counted"), register)
            return replace(reply, in_place=True, toast=toast, effect=effect)
        if tap.word == "more":
            return replace(reply, view=View.DETAIL)
        if tap.word == "choice":
            return replace(reply, in_place=True, toast=self.text("now-shown", register, title=reply.card.title))
        return self._switched(reply, tap)

    def _switched(self, reply: Reply, tap: Tap) -> Reply:
        """Return the reply as a change of the tapped message where the tap chose a register."""
        chosen = tap.register
        return replace(reply, in_place=True, toast=self.text(f"now-{chosen}", chosen)) if chosen else reply

    # --- what is remembered ----------------------------------------------------------------------------------------

    def _history(self, state: State, reply: Reply) -> tuple[str, ...]:
        node = reply.card.node
        if reply.card.outcome in _OF_THE_MOMENT or node == state.node:
            return state.history
        if node == self._library.start:
            return (node,)
        if node in state.history[-2:-1]:
            return state.history[:-1]
        return (*state.history, node)[-TRAIL:]

    # --- the first meeting -----------------------------------------------------------------------------------------

    def _introduces(self, incoming: Incoming, card: Card) -> bool:
        """Tell whether this is a meeting: a greeting or an answer; no choice, nothing about the bot, no emergency."""
        greets = incoming.kind is Kind.COMMAND and incoming.text.partition(" ")[0] == "start"
        return greets or (card.outcome is Outcome.ANSWER and not card.about_bot)

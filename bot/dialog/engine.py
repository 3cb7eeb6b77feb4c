"""One turn: (state, incoming) -> (reply, state). Pure: no I/O, no clock, no platform."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from bot.content.library import Library
from bot.content.models import Claim
from bot.dialog import payloads
from bot.dialog.answers import (
    ROOM,
    Answers,
    SmallTalk,
    cut,
    illustrated,
    is_sourced,
    lines_at_once,
    moved,
    with_brief,
)
from bot.dialog.composer import Composer
from bot.dialog.emergencies import Emergencies
from bot.dialog.payloads import Tap
from bot.dialog.personal_data import Keeping, PersonalData
from bot.dialog.turn import (
    Alarm,
    Card,
    Effect,
    Incoming,
    Kind,
    Listener,
    Matcher,
    Outcome,
    Register,
    Reply,
    SentenceSelector,
    State,
    Step,
    Turner,
    UpToDateMatcher,
    View,
    leant_on,
    todays,
    up_to_date,
)
from bot.dialog.wishes import CHOSEN, COMMANDS, Wishes, picked

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


MOST_TOLD = 3
"""Names of what was told of somebody that are remembered: the latest."""
MOST_RECALLED = 8
"""Claims that were said because of them and are not said again: the latest."""


class Memory:
    """Remembers what is told of somebody that matters for medicines, and says beside a later answer what is held on
    both: once for each answer that says it. Only names that are authored are kept, and nothing where others read."""

    def __init__(self, library: Library, composer: Composer, matcher: Matcher) -> None:
        self._library, self._composer = library, composer
        self._listener = matcher if isinstance(matcher, Listener) else None

    def recalled(self, reply: Reply, state: State, incoming: Incoming) -> Step:
        """Return the reply with what was told before, and the state with what is told now."""
        if self._listener is None or incoming.group:
            return reply, state
        if state.told:
            reply, state = self._beside(self._listener, reply, state, incoming)
        now = self._listener.told(incoming.text) if incoming.kind is Kind.TEXT else {}
        return reply, self._telling(state, now) if now else state

    @staticmethod
    def _telling(state: State, now: Mapping[str, bool]) -> State:
        """Return the state with what is told now, and without what is denied."""
        kept = [one for one in state.told if one not in now]
        return replace(state, told=(*kept, *(one for one, holds in now.items() if holds))[-MOST_TOLD:])

    def _beside(self, listener: Listener, reply: Reply, state: State, incoming: Incoming) -> Step:
        alone = reply.second is None and reply.view is View.BRIEF and not (reply.in_place or reply.effect)
        asked = incoming.text if incoming.kind is Kind.TEXT else ""
        for told in reversed(state.told) if alone and is_sourced(reply.card) else ():
            node = next(iter(todays(self._library, filter(None, [listener.beside(reply.card.node, told)]))), None)
            if node is None or node == reply.card.node or told in asked.lower():
                continue
            claim = self._new(node, told, reply.card, state)
            if claim and (name := f"{node}.{claim.id}") not in state.recalled:
                second = self._card(node, told, claim, reply.card.register)
                return self._with(reply, second), replace(state, recalled=(*state.recalled, name)[-MOST_RECALLED:])
        return reply, state

    def _with(self, reply: Reply, second: Card) -> Reply:
        """Return the reply with a second card beside its main message, or where that would take more than a screen with
        a button to its answer."""
        node, register = reply.card.node, reply.card.register
        brief = reply.briefs[-1] if reply.briefs else self._library.answer(node).brief[:1]
        least = replace(with_brief(self._composer, node, register, brief), title=self._composer.label(node, register))
        if lines_at_once(least, second) <= ROOM:
            return replace(reply, second=second)
        way = self._composer.link(second.node, register, "choice")
        shown = any(one.payload == way.payload for one in (*reply.choices, *reply.card.buttons))
        return reply if shown else replace(reply, choices=(way, *reply.choices))

    def _new(self, node: str, told: str, shown: Card, state: State) -> Claim | None:
        """Return what an answer says of what was told, unless it says nothing of that, or it was said: by the answer
        shown, or at once by itself before."""
        if self._says(told, shown.node, shown.register, self._library.answer(shown.node).brief):
            return None
        claim = self._says(told, node, shown.register, ())
        said = claim and node in state.history and claim.id in self._library.answer(node).brief
        return None if said else claim

    def _card(self, node: str, told: str, claim: Claim, register: Register) -> Card:
        alone = cut(self._library.answer(node), node, moved([claim], [claim.id]), [claim.id])
        title = self._composer.text("mentioned", register, told=told)
        return replace(self._composer.claims(node, alone, register), title=title)

    def _says(self, told: str, node: str, register: Register, among: Collection[str]) -> Claim | None:
        """Return the claim of an answer that speaks of what was told, among some or all; a report is none."""
        held = [one for one in self._library.claims(self._library.answer(node), register) if one.kind != "report"]
        claims = [one for one in held if not among or one.id in among]
        lines = self._composer.lines(claims, register)
        at = self._listener.speaking(told, lines) if self._listener else None
        return None if at is None else claims[at]


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
        self._privacy = library.role("privacy")
        self._matcher = matcher
        self._default_register = default_register
        self._require_approved = require_approved
        self._abroad: dict[str, Engine] = {}
        self._composer = Composer(library, require_approved=require_approved)
        self._keeping = Keeping(self.matcher if keep_unmatched else None, self._composer)
        self._small_talk = SmallTalk(library, self._composer)
        self._data = PersonalData(library, self._composer)
        selector = self.matcher if isinstance(self.matcher, SentenceSelector) else None
        self._answers = Answers(library, self._composer, self._data, selector)
        self._memory = Memory(library, self._composer, self.matcher)
        self._emergencies = Emergencies(library, self._composer, self._answers, matcher, self._alarm, selector)
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
        reply, after = self._memory.recalled(reply, after, incoming)
        reply = self._answers.as_set(reply, after.preferences, incoming)
        if reply.effect is Effect.FORGET:
            return reply, State()
        reply = self._keeping.told(reply) if reply.card.node == self._privacy else reply
        if reply.silent:
            return reply, after
        reply = illustrated(reply, state, incoming)
        first = not state.introduced and self._introduces(incoming, reply.card)
        after = State(  # each by its name: `replace` would take as long as a third of the turn
            register=after.register,
            introduced=state.introduced or first,
            history=self._history(state, reply),
            emergency=after.emergency,
            question=reply.question,
            quiet=after.quiet,
            preferences=after.preferences,
            report=None if after.report is state.report else after.report,
            offered=reply.offered,
            about=reply.about or (state.about if reply.card.outcome in _OF_THE_MOMENT else ""),
            ended=after.ended,
            told=after.told,
            recalled=after.recalled,
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
        context = self._emergencies.leads(state, incoming) or incoming.context or leant_on(self._library, state)
        match = self._matcher.match(incoming.text, context, register)
        wrong = self._wishes.awaited(match, state, incoming)
        if match.outcome is Outcome.URGENT:
            reply, after = self._emergencies.named(match, replace(state, report=None), incoming, register)
            kept = self._data.reported(wrong, incoming.text, register) if wrong else reply
            return replace(reply, effect=kept.effect, report=kept.report, report_on=kept.report_on), after
        if wrong is not None:
            return self._data.reported(wrong, incoming.text, register), state
        if within := self._whom_to_call(state, incoming, register):
            return within
        if within := self._emergencies.answer(match, state, incoming, register):
            return within
        if told := self._emergencies.of_last(match, state, incoming, register):
            return told
        if answered := self._emergencies.answered(match, state, incoming, register):
            return answered
        if meant := self._pointed_at(state, incoming, register):
            reply, after = self._tap(state, replace(incoming, kind=Kind.TAP, text=meant), register)
            return replace(reply, in_place=False, toast=""), after
        if granted := self._wishes.in_words(match, state, incoming, register):
            return granted
        if match.outcome is Outcome.SMALL_TALK:
            return self._talk(match.node, state, incoming, register)
        return self._keeping.kept(self._answers.matched(match, state, register, incoming.text), incoming), state

    def _whom_to_call(self, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return whom to call in the country that somebody names in an emergency; it is set from then on."""
        node = self._emergencies.current(state, incoming)
        code = self._data.country_in(incoming.text) if node else ""
        if node is None or not code or code == state.preferences.country:
            return None
        after = replace(state, preferences=replace(state.preferences, country=code))
        reply, after = self._in(code)._emergencies.whom_to_call(node, after, incoming, register)
        return replace(reply, lead=self._data.told_country(after.preferences, register)), after

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

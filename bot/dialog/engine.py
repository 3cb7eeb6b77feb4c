"""One turn: (state, incoming) -> (reply, state). Pure: no I/O, no clock, no platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.matching import Match, Matcher
from bot.dialog.turn import Button, Card, Effect, Incoming, Kind, Outcome, Register, Reply, State

TRAIL = 8
"""Nodes remembered per conversation: enough for `back`, small enough to stay in one row."""

LABEL = 30
"""Characters of a button that a phone shows whole."""

DEFAULT_REGISTER = {"slack": Register.PROFESSIONAL}
"""Clinicians write in Slack; everywhere else the reader is taken to be a patient until they choose."""

_EFFECTS = {word: Effect(word) for word in ("forget", "export", "up", "down")}
_EFFECTS |= dict.fromkeys(payloads.REASONS, Effect.FEEDBACK_DOWN)
_OF_THE_MOMENT = frozenset({Outcome.CHOICES, Outcome.NOT_COVERED})


class Engine:
    """The dialog engine over one immutable library."""

    def __init__(self, library: Library, matcher: Matcher, *, require_approved: bool = False) -> None:
        self._library = library
        self._matcher = matcher
        self._composer = Composer(library, require_approved=require_approved)
        self._ways_back: dict[tuple[str, Register], Button] = {}
        self._answer: Mapping[Kind, Callable[[State, Incoming, Register], Reply]] = {
            Kind.TEXT: self._text,
            Kind.TAP: self._tap,
            Kind.COMMAND: self._command,
            Kind.OTHER: self._other,
        }

    @property
    def library(self) -> Library:
        """The content this engine speaks."""
        return self._library

    def respond(self, state: State, incoming: Incoming) -> tuple[Reply, State]:
        """Return the answer to one incoming event and the state to remember. Raises nothing for any input."""
        register = self._register(state, incoming)
        reply = self._answer[incoming.kind](state, incoming, register)
        if reply.effect is Effect.FORGET:
            return reply, State()
        first = not state.introduced and self._introduces(incoming, reply.card)
        after = State(self._chosen(state, incoming), state.introduced or first, self._history(state, reply))
        reply = self._with_back(reply, after.history)
        return self._introduced(reply) if first else reply, after

    def report(self, reply: Reply, found: Mapping[str, Any]) -> Reply:
        """Return `reply` with what its effect did; `found` is how much was deleted, or all that is stored."""
        register = reply.card.register
        if reply.effect is Effect.FORGET:
            return replace(reply, lead=self.sentence("forgotten", register, **found))
        if reply.effect is Effect.EXPORT:
            return replace(reply, lead=self.sentence("exported", register), stored=json.dumps(found, indent=2))
        return reply

    def sentence(self, key: str, register: Register, **values: object) -> str:
        """Return one of the bot's own sentences for an adapter, from content/interface.yaml."""
        return self._composer.words(key, register, **values)

    def label(self, node: str, register: Register) -> str:
        """Return the button text of a node."""
        return self._composer.label(node, register)

    def title(self, node: str, register: Register) -> str:
        """Return the title of a node's answer."""
        return self._composer.card(node, register).title

    # --- what a person did ------------------------------------------------------------------------------------

    def _text(self, state: State, incoming: Incoming, register: Register) -> Reply:
        match = self._matcher.match(incoming.text, incoming.context or state.node, register)
        return self._matched(match, state, register)

    def _other(self, state: State, incoming: Incoming, register: Register) -> Reply:
        """Something that is not text: words in a caption still count when they are urgent."""
        match = self._matcher.match(incoming.text, incoming.context or state.node, register)
        if match.outcome is Outcome.URGENT:
            return self._matched(match, state, register)
        return self._show("help", state, register, lead="only-text")

    def _command(self, state: State, incoming: Incoming, register: Register) -> Reply:
        if incoming.text == "start":
            return Reply(self._composer.greeting(register), offer=self.sentence("offer", register))
        if incoming.text == "forget":
            return self._ask_to_forget(register)
        if incoming.text == "export":
            return replace(self._show("privacy", state, register), effect=Effect.EXPORT)
        node = self._library.resolve(incoming.text)
        if node is None:
            return self._show(self._library.start, state, register, lead="old-button")
        return self._show(node, state, register)

    def _tap(self, state: State, incoming: Incoming, register: Register) -> Reply:
        tap = payloads.parse(incoming.text)
        node = self._library.resolve(tap.node) if tap else None
        if tap is None or node is None:
            return self._show(self._library.start, state, register, lead="old-button")
        reply = self._show(node, state, tap.register or register)
        if tap.register is None and not tap.word:
            return reply
        effect = _EFFECTS.get(tap.word)
        if effect is Effect.FORGET:
            return Reply(self._composer.brief("privacy", reply.card.register, "nothing-stored"), effect=effect)
        if effect in (Effect.FEEDBACK_UP, Effect.FEEDBACK_DOWN):
            return replace(reply, lead=self.sentence("thanks", reply.card.register), in_place=True, effect=effect)
        return replace(reply, in_place=tap.register is not None or tap.word == "choice", effect=effect)

    # --- what it is answered with --------------------------------------------------------------------------------

    def _matched(self, match: Match, state: State, register: Register) -> Reply:
        reasons = (*match.reasons, *(f"{node} {score:.2f}" for node, score in match.scores))
        lead = self.sentence(match.note, register) if match.note else ""
        if match.outcome is Outcome.CHOICES:
            choices = (*self._links(match.choices, register, "choice", "choice"), self._something_else(register))
            return Reply(self._composer.choices(register), lead, choices=choices, reasons=reasons)
        reply = self._show(match.node, state, register)
        related = self._links(self._beside(match, reply.card), register, "choice")
        return replace(reply, lead=lead or reply.lead, choices=related or reply.choices, reasons=reasons)

    def _beside(self, match: Match, card: Card) -> Iterator[str]:
        """Yield the topics that may help and are not under the answer anyway; nothing about the bot itself."""
        shown = {button.payload for button in card.buttons}
        apart = self._library.always
        return (node for node in match.related if payloads.payload(node) not in shown and node not in apart)

    def _show(self, node: str, state: State, register: Register, lead: str = "") -> Reply:
        card = self._composer.card(node, register)
        if node == "tone":
            return Reply(card, choices=self._registers(state, register))
        return Reply(card, self.sentence(lead, register) if lead else "")

    def _ask_to_forget(self, register: Register) -> Reply:
        choices = (
            Button(self.sentence("forget-confirm", register), payloads.payload("privacy", word="forget"), "danger"),
            Button(self.sentence("forget-cancel", register), payloads.payload("privacy"), "choice"),
        )
        return Reply(self._composer.brief("privacy", register, "forget-ask"), choices=choices)

    def _links(self, nodes: Iterable[str], register: Register, role: str, word: str = "") -> tuple[Button, ...]:
        return tuple(
            Button(self._composer.label(node, register), payloads.payload(node, word=word), role) for node in nodes
        )

    def _something_else(self, register: Register) -> Button:
        payload = payloads.payload(self._library.otherwise, word="choice")
        return Button(self.sentence("something-else", register), payload, "choice")

    def _registers(self, state: State, register: Register) -> tuple[Button, ...]:
        """Both registers as buttons that show again the answer the reader came from."""
        before = next((node for node in reversed(state.history) if node != "tone"), self._library.start)
        return tuple(
            Button(self.sentence(f"to-{choice}", register), payloads.payload(before, choice), "tone")
            for choice in (Register.LAYPERSON, Register.PROFESSIONAL)
        )

    # --- what is remembered ----------------------------------------------------------------------------------------

    def _register(self, state: State, incoming: Incoming) -> Register:
        return state.register or DEFAULT_REGISTER.get(incoming.channel, Register.LAYPERSON)

    def _chosen(self, state: State, incoming: Incoming) -> Register | None:
        tap = payloads.parse(incoming.text) if incoming.kind is Kind.TAP else None
        return tap.register if tap and tap.register else state.register

    def _history(self, state: State, reply: Reply) -> tuple[str, ...]:
        node = reply.card.node
        if reply.card.outcome in _OF_THE_MOMENT or node == state.node:
            return state.history
        if node == self._library.start:
            return (node,)
        if node in state.history[-2:-1]:
            return state.history[:-1]
        return (*state.history, node)[-TRAIL:]

    def _with_back(self, reply: Reply, history: tuple[str, ...]) -> Reply:
        earlier = history[-2] if len(history) > 1 and history[-1] == reply.card.node else None
        if earlier is None or earlier == self._library.start:
            return reply
        return reply.with_back(self._back(earlier, reply.card.register))

    def _back(self, node: str, register: Register) -> Button:
        """Return the button back to a node; like a card it depends on content alone and is made once."""
        known = self._ways_back.get((node, register))
        if known is None:
            label = self.sentence("back", register, label=self._composer.label(node, register))
            shown = label if len(label) <= LABEL else self.sentence("back-short", register)
            known = self._ways_back[node, register] = Button(shown, payloads.payload(node), "navigation")
        return known

    # --- the first meeting -----------------------------------------------------------------------------------------

    def _introduces(self, incoming: Incoming, card: Card) -> bool:
        """Tell whether this is a meeting: a greeting or an answer; no choice, nothing about the bot, no emergency."""
        greets = incoming.kind is Kind.COMMAND and incoming.text == "start"
        return greets or (card.outcome is Outcome.ANSWER and not card.about_bot)

    def _introduced(self, reply: Reply) -> Reply:
        """Put under the reply what everybody is told once: the full disclaimer, and that there are two registers."""
        register = reply.card.register
        return replace(
            reply, disclaimer=self._composer.full_disclaimer(register), offer=self.sentence("offer", register)
        )

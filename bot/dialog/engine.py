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
from bot.dialog.turn import Button, Card, Effect, Incoming, Kind, Outcome, Reply, State, Tone

TRAIL = 8
"""Nodes remembered per conversation: enough for `back`, small enough to stay in one row."""

LABEL = 30
"""Characters of a button that a phone shows whole."""

DEFAULT_TONE = {"slack": Tone.PROFESSIONAL}
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
        self._ways_back: dict[tuple[str, Tone], Button] = {}
        self._answer: Mapping[Kind, Callable[[State, Incoming, Tone], Reply]] = {
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
        tone = self._tone(state, incoming)
        reply = self._answer[incoming.kind](state, incoming, tone)
        if reply.effect is Effect.FORGET:
            return reply, State()
        first = not state.met and self._introduces(incoming, reply.card)
        after = State(self._chosen(state, incoming), state.met or first, self._trail(state, reply))
        reply = self._with_back(reply, after.trail)
        return self._introduced(reply) if first else reply, after

    def report(self, reply: Reply, found: Mapping[str, Any]) -> Reply:
        """Return `reply` with what its effect did; `found` is how much was deleted, or all that is stored."""
        tone = reply.card.tone
        if reply.effect is Effect.FORGET:
            return replace(reply, lead=self.sentence("forgotten", tone, **found))
        if reply.effect is Effect.EXPORT:
            return replace(reply, lead=self.sentence("exported", tone), stored=json.dumps(found, indent=2))
        return reply

    def sentence(self, key: str, tone: Tone, **values: object) -> str:
        """Return one of the bot's own sentences for an adapter, from content/interface.yaml."""
        return self._composer.words(key, tone, **values)

    def label(self, node: str, tone: Tone) -> str:
        """Return the button text of a node."""
        return self._composer.label(node, tone)

    def title(self, node: str, tone: Tone) -> str:
        """Return the title of a node's answer."""
        return self._composer.card(node, tone).title

    # --- what a person did ------------------------------------------------------------------------------------

    def _text(self, state: State, incoming: Incoming, tone: Tone) -> Reply:
        match = self._matcher.match(incoming.text, incoming.context or state.node, tone)
        return self._matched(match, state, tone)

    def _other(self, state: State, incoming: Incoming, tone: Tone) -> Reply:
        """Something that is not text: words in a caption still count when they are urgent."""
        match = self._matcher.match(incoming.text, incoming.context or state.node, tone)
        if match.outcome is Outcome.URGENT:
            return self._matched(match, state, tone)
        return self._show("help", state, tone, lead="only-text")

    def _command(self, state: State, incoming: Incoming, tone: Tone) -> Reply:
        if incoming.text == "start":
            return Reply(self._composer.greeting(tone), offer=self.sentence("offer", tone))
        if incoming.text == "forget":
            return self._ask_to_forget(tone)
        if incoming.text == "export":
            return replace(self._show("privacy", state, tone), effect=Effect.EXPORT)
        node = self._library.resolve(incoming.text)
        if node is None:
            return self._show(self._library.start, state, tone, lead="old-button")
        return self._show(node, state, tone)

    def _tap(self, state: State, incoming: Incoming, tone: Tone) -> Reply:
        tap = payloads.parse(incoming.text)
        node = self._library.resolve(tap.node) if tap else None
        if tap is None or node is None:
            return self._show(self._library.start, state, tone, lead="old-button")
        reply = self._show(node, state, tap.tone or tone)
        if tap.tone is None and not tap.word:
            return reply
        effect = _EFFECTS.get(tap.word)
        if effect is Effect.FORGET:
            return Reply(self._composer.brief("privacy", reply.card.tone, "nothing-stored"), effect=effect)
        if effect in (Effect.FEEDBACK_UP, Effect.FEEDBACK_DOWN):
            return replace(reply, lead=self.sentence("thanks", reply.card.tone), in_place=True, effect=effect)
        return replace(reply, in_place=tap.tone is not None or tap.word == "choice", effect=effect)

    # --- what it is answered with --------------------------------------------------------------------------------

    def _matched(self, match: Match, state: State, tone: Tone) -> Reply:
        reasons = (*match.reasons, *(f"{node} {score:.2f}" for node, score in match.scores))
        lead = self.sentence(match.note, tone) if match.note else ""
        if match.outcome is Outcome.CHOICES:
            choices = (*self._links(match.choices, tone, "choice", "choice"), self._something_else(tone))
            return Reply(self._composer.choices(tone), lead, choices=choices, reasons=reasons)
        reply = self._show(match.node, state, tone)
        related = self._links(self._beside(match, reply.card), tone, "choice")
        return replace(reply, lead=lead or reply.lead, choices=related or reply.choices, reasons=reasons)

    def _beside(self, match: Match, card: Card) -> Iterator[str]:
        """Yield the topics that may help and are not under the answer anyway; nothing about the bot itself."""
        shown = {button.payload for button in card.buttons}
        apart = self._library.always
        return (node for node in match.related if payloads.payload(node) not in shown and node not in apart)

    def _show(self, node: str, state: State, tone: Tone, lead: str = "") -> Reply:
        card = self._composer.card(node, tone)
        if node == "tone":
            return Reply(card, choices=self._registers(state, tone))
        return Reply(card, self.sentence(lead, tone) if lead else "")

    def _ask_to_forget(self, tone: Tone) -> Reply:
        choices = (
            Button(self.sentence("forget-confirm", tone), payloads.payload("privacy", word="forget"), "danger"),
            Button(self.sentence("forget-cancel", tone), payloads.payload("privacy"), "choice"),
        )
        return Reply(self._composer.brief("privacy", tone, "forget-ask"), choices=choices)

    def _links(self, nodes: Iterable[str], tone: Tone, role: str, word: str = "") -> tuple[Button, ...]:
        return tuple(
            Button(self._composer.label(node, tone), payloads.payload(node, word=word), role) for node in nodes
        )

    def _something_else(self, tone: Tone) -> Button:
        payload = payloads.payload(self._library.otherwise, word="choice")
        return Button(self.sentence("something-else", tone), payload, "choice")

    def _registers(self, state: State, tone: Tone) -> tuple[Button, ...]:
        """Both registers as buttons that show again the answer the reader came from."""
        before = next((node for node in reversed(state.trail) if node != "tone"), self._library.start)
        return tuple(
            Button(self.sentence(f"to-{choice}", tone), payloads.payload(before, choice), "tone")
            for choice in (Tone.LAYPERSON, Tone.PROFESSIONAL)
        )

    # --- what is remembered ----------------------------------------------------------------------------------------

    def _tone(self, state: State, incoming: Incoming) -> Tone:
        return state.tone or DEFAULT_TONE.get(incoming.channel, Tone.LAYPERSON)

    def _chosen(self, state: State, incoming: Incoming) -> Tone | None:
        tap = payloads.parse(incoming.text) if incoming.kind is Kind.TAP else None
        return tap.tone if tap and tap.tone else state.tone

    def _trail(self, state: State, reply: Reply) -> tuple[str, ...]:
        node = reply.card.node
        if reply.card.outcome in _OF_THE_MOMENT or node == state.node:
            return state.trail
        if node == self._library.start:
            return (node,)
        if node in state.trail[-2:-1]:
            return state.trail[:-1]
        return (*state.trail, node)[-TRAIL:]

    def _with_back(self, reply: Reply, trail: tuple[str, ...]) -> Reply:
        earlier = trail[-2] if len(trail) > 1 and trail[-1] == reply.card.node else None
        if earlier is None or earlier == self._library.start:
            return reply
        return reply.with_back(self._back(earlier, reply.card.tone))

    def _back(self, node: str, tone: Tone) -> Button:
        """Return the button back to a node; like a card it depends on content alone and is made once."""
        known = self._ways_back.get((node, tone))
        if known is None:
            label = self.sentence("back", tone, label=self._composer.label(node, tone))
            shown = label if len(label) <= LABEL else self.sentence("back-short", tone)
            known = self._ways_back[node, tone] = Button(shown, payloads.payload(node), "navigation")
        return known

    # --- the first meeting -----------------------------------------------------------------------------------------

    def _introduces(self, incoming: Incoming, card: Card) -> bool:
        """Tell whether this is a meeting: a greeting or an answer; no choice, nothing about the bot, no emergency."""
        greets = incoming.kind is Kind.COMMAND and incoming.text == "start"
        return greets or (card.outcome is Outcome.ANSWER and not card.about_bot)

    def _introduced(self, reply: Reply) -> Reply:
        """Put under the reply what everybody is told once: the full disclaimer, and that there are two registers."""
        tone = reply.card.tone
        return replace(reply, disclaimer=self._composer.full_disclaimer(tone), offer=self.sentence("offer", tone))

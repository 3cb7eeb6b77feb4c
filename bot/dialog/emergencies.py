"""An emergency that lasts: what is said while it does, until it is over or something else is asked.

The whole card is shown again where somebody asks for it or it got worse; anything else is met with a short reminder in
the words of the sign. After a wish to die every reply says whom to call, also to questions about something else.
"""

from __future__ import annotations

from dataclasses import replace

from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.answers import Answers
from bot.dialog.composer import Composer
from bot.dialog.matching import Alarm, Match, Matcher
from bot.dialog.small_talk import part
from bot.dialog.turn import Button, Card, Emergency, Incoming, Outcome, Register, Reply, State, Step, View

HOLD_SECONDS = 3600.0
"""How long after it was last spoken of an emergency is what "what should I do" means."""

OVER = "over"
"""The kind of small talk that says so; its button says the same."""

_TALK = {"again": "again", "longer": "again", "before": "again", "not-understood": "do", "person": "nobody"}
_TALK |= {"will-ask": "coming"} | dict.fromkeys(("who-are-you", "robot", "how-are-you"), "talk")
"""What small talk means within an emergency; of any other kind it is a sign of life, like "ok"."""

_CLAIMS = {"do": ("call", "meanwhile"), "coming": ("meanwhile",)} | dict.fromkeys(
    ("call", "alone", "nobody"), ("call",)
)
"""Which claims of the card answer what is heard; all else is met with the one that is authored to remind of it."""

_TOLD = frozenset({"worse", "coming"})
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
        self._elsewhere = (None, *library.nodes[library.start].next[:2])

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
        known = cry or heard in ("worse", "again", "coming")
        return replace(self._said(heard if known else "same", node, register), reasons=whole.reasons), after

    def answer(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return what is said to words within an emergency: that it ends, an answer to what is plainly something else,
        or a reminder; None where there is none."""
        node = self.current(state, incoming)
        if node is None:
            return None
        if self._is_over(match, incoming.text):
            return self._end(node, register), replace(state, emergency=None)
        if self._asks_else(incoming.text, register):
            return self._aside(match, node, replace(state, emergency=None), state, register)
        heard = self._heard(incoming.text)
        if not heard and match.outcome is Outcome.SMALL_TALK:
            heard = _TALK.get(match.node, "ok")
        if heard == "talk" and not self._stays(node):
            said = self._library.plain(self._library.small_talk[match.node].says, register)
            return replace(self._said("ok", node, register), lead=said), self.begin(state, incoming, node)
        return self._said(heard, node, register), self.begin(state, incoming, node)

    def tapped(self, node: str, word: str, state: State, incoming: Incoming, register: Register) -> Step:
        """Return what a button of a card does: it ends the emergency, or says what to do now that it got worse."""
        if word == OVER:
            return self._end(node, register), replace(state, emergency=None)
        return self._said("worse", node, register), self.begin(state, incoming, node)

    def _heard(self, text: str) -> str:
        return self._alarm.heard(text) if self._alarm is not None else ""

    def _is_over(self, match: Match, text: str) -> bool:
        """Tell whether somebody says that it is over, in an authored line or in other words."""
        said = match.outcome is Outcome.SMALL_TALK and match.node == OVER
        return said or (self._alarm is not None and self._alarm.is_over(text))

    def _asks_else(self, text: str, register: Register) -> bool:
        """Tell whether words plainly ask something else: they mean the same sure answer whatever was talked of before.

        "Is it getting worse?" means another thing after each answer, so it says nothing by itself and stays.
        """
        found = [self._matcher.match(text, context, register) for context in self._elsewhere]
        meant = {match.node for match in found}
        sure = all(match.outcome is Outcome.ANSWER for match in found) and len(meant) == 1
        return sure and not meant & {*self._library.always, self._library.advice}

    def begin(self, state: State, incoming: Incoming, node: str) -> State:
        """Return the state in which `node` is what the conversation is about."""
        return replace(state, emergency=Emergency(node, incoming.at))

    def _aside(self, match: Match, node: str, over: State, state: State, register: Register) -> Step:
        """Return the answer to something else after a word on the emergency, which ends unless it is a wish to die."""
        sign = self._library.plain(self._library.answer(node).label, register)
        lead = self._composer.text(self._key("first", node), register, sign=sign)
        reply = self._answers.matched(match, over, register)
        return replace(reply, lead="\n".join(filter(None, (lead, reply.lead)))), state if self._stays(node) else over

    def _stays(self, node: str) -> bool:
        """Tell whether a card has words of its own for all that follows it: it stays with the person."""
        return f"{node.removeprefix(self._library.urgent + '-')}-first" in self._library.interface

    def _said(self, heard: str, node: str, register: Register) -> Reply:
        """Return what is said to what was heard: the whole card where that is wanted, else a reminder."""
        if heard in ("worse", "again"):
            lead = self._composer.text("urgent-worse-answer" if heard == "worse" else "urgent-again", register)
            view = View.SHORT if heard == "worse" else View.BRIEF
            return Reply(self._composer.card(node, register), lead, view=view, again=heard == "again")
        card = self._with_buttons(self._reminder(heard, node, register), node, register)
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

    def _with_buttons(self, card: Card, node: str, register: Register) -> Card:
        """Return a reminder with the card's ways to say that it got worse or is over, and the way to the whole card."""
        kept = [one for one in self._composer.card(node, register).buttons if "!" in one.payload]
        whole = Button(self._composer.text("urgent-whole", register), payloads.payload(node))
        return replace(card, buttons=(*kept, whole))

    def _end(self, node: str, register: Register) -> Reply:
        """Return what is said when it is over: short, with the way back to the card and to the start."""
        text = self._composer.markdown("urgent-over-answer", register)
        buttons = (self._composer.link(node, register, "navigation"), self._composer.start_over(register))
        card = self._composer.notice(node, register, "", text, Outcome.SMALL_TALK)
        return Reply(replace(card, buttons=buttons, about_bot=True))

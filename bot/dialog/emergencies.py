"""An emergency that lasts: what is said while it does, until it is over or something else is asked."""

from __future__ import annotations

from dataclasses import replace

from bot.content.library import Library
from bot.dialog.composer import Composer
from bot.dialog.matching import Alarm, Match, Matcher
from bot.dialog.turn import Emergency, Incoming, Outcome, Register, Reply, State, Step, View

HOLD_SECONDS = 3600.0
"""How long after it was last spoken of an emergency is what "what should I do" means."""

OVER = "over"
"""The kind of small talk that says so; its button says the same."""


class Emergencies:
    """Keeps to the card of an emergency; the card itself is an answer like any other."""

    def __init__(self, library: Library, composer: Composer, matcher: Matcher, alarm: Alarm | None) -> None:
        self._library = library
        self._composer = composer
        self._matcher = matcher
        self._alarm = alarm
        self._elsewhere = (None, *library.nodes[library.start].next[:2])

    def current(self, state: State, incoming: Incoming) -> str | None:
        """Return the card this conversation is about, if it is an emergency still."""
        found = state.emergency
        if found is None or incoming.at - found.at > HOLD_SECONDS:
            return None
        return self._library.resolve(found.node)

    def answer(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return what is said to words within an emergency: that it ends, or the card again; None where there is none
        or they plainly ask something else."""
        node = self.current(state, incoming)
        if node is None:
            return None
        if self._is_over(match, incoming.text):
            return self._end(node, register), replace(state, emergency=None)
        if self._asks_else(incoming.text, register):
            return None
        return self._stay(node, register), self.begin(state, incoming, node)

    def tapped(self, node: str, word: str, state: State, incoming: Incoming, register: Register) -> Step:
        """Return what a button of a card does: it ends the emergency, or says what to do now that it got worse."""
        if word == OVER:
            return self._end(node, register), replace(state, emergency=None)
        return self._again(node, register, "urgent-worse-answer"), self.begin(state, incoming, node)

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

    def _stay(self, node: str, register: Register) -> Reply:
        """Return the card again after the sentence for it: its own where it has one, such as `crisis-stays`."""
        own = f"{node.removeprefix(self._library.urgent + '-')}-stays"
        return self._again(node, register, own if own in self._library.interface else "urgent-stays")

    def _again(self, node: str, register: Register, key: str) -> Reply:
        card, lead = self._composer.card(node, register), self._composer.text(key, register)
        return Reply(card, lead, view=View.SHORT, again=True)

    def _end(self, node: str, register: Register) -> Reply:
        """Return what is said when it is over: short, with the way back to the card and to the start."""
        text = self._composer.markdown("urgent-over-answer", register)
        buttons = (self._composer.link(node, register, "navigation"), self._composer.start_over(register))
        card = self._composer.notice(node, register, "", text, Outcome.SMALL_TALK)
        return Reply(replace(card, buttons=buttons, about_bot=True))

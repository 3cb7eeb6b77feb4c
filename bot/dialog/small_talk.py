"""What people say around a question: a few words back, or the last answer shorter, longer, again or to be shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.content.library import Library
from bot.dialog.composer import Composer
from bot.dialog.turn import Card, ClaimCard, Incoming, Outcome, Register, Reply, State, View

Act = Callable[[str, Register], Reply]
"""What a kind of small talk does with the answer shown last."""


class SmallTalk:
    """Answers small talk by its kind; what it says lies in content/small-talk.yaml."""

    def __init__(self, library: Library, composer: Composer) -> None:
        self._library = library
        self._composer = composer
        self._acts: Mapping[str, Act] = {
            "shorter": self._shorter,
            "longer": self._longer,
            "again": self._again,
            "not-understood": self._plainer,
        }

    def answer(self, kind: str, state: State, incoming: Incoming, register: Register) -> Reply:
        """Return the reply: nothing in a group where a person would say nothing, else about the last answer."""
        talk = self._library.small_talk[kind]
        if incoming.group and talk.group == "silent":
            return Reply(self._composer.small_talk(kind, register), silent=True)
        if kind == "before" and len(state.history) > 1:
            return self._shown(state.history[-2], register, "before-lead", View.BRIEF)
        last, act = incoming.context or state.node, self._acts.get(kind)
        if last is not None and act is not None:
            return act(last, register)
        return Reply(self._composer.small_talk(kind, register))

    def share(self, node: str, register: Register) -> Reply:
        """Return the answer in its short form, to be forwarded, and the button that shares it where there is one."""
        card = self._composer.card(node, register)
        if not isinstance(card, ClaimCard):
            title, text = "", self._composer.markdown("share-nothing", register)
            return Reply(self._composer.notice(node, register, title, text, Outcome.SMALL_TALK))
        own = self._composer.share(node, register)
        return Reply(card, self._composer.text("share-lead", register), view=View.SHORT, choices=(own,))

    def called_off(self, node: str, register: Register) -> Reply:
        """Return what is said to somebody who will not report an answer after all, with the way back to it."""
        card = self._composer.small_talk("no", register)
        return Reply(replace(card, buttons=(self._composer.link(node, register, "navigation"),)))

    def nothing_yet(self, register: Register) -> Reply:
        """Return what is said to somebody who wants something of an answer before there is one."""
        text = self._composer.markdown("nothing-shown-yet", register)
        return Reply(self._composer.notice(self._library.otherwise, register, "", text, Outcome.SMALL_TALK))

    def _shown(self, node: str, register: Register, lead: str, view: View) -> Reply:
        return Reply(self._composer.card(node, register), self._composer.text(lead, register), view=view)

    def _shorter(self, node: str, register: Register) -> Reply:
        return self._shown(node, register, "shorter-lead", View.SHORT)

    def _again(self, node: str, register: Register) -> Reply:
        return self._shown(node, register, "again-lead", View.BRIEF)

    def _longer(self, node: str, register: Register) -> Reply:
        if has_more(self._composer.card(node, register)):
            return self._shown(node, register, "longer-lead", View.DETAIL)
        title, text = "", self._composer.markdown("longer-no-more", register)
        return Reply(self._composer.notice(node, register, title, text, Outcome.SMALL_TALK))

    def _plainer(self, node: str, register: Register) -> Reply:
        """Return the same answer in plain words; who reads those already gets its short form."""
        view = View.SHORT if register is Register.LAYPERSON else View.BRIEF
        card = self._composer.card(node, Register.LAYPERSON)
        return Reply(card, self._composer.text("not-understood-lead", register), view=view)


def has_more(card: Card) -> bool:
    """Tell whether a card holds more than its brief."""
    return bool(card.detail or (isinstance(card, ClaimCard) and card.notes))

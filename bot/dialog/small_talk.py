"""What people say around a question: a few words back, or the last answer shorter, longer, again, drawn or on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.turn import Button, Card, ClaimCard, Incoming, Leaflet, Outcome, Register, Reply, State, View

Act = Callable[[str, Register], Reply]
"""What a kind of small talk does with the answer shown last."""


ON_A_PAGE = 4
"""Answers on one page to take along: the latest."""


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
        if kind == "picture":
            return self.picture(last, register)
        if kind == "print":
            return self.handout(state.history, last, register, group=incoming.group)
        if last is not None and act is not None:
            return act(last, register)
        return Reply(self._composer.small_talk(kind, register))

    def picture(self, node: str | None, register: Register) -> Reply:
        """Return an answer with its picture; where it has none, the pictures there are."""
        shown = self._composer.card(node, register) if node else None
        if shown is not None and shown.picture is not None:
            return Reply(shown, picture=shown.picture)
        card = self._composer.small_talk("picture", register)
        found = [one for topic in self._library.topics for one in self._composer.pictures(topic, register)]
        buttons = tuple(Button(one.label, payloads.payload(one.node, word="picture")) for one in found)
        return Reply(replace(card, buttons=buttons))

    def handout(self, history: Iterable[str], node: str | None, register: Register, *, group: bool = False) -> Reply:
        """Return the announcement of a page to take along: of what was asked here, else of the main topic. Before
        others it holds the last answer alone: what somebody asked is theirs."""
        asked = dict.fromkeys((*(() if group else history), *((node,) if node else ())))
        nodes = [node for node in map(self._library.resolve, asked) if node and self._prints(node, register)]
        topic = self._library.topic_of(nodes[-1] if nodes else self._library.start)
        chosen = [node for node in nodes if self._library.topic_of(node) is topic]
        card = self._composer.small_talk("print", register)
        if not chosen and topic.handout is None:
            nothing = self._composer.markdown("handout-nothing", register)
            return Reply(self._composer.notice("print", register, "", nothing, Outcome.SMALL_TALK))
        return Reply(card, leaflet=Leaflet(topic.id, register, tuple(chosen[-ON_A_PAGE:])))

    def _prints(self, node: str, register: Register) -> bool:
        card = self._composer.card(node, register)
        return isinstance(card, ClaimCard) and card.outcome is Outcome.ANSWER and not card.about_bot

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

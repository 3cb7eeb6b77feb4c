"""What words are answered with: an answer, "did you mean", a few words back for small talk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.content.library import Library
from bot.content.markdown import word_count
from bot.content.models import Answer, Registers
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.matching import Match
from bot.dialog.personal_data import PersonalData
from bot.dialog.turn import (
    Button,
    Card,
    ClaimCard,
    Incoming,
    Leaflet,
    Outcome,
    Preferences,
    Register,
    Reply,
    State,
    View,
)

MAX_TOGETHER = 60
"""Words of two briefs that still fit a phone's screen together, with two titles and one fold."""

MAX_ALSO = 2
"""Further questions of one message that are offered."""


ON_A_PAGE = 4
"""Answers on one page to take along: the latest."""


class Answers:
    """Makes replies of nodes and of the matcher's decisions."""

    def __init__(self, library: Library, composer: Composer, data: PersonalData) -> None:
        self._library = library
        self._composer = composer
        self._data = data

    def show(self, node: str, state: State, register: Register) -> Reply:
        """Return the answer of a node, with the choices that belong to it."""
        card = self._composer.card(node, register)
        if node == self._library.role("tone"):
            return Reply(card, choices=self.registers(state, register))
        if node == self._library.role("references"):
            payload = payloads.payload(node, word="page", value=1)
            return Reply(card, choices=(Button(self._text("page-by-page", register), payload, "navigation"),))
        return Reply(card, choices=self._data.ways(register) if node == self._library.role("privacy") else ())

    def linked(self, target: str, state: State, register: Register) -> Reply:
        """Return the answer a link leads to, with one line of greeting for somebody new; an unknown one the start."""
        node = self._library.resolve(target)
        if node is None:
            return Reply(self._composer.greeting(register), self._text("foreign-start", register))
        lead = "" if state.introduced else self._text("hello-line", register)
        return replace(self.show(node, state, register), lead=lead)

    def registers(self, state: State, register: Register) -> tuple[Button, ...]:
        """Return both registers as buttons that show again the answer the reader came from."""
        tone = self._library.role("tone")
        before = next((node for node in reversed(state.history) if node != tone), self._library.start)
        return tuple(
            Button(self._text(f"to-{choice}", register), payloads.payload(before, choice), "tone")
            for choice in (Register.LAYPERSON, Register.PROFESSIONAL)
        )

    def matched(self, match: Match, state: State, register: Register) -> Reply:
        """Return the reply to words that mean `match`."""
        reasons = (*match.reasons, *(f"{node} {score:.2f}" for node, score in match.scores))
        lead = self._lead(match, register)
        if match.outcome is Outcome.CHOICES:
            choices = (*self._links(match.choices, register, "choice", "choice"), self._none_of_these(register))
            card = self._composer.choices(register)
            return Reply(card, lead, choices=choices, reasons=reasons, missing=match.missing)
        reply = self._with_also(self.show(match.node, state, register), match.also)
        if match.beside and reply.second is None:
            reply = self._with_harm(reply, self._composer.card(match.beside, register))
        related = self._links(self._beside(match, reply.card), register, "choice")
        sure = next((share for node, share in match.scores if node == match.node), 0.0)
        return replace(
            reply,
            lead=lead or reply.lead,
            choices=(*reply.choices, *related),
            reasons=reasons,
            sure=sure,
            missing=match.missing,
        )

    def _with_also(self, reply: Reply, nodes: Sequence[str]) -> Reply:
        """Return the reply with the other questions of the message: the second beside it if both are short, else first
        among the buttons."""
        others = [node for node in dict.fromkeys(nodes) if node != reply.card.node]
        if not others or reply.card.outcome is not Outcome.ANSWER:
            return reply
        register = reply.card.register
        second = self._composer.card(others[0], register)
        if word_count(reply.card.brief) + word_count(second.brief) <= MAX_TOGETHER:
            return replace(reply, second=second)
        named = "; ".join(self._composer.label(node, register) for node in others[:MAX_ALSO])
        remark = f"{self._text('also-asked', register)} {named}"
        return replace(reply, remark=remark, choices=self._links(others[:MAX_ALSO], register, "also"))

    def _with_harm(self, reply: Reply, harm: Card) -> Reply:
        """Return a refusal in its first sentence, the rest of it folded, with what may harm beside it."""
        card = reply.card
        first, rest = card.brief[:1], card.brief[1:]
        return replace(reply, card=replace(card, brief=first, detail=(*rest, *card.detail)), second=harm)

    def _lead(self, match: Match, register: Register) -> str:
        """Return what stands before the answer: a sentence in the asker's own language, or one of the bot's."""
        if match.language:
            return self._library.say_in(match.language, urgent=match.outcome is Outcome.URGENT)
        return self._text(match.note, register) if match.note else ""

    def _beside(self, match: Match, card: Card) -> Iterator[str]:
        """Yield the topics that may help and are not under the answer anyway; nothing about the bot itself."""
        shown = {button.payload for button in card.buttons}
        apart = (*self._library.always, *match.also, match.beside)
        return (node for node in match.related if payloads.payload(node) not in shown and node not in apart)

    def _links(self, nodes: Iterable[str], register: Register, role: str, word: str = "") -> tuple[Button, ...]:
        return tuple(self._composer.link(node, register, role, word) for node in nodes)

    def _none_of_these(self, register: Register) -> Button:
        payload = payloads.payload(self._library.otherwise, word="choice")
        return Button(self._text("something-else", register), payload, "none")

    def _text(self, key: str, register: Register, **values: object) -> str:
        return self._composer.text(key, register, **values)

    def as_set(self, reply: Reply, now: Preferences, incoming: Incoming) -> Reply:
        """Return the reply as the person set it, with the numbers to call and whom to turn to."""
        reply = self._with_people(reply, incoming.channel)
        if now.open and reply.view is View.BRIEF and not incoming.group:
            reply = replace(reply, view=View.OPEN)
        if reply.card.outcome is not Outcome.URGENT:
            return reply
        lead = reply.lead or self._library.say_in(now.language, urgent=True)
        numbers = tuple((one.label, one.number) for one in self._library.copy_numbers)
        return replace(reply, lead=lead, numbers=numbers)

    # --- a person -----------------------------------------------------------------------------------------------------

    def _with_people(self, reply: Reply, channel: str) -> Reply:
        """Return the reply with whom to turn to, where it cannot help itself and an operator named somebody."""
        register, node = reply.card.register, reply.card.node
        helpless = node in (self._library.otherwise, self._library.advice, "person")
        need = "questions" if helpless else node.removeprefix(f"{self._library.urgent}-")
        if not helpless and reply.card.outcome is not Outcome.URGENT:
            return reply
        lines, links = [], []
        for one in self._library.contacts_for(need, channel):
            name, how = _worded(one.name, register), _worded(one.how, register)
            lines.append(self._text("contact-line", register, name=name, how=how))
            links += [Button(name[:30], "", "link", one.url)] if one.url else []
        if not lines:
            return reply
        said = "\n".join(filter(None, [reply.remark, self._text("contact-lead", register), *lines]))
        return replace(reply, remark=said, choices=(*reply.choices, *links))


def _worded(said: str | Registers, register: Register) -> str:
    return said.for_register(register) if isinstance(said, Registers) else said


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
        if kind == "picture":
            return self.picture(last, register)
        if kind == "print":
            return self.handout(state.history, last, register, group=incoming.group)
        if last is not None and act is not None:
            return act(last, register)
        return Reply(self._composer.small_talk(kind, register))

    def reworded(self, node: str | None, register: Register) -> Reply:
        """Return the last answer in the other words, or that these are used from now on."""
        if node is not None:
            return self._shown(node, register, f"now-{register}", View.BRIEF)
        text = self._composer.markdown(f"now-{register}", register)
        return Reply(self._composer.notice(self._library.otherwise, register, "", text, Outcome.SMALL_TALK))

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

    def picture(self, node: str | None, register: Register) -> Reply:
        """Return an answer with its picture; where it has none, the pictures there are."""
        shown = self._composer.card(node, register) if node else None
        if shown is not None and shown.picture is not None:
            return Reply(shown, picture=shown.picture)
        card = self._composer.small_talk("picture", register)
        found = [one for topic in self._library.topics for one in self._composer.pictures(topic, register)]
        buttons = tuple(Button(one.label, payloads.payload(one.node, word="picture")) for one in found)
        return Reply(card, choices=buttons)

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
        """Return the main message of an answer and what to do, without the facts between them."""
        whole, answer = self._composer.card(node, register), self._library.answer(node)
        if not isinstance(whole, ClaimCard):
            return self._shown(node, register, "shorter-lead", View.SHORT)
        named = {one.id: one for one in answer.claims if one.id in answer.brief}
        kept = [id_ for at, id_ in enumerate(answer.brief) if not at or named[id_].kind == "action"]
        card = replace(part(self._composer, answer, kept, node, register), title=whole.title, buttons=whole.buttons)
        return Reply(card, self._composer.text("shorter-lead", register), view=View.SHORT)

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


def part(composer: Composer, answer: Answer, claims: Collection[str], node: str, register: Register) -> Card:
    """Return the card of some claims of an answer, in their order there, with the small print of all; no buttons."""
    kept = tuple(one for one in answer.claims if one.id in claims) or answer.claims[:1]
    fields: Mapping[str, Any] = {"answer": node, "label": answer.label, "title": answer.title, "claims": kept}
    return composer.claims(node, Answer(**fields, brief=tuple(one.id for one in kept)), register)


def has_more(card: Card) -> bool:
    """Tell whether a card holds more than its brief."""
    return bool(card.detail or (isinstance(card, ClaimCard) and card.notes))

"""What words are answered with: an answer, two of them, "did you mean", a refusal, a few words back for small talk.

Small talk gives earlier answers again too: shorter, longer, in other words, on a page, in part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from textwrap import wrap
from typing import Any

from bot.content.library import Library
from bot.content.markdown import runs_of, text_of
from bot.content.models import Answer, Claim, Registers
from bot.dialog import payloads
from bot.dialog.composer import Composer, clipped
from bot.dialog.personal_data import PersonalData
from bot.dialog.turn import (
    UNSURE,
    Button,
    Card,
    ClaimCard,
    Incoming,
    Leaflet,
    Match,
    Outcome,
    Preferences,
    Register,
    Reply,
    SentenceSelector,
    State,
    View,
    leant_on,
)

# --- small talk -------------------------------------------------------------------------------------------------------

ON_A_PAGE = 4
"""Answers on one page to take along: the latest."""

LINE, ROOM, FIRST_ROOM = 40, 12, 13
"""Characters of a phone's line, the lines that are read at once beside other words, and those of an answer whose brief
is put together for a question, if its own has fewer; what exceeds them is folded."""

_SENTENCE = re.compile(r"(?<=[.?!]) ")
_IN_PLACE = re.compile(r"\d+\. |\"")
"""How a step of a numbered list begins, or a question to take along: they stay in their place."""

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
        return Reply(self._composer.small_talk(kind, register), asks=payloads.payload(talk.yes) if talk.yes else "")

    def reworded(self, node: str | None, register: Register) -> Reply:
        """Return the last answer in the other words, or that these are used from now on."""
        if node is not None:
            return self._shown(node, register, f"now-{register}", View.BRIEF)
        text = self._composer.markdown(f"now-{register}", register)
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
        kept = main_and_action(answer)
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
        if register is Register.LAYPERSON:
            return replace(self._shorter(node, register), lead=self._composer.text("not-understood-lead", register))
        card = self._composer.card(node, Register.LAYPERSON)
        return Reply(card, self._composer.text("not-understood-lead", register), view=View.BRIEF)


def main_and_action(answer: Answer) -> list[str]:
    """Return the ids of the claims that an answer comes down to: its main message and what to do."""
    named = {one.id: one for one in answer.claims}
    brief = answer.brief or [*named][:1]
    return [id_ for at, id_ in enumerate(brief) if not at or named[id_].kind == "action"]


def concise(composer: Composer, node: str, register: Register) -> Card:
    """Return the card of a node whose brief is its main message and what to do, the facts between them folded: it has
    to share a screen with something else."""
    return with_brief(composer, node, register, main_and_action(composer.answer(node)))


def fitted(composer: Composer, reply: Reply) -> Reply:
    """Return the reply with what was asked first, and as much of its answer at once as fits a screen beside what else
    it says; the rest is folded. Unless something else was put first, the main message is always said, under the
    button's few words where its title is too long."""
    crowded = any((reply.lead, reply.remark, reply.second))
    if not (crowded or reply.briefs) or not _may_be_cut(reply):
        return reply
    node, register = reply.card.node, reply.card.register
    answer, label = composer.answer(node), composer.label(node, register)
    room = ROOM - lines_of(reply.lead) - (lines_of(reply.remark) + 1 if reply.remark else 0)
    room = room if crowded else max(FIRST_ROOM, lines_at_once(reply.card))
    beside = [reply.second] if reply.second else []

    def made(brief: Sequence[str]) -> Card:
        return replace(with_brief(composer, node, register, brief), title=reply.card.title)

    shortened = [main_and_action(answer), *([] if reply.briefs else [answer.brief[:1]])] if crowded else []
    last = reply.card
    for last in chain(map(made, reply.briefs), [reply.card], map(made, shortened)):
        if lines_at_once(last, *beside) <= room:
            return replace(reply, card=last)
    return replace(reply, card=replace(last, title=label) if crowded else last)


def _may_be_cut(reply: Reply) -> bool:
    """Tell whether a reply is a sourced answer whose brief is shown with the rest folded."""
    return is_sourced(reply.card) and reply.view is View.BRIEF


def is_sourced(card: Card) -> bool:
    """Tell whether a card is a sourced answer."""
    return isinstance(card, ClaimCard) and card.outcome is Outcome.ANSWER and not card.about_bot


def _briefs(first: str, main: str, actions: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the briefs that begin with a claim, the fullest first; what to do is in each."""
    briefs = ((first, main, *actions), (first, *actions))[: 2 if actions else 1]
    return tuple(tuple(dict.fromkeys(one)) for one in briefs)


def lines_at_once(*cards: Card) -> int:
    """Return the lines of a phone that the titles and briefs of cards fill."""
    texts = (text_of(runs) for card in cards for block in card.brief for runs in runs_of(block))
    return sum(map(lines_of, (*(card.title for card in cards), *texts)))


def lines_of(text: str) -> int:
    """Return the lines of a phone that a text fills."""
    return sum(len(wrap(line, LINE)) for line in text.splitlines())


def with_brief(composer: Composer, node: str, register: Register, brief: Sequence[str]) -> Card:
    """Return the card of a node with these claims as its brief and all the others behind it."""
    whole, answer = composer.card(node, register), composer.answer(node)
    if not isinstance(whole, ClaimCard):
        return whole
    claims = moved(answer.claims, set(brief) - set(answer.brief))
    card = composer.claims(node, cut(answer, node, claims, brief, answer.notes), register)
    return replace(card, buttons=whole.buttons, picture=whole.picture)


def moved(claims: Sequence[Claim], ids: Collection[str]) -> list[Claim]:
    """Return the claims; those that are moved into the brief leave their heading to what stood below it."""
    laid: list[Claim] = []
    heading: Registers | None = None
    for one in claims:
        if one.id in ids:
            heading = one.section or heading
            laid.append(replace(one, section=None, bullet=False))
        else:
            laid.append(replace(one, section=one.section or heading))
            heading = None
    return laid


def part(composer: Composer, answer: Answer, claims: Collection[str], node: str, register: Register) -> Card:
    """Return the card of some claims of an answer, in their order there, with the small print of all; no buttons."""
    kept = tuple(one for one in answer.claims if one.id in claims) or answer.claims[:1]
    return composer.claims(node, cut(answer, node, kept, [one.id for one in kept]), register)


def cut(answer: Answer, node: str, claims: Sequence[Claim], brief: Sequence[str], notes: Sequence[str] = ()) -> Answer:
    """Return an answer with these claims, of which these are its brief."""
    fields: Mapping[str, Any] = {"answer": node, "label": answer.label, "title": answer.title}
    return Answer(**fields, claims=tuple(claims), brief=tuple(brief), notes=tuple(notes))


def has_more(card: Card) -> bool:
    """Tell whether a card holds more than its brief."""
    return bool(card.detail or (isinstance(card, ClaimCard) and card.notes))


def illustrated(reply: Reply, state: State, incoming: Incoming) -> Reply:
    """Return the reply with the answer's picture: the first time in a conversation, and where a register is switched;
    before others, and beside a second answer, only when it is asked for."""
    if reply.card.picture is None:
        return reply
    new = reply.card.node not in state.history or reply.in_place
    alone = reply.view is View.BRIEF and reply.second is None and reply.effect is None and reply.leaflet is None
    return replace(reply, picture=reply.card.picture) if new and alone and not incoming.group else reply


# --- answers ----------------------------------------------------------------------------------------------------------

MAX_ALSO = 2
"""Further questions of one message that are offered."""


class Answers:
    """Makes replies of nodes and of the matcher's decisions."""

    def __init__(
        self, library: Library, composer: Composer, data: PersonalData, selector: SentenceSelector | None = None
    ) -> None:
        self._library = library
        self._composer = composer
        self._data = data
        self._selector = selector
        self._helpless = frozenset({library.otherwise, library.advice, "person"})
        self._choices: dict[str | None, Callable[[State, Register], tuple[Button, ...]]] = {
            library.role("tone"): self.registers,
            library.role("references"): lambda _, register: (composer.first_page(register),),
            library.role("privacy"): lambda _, register: data.ways(register),
        }
        self._plain = cache(lambda node, register: Reply(composer.card(node, register)))  # as shared as its card

    def show(self, node: str, state: State, register: Register) -> Reply:
        """Return the answer of a node, with the choices that belong to it."""
        choices = self._choices.get(node)
        if choices is None:
            return self._plain(node, register)
        return Reply(self._composer.card(node, register), choices=choices(state, register))

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

    def matched(self, match: Match, state: State, register: Register, text: str = "") -> Reply:
        """Return the reply to words that mean `match`; with the words themselves, what they ask about is said first."""
        match = self._asked_back(match, state, register, text)
        reasons = (*match.reasons, *(f"{node} {score:.2f}" for node, score in match.scores))
        lead = self._lead(match, register)
        urgent = self._links(filter(None, [match.perhaps]), register, "danger")
        if match.outcome is Outcome.CHOICES:
            offered = self._links(match.choices, register, "choice", "choice")
            choices = (*urgent, *offered, self._composer.none_of_these(register))
            card = self._composer.choices(register)
            return Reply(card, lead, choices=choices, reasons=reasons, missing=match.missing, about=match.about)
        reply = self._with_also(self.show(match.node, state, register), match.also)
        if match.beside and reply.second is None:
            reply = self._refusing_with(reply, match.beside)
        related = self._links(self._beside(match, reply.card), register, "choice")
        sure = next((share for node, share in match.scores if node == match.node), 0.0)
        reply = self._asked_first(reply, state, text)
        return replace(
            reply,
            lead=lead or reply.lead,
            choices=(*urgent, *reply.choices, *related),
            reasons=reasons,
            sure=sure,
            missing=match.missing,
        )

    def _asked_back(self, match: Match, state: State, register: Register, text: str) -> Match:
        """Return the decision for the answer just read, or for one below it, where none is sure and a line of it speaks
        of all that is asked: the bot's own words are asked back."""
        last = leant_on(self._library, state)
        if match.outcome not in UNSURE or last is None or not self._is_sourced(last):
            return match
        near = dict.fromkeys((last, *filter(self._is_sourced, self._library.nodes[last].next)))
        held = next((node for node in near if self._speaks_of(node, register, text)), None)
        related = match.choices or match.related
        return replace(match, outcome=Outcome.ANSWER, node=held, choices=(), related=related) if held else match

    def _speaks_of(self, node: str, register: Register, text: str) -> bool:
        """Tell whether an answer speaks of all that words ask about, and a line of it of that best."""
        lines, selector = self._composer.told(node, register), self._selector
        return bool(selector and not selector.unsaid(text, lines)[0] and selector.select(text, lines, ()) is not None)

    def _is_sourced(self, node: str) -> bool:
        card = self._composer.card(node, Register.LAYPERSON)
        return is_sourced(card) and node != self._library.advice

    def _with_also(self, reply: Reply, nodes: Sequence[str]) -> Reply:
        """Return the reply with the other questions of the message: the second beside it if both are short, else first
        among the buttons."""
        others = [node for node in dict.fromkeys(nodes) if node != reply.card.node]
        if not others or reply.card.outcome is not Outcome.ANSWER:
            return reply
        register = reply.card.register
        second = self._composer.card(others[0], register)
        if lines_at_once(reply.card, second) <= ROOM:
            return replace(reply, second=second)
        named = "; ".join(self._composer.label(node, register) for node in others[:MAX_ALSO])
        also = self._links(others[:MAX_ALSO], register, "also")
        return replace(reply, remark=f"{self._text('also-asked', register)} {named}", choices=also)

    def _asked_first(self, reply: Reply, state: State, text: str) -> Reply:
        """Return a reply whose answer begins with the claim that speaks of what words ask about. What to do is never
        left out; where nothing speaks of it, that and the main message are all that is said again."""
        card = reply.card
        if self._selector is None or not text or not self._is_sourced(card.node):
            return reply
        answer, register = self._library.answer(card.node), card.register
        first, folded = self._parted(answer, register)
        main, *actions = main_and_action(answer)
        if card.node == state.node:
            return self._again(reply, sorted((*first, *folded), key=lambda one: one.kind == "action"), text)
        shown = [
            f"{card.title} {one}" for line in self._composer.lines(first, register) for one in _SENTENCE.split(line)
        ]
        claim = self._selected(text, folded, register, shown)
        if claim is None:
            claim, actions = self._selected(text, first, register, [card.title]), [*answer.brief]
        unpaired = self._unpaired(text, answer, register)
        lead = self._text("pair-missing", register) if unpaired else reply.lead
        if claim is None or claim.id == answer.brief[0]:
            return replace(reply, briefs=(tuple(main_and_action(answer)[1:] or [main]),) if unpaired else (), lead=lead)
        return replace(reply, briefs=_briefs(claim.id, main, actions), lead=lead)

    def _again(self, reply: Reply, claims: Sequence[Claim], text: str) -> Reply:
        """Return the answer that was just read with the claim asked for first; where none of it speaks of that, what is
        not held by name. Nothing is denied where a word was not read, or where some other line speaks of it."""
        card, selector = reply.card, self._selector
        node, register, answer = card.node, card.register, self._composer.answer(card.node)
        claim = self._selected(text, claims, register, ())
        main, *actions = main_and_action(answer)
        lead = self._text("pair-missing", register) if self._unpaired(text, answer, register) else ""
        if claim is None and self._speaks_of(node, register, text):
            return replace(reply, lead=lead or reply.lead)
        briefs, read = _briefs(main, main, actions)[:1], True
        if claim is not None:
            briefs, lead = _briefs(claim.id, main, actions), lead or reply.lead
        elif selector is not None:
            unsaid, read = selector.unsaid(text, self._composer.told(node, register))
            key = "same-again" if not unsaid else "not-held" if read else "not-read"
            lead = lead or self._text(key, register, words=clipped(unsaid, LINE))
        least = with_brief(self._composer, node, register, briefs[-1])
        card = replace(least, title=card.title) if read else card
        return replace(reply, briefs=briefs if read else (tuple(answer.brief), *briefs), card=card, lead=lead)

    def _selected(self, text: str, claims: Sequence[Claim], register: Register, shown: Sequence[str]) -> Claim | None:
        """Return the claim that speaks of what words ask about and what is shown does not."""
        at = self._selector.select(text, self._composer.lines(claims, register), shown) if self._selector else None
        return None if at is None else claims[at]

    def _unpaired(self, text: str, answer: Answer, register: Register) -> bool:
        """Tell whether an answer is on pairs of medicines and holds none of those named."""
        lines = self._composer.lines(answer.claims, register) if answer.pairs else ()
        return bool(lines and self._selector and self._selector.unsaid(text, lines, together=True)[0])

    def _parted(self, answer: Answer, register: Register) -> tuple[list[Claim], list[Claim]]:
        """Return the claims of a brief, and those behind it that can be said first: no step of a list, no report."""
        claims = [one for one in self._library.claims(answer, register) if one.kind != "report"]
        first = [one for one in claims if one.id in answer.brief] or claims[:1]
        return first, [one for one in claims if one not in first and not _IN_PLACE.match(one.for_register(register))]

    def _refusing_with(self, reply: Reply, node: str) -> Reply:
        """Return what is known in place of the refusal, which is said in its title and leads one tap further: what may
        harm, or whether it helps, is what somebody must read who is not told what to do."""
        register = reply.card.register
        card = concise(self._composer, node, register)
        if not isinstance(card, ClaimCard):
            return reply
        title = self._text("refused-title", register, label=self._composer.label(node, register))
        refusal = self._composer.link(reply.card.node, register, "choice")
        return Reply(replace(card, title=title), choices=(refusal,))

    def _lead(self, match: Match, register: Register) -> str:
        """Return what stands before the answer: a sentence in the asker's own language, or one of the bot's."""
        if match.perhaps:
            sign = self._library.plain(self._library.answer(match.perhaps).label, register)
            return self._text("perhaps-urgent", register, sign=sign)
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

    def _text(self, key: str, register: Register, **values: object) -> str:
        return self._composer.text(key, register, **values)

    def as_set(self, reply: Reply, now: Preferences, incoming: Incoming) -> Reply:
        """Return the reply as the person set it, with the numbers to call and whom to turn to."""
        reply = fitted(self._composer, self._with_people(reply, incoming.channel))
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
        helpless = node in self._helpless
        if not helpless and reply.card.outcome is not Outcome.URGENT:
            return reply
        need = "questions" if helpless else node.removeprefix(f"{self._library.urgent}-")
        lines, links = [], []
        for one in self._library.contacts_for(need, channel):
            name, how = _worded(one.name, register), _worded(one.how, register)
            lines.append(self._text("contact-line", register, name=name, how=how))
            links += [Button(clipped(name), "", "link", one.url)] if one.url else []
        if not lines:
            return reply
        said = "\n".join(filter(None, [reply.remark, self._text("contact-lead", register), *lines]))
        return replace(reply, remark=said, choices=(*reply.choices, *links))


def _worded(said: str | Registers, register: Register) -> str:
    return said.for_register(register) if isinstance(said, Registers) else said

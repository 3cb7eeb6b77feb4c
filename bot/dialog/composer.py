"""Cards: an answer in one register as brief, detail, notes, sources, review line and disclaimer, with its bibliography.

What makes a claim gets its review line and its disclaimer here, whatever the YAML says: its type has no default for
them. What claims nothing is a notice. A card depends on content alone, so each is composed once and shared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.content.library import Library, Topic
from bot.content.markdown import Document, parse
from bot.content.models import Answer, Claim, Drawing, Register, Registers, Source, alternative_text
from bot.dialog import payloads
from bot.dialog.turn import Button, Card, ClaimCard, FootLine, Illustration, Notice, Outcome, SourceLine

ON_A_PHONE = 30
"""Characters of a button that a phone shows."""


def clipped(text: str, limit: int = ON_A_PHONE) -> str:
    """Return the text on one line, ended at a word and marked where it is too long."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0][: limit - 1].rstrip(" ,;:-–") + "…"


# --- the sources of an answer, and one of them by its name ------------------------------------------------------------


class Bibliography:
    """Lays out the sources of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def of_answer(self, answer: Answer, topic: Topic, register: Register) -> Iterator[SourceLine]:
        """Yield the sources an answer uses, by their numbers; `references` uses all."""
        used = set(topic.sources) if self.lists_all(answer) else set(cited(answer, topic, register))
        for id_, source in sorted(topic.sources.items(), key=lambda item: item[1].number):
            if id_ in used:
                yield self.line(source, id_, register)

    def lists_all(self, answer: Answer) -> bool:
        """Tell whether this is the answer that lists every source."""
        return answer.id == self._library.role("references")

    def line(self, source: Source, id_: str, register: Register) -> SourceLine:
        """Return one source as a numbered line."""
        return SourceLine(source.number, id_, self._text(source, register), link(source))

    def record(self, source: Source, register: Register) -> str:
        """Return all that is known of a source, to be copied: the reference, then each name it has in a register."""
        named = (("doi: ", source.doi), ("PMID: ", source.pmid), ("PMCID: ", source.pmcid), ("", source.registry))
        lines = [self._text(source, register), *(label + value for label, value in named if value), link(source) or ""]
        return "\n".join(filter(None, lines))

    def listing(self, topic: Topic, register: Register) -> str:
        """Return the list of all sources as Markdown, in two groups."""
        groups = [self._group(name, topic, register) for name in ("article", "added")]
        return self._library.render_layout("references", register, groups=groups, plain=register is Register.LAYPERSON)

    def _group(self, name: str, topic: Topic, register: Register) -> dict[str, Any]:
        found = sorted((s for s in topic.sources.values() if s.group == name), key=lambda source: source.number)
        lines = [
            {
                "source": source,
                "url": link(source),
                "text": self._text(source, register),
                "supports": self._library.text(source.supports, register),
            }
            for source in found
        ]
        return {"title": self._library.interface_text(f"group-{name}", register), "lines": lines}

    def _text(self, source: Source, register: Register) -> str:
        as_printed = self._library.plain(source.as_printed, register) if source.as_printed else ""
        return " ".join(self._library.render_layout("source", register, source=source, as_printed=as_printed).split())


def cited(answer: Answer, topic: Topic, register: Register) -> Iterator[str]:
    """Yield the ids of the sources that an answer and its notes cite in one register."""
    for claim in answer.claims:
        if claim.for_register(register):
            yield from claim.cites
    for note in answer.notes:
        yield from topic.notes[note].cites


def marks(cites: Iterable[str], topic: Topic) -> str:
    """Return the citation marks that follow a statement, such as ` [5] [6]`, in the order of their numbers."""
    return "".join(f" [{number}]" for number in sorted(topic.sources[id_].number for id_ in cites))


def link(source: Source) -> str | None:
    """Return the best address of a source: its DOI, else where it was seen, else None."""
    return f"https://doi.org/{source.doi}" if source.doi else source.url


KINDS = ("guideline", "statement", "trial", "review", "label", "agency", "overview", "study", "guidance")
"""What a source can be, as content/<topic>/sources.yaml says it."""

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"[\[(#]?(\d{1,3})[\])]?")
_LONG_NUMBER = re.compile(r"\d{5,9}|10\.\S{4,}|PMC\d+|NCT\d+", re.IGNORECASE)
_LITTLE = frozenset({"the", "a", "an", "of", "on", "by", "from", "et", "al", "in", "and"})
_FEW = 5
"""Sources of one name that are offered to choose from."""


def find(name: str, topics: Iterable[Topic], *, sure: bool) -> list[tuple[str, Source]]:
    """Return the sources that a name or a number means, with their ids: those of the first topic that has any.

    `sure` takes a name only where it can mean nothing but a source: by a number in it, or by what kind of source it is.
    """
    for topic in topics:
        if found := list(_named(name.strip(), topic.sources.items(), sure=sure)):
            return found
    return []


def by_name(name: str, topics: Iterable[Topic], *, bare: bool) -> list[tuple[str, Source]]:
    """Return what a body, a trial or an author is called who is asked for what they say: of the first topic that has
    any, the most binding first, then the newest. A `bare` name is one only with its year or number."""
    said = _words(name)
    kinds = _kinds(said)
    wanted = said - kinds - {f"{kind}s" for kind in kinds} - _LITTLE
    enough = any(word.isalpha() for word in wanted) and not all(word.isalpha() for word in wanted)
    if not any(len(word) > 2 and not word.isdigit() for word in wanted) or (bare and not enough):
        return []
    for topic in topics:
        held = [(id_, one) for id_, one in topic.sources.items() if not kinds or one.kind in kinds]
        whole = [(id_, one) for id_, one in held if enough and wanted <= _words(one.short or "")]
        if found := whole or [(id_, one) for id_, one in held if wanted <= _proper_names(one)]:
            return sorted(found, key=lambda one: (KINDS.index(one[1].kind), -(one[1].year or 0)))[:_FEW]
    return []


def _kinds(said: set[str]) -> set[str]:
    return {kind for kind in KINDS if kind in said or f"{kind}s" in said}


def _proper_names(source: Source) -> set[str]:
    """Return what is written with a capital or in digits in what a source is called and in who wrote it."""
    named = " ".join(filter(None, (source.short, *(source.authors or ()), str(source.year or ""))))
    return _words(" ".join(word for word in _WORD.findall(named) if not word.islower()))


def _named(name: str, sources: Iterable[tuple[str, Source]], *, sure: bool) -> Iterator[tuple[str, Source]]:
    if number := _NUMBER.fullmatch(name):
        yield from (one for one in sources if one[1].number == int(number[1]))
        return
    if _LONG_NUMBER.fullmatch(name):
        yield from (one for one in sources if name.casefold() in _numbers(one[1]))
        return
    said = _words(name)
    kinds = _kinds(said)
    wanted = said - kinds - {f"{kind}s" for kind in kinds} - _LITTLE
    if not wanted or (sure and not kinds and not any(word.isdigit() for word in wanted)):
        return
    found = [(id_, one) for id_, one in sources if wanted <= _all_words(id_, one) and (not kinds or one.kind in kinds)]
    exact = [(id_, one) for id_, one in found if (one.short or "").casefold().startswith(name.casefold())]
    shorts = [(id_, one) for id_, one in found if wanted <= _words(one.short or "")]
    for best in (exact, shorts, found):
        if best:
            yield from best if len(best) <= _FEW else ()
            return


def _words(text: str) -> set[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return set(_WORD.findall(plain.replace("α", "alpha")))


def _all_words(id_: str, source: Source) -> set[str]:
    parts: Sequence[str | None] = (id_, source.short, source.title, source.journal, *(source.authors or ()))
    return _words(" ".join(filter(None, (*parts, str(source.year or "")))))


def _numbers(source: Source) -> tuple[str, ...]:
    found = (source.doi, source.pmid, source.pmcid, source.registry)
    return tuple(one.casefold() for one in found if one)


# --- cards ------------------------------------------------------------------------------------------------------------

MAX_FOLLOW_UPS = 4
"""Follow-ups under an answer; with the other register and the sources that makes six buttons."""

MAX_FIRST_QUESTIONS = 4
"""Questions offered to somebody who is new."""


@dataclass(frozen=True, slots=True)
class LaidOutClaim:
    """One claim or note as the layout sees it: finished text, citation marks, and its place."""

    text: str
    marks: str
    section: str = ""
    bullet: bool = False


class Composer:
    """Composes cards from one library; `require_approved` withholds answers nobody has approved."""

    def __init__(self, library: Library, *, require_approved: bool = False) -> None:
        self._library = library
        self._require_approved = require_approved
        self._bibliography = Bibliography(library)
        self._cards: dict[tuple[str, Register], Card] = {}

    def card(self, node: str, register: Register) -> Card:
        """Return the card of an existing node; raises KeyError for an unknown one."""
        card = self._cards.get((node, register))
        if card is None:
            card = self._cards[node, register] = self._compose(node, register)
        return card

    def text(self, key: str, register: Register, **values: Any) -> str:
        """Return one of the bot's own sentences, to be shown as it stands."""
        return self._library.interface_text(key, register, **values)

    def lines(self, claims: Iterable[Claim], register: Register) -> list[str]:
        """Return what claims say in a register, each with the words by which people ask for it."""
        said = (one for one in claims if one.for_register(register))
        texts = ((self._library.text(one, register).replace("\\", ""), one.asks) for one in said)
        return [" ".join(filter(None, both)) for both in texts]

    def told(self, node: str, register: Register) -> list[str]:
        """Return all that an answer says in a register: its title, its claims and the editor's notes to it."""
        answer = self._library.answer(node)
        notes = [self._library.topic_of(node).notes[one] for one in answer.notes]
        texts = [
            self._library.plain(answer.title, register),
            *self.lines(self._library.claims(answer, register), register),
        ]
        return [*texts, *(self._library.text(one, register) for one in notes)]

    def markdown(self, key: str, register: Register, **values: Any) -> str:
        """Return one of the bot's own sentences as Markdown; what is inserted is shown character for character."""
        return self._library.interface_text(key, register, markdown=True, **values)

    def answer(self, node: str) -> Answer:
        """Return the authored answer of a node."""
        return self._library.answer(node)

    def label(self, node: str, register: Register) -> str:
        """Return the button text of a node."""
        return self._library.plain(self._library.answer(node).label, register)

    # --- cards that claim nothing -----------------------------------------------------------------------------------

    def notice(self, node: str, register: Register, title: str, text: str, outcome: Outcome = Outcome.ANSWER) -> Notice:
        """Return a card in a node's place that says something of the bot's own, without buttons."""
        about_bot = node in self._library.always
        return Notice(
            node=node, register=register, outcome=outcome, title=title, brief=parse(text), about_bot=about_bot
        )

    def choices(self, register: Register) -> Notice:
        """Return the card that asks "did you mean?"; the choices belong to the turn, no other topics stand beside."""
        title, text = self.text("did-you-mean", register), self.markdown("did-you-mean-body", register)
        return self.notice(self._library.otherwise, register, title, text, Outcome.CHOICES)

    def instead(self, node: str, register: Register, key: str) -> Notice:
        """Return a card with a node's title and one of the bot's own sentences, such as whether to delete all."""
        card = self.notice(node, register, self.card(node, register).title, self.markdown(key, register))
        return replace(card, buttons=(self.start_over(register),))

    def small_talk(self, kind: str, register: Register) -> Notice:
        """Return the few words that answer small talk of one kind; raises KeyError for an unknown one."""
        talk = self._library.small_talk[kind]
        said = self.notice(kind, register, "", self._library.text(talk.says, register), Outcome.SMALL_TALK)
        return replace(said, buttons=tuple(self.link(node, register) for node in talk.next), about_bot=True)

    def greeting(self, register: Register) -> Notice:
        """Return the card a person meets first: what this is, how to ask, the first questions, both registers."""
        start = self._library.start
        text = self.markdown("welcome", register, checked=self._review(start, register).short)
        card = self.notice(start, register, self.text("greeting-title", register), text)
        return replace(card, buttons=tuple(self._first_questions(register)))

    def _first_questions(self, register: Register) -> Iterator[Button]:
        start, disclaimer = self._library.start, self._library.role("disclaimer")
        for node in (start, *self._library.nodes[start].next)[:MAX_FIRST_QUESTIONS]:
            yield self.link(node, register)
        yield self.other_register(start, register, "start")
        if disclaimer:
            yield self.link(disclaimer, register, "navigation")

    # --- buttons ----------------------------------------------------------------------------------------------------

    def link(self, node: str, register: Register, role: str = "follow-up", word: str = "") -> Button:
        """Return the button that shows a node; what leads to an emergency card looks like danger."""
        if role == "follow-up" and node in self._library.urgent_nodes:
            role = "danger"
        return Button(self.label(node, register), payloads.payload(node, word=word), role)

    def none_of_these(self, register: Register) -> Button:
        """Return the button that refuses all that is offered."""
        payload = payloads.payload(self._library.otherwise, word="choice")
        return Button(self.text("something-else", register), payload, "none")

    def first_page(self, register: Register) -> Button:
        """Return the button that shows the list of sources a page at a time."""
        payload = payloads.payload(self._library.role("references") or "", word="page", value=1)
        return Button(self.text("page-by-page", register), payload, "navigation")

    def other_register(self, node: str, register: Register, word: str = "") -> Button:
        """Return the button that shows the same in the other register."""
        other = Register.LAYPERSON if register is Register.PROFESSIONAL else Register.PROFESSIONAL
        return Button(self.text(f"to-{other}", register), payloads.payload(node, other, word), "tone")

    def share(self, node: str, register: Register) -> Button:
        """Return the button that shows an answer to others, in this register."""
        return Button(self.text("share-button", register), payloads.payload(node, register, "share"), "share")

    def start_over(self, register: Register) -> Button:
        """Return the button that leads to the greeting."""
        return Button(self.text("start-over", register), payloads.payload(self._library.start, word="start"), "start")

    def _buttons(self, node: str, register: Register) -> Iterator[Button]:
        """Yield the follow-ups, then what every answer offers: the other register, the sources, a vote."""
        library, references = self._library, self._library.role("references")
        if node in library.urgent_nodes:
            yield from self._urgent_buttons(node, register)
            return
        for follow in library.nodes[node].next[:MAX_FOLLOW_UPS]:
            yield self.link(follow, register)
        if node != library.role("tone"):  # it offers both registers itself
            yield self.other_register(node, register)
        if references and self._lists_sources_of(node, references):
            yield Button(self.text("sources-button", register), payloads.payload(references), "sources")
        if node == library.role("help"):
            yield Button(self.text("pictures-button", register), payloads.payload(node, word="picture"), "navigation")
            yield Button(self.text("handout-button", register), payloads.payload(node, word="handout"), "navigation")
        if node in (*library.always, library.otherwise):
            yield self.start_over(register)
        elif self._outcome(node) is Outcome.ANSWER:
            yield self.share(node, register)
            yield Button(self.text("helpful", register), payloads.payload(node, word="up"), "feedback")
            yield Button(self.text("unhelpful", register), payloads.payload(node, word="down"), "feedback")
            yield Button(self.text("report-button", register), payloads.payload(node, word="report"), "report")

    def _lists_sources_of(self, node: str, references: str) -> bool:
        """Tell whether the list of sources is about this answer; another topic has its own numbers."""
        library = self._library
        apart = node in (*library.always, library.otherwise)
        return not apart and library.topic_of(node) is library.topic_of(references)

    def _urgent_buttons(self, node: str, register: Register) -> Iterator[Button]:
        """Yield what one can say to an emergency card: that it got worse, that it is over; then what it leads to."""
        yield Button(self.text("urgent-worse", register), payloads.payload(node, word="worse"), "danger")
        yield Button(self.text("urgent-over", register), payloads.payload(node, word="over"))
        for follow in self._library.nodes[node].next[: MAX_FOLLOW_UPS - 2]:
            yield self.link(follow, register)

    # --- text -------------------------------------------------------------------------------------------------------

    def _compose(self, node: str, register: Register) -> Card:
        answer, topic = self._library.answer(node), self._library.topic_of(node)
        found: Card
        if self._require_approved and not self._may_be_served(node):
            title = self._library.plain(answer.title, register)
            found = self.notice(node, register, title, self.markdown("not-approved", register))
        elif self._claims_nothing(node, answer):
            found = self._as_notice(node, answer, topic, register)
        else:
            found = self.claims(node, answer, register)
        picture = self.picture(node, register) if isinstance(found, ClaimCard) else None
        return replace(found, buttons=tuple(self._buttons(node, register)), picture=picture)

    def picture(self, node: str, register: Register) -> Illustration | None:
        """Return the picture that goes with an answer, if there is one; an emergency is said in words alone."""
        topic = self._library.topic_of(node)
        names = (name for name, one in topic.pictures.items() if node in one.answers and self._drawable(one))
        name = next(names, None)
        if name is None or node in self._library.urgent_nodes:
            return None
        return self._illustration(topic.id, name, register)

    def pictures(self, topic: str, register: Register) -> list[Illustration]:
        """Return every picture of a topic whose answer may be served."""
        drawn = self._library.topics[topic].pictures
        held = {
            name
            for name, one in drawn.items()
            if self._drawable(one) and isinstance(self.card(one.answers[0], register), ClaimCard)
        }
        return [self._illustration(topic, name, register) for name in drawn if name in held]

    def _drawable(self, drawing: Drawing) -> bool:
        return all(node in self._library.nodes for node in drawing.answers)

    def _illustration(self, topic: str, name: str, register: Register) -> Illustration:
        def say(words: Registers) -> str:
            return self._library.plain(words, register)

        drawn = self._library.topics[topic].pictures[name]
        return Illustration(
            topic, name, drawn.answers[0], say(drawn.title), alternative_text(drawn, say), say(drawn.label)
        )

    def _as_notice(self, node: str, answer: Answer, topic: Topic, register: Register) -> Card:
        brief, detail = self._layers(answer, topic, register)
        return Notice(
            node=node,
            register=register,
            outcome=self._outcome(node),
            title=self._library.plain(answer.title, register),
            brief=brief,
            detail=detail,
            about_bot=node in self._library.always,
        )

    def claims(self, node: str, answer: Answer, register: Register) -> Card:
        """Return the card of what makes a claim, without its buttons: the whole answer of a node, or a part of it."""
        topic = self._library.topic_of(node)
        brief, detail = self._layers(answer, topic, register)
        return ClaimCard(
            node=node,
            register=register,
            outcome=self._outcome(node),
            title=self._library.plain(answer.title, register),
            brief=brief,
            detail=detail,
            notes=self._notes(answer, topic, register),
            sources=tuple(self._bibliography.of_answer(answer, topic, register)),
            review=self._review(node, register),
            disclaimer=FootLine(self.text("foot-disclaimer", register), self.text("short-disclaimer", register)),
            lists_sources=self._bibliography.lists_all(answer),
            about_bot=node in self._library.always,
        )

    def _claims_nothing(self, node: str, answer: Answer) -> bool:
        """What is about the bot, or says that there is no answer, and names no source, needs no small print."""
        about_bot = node in (*self._library.always, self._library.otherwise)
        return about_bot and not answer.notes and not any(claim.cites for claim in answer.claims)

    def _may_be_served(self, node: str) -> bool:
        """What is always reachable (help, disclaimer, urgent, ...) must stay so, or nobody could be told anything."""
        library = self._library
        return library.servable(node) or node in (*library.always, *library.urgent_nodes, library.otherwise)

    def _outcome(self, node: str) -> Outcome:
        if node in self._library.urgent_nodes:
            return Outcome.URGENT
        return Outcome.NOT_COVERED if node == self._library.otherwise else Outcome.ANSWER

    def _layers(self, answer: Answer, topic: Topic, register: Register) -> tuple[Document, Document]:
        """Return the brief and the detail: the claims the answer names for its brief, and all the others."""
        claims = list(self._library.claims(answer, register))
        named = [claim for id_ in answer.brief for claim in claims if claim.id == id_] or claims[:1]
        brief = self._body(named, topic, register)
        listed = self._bibliography.listing(topic, register) if self._bibliography.lists_all(answer) else ""
        return parse(brief), parse(self._body([c for c in claims if c not in named], topic, register) + listed)

    def _body(self, claims: Sequence[Claim], topic: Topic, register: Register) -> str:
        laid = [self._claim(claim, topic, register) for claim in claims]
        return self._library.render_layout("body", register, claims=laid, words=self._headings(register))

    def _notes(self, answer: Answer, topic: Topic, register: Register) -> Document:
        notes = [topic.notes[note] for note in answer.notes]
        laid = [LaidOutClaim(self._library.text(note, register), marks(note.cites, topic)) for note in notes]
        key = "notes-heading" if topic.article else "notes-heading-own"
        words = {"notes-heading": self.text(key, register)} if notes else {}
        return parse(self._library.render_layout("notes", register, notes=laid, words=words))

    def _claim(self, claim: Claim, topic: Topic, register: Register) -> LaidOutClaim:
        section = self._library.text(claim.section, register) if claim.section else ""
        return LaidOutClaim(
            self._library.text(claim, register).strip(), marks(claim.cites, topic), section, claim.bullet
        )

    def _headings(self, register: Register) -> dict[str, str]:
        return {"table-sources": self.text("table-sources", register)}

    def _review(self, node: str, register: Register) -> FootLine:
        state, article = self._library.review_of(node), self._library.topic_of(node).article
        updated = article.updated if article else None
        dates = {"on": state.on, "due": state.due, "updated": updated}
        values = {"by": state.reviewers or None} | {name: self._date(day, register) for name, day in dates.items()}
        short = self.text(f"foot-{state.status}", register, **values)
        undated = f"review-{state.status}-undated"
        key = undated if updated is None and undated in self._library.interface else f"review-{state.status}"
        return FootLine(short, self.text(key, register, **values))

    def _date(self, day: date | None, register: Register) -> str:
        """Return a date as both readers write it, such as `14 July 2025`."""
        return f"{day.day} {day:%B %Y}" if day else self.text("no-date", register)

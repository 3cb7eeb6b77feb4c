"""An authored answer in one register becomes a card: claims, notes, sources, review line, disclaimer.

Nothing can be left out: every card carries its sources, its review line and the disclaimer, whatever the YAML says.
A card depends on content alone, so each is composed once and shared by every turn that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.content.document import Block, Document, Inline, Paragraph
from bot.content.library import Library, Topic
from bot.content.markdown import parse
from bot.content.models import Answer, Claim, Register, Source
from bot.dialog import payloads
from bot.dialog.turn import Button, Card, Outcome, SourceLine


@dataclass(frozen=True, slots=True)
class LaidOutCard:
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
        self._cards: dict[tuple[str, Register], Card] = {}

    def card(self, node: str, register: Register) -> Card:
        """Return the card of an existing node; raises KeyError for an unknown one."""
        card = self._cards.get((node, register))
        if card is None:
            card = self._cards[node, register] = self._compose(node, register)
        return card

    def choices(self, register: Register) -> Card:
        """Return the card that asks "did you mean?"; the choices belong to the turn, no other topics stand beside."""
        card = self.brief(self._library.otherwise, register, "did-you-mean-body")
        return replace(card, outcome=Outcome.CHOICES, title=self.words("did-you-mean", register))

    def brief(self, node: str, register: Register, key: str) -> Card:
        """Return the card of a node with one of the bot's own sentences for its body, and no way on to other topics."""
        card = self.card(node, register)
        buttons = tuple(button for button in card.buttons if button.role not in ("follow-up", "danger", "feedback"))
        return replace(card, body=parse(self.words(key, register)), notes=(), sources=(), buttons=buttons)

    def greeting(self, register: Register) -> Card:
        """Return the card a person meets first: two sentences, the first questions as buttons, both registers."""
        start = self.card(self._library.start, register)
        first = Button(self.label(start.node, register), payloads.payload(start.node))
        body, title = parse(self.words("greeting", register)), self.words("greeting-title", register)
        buttons = (first, *(button for button in start.buttons if button.role != "feedback"))
        return replace(start, title=title, body=body, notes=(), sources=(), buttons=buttons)

    def full_disclaimer(self, register: Register) -> Document:
        """Return what the answer `disclaimer` says; nothing where no dialog has such an answer."""
        return self.card("disclaimer", register).body if "disclaimer" in self._library.always else ()

    def label(self, node: str, register: Register) -> str:
        """Return the button text of a node."""
        return self._library.text(self._library.answer(node).label, register)

    def words(self, key: str, register: Register, **values: Any) -> str:
        """Return one of the bot's own sentences."""
        return self._library.say(key, register, **values)

    def _compose(self, node: str, register: Register) -> Card:
        library, answer, topic = self._library, self._library.answer(node), self._library.topic_of(node)
        withheld = self._require_approved and not self._may_be_served(node)
        return Card(
            node=node,
            register=register,
            outcome=self._outcome(node),
            title=library.text(answer.title, register),
            body=parse(self.words("not-approved", register)) if withheld else self._body(answer, topic, register),
            notes=() if withheld else self._notes(answer, topic, register),
            sources=() if withheld else tuple(self._sources(node, answer, topic, register)),
            review=self._review(node, topic, register),
            disclaimer=self.words("short-disclaimer", register),
            buttons=tuple(self._buttons(node, register)),
            lists_sources=node == "references",
            about_bot=node in library.always,
        )

    def _may_be_served(self, node: str) -> bool:
        """What is always reachable (help, disclaimer, urgent, ...) must stay so, or nobody could be told anything."""
        library = self._library
        return library.servable(node) or node in (*library.always, library.urgent, library.otherwise)

    def _outcome(self, node: str) -> Outcome:
        return {self._library.urgent: Outcome.URGENT, self._library.otherwise: Outcome.NOT_COVERED}.get(
            node, Outcome.ANSWER
        )

    # --- text ---------------------------------------------------------------------------------------------------

    def _body(self, answer: Answer, topic: Topic, register: Register) -> Document:
        claims = [self._claim(claim, topic, register) for claim in self._library.claims(answer, register)]
        markdown = self._library.render_layout("body", register, claims=claims, words=self._headings(register))
        listed = self._reference_list(topic, register) if answer.id == "references" else ""
        return emphasised(parse(markdown + listed))

    def _notes(self, answer: Answer, topic: Topic, register: Register) -> Document:
        notes = [topic.notes[note] for note in answer.notes]
        laid = [LaidOutCard(self._library.text(note, register), marks(note.cites, topic)) for note in notes]
        return parse(self._library.render_layout("notes", register, notes=laid, words=self._headings(register)))

    def _claim(self, claim: Claim, topic: Topic, register: Register) -> LaidOutCard:
        section = self._library.text(claim.section, register) if claim.section else ""
        return LaidOutCard(
            self._library.text(claim, register).strip(), marks(claim.cites, topic), section, claim.bullet
        )

    def _headings(self, register: Register) -> dict[str, str]:
        return {key: self.words(key, register) for key in ("notes-heading", "table-sources")}

    def _review(self, node: str, topic: Topic, register: Register) -> str:
        state = self._library.review_of(node)
        return self.words(
            f"review-{state.status}",
            register,
            by=state.by,
            on=self._date(state.on, register),
            due=self._date(state.due, register),
            updated=self._date(topic.article.updated, register),
        )

    def _date(self, day: date | None, register: Register) -> str:
        """Return a date as both readers write it, such as `14 July 2025`."""
        return f"{day.day} {day:%B %Y}" if day else self.words("no-date", register)

    # --- sources --------------------------------------------------------------------------------------------------

    def _sources(self, node: str, answer: Answer, topic: Topic, register: Register) -> Iterator[SourceLine]:
        used = set(topic.sources) if node == "references" else set(cited(answer, topic, register))
        for id_, source in sorted(topic.sources.items(), key=lambda item: item[1].number):
            if id_ in used:
                yield SourceLine(source.number, id_, self._source_text(source, register), link(source))

    def _source_text(self, source: Source, register: Register) -> str:
        as_printed = self._library.text(source.as_printed, register) if source.as_printed else ""
        return " ".join(self._library.render_layout("source", register, source=source, as_printed=as_printed).split())

    def _reference_list(self, topic: Topic, register: Register) -> str:
        groups = [self._group(name, topic, register) for name in ("article", "added")]
        return self._library.render_layout("references", register, groups=groups, plain=register is Register.LAYPERSON)

    def _group(self, name: str, topic: Topic, register: Register) -> dict[str, Any]:
        found = sorted((s for s in topic.sources.values() if s.group == name), key=lambda source: source.number)
        lines = [
            {
                "source": source,
                "url": link(source),
                "text": self._source_text(source, register),
                "supports": self._library.text(source.supports, register),
            }
            for source in found
        ]
        return {"title": self.words(f"group-{name}", register), "lines": lines}

    # --- buttons --------------------------------------------------------------------------------------------------

    def _buttons(self, node: str, register: Register) -> Iterator[Button]:
        """Yield the follow-ups, then what every answer offers: the other register, the sources, the start."""
        library = self._library
        for follow in library.nodes[node].next:
            role = "danger" if follow == library.urgent else "follow-up"
            yield Button(self.label(follow, register), payloads.payload(follow), role)
        other = Register.LAYPERSON if register is Register.PROFESSIONAL else Register.PROFESSIONAL
        if node != "tone":  # it offers both registers itself
            yield Button(self.words(f"to-{other}", register), payloads.payload(node, other), "tone")
        if "references" in library.always and node != "references":
            yield Button(self.words("sources-button", register), payloads.payload("references"), "navigation")
        if node != library.start:
            yield Button(self.words("start-over", register), payloads.payload(library.start), "navigation")
        if self._outcome(node) is Outcome.ANSWER:
            yield Button(self.words("helpful", register), payloads.payload(node, word="up"), "feedback")
            yield Button(self.words("unhelpful", register), payloads.payload(node, word="down"), "feedback")


def cited(answer: Answer, topic: Topic, register: Register) -> Iterator[str]:
    """Yield the ids of the sources that an answer and its notes cite in one register."""
    for claim in answer.claims:
        if claim.of(register):
            yield from claim.cites
    for note in answer.notes:
        yield from topic.notes[note].cites


def marks(cites: Iterable[str], topic: Topic) -> str:
    """Return the citation marks that follow a statement, such as ` [5] [6]`, in the order of their numbers."""
    return "".join(f" [{number}]" for number in sorted(topic.sources[id_].number for id_ in cites))


def link(source: Source) -> str | None:
    """Return the best address of a source: its DOI, else where it was seen, else None."""
    return f"https://doi.org/{source.doi}" if source.doi else source.url


def emphasised(document: Document) -> Document:
    """Return the document with its first paragraph, the main message, in bold."""
    first, *rest = document or (None,)
    return (_bold(first), *rest) if isinstance(first, Paragraph) else document


def _bold(paragraph: Paragraph) -> Block:
    return Paragraph(tuple(Inline(r.text, True, r.italic, r.code, r.link) for r in paragraph.runs))

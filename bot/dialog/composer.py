"""An authored answer in one register becomes a card: claims, notes, sources, review line, disclaimer.

Nothing can be left out: every card carries its sources, its review line and the disclaimer, whatever the YAML says.
A card depends on content alone, so each is composed once and shared by every turn that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.content.document import Block, Document, Paragraph, Run
from bot.content.library import Library, Topic
from bot.content.markdown import parse
from bot.content.models import Answer, Claim, Source, Tone
from bot.dialog import payloads
from bot.dialog.turn import Button, Card, Outcome, SourceLine


@dataclass(frozen=True, slots=True)
class Laid:
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
        self._cards: dict[tuple[str, Tone], Card] = {}

    def card(self, node: str, tone: Tone) -> Card:
        """Return the card of an existing node; raises KeyError for an unknown one."""
        card = self._cards.get((node, tone))
        if card is None:
            card = self._cards[node, tone] = self._compose(node, tone)
        return card

    def choices(self, tone: Tone) -> Card:
        """Return the card that asks "did you mean?"; the choices belong to the turn, no other topics stand beside."""
        card = self.brief(self._library.otherwise, tone, "did-you-mean-body")
        return replace(card, outcome=Outcome.CHOICES, title=self.words("did-you-mean", tone))

    def brief(self, node: str, tone: Tone, key: str) -> Card:
        """Return the card of a node with one of the bot's own sentences for its body, and no way on to other topics."""
        card = self.card(node, tone)
        buttons = tuple(button for button in card.buttons if button.role not in ("follow-up", "danger", "feedback"))
        return replace(card, body=parse(self.words(key, tone)), notes=(), sources=(), buttons=buttons)

    def greeting(self, tone: Tone) -> Card:
        """Return the card a person meets first: two sentences, the first questions as buttons, both registers."""
        start = self.card(self._library.start, tone)
        first = Button(self.label(start.node, tone), payloads.payload(start.node))
        body, title = parse(self.words("greeting", tone)), self.words("greeting-title", tone)
        buttons = (first, *(button for button in start.buttons if button.role != "feedback"))
        return replace(start, title=title, body=body, notes=(), sources=(), buttons=buttons)

    def full_disclaimer(self, tone: Tone) -> Document:
        """Return what the answer `disclaimer` says; nothing where no dialog has such an answer."""
        return self.card("disclaimer", tone).body if "disclaimer" in self._library.always else ()

    def label(self, node: str, tone: Tone) -> str:
        """Return the button text of a node."""
        return self._library.text(self._library.answer(node).label, tone)

    def words(self, key: str, tone: Tone, **values: Any) -> str:
        """Return one of the bot's own sentences."""
        return self._library.say(key, tone, **values)

    def _compose(self, node: str, tone: Tone) -> Card:
        library, answer, topic = self._library, self._library.answer(node), self._library.topic_of(node)
        withheld = self._require_approved and not self._may_be_served(node)
        return Card(
            node=node,
            tone=tone,
            outcome=self._outcome(node),
            title=library.text(answer.title, tone),
            body=parse(self.words("not-approved", tone)) if withheld else self._body(answer, topic, tone),
            notes=() if withheld else self._notes(answer, topic, tone),
            sources=() if withheld else tuple(self._sources(node, answer, topic, tone)),
            review=self._review(node, topic, tone),
            disclaimer=self.words("short-disclaimer", tone),
            buttons=tuple(self._buttons(node, tone)),
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

    def _body(self, answer: Answer, topic: Topic, tone: Tone) -> Document:
        claims = [self._claim(claim, topic, tone) for claim in self._library.claims(answer, tone)]
        markdown = self._library.lay_out("body", tone, claims=claims, words=self._headings(tone))
        listed = self._reference_list(topic, tone) if answer.id == "references" else ""
        return emphasised(parse(markdown + listed))

    def _notes(self, answer: Answer, topic: Topic, tone: Tone) -> Document:
        notes = [topic.notes[note] for note in answer.notes]
        laid = [Laid(self._library.text(note, tone), marks(note.cites, topic)) for note in notes]
        return parse(self._library.lay_out("notes", tone, notes=laid, words=self._headings(tone)))

    def _claim(self, claim: Claim, topic: Topic, tone: Tone) -> Laid:
        section = self._library.text(claim.section, tone) if claim.section else ""
        return Laid(self._library.text(claim, tone).strip(), marks(claim.cites, topic), section, claim.bullet)

    def _headings(self, tone: Tone) -> dict[str, str]:
        return {key: self.words(key, tone) for key in ("notes-heading", "table-sources")}

    def _review(self, node: str, topic: Topic, tone: Tone) -> str:
        state = self._library.review_of(node)
        return self.words(
            f"review-{state.status}",
            tone,
            by=state.by,
            on=self._date(state.on, tone),
            due=self._date(state.due, tone),
            updated=self._date(topic.article.updated, tone),
        )

    def _date(self, day: date | None, tone: Tone) -> str:
        """Return a date as both readers write it, such as `14 July 2025`."""
        return f"{day.day} {day:%B %Y}" if day else self.words("no-date", tone)

    # --- sources --------------------------------------------------------------------------------------------------

    def _sources(self, node: str, answer: Answer, topic: Topic, tone: Tone) -> Iterator[SourceLine]:
        used = set(topic.sources) if node == "references" else set(cited(answer, topic, tone))
        for id_, source in sorted(topic.sources.items(), key=lambda item: item[1].number):
            if id_ in used:
                yield SourceLine(source.number, id_, self._source_text(source, tone), link(source))

    def _source_text(self, source: Source, tone: Tone) -> str:
        as_printed = self._library.text(source.as_printed, tone) if source.as_printed else ""
        return " ".join(self._library.lay_out("source", tone, source=source, as_printed=as_printed).split())

    def _reference_list(self, topic: Topic, tone: Tone) -> str:
        groups = [self._group(name, topic, tone) for name in ("article", "added")]
        return self._library.lay_out("references", tone, groups=groups, plain=tone is Tone.LAYPERSON)

    def _group(self, name: str, topic: Topic, tone: Tone) -> dict[str, Any]:
        found = sorted((s for s in topic.sources.values() if s.group == name), key=lambda source: source.number)
        lines = [
            {
                "source": source,
                "url": link(source),
                "text": self._source_text(source, tone),
                "supports": self._library.text(source.supports, tone),
            }
            for source in found
        ]
        return {"title": self.words(f"group-{name}", tone), "lines": lines}

    # --- buttons --------------------------------------------------------------------------------------------------

    def _buttons(self, node: str, tone: Tone) -> Iterator[Button]:
        """Yield the follow-ups, then what every answer offers: the other register, the sources, the start."""
        library = self._library
        for follow in library.nodes[node].next:
            role = "danger" if follow == library.urgent else "follow-up"
            yield Button(self.label(follow, tone), payloads.payload(follow), role)
        other = Tone.LAYPERSON if tone is Tone.PROFESSIONAL else Tone.PROFESSIONAL
        if node != "tone":  # it offers both registers itself
            yield Button(self.words(f"to-{other}", tone), payloads.payload(node, other), "tone")
        if "references" in library.always and node != "references":
            yield Button(self.words("sources-button", tone), payloads.payload("references"), "navigation")
        if node != library.start:
            yield Button(self.words("start-over", tone), payloads.payload(library.start), "navigation")
        if self._outcome(node) is Outcome.ANSWER:
            yield Button(self.words("helpful", tone), payloads.payload(node, word="up"), "feedback")
            yield Button(self.words("unhelpful", tone), payloads.payload(node, word="down"), "feedback")


def cited(answer: Answer, topic: Topic, tone: Tone) -> Iterator[str]:
    """Yield the ids of the sources that an answer and its notes cite in one register."""
    for claim in answer.claims:
        if claim.of(tone):
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
    return Paragraph(tuple(Run(r.text, True, r.italic, r.code, r.link) for r in paragraph.runs))

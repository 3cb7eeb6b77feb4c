"""The page to take along: what was asked, or a whole topic, on one sheet of A4; its words are the cards' own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from io import BytesIO
from typing import Any

from bot.content.library import Library, Topic
from bot.content.markdown import Block, Document, Inline, runs_of
from bot.content.models import Claim, EvidenceRow, Handout, HandoutLine, Register, Registers, lines_of
from bot.dialog.composer import Composer, marks
from bot.dialog.turn import ClaimCard, Leaflet
from bot.pictures.drawing import NotDrawn, Sheet, draw

SIZES = (10.5, 10.0, 9.5, 9.0, 8.5)
"""Points of the text, tried in this order until the page holds it; smaller is not read on paper."""


class Handouts:
    """Lays out pages of one library."""

    def __init__(self, library: Library, composer: Composer) -> None:
        self._library = library
        self._composer = composer

    def sheet(self, leaflet: Leaflet, on: date, link: str = "") -> Sheet:
        """Return the page: of the answers that are named, or of the topic. `link` leads back, also as a QR code."""
        register = leaflet.register
        topic = self._library.topics[leaflet.topic]
        handout = topic.handout
        cards = self._cards(leaflet, handout)
        data = {
            "title": self._library.plain(handout.title if handout else topic.title, register),
            "lead": self._lead(leaflet, handout),
            "answers": [{"title": card.title, "brief": list(map(_block, card.brief))} for card in cards],
            **self._sections(handout, topic, register),
            "sources": list(self._sources(cards, handout, topic, register)),
            "foot": list(self._foot(cards, on, register)),
            "link": link,
            "code": qr(link) if link else "",
            "words": {key: self._text(f"handout-{key}", register) for key in _WORDS},
            "columns": [self._text(f"handout-{key}", register) for key in _COLUMNS],
            "size": SIZES[0],
        }
        return Sheet("handout", data)

    def fitting(self, leaflet: Leaflet, on: date, link: str = "") -> tuple[Sheet, bytes]:
        """Return the page in the largest letters in which it is one, and the PDF. Of what was asked, the oldest is left
        out where not even the smallest will do. Raises NotDrawn."""
        whole = self.sheet(leaflet, on, link)
        for size in SIZES:
            sheet = Sheet(whole.template, {**whole.data, "size": size})
            try:
                return sheet, draw(sheet, "pdf", datetime.combine(on, time(12), UTC))
            except NotDrawn as fault:
                if "too long" not in str(fault):
                    raise
        if len(leaflet.nodes) < 2:
            raise NotDrawn("it takes more than one page")
        return self.fitting(replace(leaflet, nodes=leaflet.nodes[1:]), on, link)

    def _cards(self, leaflet: Leaflet, handout: Handout | None) -> list[ClaimCard]:
        nodes = leaflet.nodes or (handout.answers if handout else ())
        found = (self._composer.card(node, leaflet.register) for node in nodes)
        return [card for card in found if isinstance(card, ClaimCard)]

    def _lead(self, leaflet: Leaflet, handout: Handout | None) -> str:
        if leaflet.nodes or handout is None:
            return self._text("handout-asked", leaflet.register)
        return self._library.plain(handout.lead, leaflet.register)

    def _sections(self, handout: Handout | None, topic: Topic, register: Register) -> dict[str, Any]:
        """Return what stands beside the answers: questions, what to tell, steps; for clinicians the evidence."""
        if handout is None:
            return {"questions": [], "tell": [], "steps": [], "steps-title": "", "evidence": []}

        def say(words: Registers) -> str:
            return self._library.plain(words, register)

        picture = topic.pictures.get(handout.steps or "")
        if picture and not self._may_say(picture.answers[0], register):
            picture = None
        clinical = register is Register.PROFESSIONAL
        return {
            "questions": [self._library.plain(one, register) for one in handout.questions],
            "tell": [self._told(one, topic, register) for one in handout.tell if self._may_say(one.answer, register)],
            "steps": [" ".join(lines_of(part, say)) for part in picture.parts] if picture else [],
            "steps-title": self._library.plain(picture.title, register) if picture else "",
            "evidence": list(self._evidence(handout, topic)) if clinical else [],
        }

    def _may_say(self, answer: str, register: Register) -> bool:
        """Tell whether an answer is served: none of its claims is printed before that."""
        return isinstance(self._composer.card(answer, register), ClaimCard)

    def _told(self, line: HandoutLine, topic: Topic, register: Register) -> str:
        said = claim_of(topic, line.answer, line.claim)
        return self._library.plain(line, register) + (marks(said.cites, topic) if said else "")

    def _evidence(self, handout: Handout, topic: Topic) -> Iterator[list[str]]:
        for row in handout.evidence:
            if not self._may_say(row.answer, Register.PROFESSIONAL):
                continue
            said = claim_of(topic, row.answer, row.claim)
            cites = said.cites if said else ()
            kinds = ", ".join(dict.fromkeys(topic.sources[name].kind for name in cites))
            words = self._library.inserted(row.says, Register.PROFESSIONAL)
            yield [words, row.certainty, marks(cites, topic).strip(), kinds]

    def _sources(
        self, cards: Sequence[ClaimCard], handout: Handout | None, topic: Topic, register: Register
    ) -> Iterator[str]:
        """Yield the sources that a mark on the page names, by their numbers."""
        by_number = {source.number: source for source in topic.sources.values()}
        for number in sorted(_marked(cards, handout, topic, register)):
            source = by_number[number]
            where = f", doi {source.doi}" if source.doi else ""
            yield f"[{number}] {source.short or source.title or ''}{where}"

    def _foot(self, cards: Sequence[ClaimCard], on: date, register: Register) -> Iterator[str]:
        yield from dict.fromkeys(line for card in cards for line in (card.review.full, card.disclaimer.full))
        day = f"{on.day} {on:%B %Y}"
        yield self._text("handout-date", register, on=day, version=self._library.version)

    def _text(self, key: str, register: Register, **values: str) -> str:
        return self._composer.text(key, register, **values)


_WORDS = ("questions", "tell", "evidence", "sources", "link", "code")
_COLUMNS = ("says", "certainty", "marks", "kinds")


def claim_of(topic: Topic, answer: str, claim: str) -> Claim | None:
    """Return a claim by the names of its answer and its own, if there is one."""
    held = topic.answers.get(answer)
    return next((one for one in held.claims if one.id == claim), None) if held else None


def _marked(cards: Sequence[ClaimCard], handout: Handout | None, topic: Topic, register: Register) -> set[int]:
    shown = {one.number for card in cards for one in card.sources if _marks(card.brief, one.number)}
    rows = handout.evidence if handout and register is Register.PROFESSIONAL else ()
    lines: list[HandoutLine | EvidenceRow] = [*(handout.tell if handout else ()), *rows]
    said = (claim_of(topic, line.answer, line.claim) for line in lines)
    return shown | {topic.sources[name].number for claim in said if claim for name in claim.cites}


def qr(link: str) -> str:
    """Return the QR code of an address as SVG."""
    import segno

    out = BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def _marks(document: Document, number: int) -> bool:
    return any(f"[{number}]" in run.text for block in document for runs in runs_of(block) for run in runs)


def _block(block: Block) -> dict[str, Any]:
    found = [[_run(run) for run in runs] for runs in runs_of(block)]
    return {"runs": found[0] if len(found) == 1 else [], "items": found if len(found) != 1 else []}


def _run(run: Inline) -> dict[str, Any]:
    return {"text": run.text, "bold": run.bold, "italic": run.italic, "link": run.link or ""}

"""What is drawn: pictures and the page to take along, with figures, sources, small print; and typst, which draws them.

Offline and the same on every machine: the fonts come from a package, none of the system's are used. Words reach typst
as JSON and are never read as markup. The page holds what was asked, or a whole topic, on one sheet of A4; its words are
the cards' own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bot.content.library import Library, Topic
from bot.content.markdown import Block, Document, Inline, runs_of
from bot.content.models import (
    Claim,
    Drawing,
    EvidenceRow,
    Handout,
    HandoutLine,
    PicturePart,
    Register,
    Registers,
    alternative_text,
    lines_of,
)
from bot.dialog.composer import Composer, marks
from bot.dialog.turn import ClaimCard, Leaflet
from bot.errors import FootnoteError

if TYPE_CHECKING:
    import typst


# --- pictures ---------------------------------------------------------------------------------------------------------

HERE = Path(__file__).parent
FONT = "font_source_sans_pro"
"""The package that brings the fonts."""

PIXELS_PER_INCH = 216.0
"""Three pixels a point: a phone shows 320 points on 960 to 1,290 pixels."""

COLOURS = 32
"""Of a PNG: a handful of inks and their edges."""

MAX_HEIGHT = 720.0
"""Points. A phone shows a picture 320 points wide whole up to about this height."""

Format = Literal["png", "svg", "pdf"]
_WEEKS = {"day": 1 / 7, "week": 1.0, "month": 365.25 / 12 / 7, "year": 365.25 / 7}
_LASTED = re.compile(r"(?:(\d+)(?:-| to ))?(\d+) (day|week|month|year)s?")
_HEIGHT = re.compile(r'height="([\d.]+)pt"')
_TOO_WIDE = re.compile(r"too wide: (\S+)")


class NotDrawn(FootnoteError):
    """A picture or page that typst does not draw: a word too wide for its box, a letter no font has, no font at all."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that decides how something looks: the template and its data. `digest` changes with any of it."""

    template: str
    data: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The data as typst is given it."""
        return json.dumps(self.data, ensure_ascii=False, sort_keys=True)

    @property
    def digest(self) -> str:
        """The name under which what is drawn is kept."""
        return hashlib.sha256(f"{tools()}\0{self.template}\0{self.text}".encode()).hexdigest()[:24]


@cache
def tools() -> str:
    """Return what decides how everything looks: typst, the fonts and the templates."""
    templates = "".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.typ")))
    return f"{version('typst')}\0{version(FONT.replace('_', '-'))}\0{templates}"


# --- words ------------------------------------------------------------------------------------------------------------


class Words:
    """Puts figures, sources and small print into what authors wrote about pictures."""

    def __init__(self, library: Library, composer: Composer) -> None:
        self._library = library
        self._composer = composer

    def sheet(self, topic: str, name: str, register: Register) -> Sheet:
        """Return a picture in one register. Raises KeyError for an unknown one, NotDrawn for a figure that is none."""
        held = self._library.topics[topic]
        picture = held.pictures[name]
        numbers = iter(range(1, len(picture.parts) + 1))
        data = {
            "draws": picture.draws,
            "title": self._library.plain(picture.title, register),
            "alt": alternative_text(picture, lambda words: self._library.plain(words, register)),
            "parts": [self._part(part, numbers, register) for part in picture.parts],
            "axis": [{"weeks": tick.weeks, "label": self._library.plain(tick, register)} for tick in picture.axis],
            "marks": [[name, self._library.plain(words, register)] for name, words in _marks(picture)],
            "foot": list(self._foot(held, picture, register)),
        }
        return Sheet("picture", data)

    def _part(self, part: PicturePart, numbers: Iterator[int], register: Register) -> dict[str, Any]:
        first, last = self._weeks(part.lasted, register) if part.lasted else (0.0, 0.0)
        return {
            "head": self._optional(part.head, register),
            "text": self._library.plain(part, register),
            "then": self._optional(part.then, register),
            "beside": part.beside,
            "number": "" if part.beside else str(next(numbers)),
            "place": part.place or "",
            "found": part.found or "",
            "from": first,
            "to": last,
        }

    def _optional(self, words: Registers | None, register: Register) -> str:
        return self._library.plain(words, register) if words else ""

    def _weeks(self, lasted: str, register: Register) -> tuple[float, float]:
        said = self._library.inserted(lasted, register)
        found = _LASTED.fullmatch(said)
        if found is None:
            raise NotDrawn(f"`{said}` is no length of time such as `6 months` or `6-48 months`")
        unit = _WEEKS[found[3]]
        return float(found[1] or found[2]) * unit, float(found[2]) * unit

    def _foot(self, topic: Topic, picture: Drawing, register: Register) -> Iterator[str]:
        """Yield the small print, which a picture that is sent on must carry with it."""
        found = sorted({source for part in picture.parts for source in sources_of(topic, picture, part)})
        named = "; ".join(f"{topic.sources[name].short or name} [{number}]" for number, name in found)
        yield self._library.interface_text("picture-sources", register, sources=named)
        card = self._composer.card(picture.answers[0], register)
        if isinstance(card, ClaimCard):
            yield f"{card.review.short} {card.disclaimer.short}"


def sources_of(topic: Topic, picture: Drawing, part: PicturePart) -> Iterator[tuple[int, str]]:
    """Yield number and id of the sources of the claim that a part says."""
    answer = topic.answers.get(part.answer or picture.answers[0])
    for claim in answer.claims if answer else ():
        if claim.id == part.claim:
            yield from ((topic.sources[name].number, name) for name in claim.cites if name in topic.sources)


def _marks(picture: Drawing) -> Iterator[tuple[str, Registers]]:
    if picture.marks:
        yield from (("better", picture.marks.better), ("alike", picture.marks.alike))


# --- typst ------------------------------------------------------------------------------------------------------------


def draw(sheet: Sheet, form: Format, at: datetime | None = None) -> bytes:
    """Return a sheet as a file. Raises NotDrawn. `at` is the time written into a PDF, so that it is the same again."""
    import typst

    source = (HERE / f"{sheet.template}.typ").read_bytes()
    inputs = {"data": sheet.text, **({"tagged": "1"} if form == "pdf" else {})}
    try:
        made, warnings = typst.compile_with_warnings(  # type: ignore[type-var]
            source,
            format=form,
            ppi=PIXELS_PER_INCH if form == "png" else None,
            sys_inputs=inputs,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            pdf_standards=["ua-1"] if form == "pdf" else [],
            timestamp=at,
            root=str(HERE),
        )
    except typst.TypstError as fault:
        wide = _TOO_WIDE.search(str(fault))
        raise NotDrawn(f"the word `{wide[1]}` is wider than its box" if wide else str(fault)) from None
    if warnings:
        raise NotDrawn("; ".join(str(one.message) for one in warnings))
    if not isinstance(made, bytes):
        raise NotDrawn("it takes more than one page")
    return _fewer_colours(made) if form == "png" else made


def _fewer_colours(png: bytes) -> bytes:
    """Return a picture of few colours in a quarter of its bytes."""
    from PIL import Image

    out = BytesIO()
    with Image.open(BytesIO(png)) as image:
        few = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(out, "PNG")
    return out.getvalue()


def misfit(sheet: Sheet) -> str:
    """Return why a picture is not fit to be shown, or nothing: too tall, a word too wide, a letter that no font has."""
    try:
        svg = draw(sheet, "svg").decode()
        draw(sheet, "pdf")  # the only format in which typst refuses a letter that it cannot draw
    except NotDrawn as fault:
        return str(fault)
    tall = _HEIGHT.search(svg)
    height = float(tall[1]) if tall else 0.0
    return f"it is {height:.0f} points tall; {MAX_HEIGHT:.0f} fit a phone" if height > MAX_HEIGHT else ""


@cache
def _fonts() -> typst.Fonts:
    import typst

    package = find_spec(FONT)
    if package is None or package.origin is None:
        raise NotDrawn(f"the fonts are missing: install the package {FONT.replace('_', '-')}")
    folder = Path(package.origin).parent / "files"
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


# --- the page to take along -------------------------------------------------------------------------------------------

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
    shown = {one.number for card in cards for one in card.sources if _is_marked(card.brief, one.number)}
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


def _is_marked(document: Document, number: int) -> bool:
    return any(f"[{number}]" in run.text for block in document for runs in runs_of(block) for run in runs)


def _block(block: Block) -> dict[str, Any]:
    found = [[_run(run) for run in runs] for runs in runs_of(block)]
    return {"runs": found[0] if len(found) == 1 else [], "items": found if len(found) != 1 else []}


def _run(run: Inline) -> dict[str, Any]:
    return {"text": run.text, "bold": run.bold, "italic": run.italic, "link": run.link or ""}

"""What is drawn: a picture's words with their figures, its sources and its small print, and typst, which draws them.

Offline and the same on every machine: the fonts come from a package, none of the system's are used. Words reach typst
as JSON and are never read as markup.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bot.content.library import Library, Topic
from bot.content.models import Drawing, PicturePart, Register, Registers, alternative_text
from bot.dialog.composer import Composer
from bot.dialog.turn import ClaimCard
from bot.errors import FootnoteError

if TYPE_CHECKING:
    import typst

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

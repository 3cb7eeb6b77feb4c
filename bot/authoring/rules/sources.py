"""Rules about sources and figures: every fact names its source, every figure stands once, nothing lies unused.

The figures in a text are brought to one form: `600 mg twice a day` and `600 mg twice daily` hold the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path

from bot.authoring.rules.base import CheckContext, needs
from bot.content import templates
from bot.content.diagnostics import Diagnostic
from bot.content.files import diagnostic_at, diagnostic_at_words
from bot.content.library import ReviewState, Topic, state_of
from bot.content.models import Claim
from bot.content.references import texts

# --- the figures in a text --------------------------------------------------------------------------------------------

_NAME = re.compile(
    r"\b[A-Za-z]+-?\d\w*"
    r"|\b[A-Z]{3,} \d{1,2}\b(?! ?(?:[-–%/]|[.,]\d|to \d|or \d|mg|g\b))"
    r"|\b[Tt]ypes? [12](?: (?:and|or) [12])?\b|\[\d+\]"
    r"|\b(?:[Nn]umber|[Rr]eference)s? \d{1,2}(?:(?:-| to | and )\d{1,2})?\b"
)
"""K2, MK-7, NG19, NATHAN 1, type 2, reference 4, citation marks: digits that belong to a name."""

_NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve"
_SPELLED = {word: number for number, word in enumerate(_NUMBER_WORDS.split(), 1)}
_SPELLED |= {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100}
_SHARES = {"half": 50, "third": 33, "quarter": 25}
_OFTEN = {"once": 1, "twice": 2, "thrice": 3} | _SPELLED
_UNITS = {
    "µg": ("μg", "mcg", "microgram", "micrograms"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "%": ("percent", "per cent"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "day": ("days",),
    "week": ("weeks",),
    "month": ("months",),
    "year": ("years",),
} | dict.fromkeys(("kg", "ml", "ml/min", "m/s", "hz", "mmol/l", "mg/dl", "mmol/mol"), ())
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in (unit, *words)}

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_UNIT = "|".join(sorted(map(re.escape, _UNIT_OF), key=len, reverse=True))
_DAILY = re.compile(rf"\b({'|'.join(_OFTEN)}|\d+)(?: times)? (?:daily|(?:a|per|each|every) day)", re.IGNORECASE)
_SHARE = re.compile(rf"({_NUMBER})(?:(?: to |[-–])({_NUMBER}))? (?:in|(?:out )?of) (?:every )?(10|100|1,?000)\b")
_FIGURE = re.compile(rf"({_NUMBER})(?:[ -]?({_UNIT})(?!\w))?", re.IGNORECASE)
_JOINT = re.compile(r"[\s,]*(?:[-–/]|to|or|and|vs?)?\s*", re.IGNORECASE)
_WORD = re.compile(rf"\b({'|'.join([*_SPELLED, *_SHARES])})\b(?:[ -]({_UNIT})(?!\w))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit in one spelling.

    `also` is a second way to read it: "half" is 50% or 0.5, "2 out of 10" is 20% or a score of 2. `sure` is false for
    words such as "one" that may be no figure at all.
    """

    value: Decimal
    unit: str = ""
    also: Decimal | None = None
    sure: bool = True

    def __str__(self) -> str:
        number = f"{self.value.normalize():f}"
        return {"%": f"{number}%", "/day": f"{number} times a day"}.get(self.unit, f"{number} {self.unit}".strip())

    def same(self, other: Figure) -> bool:
        """Tell whether two figures agree once the more exact one is rounded like the other."""
        return any(
            unit == other_unit and _agree(value, other_value)
            for value, unit in self._readings()
            for other_value, other_unit in other._readings()
        )

    def _readings(self) -> list[tuple[Decimal, str]]:
        return [(self.value, self.unit)] if self.also is None else [(self.value, self.unit), (self.also, "")]


@lru_cache(1 << 12)
def figures(text: str) -> tuple[Figure, ...]:
    """Return the figures of `text`: digits, and number words where they may stand for one."""
    rest = _NAME.sub(" ", text)
    daily = [Figure(_often(found[1]), "/day") for found in _DAILY.finditer(rest)]
    rest = _DAILY.sub(" ", rest)
    shares = [figure for found in _SHARE.finditer(rest) for figure in _shares(found)]
    rest = _SHARE.sub(" ", rest)
    return (*daily, *shares, *_written(rest), *_spelled(rest))


def literal_numbers(text: str) -> list[str]:
    """Return the digits of `text` that are figures, as they stand there."""
    return [found[0] for found in _FIGURE.finditer(_NAME.sub(" ", text))]


def only_in(here: str, there: str) -> list[Figure]:
    """Return the figures that `here` holds and `there` lacks, each once."""
    known = figures(there)
    missing = [figure for figure in figures(here) if figure.sure and not any(map(figure.same, known))]
    return list(dict.fromkeys(missing))


def _written(text: str) -> Iterator[Figure]:
    """Yield the figures in digits; in `10-20 mg` and `51%, 48% or 52%` a bare number has the unit of the next."""
    found = list(_FIGURE.finditer(text))
    units = [_UNIT_OF.get((one[2] or "").casefold(), "") for one in found]
    for number in range(len(found) - 2, -1, -1):
        between = text[found[number].end() : found[number + 1].start()]
        counted = text[: found[number].start()].rstrip().endswith("=")  # in `n = 200, 6 months` people are counted
        if not units[number] and not counted and _JOINT.fullmatch(between):
            units[number] = units[number + 1]
    for one, unit in zip(found, units, strict=True):
        yield Figure(_decimal(one[1]), unit)


def _spelled(text: str) -> Iterator[Figure]:
    for found in _WORD.finditer(text):
        word = found[1].casefold()
        if word in _SHARES:
            yield Figure(Decimal(_SHARES[word]), "%", also=Decimal(_SHARES[word]) / 100, sure=False)
        else:
            yield Figure(Decimal(_SPELLED[word]), _UNIT_OF.get((found[2] or "").casefold(), ""), sure=False)


def _shares(found: re.Match[str]) -> Iterator[Figure]:
    """Yield `4 to 6 in 10` as percentages."""
    for part in (found[1], found[2]):
        if part:
            yield Figure(_decimal(part) * 100 / _decimal(found[3]), "%", also=_decimal(part))


def _often(word: str) -> Decimal:
    return Decimal(_OFTEN.get(word.casefold(), 0) or word)


def _decimal(number: str) -> Decimal:
    return Decimal(number.replace(",", ""))


def _agree(one: Decimal, other: Decimal) -> bool:
    places = min(_places(one), _places(other))
    return round(one, places) == round(other, places)


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


# --- rules ------------------------------------------------------------------------------------------------------------

_LIST_NUMBER = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
_CITATION = re.compile(r"\[\d+\]")


def unsourced(context: CheckContext) -> Iterator[Diagnostic]:
    """C03: a factual claim that cites nothing."""
    for claim_ref in context.worded():
        claim = claim_ref.words
        if isinstance(claim, Claim) and claim.kind in ("fact", "report") and not claim.cites:
            message = f"the claim `{claim.id}` states a fact without a source"
            remedy = "add `cites:`, or `kind: editorial` if it states no fact"
            yield diagnostic_at(claim_ref.path, claim_ref.location, "C03", message, remedy)


def typed_figures(context: CheckContext) -> Iterator[Diagnostic]:
    """C09: a figure typed into a text instead of inserted from facts.yaml."""
    for text in texts(context.library):
        if text.path.stem in ("sources", "topic"):
            continue
        for digits in dict.fromkeys(literal_numbers(_LIST_NUMBER.sub("", templates.without_values(text.raw, "")))):
            remedy = "put it into facts.yaml and insert it with {{ facts.… }}"
            message = f"the figure `{digits}` is typed here"
            yield diagnostic_at_words(text.path, text.location, digits, "C09", message, remedy)


def typed_citations(context: CheckContext) -> Iterator[Diagnostic]:
    """C14: a citation number typed into a text."""
    for text in texts(context.library):
        if found := _CITATION.search(text.raw):
            message = f"the citation number `{found[0]}` is typed here"
            remedy = "name the source in `cites:`; numbers come by themselves"
            yield diagnostic_at_words(text.path, text.location, found[0], "C14", message, remedy)


@needs("answers", "notes")
def unused_sources(context: CheckContext) -> Iterator[Diagnostic]:
    """C12: a source that nothing cites."""
    for name, topic in context.library.topics.items():
        for source in topic.sources.keys() - _cited(topic):
            path = context.library.home.of_topic(name, "sources")
            message = f"nothing cites `{source}`"
            yield diagnostic_at(
                path, ("sources", source), "C12", message, "cite it or remove it", key=True, level="warning"
            )


def _cited(topic: Topic) -> set[str]:
    claims = {source for answer in topic.answers.values() for claim in answer.claims for source in claim.cites}
    return claims | {source for note in topic.notes.values() for source in note.cites}


def unnamed_sources(context: CheckContext) -> Iterator[Diagnostic]:
    """C36: a source whose line tells no reader what it is: it has no title, and nothing stands in its place."""
    for name, topic in context.library.topics.items():
        for key, source in topic.sources.items():
            if not (source.title or source.as_printed):
                printed = "nothing" if not (source.authors or source.journal or source.year) else "no title"
                message = f"readers are shown {printed} of `{key}`"
                remedy = "fill in `title:`; what nobody saw stays null, and `as_printed:` says what it is in your words"
                path = context.library.home.of_topic(name, "sources")
                yield diagnostic_at(path, ("sources", key), "C36", message, remedy, key=True, level="warning")


@needs("answers")
def unused_notes(context: CheckContext) -> Iterator[Diagnostic]:
    """C13: a note that stands under no answer."""
    for name, topic in context.library.topics.items():
        shown = {note for answer in topic.answers.values() for note in answer.notes}
        for note in topic.notes.keys() - shown:
            path = context.library.home.of_topic(name, "notes")
            message = f"no answer shows the note `{note}`"
            yield diagnostic_at(
                path, ("notes", note), "C13", message, "show it or remove it", key=True, level="warning"
            )


@needs("answers", "notes", "sources", "interface", "topic")
def unused_figures(context: CheckContext) -> Iterator[Diagnostic]:
    """C13: a figure that no text inserts."""
    used = {name for text in texts(context.library) for name in templates.names(text.raw)}
    own = [text for pair in context.library.interface.values() for text in (pair.professional, pair.layperson)]
    used |= {name for text in own for name in templates.names(text)}
    for topic_name, topic in context.library.topics.items():
        for name, _ in templates.flattened(topic.facts):
            if f"facts.{name}" not in used:
                path = context.library.home.of_topic(topic_name, "facts")
                place = ("facts", *name.split("."))
                message = f"no text inserts the figure `{name}`"
                yield diagnostic_at(path, place, "C13", message, "insert it or remove it", key=True, level="warning")


def overdue(context: CheckContext) -> Iterator[Diagnostic]:
    """R02: a review whose due date has passed."""
    for path, state in _reviews(context):
        if state.overdue(context.today):
            remedy = "review it again: `footnote review`"
            yield diagnostic_at(
                path, ("review", "due"), "R02", f"the review was due on {state.due}", remedy, level="warning"
            )


@needs("facts", "sources", "notes", "emergency", "dialogs", "answers")
def changed(context: CheckContext) -> Iterator[Diagnostic]:
    """R03: an approval of a text that has changed since."""
    for path, state in _reviews(context):
        if state.status == "changed":
            message = f"changed since {state.reviewers} approved it on {state.on}"
            remedy = "`footnote review changes` shows the words; then `footnote review record`"
            yield diagnostic_at(path, ("review",), "R03", message, remedy, key=True, level="warning")


def in_the_future(context: CheckContext) -> Iterator[Diagnostic]:
    """R04: a decision dated after today."""
    for path, state in _reviews(context):
        for name, day in (("on", state.on), ("second_on", state.second_on)):
            if day and day > context.today:
                remedy = "write the day on which it was decided"
                yield diagnostic_at(path, ("review", name), "R04", f"the decision is dated {day}, after today", remedy)


def _reviews(context: CheckContext) -> Iterator[tuple[Path, ReviewState]]:
    """Yield every review that is written down, with its file and its present state."""
    library = context.library
    for name, topic in library.topics.items():
        yield (
            library.home.of_topic(name, "topic"),
            state_of(topic.review, partial(library.topic_hash, name), topic.approval),
        )
        for node, answer in topic.answers.items():
            if answer.review:
                yield library.home.answer(name, node), library.review_of(node)

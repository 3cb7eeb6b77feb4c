"""Rules about what the two registers mean: the same direction, the same certainty, the same names.

Figures and drugs are compared exactly (C02). Directions and certainty are compared by words that carry them; only what
is plainly contrary, or plainly surer, is told, because the same meaning has many words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.authoring.readability import occurs
from bot.authoring.rules.base import AnswerRef, CheckContext
from bot.authoring.rules.language import GAP
from bot.content.diagnostics import Diagnostic
from bot.content.files import diagnostic_at
from bot.content.library import Library
from bot.content.models import Claim, Register


def _words(text: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(text.split(', '))})\b", re.IGNORECASE)


_UP = _words(
    "rais(?:e|es|ed|ing), increas(?:e|es|ed|ing), higher, ris(?:e|es|ing), go(?:es)? up, went up, strengthen\\w*"
)
_DOWN = _words(
    "lower(?:s|ed|ing)?, reduc(?:e|es|ed|ing), decreas(?:e|es|ed|ing), falls?, drops?, go(?:es)? down, weaken\\w*"
)
_AVOID = _words(
    "avoid(?:s|ed|ing)?, never, do not, don't, must not, should not, contraindicated, advis\\w+ against, leave out"
)
_TAKE = _words("take, takes, use, uses, start, starts, continue, keep taking, go on taking")
_DENIED = _words("not, never, no, n't, avoid\\w*, stop\\w*, without, rather than, instead, against, nothing, cannot")

_HEDGED = _words(
    "may, might, possibly, perhaps, probably, likely, unlikely, suggests?, appears?, seems?, uncertain\\w*, unclear, "
    "unproven, not proven, hypothes\\w+, thought to, insufficient, inconclusive"
)
"""Words by which a clinician is told that something is not sure."""

_UNSURE = _words(
    "may, might, could, can, possibl\\w+, perhaps, probabl\\w+, likely, unlikely, suggest\\w*, appear\\w*, seem\\w*, "
    "hint\\w*, uncertain, unclear, unknown, not known, no one knows, nobody knows, not sure, not certain, not proven, "
    "not shown, not enough, weak, "
    "too little, too few, believed?, guess\\w*, thought, doubt\\w*, hope\\w*, sometimes, often, some, "
    "no (?:good |clear |firm )?(?:proof|evidence), cannot (?:say|tell), not (?:\\w+ )?know, do not know, only one"
)
"""Words by which a reader may be told the same."""

_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{3,}(?:-[A-Z]?[a-z]+)*\b|\b[A-Z]{3,}\b")
_OPPOSITES = ((_UP, _DOWN), (_AVOID, _TAKE))


def directions(context: CheckContext) -> Iterator[Diagnostic]:
    """C33: a claim that raises in one register and lowers in the other, or says avoid in one and take in the other."""
    for answer_ref, number, claim in _claims(context):
        texts = _texts(context.library, claim)
        for one, other in _OPPOSITES:
            if found := _contrary(one, other, *texts):
                message = f"the professional register says `{found[0]}`, this one `{found[1]}`"
                place = ("claims", number, Register.LAYPERSON.value)
                yield diagnostic_at(answer_ref.path, place, "C33", message, "let both say the same, in their own words")


def _contrary(one: re.Pattern[str], other: re.Pattern[str], here: str, there: str) -> tuple[str, str] | None:
    """Return the two words by which texts say the contrary, each of them nothing but its own."""
    for mine, theirs in ((one, other), (other, one)):
        said, contrary = mine.search(here), theirs.search(there)
        if not said or not contrary or theirs.search(here) or mine.search(there):
            continue
        taking = "" if one is _UP else here if mine is _TAKE else there
        if not _DENIED.search(taking):
            return said[0], contrary[0]
    return None


def certainty(context: CheckContext) -> Iterator[Diagnostic]:
    """C34: what is not sure for a clinician is told to the layperson as sure."""
    for answer_ref, number, claim in _claims(context):
        professional, layperson = _texts(context.library, claim)
        hedge = _HEDGED.search(professional)
        if hedge and not _UNSURE.search(layperson):
            message = f"the professional register says `{hedge[0]}`, this one is sure"
            place = ("claims", number, Register.LAYPERSON.value)
            remedy = "say that it is not sure, or say in both what it is"
            yield diagnostic_at(answer_ref.path, place, "C34", message, remedy, level="warning")


def names(context: CheckContext) -> Iterator[Diagnostic]:
    """C35: a name that only the layperson reads: a clinician would look for it in vain."""
    for answer_ref in context.answers():
        known = "\n".join(_all(context.library, answer_ref))
        for number, claim in enumerate(answer_ref.answer.claims):
            if not (claim.professional and claim.layperson) or claim.layperson.startswith(GAP):
                continue
            for name in dict.fromkeys(_NAME.findall(context.library.plain(claim, Register.LAYPERSON))):
                if name.casefold() not in known.casefold() and not any(occurs(t, name) for t in answer_ref.topic.terms):
                    message = f"only this register names `{name}`"
                    place = ("claims", number, Register.LAYPERSON.value)
                    remedy = "name it for clinicians too, or say it in plain words"
                    yield diagnostic_at(answer_ref.path, place, "C35", message, remedy, level="warning")


def _claims(context: CheckContext) -> Iterator[tuple[AnswerRef, int, Claim]]:
    """Yield every claim that has both registers."""
    for answer_ref in context.answers():
        for number, claim in enumerate(answer_ref.answer.claims):
            if claim.professional and claim.layperson:
                yield answer_ref, number, claim


def _texts(library: Library, claim: Claim) -> tuple[str, str]:
    return library.plain(claim, Register.PROFESSIONAL), library.plain(claim, Register.LAYPERSON)


def _all(library: Library, answer_ref: AnswerRef) -> Iterator[str]:
    """Yield all that a clinician reads in an answer and knows of the topic."""
    topic, answer = answer_ref.topic, answer_ref.answer
    yield library.plain(topic.title, Register.PROFESSIONAL)
    yield library.plain(answer.title, Register.PROFESSIONAL)
    for claim in answer.claims:
        yield library.plain(claim, Register.PROFESSIONAL)
        yield library.plain(claim.section, Register.PROFESSIONAL) if claim.section else ""
    for note in answer.notes:
        yield library.plain(topic.notes[note], Register.PROFESSIONAL) if note in topic.notes else ""

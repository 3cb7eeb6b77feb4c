"""Rules about the two registers: both are there, with the same figures, drugs and names, and both mean the same.

Figures and drugs are compared exactly. Directions and certainty are compared by the words that carry them; only what is
plainly contrary, or plainly surer, is told, because the same meaning has many words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.authoring.readability import occurs
from bot.authoring.rules.base import UNKNOWN, AnswerRef, CheckContext, ClaimRef
from bot.authoring.rules.language import GAP
from bot.authoring.rules.sources import only_in
from bot.content import templates
from bot.content.diagnostics import Diagnostic
from bot.content.files import diagnostic_at
from bot.content.library import Library, Topic
from bot.content.models import Claim, Register

_EMERGENCY = re.compile(r"\{\{\s*emergency\.[^}]*\}\}")  # an operator's own numbers, not the content's


def one_register(context: CheckContext) -> Iterator[Diagnostic]:
    """C01: a claim without one register's wording says why; a claim with both is not called one register's only."""
    for claim_ref in context.worded():
        if isinstance(claim_ref.words, Claim):
            for register in Register:
                yield from _one_register(claim_ref, claim_ref.words, register)


def _one_register(claim_ref: ClaimRef, claim: Claim, register: Register) -> Iterator[Diagnostic]:
    other = next(one for one in Register if one is not register)
    reason = f"{other.value}_only"
    if not claim.for_register(register) and getattr(claim, reason) is None:
        remedy = f"add `{register.value}:`, or `{reason}:` with the reason"
        yield diagnostic_at(claim_ref.path, claim_ref.location, "C01", f"`{register.value}` is missing here", remedy)
    if claim.for_register(register) and getattr(claim, reason) is not None:
        message = f"called {other.value} only, but a `{register.value}` wording stands here too"
        yield diagnostic_at(
            claim_ref.path, (*claim_ref.location, reason), "C01", message, "remove one of the two", key=True
        )


def parity(context: CheckContext) -> Iterator[Diagnostic]:
    """C02: a figure with its unit, or a drug, that stands in one register only."""
    uneven = {f"facts.{name}" for topic in context.library.topics.values() for name in _uneven(topic)}
    for claim_ref in context.worded():
        if uneven and uneven & _inserts(claim_ref):
            continue
        texts = {register: _text(context.library, claim_ref, register) for register in Register}
        if not all(texts.values()) or (not context.sound and any(UNKNOWN in text for text in texts.values())):
            continue
        for here, there in ((Register.PROFESSIONAL, Register.LAYPERSON), (Register.LAYPERSON, Register.PROFESSIONAL)):
            lost = [*only_in(texts[here], texts[there]), *_drugs_only_in(claim_ref, texts[here], texts[there])]
            for thing in lost:
                place = (*claim_ref.location, there.value)
                message = f"the {here.value} register says `{thing}`, this one does not"
                yield diagnostic_at(claim_ref.path, place, "C02", message, "say it in both registers, or in neither")


def same_values(context: CheckContext) -> Iterator[Diagnostic]:
    """C16: one of the bot's own sentences whose registers name different values: one of them is misspelt."""
    for key, pair in context.library.interface.items():
        mine, theirs = (_own_values(pair.for_register(register)) for register in Register)
        if mine != theirs:
            path = context.library.home.content / "interface.yaml"
            names = ", ".join(f"`{name}`" for name in sorted(mine ^ theirs))
            message = f"only one register names {names}"
            yield diagnostic_at(path, ("interface", key), "C16", message, "use the same values in both", key=True)


def _own_values(text: str) -> set[str]:
    """Return the values a sentence gets when it is used, apart from figures and emergency lines."""
    return {name for name in templates.names(text) if name.partition(".")[0] not in ("facts", "emergency")}


def _text(library: Library, claim_ref: ClaimRef, register: Register) -> str:
    return library.inserted(_EMERGENCY.sub("", claim_ref.words.for_register(register)), register)


def _drugs_only_in(claim_ref: ClaimRef, here: str, there: str) -> list[str]:
    drugs = [name for name, term in claim_ref.topic.terms.items() if term.drug]
    return [name for name in drugs if occurs(name, here) and not occurs(name, there)]


def plain_figures(context: CheckContext) -> Iterator[Diagnostic]:
    """C02: a figure `x` and its plain wording `x_plain` that hold different numbers or units."""
    for name, topic in context.library.topics.items():
        for key, changed in _differences(topic):
            path = context.library.home.of_topic(name, "facts")
            message = f"the plain wording of `{key.removesuffix('_plain')}` {' and '.join(changed)}"
            yield diagnostic_at(path, ("facts", *key.split(".")), "C02", message, "let both say the same figures")


def _differences(topic: Topic) -> Iterator[tuple[str, list[str]]]:
    """Yield each plain wording of a figure that says another figure, and in what it differs."""
    figures = {key: str(value) for key, value in templates.flattened(topic.facts)}
    for key, plain in figures.items():
        base = key.removesuffix("_plain")
        if key == base or base not in figures:
            continue
        changed = [f"lacks `{figure}`" for figure in only_in(figures[base], plain)]
        changed += [f"adds `{figure}`" for figure in only_in(plain, figures[base])]
        if changed:
            yield key, changed


def _uneven(topic: Topic) -> set[str]:
    """Return the figures whose plain wording differs: told once, in facts.yaml, and not again wherever they stand."""
    return {name for key, _ in _differences(topic) for name in (key, key.removesuffix("_plain"))}


def _inserts(claim_ref: ClaimRef) -> set[str]:
    return {name for register in Register for name in templates.names(claim_ref.words.for_register(register))}


# --- what they mean ---------------------------------------------------------------------------------------------------


def _words(text: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(text.split(', '))})\b", re.IGNORECASE)


_UP = _words(
    "rais(?:e|es|ed|ing), increas(?:e|es|ed|ing), higher, ris(?:e|es|ing), rose, grow(?:s|ing)?, grew, go(?:es)? up, "
    "went up, strengthen\\w*"
)
_DOWN = _words(
    "lower(?:s|ed|ing)?, reduc(?:e|es|ed|ing), decreas(?:e|es|ed|ing), falls?, fell, drops?, shrinks?, "
    "shrank, go(?:es)? down, weaken\\w*"
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
        texts = _both_texts(context.library, claim)
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
        professional, layperson = _both_texts(context.library, claim)
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


def _both_texts(library: Library, claim: Claim) -> tuple[str, str]:
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

"""Rules about the two registers: both are there, and both hold the same figures and drugs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.authoring.quantities import only_in
from bot.authoring.readability import occurs
from bot.authoring.rules.base import UNKNOWN, CheckContext, ClaimRef
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

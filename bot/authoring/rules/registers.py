"""Rules about the two registers: both are there, and both hold the same figures and drugs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.authoring.quantities import only_in
from bot.authoring.readability import occurs
from bot.authoring.rules.base import Subject, Wording
from bot.content import templates
from bot.content.diagnostics import Fault
from bot.content.files import fault_at
from bot.content.library import Library
from bot.content.models import Claim, Tone

_EMERGENCY = re.compile(r"\{\{\s*emergency\.[^}]*\}\}")  # an operator's own numbers, not the content's


def one_register(subject: Subject) -> Iterator[Fault]:
    """C01: a claim without one register's wording says why; a claim with both is not called one register's only."""
    for wording in subject.worded():
        if isinstance(wording.words, Claim):
            for tone in Tone:
                yield from _one_register(wording, wording.words, tone)


def _one_register(wording: Wording, claim: Claim, tone: Tone) -> Iterator[Fault]:
    other = next(one for one in Tone if one is not tone)
    reason = f"{other.value}_only"
    if not claim.of(tone) and getattr(claim, reason) is None:
        remedy = f"add `{tone.value}:`, or `{reason}:` with the reason"
        yield fault_at(wording.path, wording.location, "C01", f"`{tone.value}` is missing here", remedy)
    if claim.of(tone) and getattr(claim, reason) is not None:
        message = f"called {other.value} only, but a `{tone.value}` wording stands here too"
        yield fault_at(wording.path, (*wording.location, reason), "C01", message, "remove one of the two", key=True)


def parity(subject: Subject) -> Iterator[Fault]:
    """C02: a figure with its unit, or a drug, that stands in one register only."""
    for wording in subject.worded():
        texts = {tone: _text(subject.library, wording, tone) for tone in Tone}
        if not all(texts.values()):
            continue
        for here, there in ((Tone.PROFESSIONAL, Tone.LAYPERSON), (Tone.LAYPERSON, Tone.PROFESSIONAL)):
            lost = [*only_in(texts[here], texts[there]), *_drugs_only_in(wording, texts[here], texts[there])]
            for thing in lost:
                place = (*wording.location, there.value)
                message = f"the {here.value} register says `{thing}`, this one does not"
                yield fault_at(wording.path, place, "C02", message, "say it in both registers, or in neither")


def same_values(subject: Subject) -> Iterator[Fault]:
    """C16: one of the bot's own sentences whose registers name different values: one of them is misspelt."""
    for key, pair in subject.library.interface.items():
        mine, theirs = (_own_values(pair.of(tone)) for tone in Tone)
        if mine != theirs:
            path = subject.library.home.content / "interface.yaml"
            names = ", ".join(f"`{name}`" for name in sorted(mine ^ theirs))
            message = f"only one register names {names}"
            yield fault_at(path, ("interface", key), "C16", message, "use the same values in both", key=True)


def _own_values(text: str) -> set[str]:
    """Return the values a sentence gets when it is used, apart from figures and emergency lines."""
    names = {name for name, _ in templates.used(text)}
    return {name for name in names if name.partition(".")[0] not in ("facts", "emergency")}


def _text(library: Library, wording: Wording, tone: Tone) -> str:
    return templates.render(_EMERGENCY.sub("", wording.words.of(tone)), library.values(tone))


def _drugs_only_in(wording: Wording, here: str, there: str) -> list[str]:
    drugs = [name for name, term in wording.topic.terms.items() if term.drug]
    return [name for name in drugs if occurs(name, here) and not occurs(name, there)]


def plain_figures(subject: Subject) -> Iterator[Fault]:
    """C02: a figure `x` and its plain wording `x_plain` that hold different numbers or units."""
    for name, topic in subject.library.topics.items():
        figures = {key: str(value) for key, value in templates.flattened(topic.facts)}
        for key, plain in figures.items():
            base = key.removesuffix("_plain")
            if key == base or base not in figures:
                continue
            changed = [f"lacks `{figure}`" for figure in only_in(figures[base], plain)]
            changed += [f"adds `{figure}`" for figure in only_in(plain, figures[base])]
            if changed:
                path = subject.library.home.of_topic(name, "facts")
                message = f"the plain wording of `{base}` {' and '.join(changed)}"
                yield fault_at(path, ("facts", *key.split(".")), "C02", message, "let both say the same figures")

"""Rules about sources and figures: every fact names its source, every figure stands once, nothing lies unused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bot.authoring.quantities import literal_numbers
from bot.authoring.rules.base import CheckContext, needs
from bot.content import templates
from bot.content.diagnostics import Diagnostic
from bot.content.files import diagnostic_at, diagnostic_at_words
from bot.content.library import ReviewState, Topic, state_of
from bot.content.models import Claim
from bot.content.references import texts

_LIST_NUMBER = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
_CITATION = re.compile(r"\[\d+\]")


def unsourced(context: CheckContext) -> Iterator[Diagnostic]:
    """C03: a factual claim that cites nothing."""
    for claim_ref in context.worded():
        claim = claim_ref.words
        if isinstance(claim, Claim) and claim.kind == "fact" and not claim.cites:
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

"""Rules about sources and figures: every fact names its source, every figure stands once, nothing lies unused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bot.authoring.quantities import typed
from bot.authoring.rules.base import Subject
from bot.content import templates
from bot.content.diagnostics import Fault
from bot.content.files import fault_at
from bot.content.library import Topic
from bot.content.models import Claim
from bot.content.review import ReviewState, state_of
from bot.content.template_checks import texts

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_LIST_NUMBER = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
_CITATION = re.compile(r"\[\d+\]")


def unsourced(subject: Subject) -> Iterator[Fault]:
    """C03: a factual claim that cites nothing."""
    for wording in subject.worded():
        claim = wording.words
        if isinstance(claim, Claim) and claim.kind == "fact" and not claim.cites:
            message = f"the claim `{claim.id}` states a fact without a source"
            remedy = "add `cites:`, or `kind: editorial` if it states no fact"
            yield fault_at(wording.path, wording.location, "C03", message, remedy)


def typed_figures(subject: Subject) -> Iterator[Fault]:
    """C09: a figure typed into a text instead of inserted from facts.yaml."""
    for text in texts(subject.library):
        if text.path.stem in ("sources", "topic"):
            continue
        for digits in dict.fromkeys(typed(_LIST_NUMBER.sub("", _TEMPLATE.sub("", text.raw)))):
            remedy = "put it into facts.yaml and insert it with {{ facts.… }}"
            yield fault_at(text.path, text.location, "C09", f"the figure `{digits}` is typed here", remedy)


def typed_citations(subject: Subject) -> Iterator[Fault]:
    """C14: a citation number typed into a text."""
    for text in texts(subject.library):
        if found := _CITATION.search(text.raw):
            message = f"the citation number `{found[0]}` is typed here"
            yield fault_at(
                text.path, text.location, "C14", message, "name the source in `cites:`; numbers come by themselves"
            )


def unused_sources(subject: Subject) -> Iterator[Fault]:
    """C12: a source that nothing cites."""
    for name, topic in subject.library.topics.items():
        for source in topic.sources.keys() - _cited(topic):
            path = subject.library.home.of_topic(name, "sources")
            message = f"nothing cites `{source}`"
            yield fault_at(path, ("sources", source), "C12", message, "cite it or remove it", key=True, level="warning")


def _cited(topic: Topic) -> set[str]:
    claims = {source for answer in topic.answers.values() for claim in answer.claims for source in claim.cites}
    return claims | {source for note in topic.notes.values() for source in note.cites}


def unused_notes(subject: Subject) -> Iterator[Fault]:
    """C13: a note that stands under no answer."""
    for name, topic in subject.library.topics.items():
        shown = {note for answer in topic.answers.values() for note in answer.notes}
        for note in topic.notes.keys() - shown:
            path = subject.library.home.of_topic(name, "notes")
            message = f"no answer shows the note `{note}`"
            yield fault_at(path, ("notes", note), "C13", message, "show it or remove it", key=True, level="warning")


def unused_figures(subject: Subject) -> Iterator[Fault]:
    """C13: a figure that no text inserts."""
    used = {name for text in texts(subject.library) for name, _ in templates.used(text.raw)}
    used |= {name for pair in subject.library.interface.values() for text in (pair.professional, pair.layperson)
             for name, _ in templates.used(text)}  # fmt: skip
    for topic_name, topic in subject.library.topics.items():
        for name, _ in templates.flattened(topic.facts):
            if f"facts.{name}" not in used:
                path = subject.library.home.of_topic(topic_name, "facts")
                place = ("facts", *name.split("."))
                message = f"no text inserts the figure `{name}`"
                yield fault_at(path, place, "C13", message, "insert it or remove it", key=True, level="warning")


def overdue(subject: Subject) -> Iterator[Fault]:
    """R02: a review whose due date has passed."""
    for path, state in _reviews(subject):
        if state.overdue(subject.today):
            remedy = "review it again: `footnote review`"
            yield fault_at(
                path, ("review", "due"), "R02", f"the review was due on {state.due}", remedy, level="warning"
            )


def changed(subject: Subject) -> Iterator[Fault]:
    """R03: an approval of a text that has changed since."""
    for path, state in _reviews(subject):
        if state.status == "changed":
            message = f"changed since {state.by} approved it on {state.on}"
            remedy = "review it again: `footnote review`"
            yield fault_at(path, ("review",), "R03", message, remedy, key=True, level="warning")


def _reviews(subject: Subject) -> Iterator[tuple[Path, ReviewState]]:
    """Yield every review that is written down, with its file and its present state."""
    library = subject.library
    for name, topic in library.topics.items():
        yield library.home.of_topic(name, "topic"), state_of(topic.review, partial(library.topic_hash, name))
        for node, answer in topic.answers.items():
            if answer.review:
                yield library.home.answer(name, node), library.review_of(node)

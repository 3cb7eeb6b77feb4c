"""Builds a matcher from the library's data, once at start."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from bot.content.matching_models import Concept, Matching
from bot.matching.advice import Advice
from bot.matching.context import Threads
from bot.matching.decide import Roles
from bot.matching.features import Eye
from bot.matching.language import Languages
from bot.matching.learned import FILE, Learned, digest, learn, load
from bot.matching.lessons import Lessons
from bot.matching.lexicon import NUMBER, Lexicon, tree_of
from bot.matching.matcher import TopicMatcher
from bot.matching.message import Reader
from bot.matching.normalise import clean, is_plain, split
from bot.matching.spell import Speller
from bot.matching.stem import Stemmer
from bot.matching.tables import Tables, made, plain_wordings
from bot.matching.topics import Topics
from bot.matching.urgency import Urgency

log = logging.getLogger(__name__)


class Parts:
    """What both the matcher and its training need: one way to read text, and the threads."""

    def __init__(self, data: Matching, tables: Tables | None = None) -> None:
        """`tables` are what was made of this very data before, if anything was; making them takes a while."""
        self.data = data
        self.stem = Stemmer(data.vocabulary.irregular, tables.stems if tables else {})
        self.tables = tables or made(data, self.stem, _split, self.stems)
        advised = (word for wording in plain_wordings(data.advice.concepts) for word in _split(wording))
        known = {*self.tables.stems, *advised}
        speller = Speller(known, _medicines(data), data.vocabulary.common, self.stem)
        lexicon = Lexicon(data.vocabulary.concepts, self.tables.topics)
        self.reader = Reader(self.stem, lexicon, speller, data.vocabulary.capitals)
        self.threads = Threads(data.intents)
        kin = {name: [self.stem(word) for word in words] for name, words in data.vocabulary.kin.items()}
        self.eye = Eye(data.intents.subjects, data.intents.anchors, kin)
        _split.cache_clear()  # every wording is read for its words and for its stems, and never again

    def stems(self, wording: str) -> list[str]:
        """Return the stems of an authored wording, the sign for a number kept."""
        return [NUMBER if word == NUMBER else self.stem(word) for word in _split(wording)]

    def learn(self) -> Learned:
        """Return freshly trained models."""
        return learn(Lessons(self.data, self.reader.read, self.eye, self.threads), self.tables)


def build(data: Matching, urgency: Urgency, roles: Roles, content: Path) -> TopicMatcher:
    """Return a matcher over the models that `content` holds.

    Models trained from other phrases still serve, with a warning: an editor's new phrase must not cost a minute at
    every start. Where there are none at all, only rules and buttons lead to answers, and a warning says so.
    """
    learned = load(content / FILE, digest(data)) or _stale(content)
    return assemble(Parts(data, learned.tables), urgency, roles, learned)


def assemble(parts: Parts, urgency: Urgency, roles: Roles, learned: Learned) -> TopicMatcher:
    """Return the matcher of these parts with these models."""
    data = parts.data
    return TopicMatcher(
        roles,
        parts.reader,
        urgency,
        Languages(data.vocabulary.languages, frozenset([*data.vocabulary.common, *parts.tables.asked])),
        Advice(data.advice, Lexicon(data.advice.concepts, tree_of(data.advice.concepts, parts.stems))),
        Topics(learned, data.intents, parts.threads, parts.eye),
        parts.threads,
        data.vocabulary.outside,
    )


def _stale(content: Path) -> Learned:
    """Return models that were trained before the last change, or untaught ones."""
    learned = load(content / FILE)
    if learned is None:
        log.warning("there is no %s, so free text is hardly understood: `footnote train` makes it", FILE)
        return Learned()
    log.warning("%s was trained before the last change of a phrase: `footnote train` trains it again", FILE)
    return replace(learned, tables=None)


@cache
def _split(wording: str) -> tuple[str, ...]:
    if is_plain(wording):
        return tuple(wording.split())
    parts = ([NUMBER] if part == NUMBER else split(clean(part)) for part in wording.split())
    return tuple(word for part in parts for word in part)


def _medicines(data: Matching) -> Iterable[str]:
    def single(concept: Concept) -> Iterable[str]:
        return (word for wording in concept.words if " " not in wording for word in _split(wording))

    for name in data.vocabulary.drugs:
        yield from single(data.vocabulary.concepts[name])
    yield from data.vocabulary.medicines

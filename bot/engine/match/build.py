"""Builds a matcher from the library's data, once at start."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from bot.engine.match.advice import Advice
from bot.engine.match.context import Threads
from bot.engine.match.decide import Roles
from bot.engine.match.features import Eye
from bot.engine.match.language import Languages
from bot.engine.match.learned import FILE, Learned, digest, learn, load
from bot.engine.match.lexicon import NUMBER, Lexicon
from bot.engine.match.matcher import TopicMatcher
from bot.engine.match.message import Reader
from bot.engine.match.normalise import clean, split
from bot.engine.match.spell import Speller
from bot.engine.match.stem import Stemmer
from bot.engine.match.topics import Topics
from bot.engine.match.urgent import Urgency
from bot.engine.match.wording import expand
from bot.library.models_matching import Concept, Matching

log = logging.getLogger(__name__)


class Parts:
    """What both the matcher and its training need: one way to read text, and the threads."""

    def __init__(self, data: Matching) -> None:
        self.data = data
        self.stem = Stemmer(data.vocabulary.irregular)
        self.known = frozenset(_words(data))
        lexicon = Lexicon(data.vocabulary.concepts, self.stems)
        speller = Speller(self.known, _medicines(data), data.vocabulary.common, self.stem)
        signs = Lexicon(data.urgent.concepts, self.stems)
        self.reader = Reader(self.stem, lexicon, signs, speller, data.vocabulary.capitals)
        self.threads = Threads(data.intents)
        self.eye = Eye(data.intents.subjects, data.urgent.telling)

    def stems(self, wording: str) -> list[str]:
        """Return the stems of an authored wording, the sign for a number kept."""
        return [NUMBER if word == NUMBER else self.stem(word) for word in _split(wording)]

    def learn(self) -> Learned:
        """Return freshly trained models."""
        return learn(self.data, self.reader.read, self.eye)


def build(data: Matching, roles: Roles, content: Path) -> TopicMatcher:
    """Return a matcher; models that `content` does not hold, or holds for other phrases, are trained now."""
    parts = Parts(data)
    learned = load(content / FILE, digest(data))
    if learned is None:
        log.warning("%s does not fit the phrases: training the matcher now; `make matcher` saves this wait", FILE)
        learned = parts.learn()
    return TopicMatcher(
        roles,
        parts.reader,
        Urgency(data.urgent),
        Languages(data.vocabulary.languages, parts.known | set(data.vocabulary.common)),
        Advice(data.advice, Lexicon(data.advice.concepts, parts.stems)),
        Topics(learned, data.intents, parts.threads, parts.eye),
        parts.threads,
        data.vocabulary.outside,
    )


def _split(wording: str) -> list[str]:
    found: list[str] = []
    for part in wording.split():
        found.extend([NUMBER] if part == NUMBER else split(clean(part)))
    return found


def _words(data: Matching) -> Iterable[str]:
    for concepts in (data.vocabulary.concepts, data.advice.concepts, data.urgent.concepts):
        for concept in concepts.values():
            for wording in concept.words:
                for plain in expand(wording):
                    yield from _split(plain)
    for lines in (*data.phrases.phrases.values(), *(intent.asks for intent in data.intents.intents.values())):
        for line in lines:
            yield from split(clean(line))


def _medicines(data: Matching) -> Iterable[str]:
    def single(concept: Concept) -> Iterable[str]:
        return (word for wording in concept.words if " " not in wording for word in _split(wording))

    for name in data.vocabulary.drugs:
        yield from single(data.vocabulary.concepts[name])
    yield from data.vocabulary.medicines

"""Builds a matcher from the library's data, once at start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.engine.match.advice import Advice
from bot.engine.match.context import Threads
from bot.engine.match.index import Index
from bot.engine.match.language import Languages
from bot.engine.match.lexicon import Lexicon
from bot.engine.match.matcher import Roles, TopicMatcher
from bot.engine.match.message import Message, Reader, items
from bot.engine.match.normalise import clean, split
from bot.engine.match.spell import Speller
from bot.engine.match.stem import Stemmer
from bot.engine.match.topics import Topics
from bot.engine.match.urgent import Urgency
from bot.engine.match.wording import expand
from bot.library.models_matching import Concept, Matching


def build(data: Matching, roles: Roles) -> TopicMatcher:
    """Return a matcher; raises ValueError for a wording that stands for too many."""
    stem = Stemmer(data.vocabulary.irregular)

    def stems(wording: str) -> list[str]:
        return ["#" if word == "#" else stem(word) for word in split_wording(wording)]

    lexicon = Lexicon(data.vocabulary.concepts, stems)
    known = set(_words(data))
    speller = Speller(known, _medicines(data), data.vocabulary.common)
    reader = Reader(stem, lexicon, speller)
    threads = Threads(data.intents)
    phrases = _index(_expanded(data.phrases.phrases), stem, lexicon, lambda _: True)
    asks = _index(
        _expanded({name: intent.asks for name, intent in data.intents.intents.items()}),
        stem,
        lexicon,
        threads.is_aspect,
    )
    return TopicMatcher(
        roles,
        reader,
        Urgency(data.urgent, Lexicon(data.urgent.concepts, stems)),
        Languages(data.vocabulary.languages, frozenset(known | set(data.vocabulary.common))),
        Advice(data.advice, Lexicon(data.advice.concepts, stems)),
        Topics(phrases, asks, data.intents, threads),
        threads,
        data.vocabulary.outside,
    )


def split_wording(wording: str) -> list[str]:
    """Return the words of an authored wording, `#` kept."""
    found: list[str] = []
    for part in wording.split():
        found.extend(["#"] if part == "#" else split(clean(part)))
    return found


def _expanded(phrases: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [(label, plain) for label, lines in phrases.items() for line in lines for plain in expand(line)]


def _index(rows: Iterable[tuple[str, str]], stem: Stemmer, lexicon: Lexicon, keep: object) -> Index:
    found: dict[tuple[str, ...], tuple[str, str, list[str]]] = {}
    for label, phrase in rows:
        words = split(clean(phrase))
        stems = tuple(map(stem, words))
        message = Message(tuple(words), stems, lexicon.longest(stems))
        its = items(message, keep)  # type: ignore[arg-type]
        found.setdefault((label, *its), (label, phrase, its))
    return Index(found.values())


def _words(data: Matching) -> Iterable[str]:
    vocabularies = (data.vocabulary.concepts, data.advice.concepts, data.urgent.concepts)
    for concepts in vocabularies:
        for concept in concepts.values():
            for wording in concept.words:
                for plain in expand(wording):
                    yield from split_wording(plain)
    for _, plain in _expanded(data.phrases.phrases):
        yield from split(clean(plain))
    for intent in data.intents.intents.values():
        for line in intent.asks:
            for plain in expand(line):
                yield from split(clean(plain))


def _medicines(data: Matching) -> Iterable[str]:
    def of(concept: Concept) -> Iterable[str]:
        return (word for wording in concept.words for word in split_wording(wording) if " " not in wording)

    for name in data.vocabulary.drugs:
        yield from of(data.vocabulary.concepts[name])
    yield from data.vocabulary.medicines

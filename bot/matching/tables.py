"""What it takes long to make of the vocabulary for reading: known words, their stems, trees of wordings.

`content/matcher.json` keeps them beside the models, so that a start does not have to make them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.content.matching_models import Concept, Matching
from bot.matching.language import Languages
from bot.matching.lexicon import Tree, tree_of
from bot.matching.normalise import clean, every_word, split
from bot.matching.wording import expand

Stem = Callable[[str], str]
Split = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Tables:
    """`asked` are the words of all English authored questions, `stems` holds these and those of every wording,
    `topics` are the wordings of the topic."""

    asked: frozenset[str]
    stems: Mapping[str, str]
    topics: Tree


def made(data: Matching, stem: Stem, words: Split, stems: Split) -> Tables:
    """Return the tables of this vocabulary and these phrases; `words` and `stems` take a wording apart."""
    asked = frozenset(every_word(_english(data)))
    wordings = tuple(plain_wordings(data.vocabulary.concepts))
    kin = (word for kind in data.vocabulary.kin.values() for word in kind)
    known = {*asked, *kin, *(word for wording in wordings for word in words(wording))}
    topics = tree_of(data.vocabulary.concepts, stems)
    return Tables(asked, {word: stem(word) for word in sorted(known)}, topics)


def packed(tables: Tables) -> dict[str, Any]:
    """Return the tables as JSON holds them."""
    stems = [list(tables.stems), list(tables.stems.values())]
    return {"asked": sorted(tables.asked), "stems": stems, "topics": tables.topics}


def unpacked(stored: Mapping[str, Any]) -> Tables:
    """Return the tables that `packed` wrote; raises KeyError, TypeError or ValueError for anything else."""
    words, stems = stored["stems"]
    return Tables(frozenset(stored["asked"]), dict(zip(words, stems, strict=True)), stored["topics"])


def plain_wordings(concepts: Mapping[str, Concept]) -> Iterator[str]:
    """Yield every plain wording of a vocabulary."""
    for concept in concepts.values():
        for wording in concept.words:
            yield from expand(wording)


def _english(data: Matching) -> Iterator[str]:
    """Yield the authored questions that are not in another language, whose words must not count as known."""
    languages = Languages(data.vocabulary.languages, frozenset(data.vocabulary.common))
    for line in _lines(data):
        cleaned = clean(line)
        if languages.other(cleaned, split(cleaned)) not in data.vocabulary.languages:
            yield line


def _lines(data: Matching) -> Iterable[str]:
    """Yield every authored question, alone and in threads."""
    alone, after = data.phrases.phrases.values(), data.phrases.after.values()
    asks = (intent.asks for intent in data.intents.intents.values())
    for lines in (*alone, *asks, *(lines for phrases in after for lines in phrases.values())):
        yield from lines

"""From a person's words to an answer, several candidates, or an honest 'not covered': `build_matcher` is the way in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from bot.content.files import cache_folder
from bot.content.library import Library
from bot.content.loader import no_collection
from bot.dialog.turn import Match, Matcher, Register
from bot.matching.build import TALK, Parts, data_of
from bot.matching.concepts import Advice
from bot.matching.decisions import LIMITS, Limits, Thread
from bot.matching.foreign import Languages, TongueModels, tongues_of
from bot.matching.lessons import SAME
from bot.matching.likeness import likeness_of
from bot.matching.matcher import SubjectMatcher
from bot.matching.parser import Known, Lexicon, Signs, tree_of
from bot.matching.questions import Remarks, Wording
from bot.matching.ranking import WEIGHTS, Ranker, Weights
from bot.matching.subjects import Said
from bot.matching.talk import TalkWords
from bot.matching.text import clean, expand, split
from bot.matching.training import Models, Say, learned, stored
from bot.matching.urgency import Urgency

__all__ = [
    "LateMatcher",
    "Match",
    "Matcher",
    "assemble",
    "build_matcher",
    "data_of",
    "languages_of",
    "rebuild_matcher",
    "urgency_of",
]


def tell(sentence: str) -> None:
    """Say on the error stream what takes its time, so that nobody waits in the dark."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def build_matcher(library: Library, cache: Path | None = None, say: Say = tell) -> SubjectMatcher:
    """Return the matcher of a library; `cache` is the folder of trained models, the user's where it is None."""
    with no_collection():
        return assemble(*learned(data_of(library), cache or cache_folder(), say))


class LateMatcher:
    """A matcher that is built when words are first asked of it: what is pressed or drawn needs no models."""

    def __init__(self, build: Callable[[], SubjectMatcher]) -> None:
        self._built = cache(build)

    def match(self, text: str, context: str | None, register: Register) -> Match:
        """Return the decision about words."""
        return self._built().match(text, context, register)

    def is_urgent(self, text: str) -> bool:
        """Return whether words speak of an emergency."""
        return self._built().is_urgent(text)

    def is_over(self, text: str, card: str = "") -> bool:
        """Return whether words say that the emergency of a card is over."""
        return self._built().is_over(text, card)

    def heard(self, text: str, card: str = "") -> str:
        """Return what words after the card of an emergency say."""
        return self._built().heard(text, card)

    def is_news(self, text: str, *, plainly: bool = False) -> bool:
        """Return whether words tell or ask how an emergency goes on, though something else was said meanwhile."""
        return self._built().is_news(text, plainly=plainly)

    def closest(self, text: str, lines: Sequence[str]) -> int | None:
        """Return which of some lines speaks of what words speak of, or None."""
        return self._built().closest(text, lines)

    def select(self, text: str, lines: Sequence[str], shown: Sequence[str]) -> int | None:
        """Return which of some lines speaks of what words ask about and what is shown does not, or None."""
        return self._built().select(text, lines, shown)

    def unsaid(self, text: str, lines: Sequence[str], *, together: bool = False) -> tuple[str, bool]:
        """Return the words of which none of some lines speaks, and whether they were read."""
        return self._built().unsaid(text, lines, together=together)

    def other(self, text: str, shown: Sequence[str]) -> str | None:
        """Return the answer on the other subject spoken of."""
        return self._built().other(text, shown)

    def told(self, text: str) -> dict[str, bool]:
        """Return the names of what words tell of somebody that bears on medicines, and whether it is so."""
        return self._built().told(text)

    def beside(self, node: str, told: str) -> str | None:
        """Return the answer on what an answer is about together with what was told."""
        return self._built().beside(node, told)

    def speaking(self, told: str, lines: Sequence[str]) -> int | None:
        """Return which of some lines speaks of what was told by its own words."""
        return self._built().speaking(told, lines)

    def scrubbed(self, text: str) -> str:
        """Return what may be kept of a question."""
        return self._built().scrubbed(text)


def rebuild_matcher(library: Library, before: Library, cache: Path | None = None) -> tuple[Matcher, bool]:
    """Return the matcher of content that was changed, and whether its own models are there.

    Where they are not, those of the content before serve until somebody trains them (`build_matcher` does): an
    authored line counts at once, word for word, and what is like it after that. Nodes that came or went need their
    models first, which takes half a minute.
    """
    data, known, folder = data_of(library), data_of(before), cache or cache_folder()
    if found := stored(data, folder):
        return assemble(*found), True
    old = stored(known, folder) if (data.nodes, data.roles) == (known.nodes, known.roles) else None
    return (assemble(Parts(data), old[1]), False) if old else (build_matcher(library, folder), True)


def assemble(parts: Parts, models: Models, weights: Weights = WEIGHTS, limits: Limits = LIMITS) -> SubjectMatcher:
    """Return the matcher of these parts with these models."""
    data = parts.data

    def label_of(label: str) -> str | None:
        """Return the answer that a model's label means today: answers are renamed, and some vanish."""
        node = data.renamed.get(label, label)
        return node if node in data.nodes or node.startswith(TALK) or node == SAME else None

    told = {name: getattr(models, name).relabelled(label_of) for name in ("names", "about", "siblings", "whole")}
    lexicon = Lexicon(data.advice.concepts, tree_of(data.advice.concepts, parts.stems))
    advice = Advice(data.advice, lexicon, parts.subjects.kind_of)
    kin = data.matching.words.kin
    said = Said(data.said, parts.stem, parts.lexicon, parts.subjects.kind_of, kin, data.drugs, data.drug_of)
    known = _known(parts)
    told_of = (data.roles, data.lines, data.told, said, data.following, parts.index.aspects)
    return SubjectMatcher(
        parts,
        Thread(parts, said),
        _urgency(parts, models, known),
        languages_of(parts),
        advice,
        Remarks(
            models.words,
            parts.features,
            parts.subjects,
            advice.states_facts,
            lambda clause: known.node(clause.key, None) is not None,
            *_courtesies(parts),
            TalkWords(parts, likeness_of(parts).parts_of_signs, models.names),
        ),
        Ranker(replace(models, **told), parts.subjects, parts.features, *told_of, weights),
        known,
        limits,
    )


def _courtesies(parts: Parts) -> tuple[frozenset[Wording], frozenset[Wording]]:
    """Return the wordings that say nothing where a message begins, and those that say nothing where it ends."""
    courtesies = parts.data.matching.courtesies
    words, markers = (
        frozenset(tuple(split(clean(form))) for line in lines for form in expand(line))
        for lines in (courtesies.words, courtesies.discourse_markers)
    )
    return words | markers, words


def _known(parts: Parts) -> Known:
    """Return what is found word for word."""
    return Known(parts.index.lines, parts.index.after, parts.index.small_talk, Signs(parts.data.small_talk, parts.key))


def languages_of(parts: Parts) -> Languages:
    """Return what tells the language of a message."""
    words = parts.data.matching.words
    return Languages(parts.data.languages, words.languages, frozenset(words.common), parts.english, parts.names)


def urgency_of(library: Library, cache: Path | None = None) -> Urgency:
    """Return what recognises emergencies in a library's messages."""
    parts, models = learned(data_of(library), cache or cache_folder(), tell)
    return _urgency(parts, models, _known(parts))


def _urgency(parts: Parts, models: Models, known: Known) -> Urgency:
    """Return the rules of an emergency, and what was learned from examples of one."""
    data = parts.data
    tongues = tongues_of(parts, TongueModels(models.kinds, models.pieces, models.language))
    likeness = likeness_of(parts, models.urgent, models.spelt, models.after)
    is_authored = partial(known.is_calm, key=parts.key, cards=data.cards)
    return Urgency(data.urgent, data.languages, parts.signs, likeness, tongues, is_authored)

"""Is it an emergency, and which? `detect` reads a message and returns the sign, its card, the sentence, the rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.content.matching_models import Composed, LanguagesFile, UrgentRule, UrgentRules
from bot.matching.concepts import Sighting, SignReader
from bot.matching.excuses import PAST, Excuses, is_leaflet
from bot.matching.foreign import ForeignLanguages
from bot.matching.likeness import SURE, SURE_DESPITE_PAST, Likeness
from bot.matching.sentences import Word, seen, sentence, words_of
from bot.matching.signs import Hit, Sightings, hits

_LONGEST_SENTENCE = 300
"""Characters of a sentence that a finding repeats."""
_SOON = 25
"""Words after a sign within which "I have it now" still means that sign."""


_SHORT = 12
"""Words of a message that may say that an emergency is over: a longer one tells more than that."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is urgent in a message: the sign, the node that answers it, the sentence it stands in, the rule that saw it.

    `language` is the code of the language the sign was named in, when it is not English.
    """

    sign: str
    card: str
    sentence: str
    rule: str
    language: str = ""


_ALIKE = UrgentRule(id="likeness", sign="", all=("likeness",))
"""Stands for the rule where none fired."""


@dataclass(frozen=True, slots=True)
class _Message:
    """What is read of one message: the words as typed and as mended, the concepts they name, the rules that fire."""

    text: str
    typed: Sequence[Word]
    words: Sequence[Word]
    named: Sequence[Sighting]
    places: Sightings
    found: Sequence[Hit]


class Urgency:
    """The authored rules, made ready to be asked, and what was learned from examples, asked where no rule fires."""

    def __init__(
        self, rules: UrgentRules, languages: LanguagesFile, reader: SignReader, likeness: Likeness | None = None
    ) -> None:
        self._rules, self._reader, self._likeness = rules, reader, likeness
        self._groups = [(rule, _split(rule.all)) for rule in rules.rules]
        self._composed = [(_rule(name, made), _split(made.all)) for name, made in rules.composed.items()]
        self._order = {name: at for at, name in enumerate(rules.signs)}
        signs = {name for _, groups in self._groups for group in groups for name in group}
        self._deniable = signs.difference(rules.excuses.parts)
        self._foreign = ForeignLanguages(languages)

    def detect(self, text: str) -> Finding | None:
        """Return what is urgent in a message, the gravest first, or None; never raises."""
        return self.explain(text)[0]

    def is_over(self, text: str) -> bool:
        """Return whether a short message says that somebody is well again, and neither doubts it nor asks anything."""
        plain = seen(text).text
        words = self._reader.mended(words_of(plain))
        if not words or len(words) > _SHORT or "?" in plain:
            return False
        named = {one.concept for one in self._reader.named(words)}
        return not named.isdisjoint(self._rules.over) and named.isdisjoint(self._rules.not_over)

    def heard(self, text: str) -> str:
        """Return what a message after a card says, by the names in `after` of the file, or an empty text."""
        named = {one.concept for one in self._reader.named(self._reader.read(text))}
        return next((kind for kind, concepts in self._rules.after.items() if not named.isdisjoint(concepts)), "")

    def explain(self, text: str) -> tuple[Finding | None, tuple[str, ...]]:
        """Return what is urgent, and one phrase for each sign that was seen and excused."""
        plain = seen(text).text
        typed = words_of(plain)
        if not typed:
            return None, ()
        message = self._read(plain, typed)
        found, excused = self._by_rules(message)
        past = [hit for hit, why in excused if why == PAST]
        finding = found or self._by_language(message) or self._by_likeness(message, past)
        return finding, tuple(dict.fromkeys(f"{hit.rule.id}: {why}" for hit, why in excused))

    def _read(self, text: str, typed: Sequence[Word]) -> _Message:
        words = self._reader.mended(typed)
        named = self._reader.named(words)
        places = Sightings(named, words)
        places.add(Sighting(hit.rule.id, hit.first, hit.last) for hit in list(hits(self._composed, places)))
        return _Message(text, typed, words, named, places, list(hits(self._groups, places)))

    def _by_rules(self, message: _Message) -> tuple[Finding | None, list[tuple[Hit, str]]]:
        excuses_of, places, found = self._rules.excuses, message.places, message.found
        if not found:
            return None, []
        excuses = Excuses(excuses_of, places, [one for one in message.named if one.concept in self._deniable])
        leaflet = is_leaflet(excuses_of, places, found)
        excused: list[tuple[Hit, str]] = []
        for hit in sorted(found, key=self._gravity):
            why = excuses.cover(hit) or ("leaflet" if leaflet(hit) else "") or self._calm(message, excuses, hit)
            if not why:
                return self._finding(message, hit), excused
            excused.append((hit, why))
        owned = _owned(found, places.of(excuses_of.owning))
        return (self._finding(message, owned) if owned else None), excused

    def _calm(self, message: _Message, excuses: Excuses, hit: Hit) -> str:
        """Return the excuse of a question that means nobody, or of a message of which the examples are sure."""
        if self._likeness is None or hit.rule.firm:
            return ""
        asked = excuses.asked_of_nobody(hit)
        if asked and self._likeness.is_calm(message.words, message.named, *asked):
            return "asked"
        return "unlike" if self._likeness.is_unlike(message.words, message.named) else ""

    def _by_language(self, message: _Message) -> Finding | None:
        found = self._foreign.find(message.text, message.typed)
        card = self._rules.signs[found.sign].card if found else ""
        return Finding(found.sign, card, found.sentence, "foreign", found.language) if found else None

    def _by_likeness(self, message: _Message, past: Sequence[Hit]) -> Finding | None:
        """Return what examples say of the sentences in which no rule saw a sign, excused or not."""
        if self._likeness is None:
            return None
        leaflet = is_leaflet(self._rules.excuses, message.places, message.found)

        def skip(first: int, last: int, seen_before: Sequence[Hit] = ()) -> bool:
            near = [hit for hit in message.found if first <= hit.last and hit.first <= last]
            cut = bool(seen_before) and sentence(message.words, first, last) != (first, last + 1)
            return cut or any(hit not in seen_before for hit in near) or leaflet(Hit(_ALIKE, first, last))

        look = partial(self._likeness.find, message.words, message.named)
        found = look(skip) or (look(partial(skip, seen_before=past), SURE_DESPITE_PAST) if past else None)
        if found is None:
            return self._as_a_whole(message)
        told = _told(message, found.first, found.last)
        return Finding(found.sign, self._rules.signs[found.sign].card, told, f"likeness {found.share:.2f}")

    def _as_a_whole(self, message: _Message) -> Finding | None:
        """Return what a message is like that names nothing of a sign in any sentence by itself."""
        whole = self._likeness.whole(message.words, message.named) if self._likeness else None
        if whole is None or whole[1] < SURE:
            return None
        sign, share = whole
        told = _told(message, 0, len(message.words) - 1)
        return Finding(sign, self._rules.signs[sign].card, told, f"likeness as a whole {share:.2f}")

    def _gravity(self, hit: Hit) -> tuple[int, int]:
        """Return what the gravest sign, and of its hits the first, has least of."""
        return self._order[hit.rule.sign], hit.first

    def _finding(self, message: _Message, hit: Hit) -> Finding:
        sign = hit.rule.sign
        return Finding(sign, self._rules.signs[sign].card, _told(message, hit.first, hit.last), hit.rule.id)


def _told(message: _Message, first: int, last: int) -> str:
    """Return the sentence around some words as it was written, or its beginning."""
    begin, end = sentence(message.words, first, last)
    written = message.text[message.words[begin].start : message.words[end - 1].end]
    return " ".join(written.split())[:_LONGEST_SENTENCE]


def _owned(found: Sequence[Hit], owning: Sequence[Sighting]) -> Hit | None:
    """Return a sign that was excused and which the person then calls their own: "I have it now"."""
    return next((hit for hit in found if any(hit.last < one.first <= hit.last + _SOON for one in owning)), None)


def _split(groups: Iterable[str]) -> list[list[str]]:
    return [group.split("|") for group in groups]


def _rule(name: str, made: Composed) -> UrgentRule:
    return UrgentRule(id=name, sign="", all=made.all, near=made.near, ordered=made.ordered)

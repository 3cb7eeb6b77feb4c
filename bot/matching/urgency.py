"""Is it an emergency, and which? `detect` reads a message and returns the sign, its card, the sentence, the rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.content.urgent_models import Composed, LanguagesFile, UrgentRule, UrgentRules
from bot.matching.concepts import Lexicon, Mention
from bot.matching.excuses import Excuses
from bot.matching.foreign import ForeignLanguages
from bot.matching.leaflets import is_leaflet
from bot.matching.mending import Speller
from bot.matching.sentences import Break, Word, sentence, words_of
from bot.matching.signs import Hit, Places, hits
from bot.matching.visible import seen

_MG_PER_DL = frozenset([("mg", "dl"), ("mgs", "dl"), ("mg", "per")])
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


class Urgency:
    """The authored rules, made ready to be asked; keeps nothing of any message but how words are spelt."""

    def __init__(self, rules: UrgentRules, languages: LanguagesFile, known: Collection[str] = ()) -> None:
        """`known` are ordinary English words, which are no misspelt signs."""
        self._rules = rules
        self._groups = [(rule, _split(rule.all)) for rule in rules.rules]
        self._composed = [(_rule(name, made), _split(made.all)) for name, made in rules.composed.items()]
        self._order = {name: at for at, name in enumerate(rules.signs)}
        self._lexicon = Lexicon(rules.concepts, rules.little)
        ordinary = frozenset((*known, *rules.known, *rules.little))
        signs = {name for _, groups in self._groups for group in groups for name in group}
        self._deniable = signs.difference(rules.excuses.parts)
        mendable = Lexicon({name: rules.concepts[name] for name in signs & rules.concepts.keys()})
        self._speller = Speller(mendable.vocabulary, ordinary, self._lexicon.knows)
        self._foreign = ForeignLanguages(languages)
        self._units, self._counted = frozenset(rules.units), frozenset(rules.counted)

    def detect(self, text: str) -> Finding | None:
        """Return what is urgent in a message, the gravest first, or None; never raises."""
        return self.explain(text)[0]

    def is_over(self, text: str) -> bool:
        """Return whether a short message says that somebody is well again, and neither doubts it nor asks anything."""
        plain = seen(text).text
        words = self._speller.mended(words_of(plain))
        if not words or len(words) > _SHORT or "?" in plain:
            return False
        named = {mention.concept for mention in self._lexicon.mentions(words, lambda at: self._is_reading(words, at))}
        return not named.isdisjoint(self._rules.over) and named.isdisjoint(self._rules.not_over)

    def language(self, text: str) -> str | None:
        """Return the code of the other language most of a message is in, or None."""
        return self._foreign.language(text)

    def explain(self, text: str) -> tuple[Finding | None, tuple[str, ...]]:
        """Return what is urgent, and one phrase for each sign that was seen and excused."""
        plain = seen(text).text
        words = words_of(plain)
        if not words:
            return None, ()
        english = self._in_english(plain, self._speller.mended(words))
        foreign = None if english[0] else self._foreign.find(plain, words)
        if foreign:
            card = self._rules.signs[foreign.sign].card
            return Finding(foreign.sign, card, foreign.sentence, "foreign", foreign.language), english[1]
        return english

    def _in_english(self, text: str, words: Sequence[Word]) -> tuple[Finding | None, tuple[str, ...]]:
        named = list(self._lexicon.mentions(words, lambda at: self._is_reading(words, at)))
        mentions = _meant(named, self._rules.excuses.harmless)
        places = Places(mentions, words)
        places.add(Mention(hit.rule.id, hit.first, hit.last) for hit in list(hits(self._composed, places)))
        found = list(hits(self._groups, places))
        if not found:
            return None, ()
        excuses = Excuses(self._rules.excuses, places, [one for one in mentions if one.concept in self._deniable])
        leaflet = is_leaflet(self._rules.excuses, places, found)
        excused: list[str] = []
        for hit in sorted(found, key=self._gravity):
            why = excuses.cover(hit) or ("leaflet" if leaflet(hit) else "")
            if not why:
                return self._finding(text, words, hit), tuple(dict.fromkeys(excused))
            excused.append(f"{hit.rule.id}: {why}")
        owned = _owned(found, places.of(self._rules.excuses.owning))
        return (self._finding(text, words, owned) if owned else None), tuple(dict.fromkeys(excused))

    def _gravity(self, hit: Hit) -> tuple[int, int]:
        """Return what the gravest sign, and of its hits the first, has least of."""
        return self._order[hit.rule.sign], hit.first

    def _finding(self, text: str, words: Sequence[Word], hit: Hit) -> Finding:
        begin, end = sentence(words, hit.first, hit.last)
        told = " ".join(text[words[begin].start : words[end - 1].end].split())[:_LONGEST_SENTENCE]
        sign = hit.rule.sign
        return Finding(sign, self._rules.signs[sign].card, told, hit.rule.id)

    def _is_reading(self, words: Sequence[Word], at: int) -> bool:
        """Tell whether a number may be read off a meter: nothing says that it counts pills, years or milligrams."""
        following = [word.text for word in words[at + 1 : at + 3] if word.before is Break.NONE]
        after, then = (*following, "", "")[:2]
        if (after, then) in _MG_PER_DL or after == "%":
            return True
        before = words[at - 1].text if at else ""
        return after not in self._units and before not in self._counted


def _meant(mentions: list[Mention], harmless: Collection[str]) -> list[Mention]:
    """Return the mentions without those inside an idiom: `dying to know` is nobody's dying."""
    idioms = [one for one in mentions if one.concept in harmless]
    return [one for one in mentions if not any(_inside(one, idiom) for idiom in idioms)] if idioms else mentions


def _inside(mention: Mention, idiom: Mention) -> bool:
    """Tell whether a mention is a part of an idiom, and not as long as the whole."""
    shorter = mention.last - mention.first < idiom.last - idiom.first
    return shorter and idiom.first <= mention.first and mention.last <= idiom.last


def _owned(found: Sequence[Hit], owning: Sequence[Mention]) -> Hit | None:
    """Return a sign that was excused and which the person then calls their own: "I have it now"."""
    return next((hit for hit in found if any(hit.last < one.first <= hit.last + _SOON for one in owning)), None)


def _split(groups: Iterable[str]) -> list[list[str]]:
    return [group.split("|") for group in groups]


def _rule(name: str, made: Composed) -> UrgentRule:
    return UrgentRule(id=name, sign="", all=made.all, near=made.near, ordered=made.ordered)

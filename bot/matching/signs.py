"""Where a message names signs that make an emergency together: rules over mentions, every place where each fires."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.content.matching_models import Composed, Excusing, UrgentRule
from bot.matching.concepts import Sighting
from bot.matching.sentences import Break, Word, sentence

GENERAL = "general"
"""What excuses a sign that is asked or told of at large."""
_LONGEST_SENTENCE = 300
"""Characters of a sentence that a finding repeats."""
_BESIDE = 3
"""Words around a hit in which a concept of `none` forbids it."""
_CLOSEST = 3
"""Mentions looked at on either side of the first group's."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that fired on the words `first` to `last`, both included; `mentions` are its concepts, one a group."""

    rule: UrgentRule
    first: int
    last: int
    mentions: tuple[Sighting, ...] = ()


class Sightings:
    """Where each concept of one message stands."""

    def __init__(self, mentions: Iterable[Sighting], words: Sequence[Word]) -> None:
        self.words = words
        self._at: dict[str, list[Sighting]] = {}
        self.add(mentions)

    def add(self, mentions: Iterable[Sighting]) -> None:
        """Add more mentions."""
        for mention in mentions:
            self._at.setdefault(mention.concept, []).append(mention)

    def of(self, names: Iterable[str]) -> list[Sighting]:
        """Return the mentions of any of the concepts, in reading order."""
        found = [mention for name in names for mention in self._at.get(name, ())]
        found.sort(key=_first)
        return found

    def any_of(self, names: Iterable[str]) -> bool:
        """Tell whether one of the concepts is named."""
        return not self._at.keys().isdisjoint(names)

    def stands(self, names: Iterable[str], wider: Sequence[Sighting]) -> bool:
        """Tell whether one of the concepts is named outside of wider mentions: not the "no" in "no longer low"."""
        return any(not any(one.first <= at.first and at.last <= one.last for one in wider) for at in self.of(names))

    def distance(self, first: int, last: int) -> int:
        """Return how many words apart two words stand, a full stop counting for several."""
        return self.words[last].at - self.words[first].at


def _first(mention: Sighting) -> int:
    return mention.first


class Marks:
    """The mentions of some concepts, to be asked for by place."""

    def __init__(self, mentions: Sequence[Sighting]) -> None:
        self._mentions = mentions
        self._firsts = [mention.first for mention in mentions]
        self._starts = frozenset(self._firsts)

    def within(self, begin: int, end: int) -> list[Sighting]:
        """Return the mentions that lie between two places, the end excluded."""
        found = self._mentions[bisect_left(self._firsts, begin) : bisect_left(self._firsts, end)]
        return [mention for mention in found if mention.last < end]

    def starting(self, begin: int, end: int) -> Sequence[Sighting]:
        """Return the mentions that start between two places, the end excluded."""
        return self._mentions[bisect_left(self._firsts, begin) : bisect_left(self._firsts, end)]

    def start_at(self, at: int) -> bool:
        """Tell whether a mention starts at a word."""
        return at in self._starts


def hits(rules: Iterable[tuple[UrgentRule, Sequence[Sequence[str]]]], places: Sightings) -> Iterator[Hit]:
    """Yield every place where a rule fires; `rules` come with their groups split."""
    for rule, groups in rules:
        if places.any_of(groups[0]) and all(places.any_of(group) for group in groups[1:]):
            for hit in _spans(rule, [places.of(group) for group in groups], places):
                if not rule.none or not _beside(rule, hit, places):
                    yield hit


def _beside(rule: UrgentRule, hit: Hit, places: Sightings) -> bool:
    """Tell whether a concept that forbids the rule stands beside the hit, in the same sentence."""
    return any(
        max(places.distance(mention.last, hit.first), places.distance(hit.last, mention.first)) <= _BESIDE
        for mention in places.of(rule.none)
    )


def _spans(rule: UrgentRule, groups: Sequence[Sequence[Sighting]], places: Sightings) -> Iterator[Hit]:
    """Yield the narrowest span around each mention of the first group that is narrow enough."""
    told: set[tuple[int, int]] = set()
    for first in groups[0]:
        hit = _around(rule, first, groups[1:], places)
        if hit and (hit.first, hit.last) not in told:
            told.add((hit.first, hit.last))
            if not rule.near or places.distance(hit.first, hit.last) <= rule.near:
                yield hit


def _around(rule: UrgentRule, mention: Sighting, groups: Sequence[Sequence[Sighting]], places: Sightings) -> Hit | None:
    first, last, found = mention.first, mention.last, [mention]
    for group in groups:
        nearest = _nearest(group, first, last, rule.ordered, places)
        if nearest is None:
            return None
        found.append(nearest)
        first, last = min(first, nearest.first), max(last, nearest.last)
    return Hit(rule, first, last, tuple(found))


def _nearest(group: Sequence[Sighting], first: int, last: int, ordered: bool, places: Sightings) -> Sighting | None:
    at = bisect_left(group, last if ordered else first, key=_first)
    candidates = group[at if ordered else max(0, at - _CLOSEST) : at + _CLOSEST]
    if ordered:
        candidates = [mention for mention in candidates if mention.first > last]
    return min(candidates, key=lambda one: _wider(one, first, last, places), default=None)


def _wider(mention: Sighting, first: int, last: int, places: Sightings) -> int:
    return places.distance(min(first, mention.first), max(last, mention.last))


_FILLERS = 3
"""Words between a denial, or the last thing it denied, and the next: `no new chest pain`."""
_NOT_REACHES = 2
_BESIDE = 4
"""Words between a sign and `history of` before it or `healed` after it."""
_AND = frozenset(["and", "or", "nor", "neither", "no", "any", "plus", "with"])
_BUT = frozenset(["but", "however", "although", "though", "yet", "except", "only", "because", "cos", "cuz", "so"])
_SEAMS = _BUT | frozenset(["and", "also", "plus"])
_PARTICLE = frozenset(["no"])
_FEWEST_WORDS = 40
_MANY_SIGNS = 3
_PRINTED = 2
"""How many words of printed advice make a long text a leaflet."""


class Excuses:
    """Everything in one message that may excuse a sign."""

    def __init__(self, rules: Excusing, places: Sightings, named: Sequence[Sighting]) -> None:
        """`named` are the mentions a denial may reach over: signs, and whatever else stands in such lists."""
        self._words = places.words
        self._reach = {one.first: one.last for one in sorted(named, key=lambda one: one.last)}
        self._denied, self._not = self._free(places.of(rules.denied)), self._free(places.of(rules.not_))
        self._denied_list = Marks(places.of(rules.denied_list))
        self._framed, self._own = Marks(places.of(rules.framed)), Marks(places.of(rules.own))
        self._general = Marks(places.of((*rules.general, *rules.study)))
        self._general_after = Marks(places.of(rules.general_after))
        self._supposing = Marks(places.of((*rules.if_, *rules.avoid)))
        self._personal = Marks(places.of(rules.personal))
        self._past = self._unbroken(places.of(rules.past))
        self._past_before = self._unbroken(places.of(rules.past_before))
        self._past_after = self._unbroken(places.of(rules.past_after))
        over = places.of((*rules.past, *rules.past_before, *rules.past_after))
        self._present = Marks(_outside(places.of(rules.present), over))
        self._ongoing = Marks(places.of(rules.ongoing))
        self._stating, self._had = Marks(places.of(rules.stating)), Marks(places.of(rules.had))
        self._question = Marks(places.of(rules.question))
        self._parts = frozenset(rules.parts)

    def _free(self, denials: Sequence[Sighting]) -> Marks:
        """Return the denials that are not the beginning of a sign themselves, as in `no feeling`."""
        return Marks([one for one in denials if self._reach.get(one.first, -1) <= one.last])

    def _unbroken(self, past: Sequence[Sighting]) -> Marks:
        """Return what is past without what two clauses share: `at once, I had ...` is not `once I had`."""
        return Marks([one for one in past if not any(map(self._is_seam, range(one.first + 1, one.last + 1)))])

    def cover(self, hit: Hit) -> str:
        """Return which excuse covers the sign at `hit`, or an empty text."""
        begin, end = sentence(self._words, hit.first, hit.last)
        whole, hit = hit, self._core(hit)
        if any(self._is_denied(one, begin) for one in hit.mentions if one.concept not in self._parts):
            return "denied"
        if hit.rule.firm:
            return ""
        if self._is_framed(hit, begin, end):
            return "framed"
        present = self._present.within(begin, end)
        if self._is_past(hit, begin, end, present):
            return "past"
        if not present and not self._ongoing.within(begin, end):
            if self._supposed(hit, begin, end):
                return "supposed"
            if self._at_large(hit, whole, begin, end):
                return GENERAL
        return ""

    def _core(self, hit: Hit) -> Hit:
        """Return the hit without the parts of a body and the like: what a past or a question would speak of."""
        core = [one for one in hit.mentions if one.concept not in self._parts] or hit.mentions
        return replace(hit, first=min(one.first for one in core), last=max(one.last for one in core))

    def _is_denied(self, sign: Sighting, begin: int) -> bool:
        near = self._not.within(max(begin, sign.first - _NOT_REACHES - 2), sign.first)
        if any(sign.first - one.last - 1 <= _NOT_REACHES and not self._parted(one.last, sign.first) for one in near):
            return True
        if any(self._lists(one, sign) for one in self._denied_list.within(begin, sign.first)):
            return True
        return any(self._reaches(one, sign) for one in self._denied.within(begin, sign.first))

    def _lists(self, denial: Sighting, sign: Sighting) -> bool:
        """Tell whether the sign stands in the list of what somebody denies, whatever else is in it."""
        between = range(denial.last + 1, sign.first)
        return not any(self._words[at].text in _BUT or self._starts_anew(at) for at in between)

    def _reaches(self, denial: Sighting, sign: Sighting) -> bool:
        """Tell whether a denial reaches the sign over a list: `no fever, cough or chest pain`."""
        if self._words[denial.first].text in _PARTICLE and self._breaks(denial.last + 1):
            return False
        at, fillers = denial.last + 1, 0
        while at < sign.first:
            word = self._words[at]
            covered = self._reach.get(at, -1)
            if word.text in _BUT or self._starts_anew(at):
                return False
            if covered >= at:
                at, fillers = covered + 1, 0
                continue
            if word.text in _AND or word.before >= Break.DASH:
                fillers = 0 if word.text in _AND and fillers <= _FILLERS else fillers + 2
            else:
                fillers += 1
            if fillers > _FILLERS:
                return False
            at += 1
        return not (fillers and self._words[sign.first].before >= Break.DASH)

    def _breaks(self, at: int) -> bool:
        return at < len(self._words) and self._words[at].before >= Break.DASH

    def _starts_anew(self, at: int) -> bool:
        return self._personal.start_at(at)

    def _parted(self, first: int, last: int) -> bool:
        """Tell whether `but`, a comma or the like stands between two words."""
        between = range(first + 1, last + 1)
        return any(
            self._words[at].text in _BUT or self._words[at].before >= Break.PAUSE or self._starts_anew(at)
            for at in between
        )

    def _is_past(self, hit: Hit, begin: int, end: int, present: Sequence[Sighting]) -> bool:
        near = self._past_before.starting(begin, hit.last + 1)
        before = [one for one in near if hit.first - one.last <= _BESIDE and not _runs_into(one, hit)]
        if any(not self._overruled(one, hit, present) and self._belongs(one, hit, begin, end) for one in before):
            return True
        after = self._past_after.starting(hit.last + 1, min(hit.last + 1 + _BESIDE, end))
        if any(self._belongs(one, hit, begin, end) for one in after):
            return True
        spoken = (one for one in self._past.within(begin, end) if self._belongs(one, hit, begin, end))
        past = min((_gap(one, hit) for one in spoken), default=None)
        now = min((_gap(one, hit) for one in present), default=None)
        return past is not None and (now is None or past < now)

    def _belongs(self, past: Sighting, hit: Hit, begin: int, end: int) -> bool:
        """Tell whether what is past is the sign: not when each stands in a clause that says something by itself."""
        between = range(min(past.last, hit.last) + 1, max(past.first, hit.first) + 1)
        seams = [at for at in between if self._is_seam(at)]
        if not seams:
            return True
        if past.first < hit.first:
            apart = self._has_person(past, begin, seams[0]) or self._asks(past, begin)
            return not (apart and any(self._is_told(at, hit, end) for at in seams))
        if self._somebody(past.last, end):
            return False
        return not (self._has_person(past, begin, end) and self._is_told(self._clause(hit.first, begin), hit, seams[0]))

    def _has_person(self, past: Sighting, begin: int, seam: int) -> bool:
        """Tell whether the clause of what is past names somebody, apart from the words that make it past."""
        start = self._clause(past.first, begin)
        return any(not past.first <= one.first <= past.last for one in self._personal.within(start, seam))

    def _asks(self, past: Sighting, begin: int) -> bool:
        """Tell whether the clause of what is past is a question: `what helped years ago, and my chest ...`."""
        start = self._clause(past.first, begin)
        return bool(self._question.within(start, start + 1 + (self._words[start].text in _SEAMS)))

    def _clause(self, word: int, begin: int) -> int:
        """Return where the clause of a word begins."""
        return next((at for at in range(word, begin, -1) if self._is_seam(at)), begin)

    def _is_told(self, seam: int, hit: Hit, end: int) -> bool:
        """Tell whether the clause that begins at a seam states its sign as it is now."""
        stated = self._somebody(seam - 1, hit.last + 1) or self._states(seam, hit)
        return (stated or bool(self._present.within(seam, end))) and not self._had.within(seam, hit.first)

    def _is_seam(self, at: int) -> bool:
        word = self._words[at]
        return word.before >= Break.DASH or word.text in _SEAMS or (word.before is Break.WRAP and self._starts_anew(at))

    def _overruled(self, past: Sighting, hit: Hit, present: Sequence[Sighting]) -> bool:
        """Tell whether `now` stands nearer to the sign than what speaks of the past, or right after the sign."""
        return any(_gap(one, hit) <= max(_gap(past, hit), _BESIDE) for one in present)

    def _is_framed(self, hit: Hit, begin: int, end: int) -> bool:
        """Tell whether an exam, a story or hearsay was opened before the sign, and the teller says no `my` after it."""
        opened = self._framed.within(begin, hit.last + 1)
        return any(not self._own.within(one.last + 1, end) for one in opened)

    def _supposed(self, hit: Hit, begin: int, end: int) -> bool:
        """Tell whether an `if` or a wish to avoid governs the sign, even where the body is the asker's own."""
        governing = self._supposing.starting(begin, min(hit.last + 2, end))
        return any(not self._new_clause(one.last, hit) for one in governing)

    def _new_clause(self, first: int, hit: Hit) -> bool:
        """Tell whether between a word and a sign a clause begins that tells of somebody: `what now, my chest hurts`."""
        between = range(first + 1, hit.first + 1)
        if any(self._words[at].text in ("but", "because", "cos", "cuz") for at in between):
            return True
        paused = (at for at in between if self._words[at].before >= Break.DASH)
        return any(self._starts_anew(at) or self._states(at, hit) for at in paused)

    def _leaves(self, first: int, hit: Hit) -> bool:
        """Tell whether what was asked or read in general ends before the sign: `I read about it and mine is open`."""
        seams = (at for at in range(first + 1, hit.first + 1) if self._words[at].text in _SEAMS)
        return self._new_clause(first, hit) or any(self._states(at, hit) for at in seams)

    def _states(self, seam: int, hit: Hit) -> bool:
        """Tell whether the clause of a sign, from a seam on to the next, says how it is: with a verb, not as a list."""
        after = range(hit.last + 1, len(self._words))
        return bool(self._stating.within(seam, next((at for at in after if self._is_seam(at)), len(self._words))))

    def _at_large(self, hit: Hit, whole: Hit, begin: int, end: int) -> bool:
        """Tell whether the sign is spoken of in general, and nobody's own body stands between or in the sign."""
        if any(one.last >= hit.first for one in self._personal.starting(begin, whole.last + 1)):
            return False
        before = [one for one in self._general.starting(begin, hit.last + 1) if not self._leaves(one.last, hit)]
        if any(not self._somebody(begin - 1 if one.last >= hit.first else one.last, hit.first) for one in before):
            return True
        if self._somebody(begin - 1, hit.first):
            return False
        after = self._general_after.starting(hit.last + 1, end)
        return any(not self._somebody(hit.last, one.first) for one in after)

    def _somebody(self, first: int, last: int) -> bool:
        return bool(self._personal.within(first + 1, last))


def _outside(present: Sequence[Sighting], past: Sequence[Sighting]) -> list[Sighting]:
    """Return what speaks of now and is no part of what calls a sign over: `healed now` is no `now`."""
    apart, last, rest = [], -1, sorted(past, key=lambda one: -one.first)
    for one in sorted(present, key=lambda one: one.first):
        while rest and rest[-1].first <= one.first:
            last = max(last, rest.pop().last)
        if one.last > last:
            apart.append(one)
    return apart


def _gap(mention: Sighting, hit: Hit) -> int:
    """Return how many words stand between a mention and a hit."""
    return max(mention.first - hit.last, hit.first - mention.last, 0)


def _runs_into(excuse: Sighting, hit: Hit) -> bool:
    """Tell whether an excuse ends in a word of the sign itself: in `gran passed out` nobody has passed away."""
    return any(sign.first <= excuse.last < sign.last for sign in hit.mentions)


def is_leaflet(rules: Excusing, places: Sightings, found: Sequence[Hit]) -> Callable[[Hit], bool]:
    """Return what tells whether a sign stands in printed advice, in a sentence that speaks of nobody.

    A pasted leaflet names many signs and means nobody; the same words said of oneself are an emergency.
    """
    advice = {places.words[one.first].text for one in places.of(rules.leaflet)}
    signs = {hit.rule.sign for hit in found}
    long = len(places.words) >= _FEWEST_WORDS
    quoted = places.any_of(rules.document) or _expounds(rules, places)
    printed = quoted or (long and (len(advice) >= _PRINTED or (advice and len(signs) >= _MANY_SIGNS)))
    own = Marks(places.of((*rules.personal, *rules.present)) if printed else [])

    def impersonal(hit: Hit) -> bool:
        if not printed:
            return False
        begin, end = sentence(places.words, hit.first, hit.last)
        return not own.within(begin, end)

    return impersonal


def _expounds(rules: Excusing, places: Sightings) -> bool:
    """Tell whether a text of any length lists signs as print does (`symptoms include`) and speaks of nobody."""
    return places.any_of(rules.exposition) and not places.any_of((*rules.own, *rules.present, *rules.ongoing))


_SOON = 25
"""Words after a sign within which "I have it now" still means that sign."""
_SHOWN = 4
"""Words after "he has the signs of" within which what he has is named."""


def owned(found: Iterable[Hit], owning: Sequence[Sighting]) -> Iterator[Hit]:
    """Yield the signs that the person then calls their own: "I have it now"."""
    return (hit for hit in found if any(hit.mentions[0].last < one.first <= hit.last + _SOON for one in owning))


def shown(found: Iterable[Hit], showing: Sequence[Sighting]) -> Iterator[Hit]:
    """Yield the signs that somebody is said to show right before them: "he has the signs of"."""
    return (hit for hit in found if any(one.first <= hit.last and hit.first <= one.last + _SHOWN for one in showing))


def composed(made: Mapping[str, Composed]) -> list[UrgentRule]:
    """Return the rules of concepts that are made of others."""
    return [UrgentRule(id=name, sign="", all=one.all, near=one.near, ordered=one.ordered) for name, one in made.items()]


def split(groups: Iterable[str]) -> list[list[str]]:
    """Return the names of concepts in each group of a rule."""
    return [group.split("|") for group in groups]


def without(words: Sequence[Word], named: Sequence[Sighting], hit: Hit) -> list[Word]:
    """Return the words that none of some mentions names, and those of the hit."""
    out = {at for one in named for at in range(one.first, one.last + 1)}.difference(range(hit.first, hit.last + 1))
    return [word for at, word in enumerate(words) if at not in out]


def told_around(text: str, words: Sequence[Word], first: int, last: int) -> str:
    """Return the sentence around some words as it was written, or its beginning."""
    begin, end = sentence(words, first, last)
    return " ".join(text[words[begin].start : words[end - 1].end].split())[:_LONGEST_SENTENCE]

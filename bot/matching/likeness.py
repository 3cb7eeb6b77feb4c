"""How like an emergency a sentence is: learned from content/urgent-examples.yaml and the messages beside it.

Rules see the wordings they hold. What the examples teach is which kinds of words make an emergency together (a part of
the body, what happens to it, since when, to whom), so that a wording nobody wrote down is seen too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice, pairwise

from bot.content.matching_models import UrgentExamples, UrgentRules
from bot.matching.build import Data, Parts
from bot.matching.classifier import UNTAUGHT, Classifier, Values, unit
from bot.matching.concepts import ConceptTree, Sighting, SignReader
from bot.matching.lessons import Rows
from bot.matching.sentences import GOING_ON, Break, Word, is_seam, parts, says, words_of
from bot.matching.signs import Hit, Marks
from bot.matching.text import is_grammar, sampled

CALM, URGENT = "calm", "urgent"
IN_CARE, LET_OFF, BETTER, STILL, ELSE = "in-care", "let-off", "better", "still", "else"
"""What is typed after a card: help is there, it was nothing, it feels better, it goes on, something else is asked."""
SURE, SURE_OF_A_CLAUSE = 0.8, 0.85
"""How likely a sentence of a long message must be an emergency, and one of its clauses, which says less."""
_CALM_BELOW = 0.15
"""A sentence of a long message that is less likely an emergency than this is calm in each of its clauses."""
_WHOLE, _WORDS, _BASE = 1.5, 0.07, -0.75
"""What decides over a message of one thought: how much its log-odds as a whole count, each of its words, and a
constant. Fitted to 9,469 messages that had taught nothing (logistic regression, then chosen among 1,400 combinations):
of 1,769 emergencies and 7,700 others 26 were missed and 73 alarmed before, 18 and 80 or, with a lower constant, 26
and 55 with these (measured 2026-11). Likelier parts tell nothing beside them."""
_CLEAR = 1.0
"""Log-odds from which a part speaks for itself."""
_ALONE = 2.0
"""Log-odds from which a sentence is one whatever stands around it."""
_LESS = 0.3
"""What every log-odds is lowered by: with 0.3 as many are seen as when all that is ordinary taught, and as many alarm;
of 498 emergencies and 1,022 others, without it nine more of either (measured 2026-11)."""
_SPELT = 0.35
"""How much of the log-odds is told by the pieces of words; the rest by words, their kinds and the concepts of rules."""
_SEEN, _SLIGHT = 4.0, 1e-3
"""How much the sign a rule saw is preferred, in logarithms, and what every sign has at least: with these 1,637 of 1,695
emergencies that had not taught the models got their card, 1,601 by the rules alone (measured 2026-11)."""
LEAST = 1e-5
_PIECE_LENGTH = 4
"""Letters of a piece of words; the space between two words counts as a letter of both."""
_EVERY = 4
"""Of the wordings of patterns, every so many teach pieces: more of them teach these nothing."""
_ORDINARY_EVERY = 2
"""Of the ordinary messages, every so many teach what is calm, each for as many."""
_MOST = 60
"""Words of a message or a sentence that is one thought; a longer one is read in pieces."""
_PIECE = 40
_FORMS, _CALM_FORMS, _LINE_FORMS = 12, 30, 2
"""Wordings that one example adds: an emergency, a calm one, an authored question."""
_ELSE_EVERY = 12
"""Of the ordinary messages, every so many teach what asks something else: with all of them nothing else is seen."""
_WORTH = 4
"""How much more than a wording of a pattern a message counts that somebody wrote as it is."""
_NUMBER = "#"
_FEW = 8
"""Words from which a message is none of few: after a card it may name what no example names, and still end it."""
_BORNE_OUT, _AGAINST = 1.0, -0.5
"""How much the words together must speak for an end that examples say a message after a card is like, and the least
each of few. Of 1,397 made lines that are no end ("my sock was wet", "wrong train") 169 ended a card, now two; of 252
true ends 163 did and 160 do, and after the others it is said how to end it (measured 2026-11)."""
_BESIDE = 0.5
"""How much each word must that stands beside those that say that it is over."""

Stem = Callable[[str], str]
_Window = tuple[int, int]
"""The words from the first to the second, the second excluded."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A sign that the words `first` to `last`, both included, are like; `share` is how likely it is, 0..1."""

    sign: str
    first: int
    last: int
    share: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """How like an emergency a message is: its log-odds, its likeliest part, and how likely each sign is in it.

    `parts` are those that are rather an emergency than not, each with its likeliest sign.
    """

    odds: float
    alike: Alike
    signs: Mapping[str, float]
    parts: Sequence[Alike]

    def sign(self, seen: str, first: int, last: int) -> str:
        """Return the likeliest sign where a rule saw one in some words; the rule's where nothing is clear.

        It is the rule's, too, where the part around these words is like it: of two signs the graver is told.
        """
        around = [one for one in self.parts if one.first <= first and last <= one.last]
        narrow = min(around, key=lambda one: one.last - one.first, default=None)
        if not self.parts or (narrow and narrow.sign == seen):
            return seen
        worth = {one: math.log(share + _SLIGHT) + _SEEN * (one == seen) for one, share in self.signs.items()}
        return max(worth, key=lambda one: worth[one])


class Likeness:
    """The examples' vocabulary, and the models trained with it: one of words and kinds, one of pieces of words."""

    def __init__(
        self,
        rules: UrgentRules,
        examples: UrgentExamples,
        reader: SignReader,
        stem: Stem,
        models: tuple[Classifier, Classifier, Classifier] = (UNTAUGHT, UNTAUGHT, UNTAUGHT),
    ) -> None:
        self._reader, self._stem = reader, stem
        # where nobody wrote examples of a sign, all that is known is calm: that tells nothing apart
        self._model, self._spelt, self._after = (one if len(one.labels) > 1 else UNTAUGHT for one in models)
        self._tree = ConceptTree(examples.words, rules.little)
        self._telling = frozenset(examples.words).difference(examples.framing)
        self._little = frozenset(rules.little)
        self._aside = _only_grown(rules)
        self._ordinary = examples.ordinary
        self._after_messages = examples.after_messages

    @cached_property
    def _authored(self) -> Mapping[str, str]:
        """What the authored messages after a card say, by their words."""
        lines = ((label, line) for label, lines in self._after_messages.items() for line in lines)
        return {_key(words_of(line)): label for label, line in lines}

    def authored(self, words: Sequence[Word]) -> str:
        """Return what a message after a card says that is authored word for word, or an empty text."""
        return self._authored.get(_key(words), "")

    def rows(self, data: Data) -> tuple[Rows, Rows]:
        """Return what the two models are trained from: every example under its label, for that of pieces fewer of the
        wordings of patterns. What is calm and names no part of a sign teaches nothing: no such window is weighed."""
        few = [(*one, 1) for one in _patterns(data)]
        few += [(CALM, line, _ORDINARY_EVERY) for line in islice(_ordinary(data), 0, None, _ORDINARY_EVERY)]
        examples = [(*one, _WORTH, True) for one in _told(data)]
        examples += [(*one, at % _EVERY == 0) for at, one in enumerate(few)]
        whole, spelt = Rows(), Rows()
        for label, line, worth, is_spelt in examples:
            words = self._reader.read(line)
            kinds = self._reader.of(self._tree, words)
            if label == CALM and not any(one.concept in self._telling for one in kinds):
                continue
            whole.add(label, self._seen(words, self._reader.named(words), kinds).values(0, len(words)), worth)
            if is_spelt:
                spelt.add(label if label == CALM else URGENT, _pieces(words), worth)
        return whole, spelt

    def rows_after(self, data: Data) -> Rows:
        """Return what the model of messages after a card is trained from."""
        found = Rows()
        for label, lines in data.examples.after_messages.items():
            for line in lines:
                found.add(label, self._all(self._reader.read(line)))
        asked = [line for lines in data.messages.values() for line in lines] if len(found) else []
        for line in asked[::_ELSE_EVERY]:
            found.add(ELSE, self._all(self._reader.read(line)))
        return found

    def after(self, words: Sequence[Word], named: Sequence[Sighting]) -> Mapping[str, float]:
        """Return how likely a message after a card says each thing that can be said there; empty without a model."""
        if not self._after.labels:
            return {}
        return self._after.probabilities(self._view(words, named).values(0, len(words)))

    def knows(self, words: Sequence[Word]) -> bool:
        """Return whether all words of a message after a card stand in the examples of such, and none is a number."""
        stems = [self._stem(word.text) for word in words]
        return not any(word.text[0].isdigit() for word in words) and self._after.has(f"w {one}" for one in stems)

    def bears_out(self, words: Sequence[Word], label: str) -> bool:
        """Return whether what a message after a card names says that it is over, and not its frame alone: "I only had
        toast" is built like "I only had a cramp". In a short one nothing is unknown or speaks against it."""
        leanings = self._leanings(words, (label,))
        if len(words) < _FEW and min(leanings, default=0.0) < _AGAINST:
            return False
        return sum(one for one in leanings if one > -math.inf) >= _BORNE_OUT

    def adds_nothing(self, words: Sequence[Word]) -> bool:
        """Return whether words beside those that say that it is over speak of nothing else, as those of "my sugar is
        fine now" after the card of a sore do."""
        return min(self._leanings(words, (BETTER, LET_OFF)), default=math.inf) >= _BESIDE

    def _leanings(self, words: Sequence[Word], labels: Sequence[str]) -> list[float]:
        """Return how much each word of a message after a card that names something, and no person or time, speaks for
        one of some labels rather than for what is no end."""
        kinds = self._reader.of(self._tree, words)
        frame = {at for one in kinds if one.concept not in self._telling for at in range(one.first, one.last + 1)}
        told = [word.text for at, word in enumerate(words) if at not in frame and word.text not in self._little]
        names = [f"w {self._stem(one)}" for one in told if not (is_grammar(one) or one[0].isdigit())]
        return self._after.leanings(names, labels, (STILL, ELSE))

    def things(self, words: Sequence[Word]) -> frozenset[str]:
        """Return what some words speak of: the stems of those that are no grammar, and the kinds a sign is made of."""
        stems = {self._stem(word.text) for word in words if not is_grammar(word.text)}
        kinds = {one.concept for one in self._reader.of(self._tree, words)} & self._telling
        return frozenset(stems | kinds)

    def parts_of_signs(self, text: str) -> frozenset[str]:
        """Return the stems of the words of a text that may be parts of a sign."""
        words = self._reader.read(text)
        seen = (one for one in self._reader.of(self._tree, words) if one.concept in self._telling)
        return frozenset(self._stem(word.text) for one in seen for word in words[one.first : one.last + 1])

    def closest(self, words: Sequence[Word], lines: Sequence[Sequence[Word]]) -> int | None:
        """Return which line shares most with a message, what stands in few of them most; the first of several, or
        None."""
        told, asked = [self.things(line) for line in lines], self.things(words)
        often = Counter(thing for things in told for thing in things)
        shared = [sum(1 / often[thing] for thing in sorted(asked & things)) for things in told]
        best = max(shared, default=0.0)
        return shared.index(best) if best > 0 else None

    def is_ordinary(self, sign: str, words: Sequence[Word]) -> bool:
        """Tell whether a message names nothing but what people name every day who have no such sign."""
        named = {one.concept for one in self._reader.of(self._tree, words)} & self._telling
        return named.issubset(self._ordinary.get(sign, ()))

    def find(
        self, words: Sequence[Word], named: Sequence[Sighting], skip: Callable[[int, int], bool], at_least: float = 0.0
    ) -> Alike | None:
        """Return the likeliest sign in any sentence or clause of a message but those to `skip`, or None.

        A sentence tells better which sign it is than one of its clauses, however sure that is; in a calm sentence no
        clause is one.
        """
        best: tuple[bool, Alike] | None = None
        view = self._view(words, named) if self._model.labels else None
        for begin, end, least, likely in self._readings(words, view) if view else ():
            share = 1.0 - likely.pop(CALM, 0.0)
            if share < max(least, at_least) or skip(begin, end - 1):
                continue
            whole = least == SURE
            if best is None or (whole, share) > (best[0], best[1].share):
                best = whole, Alike(max(likely, key=lambda one: likely[one]), begin, end - 1, share)
        return best[1] if best else None

    def _readings(self, words: Sequence[Word], view: _View) -> Iterator[tuple[int, int, float, dict[str, float]]]:
        """Yield the windows that name a part of a sign, with how sure one must be and what each is like."""
        calm = (0, 0)
        for begin, end, least in _windows(words):
            if (calm[0] <= begin and end <= calm[1]) or not view.tells(begin, end, self._telling):
                continue
            likely = self._model.probabilities(view.values(begin, end))
            if least == SURE and 1.0 - likely[CALM] < _CALM_BELOW:
                calm = begin, end
            yield begin, end, least, likely

    def weigh(self, words: Sequence[Word], named: Sequence[Sighting], *, tells: bool = False) -> Weighed | None:
        """Return how like an emergency a message is; None where it is longer than one thought or says too little.

        It says too little where it names no part of a sign, unless a rule saw one in it (`tells`), and nothing is known
        without a model.
        """
        if not self._model.labels or len(words) > _MOST or not says(words, 0, len(words)):
            return None
        view = self._view(words, named)
        if not tells and not view.tells(0, len(words), self._telling):
            return None
        lines = ((*one, SURE_OF_A_CLAUSE) for one in parts(0, len(words), lambda at: words[at].before is Break.WRAP))
        found = [*lines, *_windows(words), (0, len(words), SURE)]
        windows = {
            (begin, end): least
            for begin, end, least in found
            if end - begin == len(words) or view.tells(begin, end, self._telling)
        }
        read = self._read(view, words, list(windows))
        best = max(read, key=lambda one: read[one][0])
        whole, sentence = read[0, len(words)], max(read[one][0] for one, least in windows.items() if least == SURE)
        odds = _WHOLE * whole[0] + _WORDS * max(len(words), _FEW) + _BASE
        odds = max(odds, sentence - _ALONE)
        signs = whole[1] if whole[0] > 0 else read[best][1]
        clear = [Alike(_likeliest(likely), *_span(one), 1.0) for one, (odd, likely) in read.items() if odd > _CLEAR]
        return Weighed(odds, Alike(_likeliest(signs), *_span(best), 1 / (1 + math.exp(-odds))), signs, clear)

    def _read(
        self, view: _View, words: Sequence[Word], windows: Sequence[_Window]
    ) -> dict[_Window, tuple[float, dict[str, float]]]:
        """Return the log-odds of some windows, and how likely each sign is, should it be one."""
        found = {}
        spelt = self._spelt.each([_pieces(words[begin:end]) for begin, end in windows]) if self._spelt.labels else ()
        for at, likely in enumerate(self._model.each([view.values(*one) for one in windows])):
            calm = likely.pop(CALM, 0.0)
            odds = log_odds(calm)
            if spelt:
                odds += _SPELT * (log_odds(spelt[at][CALM]) - odds)
            found[windows[at]] = odds - _LESS, {sign: share / max(1.0 - calm, LEAST) for sign, share in likely.items()}
        return found

    def kinds(self, line: str) -> Sequence[Sighting]:
        """Return the kinds of words that stand in a line."""
        return self._reader.of(self._tree, self._reader.read(line))

    def _all(self, words: Sequence[Word]) -> Values:
        return self._view(words, self._reader.named(words)).values(0, len(words))

    def _view(self, words: Sequence[Word], named: Sequence[Sighting]) -> _View:
        return self._seen(words, named, self._reader.of(self._tree, words))

    def _seen(self, words: Sequence[Word], named: Sequence[Sighting], kinds: Sequence[Sighting]) -> _View:
        graver = [one for one in named if one.concept not in self._aside]  # what makes a sign graver makes none
        return _View(words, graver, kinds, self._stem)


_RULE, _FIRM = 2.6, 3.6
"""How much a rule's sign adds to the log-odds of a message, and how much a firm one: of 3,629 calm lines of the fresh
files 77 alarmed at 2.3, 82 at 2.6 and 96 at 3.0, of 2,416 emergencies as many were seen (measured 2026-11)."""


def _key(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def is_sure(hit: Hit, weighed: Weighed) -> bool:
    """Tell whether a sign that a rule saw stands: in a message not too unlike an emergency, or with a part like one."""
    return bool(weighed.parts) or weighed.odds + (_FIRM if hit.rule.firm else _RULE) >= 0


def likeness_of(
    library: Parts, model: Classifier = UNTAUGHT, spelt: Classifier = UNTAUGHT, after: Classifier = UNTAUGHT
) -> Likeness:
    """Return what a library's examples teach; untaught without the models."""
    return Likeness(library.data.urgent, library.data.examples, library.signs, library.stem, (model, spelt, after))


def _told(data: Data) -> Iterator[tuple[str, str]]:
    """Yield the messages that somebody wrote as they are, with their labels."""
    yield from ((sign, line) for sign, lines in data.examples.messages.items() for line in lines)
    yield from ((CALM, line) for line in data.examples.calm_messages)


def _patterns(data: Data) -> Iterator[tuple[str, str]]:
    """Yield wordings of every pattern, with their labels."""
    for sign, lines in data.examples.signs.items():
        yield from ((sign, form) for line in lines for form in sampled(line, _FORMS))
    yield from ((CALM, form) for line in data.examples.calm for form in sampled(line, _CALM_FORMS))
    cards = {card.card for card in data.urgent.signs.values()}
    asked = (line for node, lines in data.phrases.items() if node not in cards for line in lines)
    yield from ((CALM, form) for line in asked for form in sampled(line, _LINE_FORMS))
    yield from ((CALM, line) for lines in data.small_talk.values() for line in lines)
    around = data.matching.courtesies
    remarks = (line for lines in (around.before, around.after, around.frames, around.asides) for line in lines)
    yield from ((CALM, form) for line in remarks for form in sampled(line, _LINE_FORMS))


def _ordinary(data: Data) -> Iterator[str]:
    """Yield the whole messages that want an answer which is about no emergency."""
    for messages in (data.messages, *data.messages_after.values()):
        yield from (line for node, lines in messages.items() if node != data.roles.urgent for line in lines)


def _pieces(words: Sequence[Word]) -> Values:
    """Return the pieces of some words: they tell kin and misspelt words, and what no list of words holds."""
    text = f" {' '.join(word.text for word in words)} "
    return unit(text[at : at + _PIECE_LENGTH] for at in range(len(text) - _PIECE_LENGTH + 1))


def _likeliest(signs: Mapping[str, float]) -> str:
    return max(signs, key=lambda one: signs[one])


def _span(window: _Window) -> tuple[int, int]:
    """Return the first and the last word of a window."""
    return window[0], window[1] - 1


def log_odds(calm: float) -> float:
    """Return the log-odds that something is an emergency which is calm with some probability."""
    return math.log(max(1.0 - calm, LEAST)) - math.log(max(calm, LEAST))


class _View:
    """One message as the model sees it: its stems, the kinds of its words, and the concepts of the rules."""

    def __init__(self, words: Sequence[Word], named: Sequence[Sighting], kinds: Sequence[Sighting], stem: Stem) -> None:
        self._stems = [_NUMBER if word.text[0].isdigit() else stem(word.text) for word in words]
        self._named, self._kinds = Marks(_sorted(named)), Marks(_sorted(kinds))
        self._at: list[list[str]] = [[] for _ in words]
        for one in kinds:
            if one.first == one.last:
                self._at[one.first].append(one.concept)
        self._mixed = [at[0] if at else stem for at, stem in zip(self._at, self._stems, strict=True)]

    def tells(self, begin: int, end: int, telling: frozenset[str]) -> bool:
        """Tell whether a window names anything that could be a part of a sign."""
        return any(one.concept in telling for one in self._kinds.within(begin, end))

    def values(self, begin: int, end: int) -> Values:
        """Return the features of a window: words, kinds and concepts, alone and beside one another."""
        stems, mixed = self._stems[begin:end], self._mixed[begin:end]
        kinds = sorted({one.concept for one in self._kinds.within(begin, end)})
        return unit(
            [
                *(f"w {one}" for one in stems),
                *(f"b {one} {two}" for one, two in pairwise(["^", *stems, "$"])),
                *(f"s {one} {two}" for one, two in zip(stems, stems[2:], strict=False)),
                *(f"t {one} {two} {three}" for one, two, three in zip(mixed, mixed[1:], mixed[2:], strict=False)),
                *(f"k {one}" for one in kinds),
                *(f"p {one} {two}" for one, two in combinations(kinds, 2)),
                *(f"n {one} {two}" for left, right in pairwise(self._at[begin:end]) for one in left for two in right),
                *(f"c {one.concept}" for one in self._named.within(begin, end)),
            ]
        )


def _sorted(found: Sequence[Sighting]) -> list[Sighting]:
    return sorted(found, key=lambda one: one.first)


def _windows(words: Sequence[Word]) -> Iterator[tuple[int, int, float]]:
    """Yield what is looked at by itself, with how sure one must be: sentences, two that go on, clauses."""
    before = 0
    for begin, end in parts(0, len(words), lambda at: words[at].before is Break.STOP):
        if end - begin > _MOST:
            yield from ((at, min(at + _PIECE, end), SURE_OF_A_CLAUSE) for at in range(begin, end, _PIECE // 2))
        elif says(words, begin, end):
            yield begin, end, SURE
        if begin and words[begin].text in GOING_ON and end - before <= _MOST:
            yield before, end, SURE
        for first, last in parts(begin, end, lambda at: is_seam(words[at])):
            if last - first < min(end - begin, _MOST) and says(words, first, last):
                yield first, last, SURE_OF_A_CLAUSE
        before = begin


def _only_grown(rules: UrgentRules) -> frozenset[str]:
    """Return the concepts that rules of grown signs name and no other rule."""
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for rule in rules.rules:
        sign = rules.signs.get(rule.sign)
        groups = (name for group in rule.all for name in group.split("|"))
        names[bool(sign and sign.grown_from)].update((*groups, *rule.none))
    return frozenset(names[True] - names[False] - rules.composed.keys())

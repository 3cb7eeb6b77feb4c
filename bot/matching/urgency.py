"""Is it an emergency, and which? `detect` reads a message and returns the sign, its card, the sentence, the rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.content.matching_models import LanguagesFile, Sign, UrgentRule, UrgentRules
from bot.dialog.turn import Match, Outcome
from bot.matching.concepts import Sighting, SignReader
from bot.matching.foreign import BESIDE, ForeignLanguages, Tongue, Tongues
from bot.matching.likeness import BETTER, ELSE, IN_CARE, LET_OFF, STILL, Alike, Likeness, Weighed, is_sure, log_odds
from bot.matching.sentences import Word, seen, words_of
from bot.matching.signs import (
    GENERAL,
    Excuses,
    Hit,
    Sightings,
    composed,
    hits,
    is_leaflet,
    owned,
    shown,
    split,
    told_around,
    without,
)

LIKENESS = "likeness"
"""What the name of the rule begins with where none fired."""
PERHAPS = "perhaps"
"""What is heard in a message after a card that may say that it is over."""
_COMING = "coming"
"""What is heard where help is on its way, which is no end yet however like one it is."""
_AHEAD, _ASKED = "ahead", "do"
"""What is heard of what may come, "will it get worse": it asks, and is no news."""
_DENIED = "denied"
"""What is heard where all was taken wrongly, which examples take for an end."""
_EXCUSED = -1.5
"""What an excused sign takes from the log-odds of a message."""
_TOO_SHORT = 6
"""Words of a message in another language alone from which examples say more than the lexicon: of 920 unread calm
messages 51 alarmed where it counted beside them, and 34 without, for one of 735 emergencies (measured 2026-11)."""
_ENOUGH, _SURELY = 4, 0.75
"""Words of a message, and how likely its language must be, that it is one in this language: none of 13,900 English ones
is, and of 999 calm ones in other languages, whose letters and little words told 849, 980 are (measured 2026-11)."""
_RULED = 2.0
"""How much it adds to the log-odds of a message in another language that an English rule saw a sign in it."""
_SHORT = 12
"""Words of a message that may say that an emergency is over: a longer one tells more than that."""
_ENDS, _PERHAPS_ENDS = {IN_CARE: 0.8, LET_OFF: 0.9, BETTER: 0.9}, 0.65
"""How likely a message after a card must say that it is over to end it, and to be told how to end it: help that is
there is told apart from what is no end best.
"""
_ENDS_TOGETHER = 0.85
"""How likely both must be together that somebody is cared for and that it was nothing: of 541 messages that are no end
one ends a card from .9 down to .65, of 180 true ends 65 from .9 and 73 from here (measured 2026-11)."""
_HERE = 0.97
"""The same of help that is there, in a message that tells too that it was called."""
_BRIEFLY = 9
"""Words of a message from which a denial in it is none of what would end it: "not the cat" is no "it was the cat". Of
89 true ends one is met by the way to end it for that, of 165 others none ends a card (measured 2026-11)."""
_BRIEF = 6
"""Words from which a message is none of few."""
_GOES_ON, _GOES_ON_PLAINLY = 0.4, 0.85
"""How likely a message must tell how an emergency goes on to bring back one that was left for a question, and to do so
though it is answered: of 1,993 ordinary questions asked after an answer 299 do, and 33 (measured 2026-11)."""
_ASKS_ELSE = ((0.7, 0.7), (0.5, 0.97))
"""How likely a message after a card must ask something else, and how sure its answer must be, for it to be answered."""
_ASKS_BY_NAME = (*_ASKS_ELSE, (0.9, 0.4))
"""The same where it names what an answer is about."""
_TELLS_AND_ASKS = ((0.9, 0.9),)
"""The same where it does and tells of somebody first. Of 672 ordinary questions 594 were answered before these two, 639
with them; of 369 messages on the emergency itself ten left its card, then twelve (measured 2026-11)."""
_PLAIN, _PLAIN_OTHER, _PLAINLY_LIKE = 2.0, 5.0, 6.0
"""Log-odds from which a sign told after the card of another is a second emergency, and no detail of the first: one that
a rule saw, one of them of no sign of its own, and one that examples alone are like (measured on 42 signs after cards
that taught nothing: all 20 second ones were told by a rule, of 19 details two with more than 6 by examples)."""

_FAINT, SURELY_ELSE = 0.57, 0.7
"""How like an emergency a message must be, by examples alone, to be one though an answer to it is found, and how sure
that answer must be: of the emergencies that examples alone see none is less and has such an answer, of twelve ordinary
questions five are (measured 2026-11)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is urgent in a message: the sign, the node that answers it, the sentence it stands in, the rule that saw it.

    `language` is the code of the language the sign was named in, when it is not English; `is_plain` tells whether it is
    urgent enough to be told after the card of another sign, which most words are only a detail of; `is_faint` whether
    it is barely like one, and none for words that surely ask something.
    """

    sign: str
    card: str
    sentence: str
    rule: str
    language: str = ""
    is_plain: bool = True
    is_faint: bool = False


_NO_HOPE = "hopeless"
"""The kind of word, in content/urgent-examples.yaml, that no sign of the body is."""
_UNLIKE = ": unlike"
"""Ends the phrase for a sign that examples did not bear out."""
_ALIKE = UrgentRule(id=LIKENESS, sign="", all=(LIKENESS,))
"""Stands for the rule where none fired."""


@dataclass(frozen=True, slots=True)
class _Message:
    """What is read of one message: the words as typed and as mended, the concepts they name, the rules that fire and
    those that only make a smaller sign graver."""

    text: str
    typed: Sequence[Word]
    words: Sequence[Word]
    named: Sequence[Sighting]
    places: Sightings
    found: Sequence[Hit]
    worse: Sequence[Hit]


class Urgency:
    """The authored rules, made ready to be asked, and what was learned from examples, asked where no rule fires."""

    def __init__(
        self,
        rules: UrgentRules,
        languages: LanguagesFile,
        reader: SignReader,
        likeness: Likeness | None = None,
        tongues: Tongues | None = None,
        is_authored: Callable[[str], bool] | None = None,
    ) -> None:
        """`is_authored` tells of a message that somebody authored it word for word as no emergency: examples that are
        only like it do not make it one, a sign that a rule sees does."""
        self._is_authored = is_authored or (lambda _: False)
        self._rules, self._reader, self._likeness, self._tongues = rules, reader, likeness, tongues
        self._grown = {name: sign for name, sign in rules.signs.items() if sign.grown_from}
        self._groups = [(rule, split(rule.all)) for rule in rules.rules if rule.sign not in self._grown]
        self._worse = [(rule, split(rule.all)) for rule in rules.rules if rule.sign in self._grown]
        self._composed = [(rule, split(rule.all)) for rule in composed(rules.composed)]
        self._ends_alone = {sign.card: sign.ends for sign in rules.signs.values()}
        self._order = {name: at for at, name in enumerate(rules.signs)}
        signs = {name for _, groups in (*self._groups, *self._worse) for group in groups for name in group}
        self._deniable = signs.difference(rules.excuses.parts)
        self._foreign = ForeignLanguages(languages)
        self._typed = lru_cache(maxsize=1)(_typed)
        self._last: tuple[str, tuple[Finding | None, tuple[str, ...]]] | None = None

    def detect(self, text: str) -> Finding | None:
        """Return what is urgent in a message, the gravest first, or None; never raises."""
        return self.explain(text)[0]

    def language(self, text: str) -> str:
        """Return the code of the other language that a message is surely in, by examples; empty where it is in none."""
        _, words = self._typed(text)
        if self._tongues is None or len(words) < _ENOUGH or self._tongues.is_english(words, BESIDE):
            return ""
        code = self._tongues.language(words, _SURELY)
        return code if code and self._foreign.may_be(code, text) else ""

    def perhaps(self, text: str) -> str:
        """Return the card of the gravest sign that a rule saw and only examples did not bear out, as in a question on
        socks "with a wound on my foot"; empty where there is none, or something is urgent anyway."""
        finding, excused = self.explain(text)
        unlike = {phrase.removesuffix(_UNLIKE) for phrase in excused if phrase.endswith(_UNLIKE)}
        signs = {rule.sign for rule in self._rules.rules if rule.id in unlike} if finding is None else set()
        named = [self._rules.signs[one] for one in self._order if one in signs]
        return next((sign.card for sign in named if not sign.any_other), "")

    def is_over(self, text: str, card: str = "") -> bool:
        """Return whether a short message after a card says that somebody is well again, or a longer one that help is
        there or that it was nothing, and neither doubts it nor asks anything."""
        plain = seen(text).text
        places = self._placed(self._reader.mended(words_of(plain)))
        alone = places.of(self._ends_alone.get(card, ()))
        over = [*places.of(self._rules.over), *alone]
        if not places.words or "?" in plain or self._is_doubted(places):
            return False
        denied = places.stands(self._rules.denies_over, over)
        if over and len(places.words) <= _SHORT and not denied and (alone or self._is_all(over, places.words)):
            return True
        return self._ended_by(plain, places) in (IN_CARE, LET_OFF)

    def heard(self, text: str, card: str = "") -> str:
        """Return what a message after a card says, by the names in `after` of the file, `PERHAPS` where it may say that
        it is over, or an empty text."""
        places = self._placed(self._reader.read(text))
        ending, ahead = self._ended_by(text, places), places.of(self._rules.after.get(_AHEAD, ()))
        kinds = (kind for kind, concepts in self._rules.after.items() if places.stands(concepts, ahead))
        told = next(kinds, _ASKED if ahead else "")
        if told == _DENIED:
            return told
        doubted = self._is_doubted(places)
        if not doubted and ending in (IN_CARE, LET_OFF):
            return ending
        if not doubted and places.any_of(self._ends_alone.get(card, ())):
            return LET_OFF
        perhaps = ending or places.any_of(self._rules.over)
        return PERHAPS if doubted and told in (IN_CARE, LET_OFF) else told or (PERHAPS if perhaps else "")

    def _is_doubted(self, places: Sightings) -> bool:
        """Tell whether something says that it is not over; "nobody is ill" does not, though "nobody" may."""
        return places.stands(self._rules.not_over, places.of(self._rules.after.get(LET_OFF, ())))

    def _is_all(self, over: Sequence[Sighting], words: Sequence[Word]) -> bool:
        """Tell whether nothing is told beside that it is over: "he is fine now", not "the weather is better now"."""
        inside = {at for one in over for at in range(one.first, one.last + 1)}
        rest = [word for at, word in enumerate(words) if at not in inside]
        return self._likeness is None or self._likeness.adds_nothing(rest)

    def _placed(self, words: Sequence[Word], named: Sequence[Sighting] | None = None) -> Sightings:
        """Return where words name concepts, those made of others among them."""
        places = Sightings(self._reader.named(words) if named is None else named, words)
        places.add(Sighting(hit.rule.id, hit.first, hit.last) for hit in list(hits(self._composed, places)))
        return places

    def asks_else(self, text: str, score: float = 1.0, *, named: bool = False, tells: bool = False) -> bool:
        """Return whether a message after a card is rather a question about something else than about it, whose answer
        is as sure as `score`; `named` where it names what that is about, `tells` where it tells of somebody first."""
        share = self._after(text).get(ELSE, 1.0)
        enough = (_TELLS_AND_ASKS if named else ()) if tells else _ASKS_BY_NAME if named else _ASKS_ELSE
        return any(share >= likely and score >= sure for likely, sure in enough)

    def is_news(self, text: str, *, plainly: bool = False) -> bool:
        """Return whether a message tells or asks how an emergency goes on, though something else was said meanwhile."""
        return self._after(text).get(STILL, 0.0) >= (_GOES_ON_PLAINLY if plainly else _GOES_ON)

    def despairs(self, text: str) -> bool:
        """Return whether a word of a message says that somebody has no hope, such as `empty` or `worthless`."""
        return self._likeness is not None and any(one.concept == _NO_HOPE for one in self._likeness.kinds(text))

    def closest(self, text: str, lines: Sequence[str]) -> int | None:
        """Return which of the lines of a card speaks of what a message speaks of; the first of several, or None."""
        read = [self._reader.read(line) for line in lines]
        return self._likeness.closest(self._reader.read(text), read) if self._likeness else None

    def _after(self, text: str) -> Mapping[str, float]:
        words = self._reader.read(text)
        return self._likeness.after(words, self._reader.named(words)) if self._likeness else {}

    def _ended_by(self, text: str, places: Sightings) -> str:
        """Return what ends it by examples, which help that is only on its way does not, however like one it is."""
        coming = places.any_of(self._rules.after.get(_COMING, ()))
        return self._ending(text, places, {**_ENDS, IN_CARE: _HERE} if coming else _ENDS)

    def _ending(self, text: str, places: Sightings, ends: Mapping[str, float]) -> str:
        """Return whether examples say that it is over, because of help or mistake or because it feels better, or that
        this may be so; that there is no emergency may be said in so many words."""
        words = self._reader.read(text)
        if self._likeness is None or not words:
            return ""
        if len(words) < _BRIEF and not self._likeness.knows(words):  # a finding, such as "NIHSS is 6"
            return ""
        authored = self._likeness.authored(words_of(seen(text).text))
        likely = {authored: 1.0} if authored else self._likeness.after(words, self._reader.named(words))
        over = {label: likely.get(label, 0.0) for label in (IN_CARE, LET_OFF, BETTER)}
        label = max(over, key=lambda one: over[one])
        nothing = places.of(self._rules.after.get(LET_OFF, ())) if label == LET_OFF else ()
        denied = places.stands(self._rules.denies_over, nothing)
        if label == LET_OFF and denied and len(words) < _BRIEFLY and not authored:
            return PERHAPS  # "not the cat, I checked"
        said = authored or (nothing and not denied)
        surely = over[IN_CARE] + over[LET_OFF] >= _ENDS_TOGETHER and ends is _ENDS
        if (over[label] >= ends[label] or surely) and (said or self._likeness.bears_out(words, label)):
            return label
        return PERHAPS if sum(over.values()) >= _PERHAPS_ENDS else ""

    def explain(self, text: str) -> tuple[Finding | None, tuple[str, ...]]:
        """Return what is urgent, and one phrase for each sign that was seen and excused.

        The last message is remembered: it is asked of at the door, so that an emergency goes first, and once more when
        its turn has come.
        """
        last = self._last
        if last is None or last[0] != text:
            self._last = last = text, self._explained(text)
        return last[1]

    def _explained(self, text: str) -> tuple[Finding | None, tuple[str, ...]]:
        plain, typed = self._typed(text)
        if not typed:
            return None, ()
        message = self._read(plain, typed)
        hit, own, excused = self._by_rules(message)
        weighed = None
        if self._likeness:
            weighed = self._likeness.weigh(message.words, message.named, tells=bool(message.found))
        if hit and weighed and not (is_sure(hit, weighed) or self._is_sure_beside(message, hit)):
            excused = [*excused, (hit, "unlike")]
            hit = None
        if hit is None and own:  # whatever examples say
            hit, weighed = own, None
        tongue = self._tongues.weigh(message.typed) if self._tongues else None
        if tongue and tongue.alone:  # English words in it are chance
            finding = self._by_language(message, tongue, hit.rule.sign if hit else "")
        else:
            finding = self._finding(message, hit, weighed) if hit else self._by_language(message, tongue)
            if finding is None and not self._is_authored(plain):
                finding = self._by_likeness(message, weighed, bool(excused))
            finding = finding and self._worst(message, finding)
        return finding, tuple(dict.fromkeys(f"{one.rule.id}: {why}" for one, why in excused))

    def _read(self, text: str, typed: Sequence[Word]) -> _Message:
        words = self._reader.mended(typed)
        named = self._reader.named(words)
        places = self._placed(words, named)
        found, worse = list(hits(self._groups, places)), list(hits(self._worse, places))
        return _Message(text, typed, words, named, places, found, worse)

    def grown(self, text: str, held: str) -> Finding | None:
        """Return the graver sign that a message tells after the card of the sign `held`: by worse words alone, or by
        another sign that makes it graver; None where it tells of none."""
        found, plain = self.detect(text), seen(text).text
        for name, sign in self._grown.items():
            follows = found is not None and held in sign.follows and found.sign in sign.grown_from
            if found and (follows or (found.is_plain and sign.grows(held, found.sign))):
                return replace(found, sign=name, card=sign.card)
        if found and found.is_plain and not self._rules.signs[found.sign].any_other and found.sign != held:
            return None  # plainly of another kind
        typed = words_of(plain)
        message = self._read(plain, typed) if typed else None
        grown = {name: sign for name, sign in self._grown.items() if sign.alone and held in sign.grown_from}
        return self._graver(message, grown, lambda hit, name: hit.rule.sign == name) if message and grown else None

    def _worst(self, message: _Message, finding: Finding) -> Finding:
        """Return the gravest sign that a sign grew into by what else its message tells, or the sign itself."""
        seen_as = finding.sign

        def adds(hit: Hit, name: str) -> bool:
            grown = self._grown[name]
            if hit.rule.sign in self._grown:
                return hit.rule.sign == name and seen_as in grown.grown_from
            return grown.grows(seen_as, hit.rule.sign)

        graver = self._graver(message, self._grown, adds)
        return replace(graver, language=finding.language, is_plain=finding.is_plain) if graver else finding

    def _graver(self, message: _Message, grown: Mapping[str, Sign], adds: Callable[[Hit, str], bool]) -> Finding | None:
        """Return the first of some graver signs that an unexcused hit in a message `adds` to what is told."""
        told = [(name, hit) for name in grown for hit in (*message.worse, *message.found) if adds(hit, name)]
        if not told:
            return None
        excuses, leaflet = self._excuses(message), is_leaflet(self._rules.excuses, message.places, message.found)
        for name, hit in told:
            if not excuses.cover(hit) and not leaflet(hit):
                return Finding(
                    name, grown[name].card, told_around(message.text, message.words, hit.first, hit.last), hit.rule.id
                )
        return None

    def _excuses(self, message: _Message) -> Excuses:
        deniable = [one for one in message.named if one.concept in self._deniable]
        return Excuses(self._rules.excuses, message.places, deniable)

    def _is_sure_beside(self, message: _Message, hit: Hit) -> bool:
        """Tell whether a sign stands without the medicines named beside it: most messages that name one are calm, and
        to name one makes nothing less urgent."""
        words = without(message.words, [one for one in message.named if one.concept in self._rules.beside], hit)
        if len(words) == len(message.words) or self._likeness is None:
            return False
        if self._tongues and self._tongues.weigh(message.typed):
            return False
        weighed = self._likeness.weigh(words, self._reader.named(words), tells=True)
        return weighed is not None and is_sure(hit, weighed)

    def _by_rules(self, message: _Message) -> tuple[Hit | None, Hit | None, list[tuple[Hit, str]]]:
        """Return the gravest sign that nothing excuses, the gravest called somebody's own, and those excused."""
        excuses_of, places, found = self._rules.excuses, message.places, message.found
        if not found:
            return None, None, []
        excuses = self._excuses(message)
        leaflet = is_leaflet(excuses_of, places, found)
        excused: list[tuple[Hit, str]] = []
        hit = None
        for one in sorted(found, key=self._gravity):
            why = excuses.cover(one) or ("leaflet" if leaflet(one) else "")
            if not why:
                hit = one
                break
            excused.append((one, why))
        own = list(owned(found, places.of(excuses_of.owning)))
        signs = list(shown(found, places.of(excuses_of.showing)))
        own += [one for one in signs if excuses.cover(one) in ("", GENERAL)]
        return hit, min(own, key=self._gravity, default=None), excused

    def _by_language(self, message: _Message, tongue: Tongue | None, ruled: str = "") -> Finding | None:
        """Return what examples in some other language say, or its lexicon where they cannot say it; `ruled` is the sign
        that an English rule saw."""
        found, excused = self._foreign.find(message.text, message.typed)
        if found and self._tongues and self._tongues.is_english(words_of(found.sentence)):
            found = None
        is_short = len(message.typed) < _TOO_SHORT
        if tongue is None or (found and (is_short or not tongue.alone)):
            if found is None or excused:
                return None
            return self._foreign_finding(message, found.sign, found.sentence, "foreign", found.language)
        if tongue.odds + _RULED * bool(ruled) < 0:
            return None
        if found:
            sign = tongue.sign(found.sign)
            return self._foreign_finding(message, sign, found.sentence, "foreign", found.language)
        sign = tongue.sign(ruled)
        if is_short and self._tongues and self._tongues.is_ordinary(tongue.language, sign, message.typed):
            return None
        told = told_around(message.text, message.words, 0, len(message.words) - 1)
        rule = f"foreign likeness {1 / (1 + math.exp(-tongue.odds)):.2f}"
        return self._foreign_finding(message, sign, told, rule, tongue.language)

    def _foreign_finding(self, message: _Message, sign: str, sentence: str, rule: str, language: str) -> Finding:
        spoken = language if self._foreign.may_be(language, message.text) else ""  # else only like it: Japanese
        return Finding(sign, self._rules.signs[sign].card, sentence, rule, spoken)

    def _by_likeness(self, message: _Message, weighed: Weighed | None, excused: bool) -> Finding | None:
        """Return what examples say of a message, or of a long one's sentences in which no rule saw a sign."""
        if self._likeness is None:
            return None
        leaflet = is_leaflet(self._rules.excuses, message.places, message.found)

        def skip(first: int, last: int) -> bool:
            near = any(first <= hit.last and hit.first <= last for hit in message.found)
            return near or leaflet(Hit(_ALIKE, first, last))

        if weighed is None:
            found = self._likeness.find(message.words, message.named, skip)
        else:
            calm = weighed.odds + _EXCUSED * excused < 0 or leaflet(
                Hit(_ALIKE, weighed.alike.first, weighed.alike.last)
            )
            found = None if calm else weighed.alike
        if found is None or self._likeness.is_ordinary(found.sign, message.words):
            return None
        return self._alike(message, found)

    def _alike(self, message: _Message, found: Alike) -> Finding:
        told = told_around(message.text, message.words, found.first, found.last)
        sign = self._rules.signs[found.sign]
        plain = not sign.any_other and log_odds(1.0 - found.share) >= _PLAINLY_LIKE
        faint = found.share < _FAINT
        return Finding(found.sign, sign.card, told, f"{LIKENESS} {found.share:.2f}", "", plain, faint)

    def _gravity(self, hit: Hit) -> tuple[int, int]:
        """Return what the gravest sign, and of its hits the first, has least of."""
        return self._order[hit.rule.sign], hit.first

    def _finding(self, message: _Message, hit: Hit, weighed: Weighed | None) -> Finding:
        """Return what a rule saw; of which sign it is, a whole message says more than the words of one rule."""
        sign = hit.rule.sign
        if weighed and not hit.rule.firm:
            sign = weighed.sign(sign, hit.first, hit.last)
        least = _PLAIN_OTHER if self._rules.signs[sign].any_other else _PLAIN
        plain = hit.rule.firm or weighed is None or weighed.odds >= least
        told = told_around(message.text, message.words, hit.first, hit.last)
        return Finding(sign, self._rules.signs[sign].card, told, hit.rule.id, "", plain)


def _typed(text: str) -> tuple[str, tuple[Word, ...]]:
    """Return what a message shows, and its words as typed."""
    plain = seen(text).text
    return plain, words_of(plain)


def urgent(finding: Finding) -> Match:
    """Return the decision for an emergency: the card of its sign, with the sentence and the rule as reasons."""
    reasons = (f"urgent: {finding.sign}, by {finding.rule}", f"in: {finding.sentence}")
    guessed = finding.rule.startswith(LIKENESS)
    return Match(Outcome.URGENT, finding.card, reasons=reasons, language=finding.language, guessed=guessed)


def told_after(signs: Mapping[str, Sign], held: str, found: Finding) -> Match:
    """Return the decision about a sign told after the card of the sign `held`: its own card where it is plainly another
    one, as urgent at least, or the same one grown graver, else that of the emergency, of which most of what is told
    then is a detail; the other is offered."""
    match, sign, told = urgent(found), signs[held], signs[found.sign]
    if found.sign in sign.smaller:
        return replace(match, node=sign.card)
    worse = sign.gives_way(told) and not (told.any_other or match.guessed)
    other = ((found.is_plain or worse) and found.sign not in sign.holds) or sign.any_other
    graver = held in told.smaller and told.alone  # the other kind must be plainly told in the message itself
    if held == found.sign or graver or (other and not told.gives_way(sign)):
        return match
    reasons = (*match.reasons, f"told after {sign.card}, and not plainly another emergency")
    return Match(Outcome.ANSWER, sign.card, related=(found.card,), reasons=reasons, guessed=match.guessed)

"""What is no question of its own: small talk and whether it is all that a message says, what is only told, and what
points at a line of the answer shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from bot.matching.build import TALK, Parts
from bot.matching.classifier import Classifier
from bot.matching.parser import Message, clauses
from bot.matching.subjects import NONE, SELF, Named, Said, Subjects
from bot.matching.text import LITTLE, PERSONS, QUESTION_WORDS, STOP, is_grammar

_OPENERS = QUESTION_WORDS | {"do", "can", "be"}
_ASKED, _SHARED = 4, 2
"""How many lines of a kind must ask something for a question mark to belong to it, and in how many kinds a word must
stand to be part of no sign there: "I am off"."""
_ANSWERS, _FELT = frozenset({"yes", "no", "ok", "wait", "test"}), "sad"
"""The kinds whose reply would say of what else is told that it is well; and the one that a frame alone, "I feel ...",
is like."""
_SURELY = 0.5
"""How likely any other kind must be for what stands beside it not to matter: "hello, my wife told me of you"."""
_NEGATIONS = frozenset("no not never none dont doesnt didnt isnt arent wasnt cant cannot couldnt wont".split())  # noqa: SIM905
_OTHERS = frozenset("he hes him his she shes her hers they theyre them their".split())  # noqa: SIM905
_FRAME, _SPEAKS = _NEGATIONS | {"@i", "@my"}, 0.3
"""What says nothing of what is felt, and how much one other word must speak for it."""
_ABBREVIATION = 3  # letters, up to which a word that nobody wrote stands for others


class TalkWords:
    """Tells whether the authored lines of a kind of small talk account for all that a message tells: one word that is
    likely in them does not make small talk of what stands beside it."""

    def __init__(self, parts: Parts, parts_of_signs: Callable[[str], frozenset[str]], names: Classifier) -> None:
        self._parts, self._parts_of_signs, self._names = parts, parts_of_signs, names
        lines = [(kind, key.split()) for key, kind in parts.index.small_talk.items()]
        kinds = dict.fromkeys(kind for kind, _ in lines)
        self._own = {kind: {word for own, words in lines if own == kind for word in words} for kind in kinds}
        self._pairs = {kind: {two for own, words in lines if own == kind for two in pairwise(words)} for kind in kinds}
        self._often = Counter(word for words in self._own.values() for word in words)
        asking = Counter(kind for kind, words in lines if words[0] in _OPENERS)
        self._asking = {kind for kind, times in asking.items() if times >= _ASKED}
        self._others = [one for one in names.labels if not one.startswith(TALK)]

    def asks(self, kind: str) -> bool:
        """Tell whether a message of a kind may have a question mark."""
        return kind in self._asking

    def accounts(self, kind: str, share: float, message: Message) -> bool:
        """Tell whether a message that is like a kind of small talk by some share says nothing else."""
        own, light = self._own.get(kind, set()), self.is_light(message, self._own.get(kind, set()))
        if (message.asked and not self.asks(kind)) or self._denies(kind, message):
            return False
        if kind in _ANSWERS:
            return light and self._left(message, own).issubset(self._often)
        return light and self._is_borne_out(kind, message) if kind == _FELT else light or share >= _SURELY

    def is_light(self, message: Message, own: Collection[str] = ()) -> bool:
        """Tell whether a message names nothing, beside its `own` words, that matters whatever it is like: no part of a
        sign, nobody else, no number and no abbreviation."""
        left = self._left(message, own)
        signs = {one for one in self._parts_of_signs(message.text) if self._often[one] < _SHARED}
        persons = _OTHERS.intersection(message.words).difference(own) or "relative" in message.concepts
        short = (one for one in left if len(one) <= _ABBREVIATION and one not in self._parts.english)
        bare = any(one[0].isdigit() for one in left) or any(short)
        return signs.isdisjoint(left) and not persons and not bare

    def _denies(self, kind: str, message: Message) -> bool:
        """Tell whether something is denied that no line of a kind denies: "no allergy", "not working"."""
        two = ((one, two) for one, two in pairwise(message.stems) if one in _NEGATIONS and not is_grammar(two))
        return kind in (*_ANSWERS, "insult") and not self._pairs[kind].issuperset(two)

    def _left(self, message: Message, own: Collection[str]) -> set[str]:
        """Return the stems of the words that name something and are not among some."""
        both = zip(message.words, message.stems, strict=True)
        return {stem for word, stem in both if word != STOP and stem not in own and not is_grammar(word)}

    def _is_borne_out(self, kind: str, message: Message) -> bool:
        """Tell whether any word speaks for a kind rather than for an answer, or is of that kind alone."""
        own = {stem for stem in message.stems if stem in self._own[kind] and self._often[stem] == 1}
        if any(not is_grammar(one) for one in own) and not self._left(message, self._own[kind]):
            return True
        words = [one for one in self._parts.features.items(message) if one not in _FRAME and not is_grammar(one)]
        return max(self._names.leanings(words, (TALK + kind,), self._others), default=0.0) >= _SPEAKS


TOLD, _FEWEST, _PAIR = "remark", 3, 2
"""The kind of small talk that only tells something, the fewest words of it, and how many words say nothing yet."""


def told_of(message: Message) -> bool:
    """Tell whether a message tells of somebody and asks nothing: after the card of an emergency it is a detail."""
    persons = bool(message.words) and message.words[0] in PERSONS
    return persons and not message.asked and QUESTION_WORDS.isdisjoint(message.words)


_ANNOUNCES = frozenset("ask help hi hey know question questions query quick something talk tell thing wanted".split())  # noqa: SIM905
"""What somebody says who is about to ask."""


def announced(message: Message) -> Message:
    """Return what a message is about, where the words before `about` only say that something will be asked: "can I ask
    you something about my feet"."""
    words = message.words
    at = words.index("about") if "about" in words else 0
    asks = _ANNOUNCES.isdisjoint(words[:at]) or not QUESTION_WORDS.isdisjoint(words[:at])
    empty = (word in _ANNOUNCES | LITTLE or word == STOP or is_grammar(word) for word in words[:at])
    return message if asks or not all(empty) else message.part(at, len(words) - (words[-1] == STOP))


_MATTERS = frozenset({"medicine", "elsewhere"})
"""Kinds of leaning subjects that bear on whatever is taken: other medicines, and what a person has or is."""
_TAKEN, _BOTH = frozenset({"drug", "remedy"}), "interactions"
"""What is taken for nerves, and the aspect of it that is asked of one thing beside another."""
_OF_ANY_PART = frozenset({
    *("bad", "blood", "chronic", "damage", "diabetes", "disease", "end", "failure", "heavy", "impairment", "injury"),
    *("insufficiency", "nerve", "neuropathies", "neuropathy", "pain", "stage", "trouble", "weak"),
})  # fmt: skip
"""What any part of the body may have: it says nothing of which."""
_ENDED = _NEGATIONS | frozenset("stopped quit off used without".split())  # noqa: SIM905
_WISHED = frozenset("until if when should could would might want".split())  # noqa: SIM905
"""Words with which somebody tells what is not so or no longer, and what is not yet."""
_OPENING = 3
"""Words among which a clause that tells of somebody names them: "hi, my mum takes"."""


def told_names(message: Message, subjects: Subjects) -> Iterator[tuple[str, bool]]:
    """Yield the names, as they are authored, of what clauses of a message tell of somebody that matters for whatever
    is taken, and whether it is so: "I'm pregnant", "my mum takes warfarin", "I'm not on metformin"; none that is
    asked about or wished."""
    for start, end in clauses(message):
        clause = message.part(start, end)
        if _tells(clause):
            named = {name for name in subjects.named(clause).leaning if subjects.kind_of[name] in _MATTERS}
            for one in clause.mentions:
                if not named.isdisjoint(one.concepts):
                    yield " ".join(clause.words[one.start : one.end]), _ENDED.isdisjoint(clause.words)


def _tells(clause: Message) -> bool:
    somebody = not PERSONS.isdisjoint(clause.words[:_OPENING]) or "relative" in clause.concepts
    return somebody and not clause.asked and QUESTION_WORDS.union(_WISHED).isdisjoint(clause.words)


def beside(node: str, named: Named, subjects: Subjects) -> str | None:
    """Return the answer on what an answer is about together with what is named, if there is one: of two subjects that
    make up one, else of what is taken beside another thing."""
    it = subjects.it(node)
    if it is None or subjects.kind_of[it] not in _TAKEN:
        return None
    if whole := subjects.together(it, named.leaning):
        return subjects.general(whole)
    found = subjects.row(it).get(_BOTH, NONE)
    return None if found in (SELF, NONE) else found


def speaking(told: Message, lines: Sequence[str], said: Said) -> list[str]:
    """Return those of some lines that hold what was told in its own words, its rarest at least, or one of its family:
    a line on kidneys is none on the lungs, though one name stands for both."""
    both = zip(told.words, told.stems, strict=True)
    stems = [stem for word, stem in both if not ({word, stem} & (_OF_ANY_PART | LITTLE) or is_grammar(word))]
    rarest = max(stems, key=said.rarity, default="")
    return [line for line in lines if rarest and said.holds_word(line, rarest)]


def is_like_talk(words: Sequence[str], shares: Mapping[str, float], limit: float) -> bool:
    """Tell whether words of grammar alone are like small talk that is authored: "how are you"."""
    talk = (share for node, share in shares.items() if node.startswith(TALK))
    return len(words) > _PAIR and max(talk, default=0.0) >= limit


def is_remark(message: Message, shares: Mapping[str, float], talk: float, means: float) -> bool:
    """Tell whether known words sound a little like small talk, by the likelihood of all its kinds, and no answer means
    them."""
    known = len(message.words) >= _FEWEST and not (message.unknown or message.guessed)
    answers = [share for node, share in shares.items() if not node.startswith(TALK)]
    return known and sum(shares.values()) - sum(answers) >= talk and max(answers, default=0.0) < means


_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LATEST = {"latter": -1, "last": -1, "former": 0}
_AT = {word: at for words in (_PLACES, _NUMBERS, "123456789") for at, word in enumerate(words)} | _LATEST
_TWO = 2  # "the latter" is one of them
_PART = r"(?:one|step|stage|item|point|part|bit|thing|option)\b"
_ORDINAL = rf"(?:very )?(?P<place>{'|'.join((*_PLACES, *_LATEST))})"
_POINTER = re.compile(
    rf"\b(?:(?:the |that |your )?{_ORDINAL} {_PART}"
    rf"|(?:the|your) {_ORDINAL.replace('place', 'alone')}(?=\s*(?:$|[^\w\s]))"
    rf"|(?:the )?(?:step|stage|number|item|point) (?P<number>{'|'.join(_NUMBERS)}|[1-9])\b)"
    r"(?: (?:on|of|in) (?:that|the|your|this) (?:list|chart|steps|ladder|answer))?",
    re.IGNORECASE,
)
"""Words that point at something listed: "the second one", "step 3", "the very first item on that list"."""


def pointed(text: str, listed: Sequence[str]) -> tuple[str, str] | None:
    """Return the text with "it" for the words that point at one of some answers listed, and that answer."""
    found = _POINTER.search(" ".join(text.split())) if listed else None
    word = found and (found["place"] or found["alone"] or found["number"]).lower()
    at = _AT.get(word or "", len(listed))
    of_two = word in ("latter", "former")
    if found is None or at >= len(listed) or (of_two and len(listed) != _TWO):
        return None
    return f"{found.string[: found.start()]}it{found.string[found.end() :]}", listed[at]

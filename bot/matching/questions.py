"""The question in a message: what only stands around it, where it falls into several, and what is none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import log

from bot.dialog.turn import UNSURE, Match, Outcome
from bot.matching.build import TALK, Parts, Roles
from bot.matching.classifier import PRONOUNS, Classifier, Features, Ranked
from bot.matching.decisions import LEANS, Limits, likeliest
from bot.matching.lessons import REMARK
from bot.matching.parser import Message, clauses, joined
from bot.matching.ranking import Heard, Reading, Shares
from bot.matching.subjects import Subjects
from bot.matching.talk import TalkWords, is_remark, told_of
from bot.matching.text import ASKS, PERSONS, QUESTION_WORDS, SAYS_NOTHING, STOP

AT_PAUSE, INSIDE, WITHIN_A_NAME = 0.5, 3.5, 100.0
"""What it costs, in log-odds, to pass from question to remark: where a clause begins, within one, and within a name of
several words, which is never cut."""
_TELLING = frozenset({"tell", "explain", "describe", "list", "compare", "show", "please"})
_PERSONS = frozenset({"i", "im", "ive", "my", "he", "hes", "she", "shes", "we", "they", "it", "its", "you"})
CONDITION = "condition"
"""The kind of the subjects that somebody has."""
_NOTE = 6
"""Words up to which a sentence without a verb is read as a question, as clinicians write: `ALA dose. Interactions`."""
_LINKS = frozenset({"and", "&", "+", "but", "or", "also", "so", "then", "plus"})
_AGAINST = frozenset({"or", "but"})
_JOINS = frozenset({"and", "&", "+", "plus"})
_GO_ON = _JOINS | {"but"}
_THINGS = frozenset({"thing"})
_BESIDE_THE_POINT = _THINGS | {"purpose"}
"""Kinds of what no topic holds that small talk is about: the weather, a dog."""
_HALF, _LONGEST = 2, 120
"""Words that half a message needs to ask something, and up to which a message is two questions and no story."""
_TO = frozenset({"at", "for", "in", "to", "on", "with", "by", "from", "of"})
"""What a question may begin with before such a word: `at what time`."""
_ONE = 1.2
_SIGNS = (2.2, 0.9, 1.0, 1.45, -1.0, 1.1, 0.9, -1.05)
"""What speaks for two questions at a seam, in log-odds, beside `_ONE`: a question mark, a full stop, a pause, a word
that links, that this is `or` or `but`, that what stands before asks, that what follows begins to ask, that it tells."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a message, with whether it has the form of a question."""

    message: Message
    asks: bool


@dataclass(frozen=True, slots=True)
class Apart:
    """A message in two: what asks, and what somebody only tells beside it."""

    asking: Message
    told: Message


Wording = tuple[str, ...]
"""A wording as its words."""


class Remarks:
    """Finds the words that ask: a model says of each word which it is, and few changes between them are likeliest.

    `before` and `after` are the courtesies that say nothing where a message begins, and where it ends.
    """

    def __init__(
        self,
        words: Classifier,
        features: Features,
        subjects: Subjects,
        states_facts: Callable[[Message], bool],
        is_line: Callable[[Message], bool],
        before: Collection[Wording],
        after: Collection[Wording],
        talk: TalkWords,
    ) -> None:
        self.talk = talk
        self._words, self._features, self._subjects = words, features, subjects
        self._states_facts, self._is_line = states_facts, is_line
        self._before, self._after = before, after
        self._longest = max(map(len, before), default=0)
        self._last: tuple[Message, list[float]] | None = None

    def without_courtesies(self, message: Message) -> Message:
        """Return the message without the courtesies at its ends: "so DPN thanks" asks what "DPN" asks. A message that
        is nothing else stays as it is, and so do `and` and `but`, with which one goes on from what was said."""
        words, start, end = message.words, 0, len(message.words)
        while size := self._opening(words[start:end]):
            start += size
        while size := self._closing(words[start:end]):
            end -= size
        tells = self.tells(message.part(0, start)) or self.tells(message.part(end, len(words)))
        nothing = all(word == STOP for word in words[start:end])
        return message if tells or nothing or end - start == len(words) else message.part(start, end)

    def _opening(self, words: Wording) -> int:
        """Return how many words at the beginning are a courtesy, or end the sentence that was one."""
        if words and words[0] in (STOP, *_GO_ON):
            return int(words[0] == STOP)
        sizes = range(min(self._longest, len(words)), 0, -1)
        return next((size for size in sizes if words[:size] in self._before), 0)

    def _closing(self, words: Wording) -> int:
        """Return how many words at the end are a courtesy, with the mark after it."""
        left = words[:-1] if words[-1:] == (STOP,) else words
        sizes = range(min(self._longest, len(left)), 0, -1)
        found = next((size for size in sizes if left[-size:] in self._after), 0)
        return found and found + len(words) - len(left)

    def telling(self, message: Message, means: Callable[[Clause, bool], bool]) -> Message:
        """Return the message without the clauses at its ends that name nothing and mean nothing by themselves: what is
        left asks the same without them. A message of such clauses stays as it is. `means` is asked of a clause, and
        whether it says something of somebody.
        """
        places = list(clauses(message))
        telling = [place for place in places if self._says(message, *place, means)] if len(places) > 1 else []
        if not telling:
            return message
        start, end = telling[0][0], telling[-1][1]
        end += end < len(message.words) and message.words[end] == STOP
        return message if end - start == len(message.words) else message.part(start, end)

    def _says(self, message: Message, start: int, end: int, means: Callable[[Clause, bool], bool]) -> bool:
        clause = message.part(start, end)
        names = self._is_line(clause) or self._names(clause, _BESIDE_THE_POINT)
        asks = end in message.asked or _opens(clause)
        return names or means(Clause(clause, asks), self.tells(clause))

    def question(self, message: Message, doubt: float = 0.0) -> Message:
        """Return the message without the remarks around its question; all of it where mere grammar would be left.

        With `doubt` (log-odds), words are set aside that are less surely a remark.
        """
        parts = [(message.part(start, end), aside) for start, end, aside in self._spans(message, doubt)]
        kept = [
            part
            for part, aside in parts
            if not aside or self.tells(part) or (_opens(part) and (doubt or bool(part.asked)))
        ]
        if len(kept) == len(parts) or SAYS_NOTHING.issuperset(word for part in kept for word in part.words):
            return message
        return joined(kept)

    def found(self, match: Match, reading: Reading, scores: Shares, context: str | None, limits: Limits) -> bool:
        """Tell whether words that are no small talk of a kind are a remark for which nothing is found: they are rather
        like it and name nothing that matters, or tell of somebody, in a thread only where they name nothing."""
        question, light = reading.message, self.talk.is_light(reading.message)
        talk = sum(share for node, share in scores.items() if node.startswith(TALK))
        sure = match.node != context and _share(match) >= limits.in_thread and match.outcome is Outcome.ANSWER
        if match.outcome is Outcome.SMALL_TALK:
            return False
        if light and reading.named.nothing and talk >= limits.talk and not sure:
            return not (question.asked or reading.authored) and QUESTION_WORDS.isdisjoint(question.words)
        unsure = match.outcome in (UNSURE if light else {Outcome.NOT_COVERED}) and (light or context is None)
        tells = unsure and told_of(question) and not self.tells(question)
        return tells and is_remark(question, reading.alone.shares, limits.remark, limits.means)

    def apart(self, message: Message) -> Apart | None:
        """Return what of a message asks by its form, and what is only told beside it ("My feet burn. Does ALA help?"),
        or None where it only asks or only tells."""
        sentences = list(_sentences(message))
        begins = [self._begins_to_ask(one) for one in sentences]
        if all(at == len(one.message.words) for at, one in zip(begins, sentences, strict=True)):
            begins = [0 if _asks(one.message, self._subjects) else len(one.message.words) for one in sentences]
        halves = [(one.message, at) for at, one in zip(begins, sentences, strict=True)]
        told = [words.part(0, at) for words, at in halves if at]
        asking = [words.part(at, len(words.words)) for words, at in halves if at < len(words.words)]
        return Apart(joined(asking), joined(told)) if asking and told else None

    def _begins_to_ask(self, sentence: Clause) -> int:
        """Return the word from which a sentence asks: the first, or the one after a clause that tells of somebody ("my
        feet burn, does ALA help"); the sentence's length where it asks nothing by its form."""
        message = sentence.message
        opening = [start for start, end in clauses(message) if _opens(message.part(start, end))]
        at = opening[0] if opening else len(message.words)
        asks = (opening or sentence.asks or self._notes(message)) and message.words[0] not in PERSONS
        return 0 if asks or not QUESTION_WORDS.isdisjoint(message.words[:at]) else at

    def _notes(self, message: Message) -> bool:
        """Tell whether a sentence without a verb surely asks: it is a line, or a few words on more than a condition."""
        things = (one for one in self._subjects.named(message).held if self._subjects.kind_of[one] != CONDITION)
        return self._is_line(message) or (len(message.words) <= _NOTE and next(things, None) is not None)

    def _spans(self, message: Message, doubt: float) -> list[tuple[int, int, bool]]:
        """Return the spans of words that are all remark or all question."""
        if len(message.words) < 2:
            return [(0, len(message.words), False)]
        last = self._last
        if last is None or last[0] is not message:  # the same message is asked of twice, with and without doubt
            self._last = last = message, self._words.log_odds(self._features.words(message), REMARK)
        odds = [one + doubt for one in last[1]]
        begins = message.pauses | {at + 1 for at, word in enumerate(message.words) if word == STOP}
        named = {at for one in message.mentions for at in range(one.start + 1, one.end)}
        costs = [WITHIN_A_NAME if at in named else AT_PAUSE if at in begins else INSIDE for at in range(len(odds))]
        states = _likeliest(odds, costs)
        spans, at = [], 0
        for aside, group in groupby(states):
            size = len(list(group))
            spans.append((at, at + size, aside))
            at += size
        return spans

    def tells(self, part: Message) -> bool:
        """Tell whether a part names something, or says what decides for one person."""
        return self._names(part, _THINGS) or self._states_facts(part)

    def _names(self, part: Message, but: frozenset[str]) -> bool:
        """Tell whether a part names something that a topic holds, or that none does, `but` for these kinds of it."""
        named = self._subjects.named(part)
        telling = (name for name in named.foreign if self._subjects.kind_of[name] not in but)
        return bool(named.held or named.leaning or next(telling, None))


def _likeliest(odds: Sequence[float], costs: Sequence[float]) -> list[bool]:
    """Return which words are remarks (Viterbi): by the odds of each, and the cost of each change between them."""
    best = [0.0, float(odds[0])]
    back: list[tuple[int, int]] = []
    for value, cost in zip(odds[1:], costs[1:], strict=True):
        ask = 0 if best[0] >= best[1] - cost else 1
        aside = 1 if best[1] >= best[0] - cost else 0
        back.append((ask, aside))
        best = [best[ask] - (cost if ask else 0.0), best[aside] - (0.0 if aside else cost) + float(value)]
    state = int(best[1] > best[0])
    states = [state]
    for ways in reversed(back):
        state = ways[state]
        states.append(state)
    return [bool(one) for one in reversed(states)]


FIRST, SECOND, _WHOLE = 3.0, 2.0, 0.4
"""How much the logarithm of a likelihood counts: that of the first half's answer in it, of the second half's answer in
that, of each in the whole."""
_ADVISED, _UNCOVERED, _POLITE, IN_THREAD = 2.1, 1.1, 2.0, 1.1
"""What takes away from the odds of two questions: that a half asks for advice, that it is not covered, that it only
speaks to the bot ("can I ask you something"), a thread."""
MOST_SEAMS = 2
"""Seams of a message that are weighed, the likeliest by their form: with more of them no more questions were right
(measured 2026-11)."""
_LEAST = 0.001
"""The likelihood below which all are alike."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Some words with how likely each answer is."""

    message: Message
    scores: Ranked

    @property
    def node(self) -> str:
        """The likeliest answer."""
        return self.scores.best

    @property
    def most(self) -> float:
        """Return the most that the answers to both halves may say of these words being two questions: they differ, so
        one is no likelier in the whole than its second likeliest."""
        return _WHOLE * log(max(self.scores.next_share, _LEAST))

    def against(self, roles: Roles) -> float:
        """Return what speaks against a question of its own in these words, as half a message, by the answer wanted."""
        if self.node in roles.bot and QUESTION_WORDS.isdisjoint(self.message.words):
            return _POLITE
        return {roles.advice: _ADVISED, roles.otherwise: _UNCOVERED}.get(self.node, 0.0)

    def uncovered(self, roles: Roles) -> float:
        """Return the most that a half which nothing covers may say of these words being two questions."""
        return _WHOLE * log(max(self.scores.of(roles.otherwise), _LEAST)) - _UNCOVERED

    def odds_of(self, half: Wanted, weight: float) -> float:
        """Return what the answer to a half says, in log-odds, of these words being two questions."""
        in_whole = self.scores.of(half.node)
        return weight * log(max(half.scores.of(half.node), _LEAST)) + _WHOLE * log(max(in_whole, _LEAST))


@dataclass(frozen=True, slots=True)
class Parted:
    """Two questions that some words may be, and how likely they are two, in log-odds; the first may only be `told`."""

    first: Wanted
    second: Wanted
    odds: float
    told: bool


@dataclass(frozen=True, slots=True)
class Seam:
    """Where a message may fall into two questions, how likely it does by its form, in log-odds, and whether the first
    half asks by its form."""

    first: Message
    second: Message
    odds: float
    asks: bool


def seams(message: Message) -> Iterator[Seam]:
    """Yield every place where two questions may meet: where a sentence ends, at a pause, before a word that links,
    unless this only links a name: "vitamin K2 and warfarin together" asks of both."""
    words = message.words
    for at in range(_HALF, len(words) - 1 if len(words) <= _LONGEST else 0):
        ends, pauses, links = words[at - 1] == STOP, at in message.pauses, words[at] in _LINKS
        if ends or pauses or links:
            first, second = message.part(0, at - ends), _unlinked(message.part(at, len(words)))
            whole = ends or pauses or _begins(second) or not (_is_name(first) or _is_name(second))
            if whole and min(len(first.words), len(second.words)) >= _HALF:
                asked = at - 1 in message.asked
                asks = asked or _asks_somewhere(first)
                signs = asked, ends and not asked, pauses, links, words[at] in _AGAINST, asks
                yield Seam(first, second, _by_form(second, signs), asks)


def _is_name(part: Message) -> bool:
    """Tell whether words are nothing but the name of one subject, which holds its topic: `neuropathy/k2`."""
    whole = (one.concepts for one in part.mentions if (one.start, one.end) == (0, len(part.words)))
    return any("/" in name for concepts in whole for name in concepts)


def _by_form(second: Message, signs: tuple[bool, ...]) -> float:
    """Return how likely two questions meet, by what parts them and by how the second begins."""
    begins = _begins(second), second.words[0] in _PERSONS
    return _ONE + sum(odds for odds, holds in zip(_SIGNS, (*signs, *begins), strict=True) if holds)


def _asks_somewhere(part: Message) -> bool:
    """Tell whether words hold a question word, or a sentence that begins as a question does."""
    return not QUESTION_WORDS.isdisjoint(part.words) or any(_begins(one.message) for one in _sentences(part))


def _begins(part: Message) -> bool:
    """Tell whether words begin as a question or a request does: `and how`, `at what`, `tell`."""
    first, then = (*_unlinked(part).words[:2], "", "")[:2]
    return first in ASKS or first in _TELLING or (first in _TO and then in ASKS)


def _sentences(message: Message) -> Iterator[Clause]:
    at = 0
    for place in range(len(message.words) + 1):
        if place == len(message.words) or message.words[place] == STOP:
            if place > at:
                yield Clause(message.part(at, place), place in message.asked)
            at = place + 1


def _asks(part: Message, subjects: Subjects) -> bool:
    """Tell whether words ask something: by how they begin, or as a note does, a few words that name a subject."""
    if part.words[0] in ASKS or part.words[0] in _TELLING:
        return True
    return len(part.words) <= _NOTE and part.words[0] not in _PERSONS and bool(subjects.named(part).held)


def _opens(part: Message) -> bool:
    """Tell whether words begin as a question does."""
    bare = _unlinked(part)
    return bool(bare.words) and bare.words[0] in ASKS


def _unlinked(part: Message) -> Message:
    at = 0
    while at < len(part.words) and part.words[at] in _LINKS:
        at += 1
    return part.part(at, len(part.words)) if at else part


# --- what is only told beside a question ---

_LINE = 1.0
"""The likelihood of what is authored word for word."""
_IDLE_ALONE, _IDLE_IN_THREAD, _MOST = 0.55, 0.85, 0.5
"""How likely all small talk must be for words that ask nothing to be some, and its likeliest kind to be that kind."""
_CHAT = "chat"
_IDLE = frozenset({"thanks", "ok", "bye", "hello", "sorry", "how-are-you", "insult", "wait", "remark", _CHAT})
_DENIALS = frozenset({"no", "not", "never", "without", "dont", "doesnt", "havent", "hasnt", "isnt", "didnt"})


class Background:
    """Weighs what somebody tells beside a question: whether the question stands without it."""

    def __init__(self, parts: Parts, limits: Limits) -> None:
        self._subjects, self._roles, self._limits = parts.subjects, parts.data.roles, limits

    def decides(self, apart: Apart, answer: Match) -> bool:
        """Tell whether what is told may be what is asked about, for the question names nothing or says `that`, or both
        make up a subject ("sciatica. does ALA help"); one of some words that is surely about the bot asks of nothing
        else."""
        words, named = apart.asking.words, self._subjects.named(apart.asking)
        points = not PRONOUNS.isdisjoint(words)
        if named.held and self._subjects.together(named.held[0], self._subjects.named(apart.told).leaning):
            return True
        if (
            len(words) > _HALF
            and answer.node in self._roles.shared
            and _share(answer) >= (_LINE if points else self._limits.alone_unnamed)
        ):
            return False
        return self.matters(apart) and (not named.held or points)

    def means(self, clause: Clause, heard: Heard, *, tells: bool) -> bool:
        """Tell whether a clause by itself wants an answer, if it is on the bot surely, or tells of somebody and is no
        small talk. What asks does, unless it asks `you` and neither an aspect nor an answer is likely."""
        limits, roles = self._limits, self._roles
        aspect = max(heard.aspects.values(), default=0.0)
        if clause.asks and (aspect >= limits.means or "you" not in clause.message.words):
            return True
        talk = self.talk(heard)
        open_to = () if clause.asks else (roles.otherwise, roles.advice)
        shares = heard.names.shares.items()
        others = ((node, one) for node, one in shares if node not in open_to and not node.startswith(TALK))
        wants = any(one >= (limits.bot if node in roles.bot else limits.means) for node, one in others)
        return wants or (tells and talk < limits.chat)

    @staticmethod
    def talk(heard: Heard) -> float:
        """Return how likely words are small talk of any kind."""
        return sum(share for node, share in heard.names.shares.items() if node.startswith(TALK))

    def idle(
        self, message: Message, heard: Callable[[Message], Heard], *, in_thread: bool, tells: bool
    ) -> Match | None:
        """Return the decision about words that ask nothing and surely are small talk, whatever was talked of before or
        is named beside the point: "off to bed", "it's my birthday". A heavy heart is none, nor what only `tells`."""
        named, words = self._subjects.named(message), message.words
        asks = bool(message.asked) or not QUESTION_WORDS.isdisjoint(words) or _opens(message)
        beside = _BESIDE_THE_POINT.issuperset(self._subjects.kind_of[one] for one in named.foreign)
        open_to = bool(named.foreign) or (in_thread and not tells)
        if asks or len(words) < _HALF or named.subject or not beside or not open_to:
            return None
        names = heard(replace(message, mentions=())).names
        talk = {node.removeprefix(TALK): share for node, share in names.shares.items() if node.startswith(TALK)}
        kind, likely = max(talk, key=lambda one: (talk[one], one), default=""), sum(talk.values())
        if not in_thread and (talk.get(kind, 0.0) < _MOST or kind not in _IDLE):
            kind = _CHAT
        sure = kind in _IDLE and likely >= (_IDLE_IN_THREAD if in_thread else _IDLE_ALONE)
        return (
            Match(Outcome.SMALL_TALK, kind, scores=((TALK + kind, likely),), reasons=("small talk",)) if sure else None
        )

    def small_talk(self, scores: Shares, question: Message, never: Collection[str]) -> Match | None:
        """Return the decision that words which name nothing are only small talk, of the likeliest kind but `never`
        some; where they hold a word that asks, that kind must be much likelier than any answer."""
        talk = {node.removeprefix(TALK): share for node, share in scores.items() if node.startswith(TALK)}
        talk = {one: share for one, share in talk.items() if one not in never}
        if sum(talk.values()) < self._limits.talk:
            return None
        kind, share = next(iter(talk.items()))
        held = max((scores[node] for node in scores.keys() - {self._roles.otherwise, TALK + kind}), default=0.0)
        asks = bool(question.asked) or not QUESTION_WORDS.isdisjoint(question.words)
        if share < self._limits.talk_kind or (asks and held > self._limits.talk_asks * share):
            return None
        return Match(Outcome.SMALL_TALK, kind, scores=likeliest(scores), reasons=("small talk",))

    def stands(self, heard: Heard, answer: Match) -> bool:
        """Tell whether the answer to a question is sure by what it asks alone."""
        if _share(answer) == _LINE and answer.node in self._roles.shared:
            return True
        of_one = not PERSONS.isdisjoint(heard.message.words)
        least = self._limits.bare if self._things(heard.named.held) and not of_one else self._limits.alone_unnamed
        return _share(answer) >= least and (bool(heard.named.held) or heard.leans < LEANS)

    def is_about_both(self, apart: Apart, whole: Match, answer: Match) -> bool:
        """Tell whether the answer to a whole message is possible by what is asked alone, or warns of what is told."""
        things = self._things(self._subjects.named(apart.asking).held)
        own = any(whole.node in self._subjects.answers_of(one) for one in things)
        if whole.outcome is not Outcome.ANSWER or not own:
            return False
        warns = whole.node in self._subjects.harms and self.matters(apart)
        return warns or dict(answer.scores).get(whole.node, 0.0) >= self._limits.possible

    def matters(self, apart: Apart) -> bool:
        """Tell whether what is told names more than a condition, or denies one."""
        named = self._subjects.named(apart.told)
        things = self._things((*named.held, *named.leaning, *named.foreign))
        return bool(things) or not _DENIALS.isdisjoint(apart.told.words)

    def _things(self, names: Iterable[str]) -> list[str]:
        """Return the subjects among names that are no conditions."""
        return [one for one in names if self._subjects.kind_of[one] != CONDITION]


def _share(answer: Match) -> float:
    """Return how likely an answer is."""
    return answer.scores[0][1] if answer.scores else 0.0

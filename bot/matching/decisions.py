"""Decides from likelihoods: answer, offer two or three answers, or say that nothing covers it; each with its reason.

What the words alone leave open, the thread decides: what the answer last shown says, and of what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.dialog.turn import UNSURE, Match, Outcome
from bot.matching.build import TALK, Parts, Roles
from bot.matching.classifier import PRONOUNS
from bot.matching.parser import Message
from bot.matching.ranking import Ranker, Reading, Shares
from bot.matching.subjects import NONE, SELF, Said, Subjects
from bot.matching.text import GOING_ON, QUESTION_WORDS, STOP, TAKEN_BESIDE, is_grammar

ASPECT_MISSING = "aspect-missing"
"""The interface sentence for a subject that is held without what was asked of it."""
MOST_CHOICES = 3
_EVIDENCE, _DOSE = "evidence", "dose"
_USE = (_DOSE, "timing", "duration", "frequency", "stop")
"""The aspects that say how something is taken."""
_PRESCRIBED, _TAKEN = frozenset({"drug", "medicine"}), frozenset({"drug", "remedy"})
"""Kinds of subjects that a prescriber decides on, and those that the topics hold of what one takes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From which likelihood what is done; chosen on labelled questions (`make evaluate`, docs/matching.md)."""

    answer: float = 0.55
    vague: float = 0.3
    """How likely an aspect must be for an answer with few lines where a word is one that nobody authored."""
    doubt: float = 0.4
    """The likelihood of `not covered` from which another answer is offered and not given."""
    outside: float = 0.3
    family: float = 0.8
    sibling: float = 1.05
    """How much likelier the best of a family must be than the next to be answered and not the general answer."""
    sibling_few: float = 5.0
    """The same among all answers with few lines, which tell them apart badly: below, several are offered. Of 15 such
    answers less likely than that 8 were wrong, of 286 likelier ones 17 (measured 2026-11)."""
    lone_aspect: float = 0.99
    grammar_aspect: float = 0.95
    """How sure the aspect of one lone word must be, in a message that names nothing; of words such as "is it"."""
    lone_answer: float = 0.985
    rule: float = 2.5
    rule_doubt: float = 1.0
    """What a full advice rule adds to the log-odds of a personal question, and what its absence takes away."""
    bare: float = 0.6
    """How sure the answer to a message without its courtesies must be to be given."""
    means: float = 0.45
    bot: float = 0.9
    """How likely an answer must be for a clause by itself not to be idle, and one on what the bot is and can do."""
    courteous: float = 0.6
    chat: float = 0.55
    """How likely all small talk must be for what is told beside thanks, or of somebody, to be no news."""
    thread_alone: float = 0.006
    thread_asked: float = 0.4
    """How likely an answer must be by the words alone, or some aspect, for words in a thread that name nothing."""
    talk_after_card: float = 0.85
    """How likely small talk must be after the card of an emergency: "he is awake again" is no greeting."""
    rest: float = 0.85
    """How far a few words that name nothing must lean on a thread that is not there for no subject to be chosen."""
    points: float = 0.6
    """How likely an answer must be in a thread, with nothing but a word such as "those" that speaks for it."""
    again: float = 0.42
    again_over: float = 0.13
    """How likely the answer last shown must be to be given again, and by how much the likeliest."""
    perhaps: float = -1.5
    """The log-odds of a message to be two questions from which the answers to both stand among the buttons."""
    possible: float = 0.05
    """How likely the answer to a whole message must be by what it asks alone to be about what it tells, too."""
    beside: float = 0.5
    """The share of what is left without advice from which an answer stands beside the refusal to advise."""
    asked: float = 0.6
    """How clear it must be what is asked of a medicine for a harm to stand beside the refusal to advise on it."""
    aside: float = 3.0
    """How much readier words are set aside, in log-odds, where nothing sure was found in all that seemed to ask."""
    harm: float = 0.3
    """How likely a refusal to advise and an answer on what may harm must each be to be said together, unasked."""
    about_bot: float = 0.3
    """How likely a page about the bot must be to be offered beside answers that are likelier."""
    alone: float = 0.7
    """How likely an answer must be by a question's words alone to be given where its thread leaves it open."""
    alone_unnamed: float = 0.9
    """The same of a question that names nothing, as "how would I notice" does, or that its thread leaves doubtful."""
    in_thread: float = 0.8
    """The likelihood below which an answer in a thread is doubtful."""
    missing: float = 0.7
    other: float = 0.7
    """How sure it must be that "the other one" is asked for."""
    talk: float = 0.4
    talk_kind: float = 0.3
    """How likely all kinds of small talk together must be, and the likeliest one of them."""
    talk_grammar: float = 0.6
    """How likely a kind must be for words of mere grammar: "I have no one"."""
    remark: float = 0.1
    """How likely all kinds must be for what only tells something, and for which nothing is found, to be a remark."""
    talk_asks: float = 0.5
    """How likely an answer may be beside it, as a part of that, where the message has a word that asks."""


LIMITS = Limits()


class Decisions:
    """The decisions that likelihoods allow, in one library."""

    def __init__(self, subjects: Subjects, roles: Roles, ranker: Ranker, limits: Limits = LIMITS) -> None:
        self._subjects, self._roles, self._ranker, self._limits = subjects, roles, ranker, limits
        self._no_topic = frozenset({roles.otherwise, roles.advice, roles.urgent})

    def decided(self, scores: Shares, reading: Reading) -> Match:
        """Return the decision the likelihoods allow: answer, offer two or three, or say that it is not covered."""
        limits, otherwise = self._limits, self._roles.otherwise
        best, share = next(iter(scores.items()), (otherwise, 1.0))
        outside = scores.get(otherwise, 0.0)
        if best == otherwise and share >= limits.outside:
            reason = f"not covered is likeliest: {share:.2f}, and {limits.outside:.2f} is enough"
            return self.uncovered(reason, *self._in_spite_of(scores, reading), scores=scores)
        vague = self._vague(reading) or self._rivalled(best, scores)
        if best != otherwise and share >= limits.answer and outside < limits.doubt and not vague:
            return self.answer(best, scores, reading)
        family = self._family(scores, reading) if outside < limits.doubt and not vague else None
        if family:
            return self.answer(family, scores, reading)
        choices = tuple(self._worth_offering(scores))[:MOST_CHOICES]
        open_for = self._open_for(scores, reading)
        if len(choices) < 2:
            why = self._in_spite_of(scores, reading)
            return self.uncovered(f"nothing is likely enough: {open_for}", *why, scores=scores)
        about = self._subjects.general(reading.named.held[0]) if reading.named.held else ""
        reasons = (f"several are likely: {open_for}", *_asked(reading))
        return Match(Outcome.CHOICES, otherwise, choices, (), likeliest(scores), reasons, about=about)

    def _open_for(self, scores: Shares, reading: Reading) -> str:
        """Return, in words, which limit kept the likeliest from being answered, and by how much."""
        limits, otherwise = self._limits, self._roles.otherwise
        outside, best = scores.get(otherwise, 0.0), next((node for node in scores if node != otherwise), "no answer")
        if scores.get(best, 0.0) < limits.answer:
            return f"{best} has {scores.get(best, 0.0):.2f}, and {limits.answer:.2f} would be enough"
        if outside >= limits.doubt:
            return f"not covered has {outside:.2f}, and from {limits.doubt:.2f} on nothing is simply answered"
        if self._rivalled(best, scores):
            return f"{best} must be {limits.sibling_few:g} times as likely as any other answer with few lines"
        sure = reading.aspects.get(reading.aspect, 0.0)
        return f"what is asked is {sure:.2f} sure beside a word nobody wrote, and {limits.vague:.2f} would be enough"

    def _in_spite_of(self, scores: Shares, reading: Reading) -> Iterator[str]:
        """Yield what speaks for `not covered`, and where the subject's own row leads in spite of that."""
        if words := ", ".join(self._ranker.because(reading, self._roles.otherwise)):
            yield f"what speaks for not covered: {words}"
        for one in reading.message.mentions:
            if beyond := [name for name in one.concepts if name in reading.named.foreign]:
                yield f"no topic holds `{' '.join(reading.message.words[one.start : one.end])}` ({beyond[0]})"
        yield from (f"nobody wrote the word `{word}`" for word in sorted(reading.message.unknown)[:MOST_CHOICES])
        subject = reading.named.subject
        node = self._subjects.row(subject).get(reading.aspect) if subject else None
        if node and node not in (SELF, NONE):
            yield f"the row of `{subject}` leads to {node}, which has {scores.get(node, 0.0):.2f}"

    def _worth_offering(self, scores: Shares) -> Iterator[str]:
        """Yield what to offer, the likeliest first: what is about the bot only where that is likeliest, or likely."""
        about_bot = self._roles.shared - {self._roles.advice}
        offered = [node for node in scores if node not in (self._roles.otherwise, self._roles.urgent)]
        for node in offered:
            if node not in about_bot or offered[0] in about_bot or scores[node] >= self._limits.about_bot:
                yield node

    def refused(self, match: Match, scores: Shares, reading: Reading) -> Match:
        """Return the decision, or a refusal to advise together with what may harm, where these are the likeliest."""
        first = match.choices[:2]
        harms = [node for node in first if node in self._subjects.harms]
        likely = all(dict(match.scores).get(one, 0.0) >= self._limits.harm for one in first)
        if self._roles.advice not in first or not harms or not likely:
            return match
        return self.answer(self._roles.advice, scores, reading, harms[0])

    def of_what(self, match: Match, reading: Reading, leans: float) -> Match:
        """Return the choices for the rest of a question that stands in no thread and names nothing, as "is it safe"
        does: which subject is meant, only the one who asks can tell. What is no answer stays as it is."""
        surely = leans >= self._limits.rest and reading.named.nothing and match.node not in self._roles.shared
        answered = match.outcome is Outcome.ANSWER and match.node != self._roles.otherwise and not match.also
        if not (answered and (surely or reading.rests)):
            return match
        subjects = (name for name, subject in self._subjects.each() if not subject.leaning)
        held = {self._subjects.leads(name, reading.aspect, None) for name in subjects}
        others = sorted(held - {match.node, NONE}, key=lambda node: (-reading.scores.get(node, 0.0), node))
        choices = (match.node, *others[: MOST_CHOICES - 1])
        return replace(match, outcome=Outcome.CHOICES, node=self._roles.otherwise, choices=choices)

    def with_last(self, match: Match, reading: Reading, context: str) -> Match:
        """Return the choices; for words that name nothing but the condition with one on the thread's subject."""
        it, named = self._subjects.it(context), reading.named
        things = [one for one in (*named.held, *named.foreign) if self._subjects.kind_of[one] != "condition"]
        if match.outcome is not Outcome.CHOICES or things or it is None:
            return match
        if {context, *self._subjects.answers_of(it)}.intersection(match.choices):
            return match
        return replace(match, choices=(*match.choices[: MOST_CHOICES - 1], context))

    def _rivalled(self, best: str, scores: Shares) -> bool:
        """Tell whether of the answers with few lines another is too likely beside the likeliest."""
        others = (share for node, share in scores.items() if node in self._ranker.few and node != best)
        return best in self._ranker.few and scores[best] < self._limits.sibling_few * max(others, default=0.0)

    def _vague(self, reading: Reading) -> bool:
        """Tell whether a name of a family with few lines is all that was understood: "B12 bus timetable"."""
        unsure = reading.aspects.get(reading.aspect, 0.0) < self._limits.vague
        return bool(reading.sibling) and bool(reading.message.unknown) and unsure

    def _family(self, scores: Shares, reading: Reading) -> str | None:
        """Return the answer of a subject whose family is sure: its likeliest member, or the general one; of a family
        with few lines, whose opinions are rough, nothing but the likeliest."""
        subject = reading.named.subject
        family = self._subjects.answers_of(subject) if subject else frozenset()
        members = [(node, share) for node, share in scores.items() if node in family]
        if subject is None or len(members) < 2 or sum(share for _, share in members) < self._limits.family:
            return None
        (best, share), (_, next_share) = members[:2]
        if reading.sibling:
            return None if self._rivalled(best, scores) else best
        general = self._subjects.general(subject)
        return best if share >= self._limits.sibling * next_share or general not in scores else general

    def answer(self, node: str, scores: Shares, reading: Reading, harm: str = "") -> Match:
        """Return the decision to show an answer; beside a refusal to advise, the topics and the harm it is about."""
        advice = node == self._roles.advice
        related, beside = (self._topics(scores), harm or self._beside(scores, reading)) if advice else ((), "")
        words, lacks = ", ".join(self._ranker.because(reading, node)), self._lacks(node, reading)
        reasons = (*_asked(reading), *([words] if words else []))
        return Match(Outcome.ANSWER, node, (), related, likeliest(scores), reasons, lacks, beside=beside)

    def _beside(self, scores: Shares, reading: Reading) -> str:
        """Return the answer that stands beside a refusal to advise, else an empty text: a harm that is named (K2 and
        warfarin), or the likeliest of all that is left about a named subject.

        Where a prescribed drug is named only what may harm stands beside it: the refusal itself warns of stopping.
        """
        named = next((self._subjects.general(one) for one in reading.subjects), "")
        if named in self._subjects.harms:
            return named
        own = self._no_topic
        left = {node: share for node, share in scores.items() if node not in own and not node.startswith(TALK)}
        best = next(iter(left), "")
        about = next((one for one in reading.subjects if best in self._subjects.answers_of(one)), None)
        if about is None or left[best] < self._limits.beside * sum(left.values()):
            return ""
        prescribed = any(self._subjects.kind_of[one] in _PRESCRIBED for one in reading.subjects)
        if best in self._subjects.harms:
            return best if not prescribed or self._is_asked(best, about, reading) else ""
        return "" if prescribed else self._no_leave(best, about, reading)

    def _is_asked(self, node: str, subject: str, reading: Reading) -> bool:
        """Tell whether what is asked of a subject, as far as that is clear, leads to an answer: who asks to double a
        medicine does not ask how to stop it."""
        sure = reading.aspects.get(reading.aspect, 0.0) >= self._limits.asked
        return sure and self._subjects.row(subject).get(reading.aspect) == node

    def _no_leave(self, node: str, subject: str, reading: Reading) -> str:
        """Return the answer, or whether the subject helps at all where it says how to take it and nobody asked how
        much: there it would read as leave to do so."""
        row = self._subjects.row(subject)
        asks = reading.aspect == _DOSE and reading.aspects[_DOSE] >= SURE
        says_how = node in {row.get(one) for one in _USE}
        if not says_how or (asks and node == row.get(_DOSE)):
            return node
        helps = row.get(_EVIDENCE, "")
        return "" if helps in (SELF, NONE) else helps

    def _lacks(self, node: str, reading: Reading) -> str:
        """Return the note that a held subject has no answer of its own to what was asked."""
        general = self._subjects.general(reading.named.held[0]) if reading.named.held else None
        return ASPECT_MISSING if node == general and self.lacking(reading) else ""

    def lacking(self, reading: Reading) -> bool:
        """Tell whether a held subject is named and surely asked about in a way that no answer of it holds."""
        subject = reading.named.held[0] if reading.named.held else None
        sure = reading.aspects.get(reading.aspect, 0.0) >= self._limits.missing
        return subject is not None and sure and reading.aspect not in self._subjects.row(subject)

    def uncovered(self, *reasons: str, note: str = "", scores: Shares | None = None, language: str = "") -> Match:
        """Return the decision that nothing covers a message, with the nearest topics and the reasons."""
        found = scores or {}
        related, likely = self._topics(found), likeliest(found)
        return Match(Outcome.NOT_COVERED, self._roles.otherwise, (), related, likely, reasons, note, language)

    def unsaid(self, question: Message, scores: Shares, *, in_thread: bool) -> Match:
        """Return the decision about words that say nothing: after an answer, grammar alone ("and then?") asks on."""
        if in_thread and all(word == STOP or is_grammar(word) for word in question.words):
            reasons = ("grammar alone asks for more",)
            return Match(Outcome.SMALL_TALK, "longer", scores=likeliest(scores), reasons=reasons)
        return self.uncovered("words that say nothing", scores=scores)

    def _topics(self, scores: Shares) -> tuple[str, ...]:
        topics = (node for node in scores if node not in self._no_topic and not node.startswith(TALK))
        return tuple(topics)[:MOST_CHOICES]


def _asked(reading: Reading) -> tuple[str, ...]:
    """Return what was read, as a reason: the aspect of what is named; nothing where nothing is."""
    return (f"{reading.aspect} of {reading.named.subject}",) if reading.named.subject else ()


def likeliest(scores: Shares) -> tuple[tuple[str, float], ...]:
    """Return the five likeliest, rounded."""
    return tuple((node, round(share, 3)) for node, share in list(scores.items())[:5])


# --- what the thread decides ---

SURE = 0.7
"""How sure the aspect of a question must be for the thread's subject alone to decide."""
LEANS = 0.5
"""How far such a question must lean on its thread."""
LIKELY = 0.3
"""From which likelihood an answer of the thread's subject that holds every word asked is given and not offered."""
PERSONAL = 0.3
"""From which likelihood of a personal question the words of an answer decide nothing."""
_TAKERS = frozenset({"relative", "person-case"})
_BOTH, _WHY_NOT = "interactions", "why-not"


class Thread:
    """Decides what only the thread can decide."""

    def __init__(self, parts: Parts, said: Said, limits: Limits = LIMITS) -> None:
        self._parts, self.said, self._limits = parts, said, limits
        self._subjects = parts.subjects

    def surely_asked(self, reading: Reading, context: str) -> float:
        """Return how surely some aspects together lead to one answer in a thread: "but why" asks this one or that one
        of two, and both stand in the same answer."""
        subjects, it, shares = self._subjects, self._subjects.it(context), dict[str, float]()
        for aspect, share in reading.aspects.items():
            node = aspect if it is None else subjects.leads(it, aspect, context)
            held = it is None or aspect in subjects.row(it)
            shares[node] = shares.get(node, 0.0) + (share if held else 0.0)
        return max((*shares.values(), *reading.aspects.values()), default=0.0)

    def resolved(self, match: Match, question: Message, reading: Reading, context: str | None) -> Match:
        """Return the decision where it is sure, or the one that the thread makes of it: a subject that thread and words
        make up together, an aspect that the thread's subject holds, an answer that speaks of all that is asked."""
        if context is None or match.also or match.language or match.outcome is Outcome.SMALL_TALK:
            return match
        same = self._same_of(question, reading, context) or self._reason(reading, context)
        rest = self._rest(reading, context)
        strayed = rest is not None and self._strays(match, reading, context)
        if match.outcome not in UNSURE and same is None and not strayed:
            return self._with_harm(match, question, context)
        found = (
            same
            or self._together(reading, context)
            or self._by_aspect(reading, context)
            or self._by_words(match, question, reading, context)
            or self._again(match, question, reading, context)
            or self._only_one(match, reading, context)
        )
        if found is None and rest is None:
            return match
        node, note = (found, "") if found else rest or ("", "")
        reasons = (*match.reasons, f"{node} in the thread of {context}")
        return replace(Match(Outcome.ANSWER, node), scores=match.scores, reasons=reasons, note=note)

    def paired(self, match: Match, question: Message, reading: Reading, context: str) -> Match | None:
        """Return the decision that what is named is taken beside the thread's subject, and asked about together with
        that: "on morphine", "her mother takes warfarin too"."""
        it, named = self._subjects.it(context), reading.named
        kinds = {self._subjects.kind_of[name] for name in (*named.held, *named.leaning, *named.foreign)}
        node = self._subjects.row(it).get(_BOTH, NONE) if it and self._subjects.kind_of[it] in _TAKEN else NONE
        if node in (SELF, NONE) or not kinds or not kinds <= _PRESCRIBED or it in named.held:
            return None
        subjects = (one for one in question.mentions if not self._subjects.kind_of.keys().isdisjoint(one.concepts))
        spans = {at for one in subjects for at in range(one.start, one.end)}
        rest = [word for at, word in enumerate(question.words) if at not in spans and not word.isdigit()]
        taken = not TAKEN_BESIDE.isdisjoint(rest) or bool(named.foreign and not named.held)
        beside = sum(1 for word in rest if not (word in TAKEN_BESIDE or word in GOING_ON or is_grammar(word)))
        reasons = (*match.reasons, f"taken beside the subject of {context}")
        paired = replace(Match(Outcome.ANSWER, node), scores=match.scores, reasons=reasons)
        return paired if taken and beside <= len(_TAKERS & question.concepts) and not match.language else None

    def _together(self, reading: Reading, context: str) -> str | None:
        """Return the answer on what the thread's subject and a leaning name make up: "DOACs?" after vitamin K2."""
        it, named = self._subjects.it(context), reading.named
        whole = self._subjects.together(it, named.leaning) if it and not named.held else None
        if whole is None:
            return None
        node = self._subjects.leads(whole, reading.aspect, context) if self._is_sure(reading) else SELF
        return self._subjects.general(whole) if node in (SELF, NONE) else node

    def _by_aspect(self, reading: Reading, context: str) -> str | None:
        """Return the answer that holds the aspect of the thread's subject; what is named beside it is what the subject
        is asked about together with, if anything."""
        it, named = self._subjects.it(context), reading.named
        if it is None or named.held or reading.leans < LEANS or not self._is_sure(reading):
            return None
        if (named.leaning or named.foreign) and reading.aspect != _BOTH:
            return None
        node = self._subjects.row(it).get(reading.aspect)
        return None if node in (SELF, NONE) else node

    def _by_words(self, match: Match, question: Message, reading: Reading, context: str) -> str | None:
        """Return the answer of the thread that speaks of every word of the question: the likeliest one, or the last."""
        scores, named = dict(match.scores), reading.named
        units = list(self.said.units(question))
        if not units or scores.get(self._parts.data.roles.advice, 0.0) > PERSONAL:
            return None
        around = self._around(context)
        if named.held:
            around &= self._subjects.answers_of(named.held[0])
        best = next((node for node in scores if node != self._parts.data.roles.otherwise), "")
        if best in around and scores[best] >= LIKELY and self.said.holds(best, units):
            return best
        return context if context in around and self.said.holds(context, units) else None

    def _again(self, match: Match, question: Message, reading: Reading, context: str) -> str | None:
        """Return the answer last shown where it is by far the likeliest of several for words that name, ask or point at
        something: who asks on mostly asks of what was just read."""
        limits, scores = self._limits, dict(match.scores)
        others = max((share for node, share in scores.items() if node != context), default=0.0)
        likely = scores.get(context, 0.0) >= max(limits.again, others + limits.again_over)
        points = question.asked or not (PRONOUNS | QUESTION_WORDS).isdisjoint(question.words)
        asks = points or not reading.named.nothing
        return context if likely and asks else None

    def _only_one(self, match: Match, reading: Reading, context: str) -> str | None:
        """Return the one of several likely answers that says something of the thread's subject, if only one does."""
        own = [] if reading.named.held else [node for node in match.choices if node in self._around(context)]
        return own[0] if len(own) == 1 and own[0] != self._parts.data.roles.advice else None

    def speaks_alone(self, match: Match, reading: Reading) -> bool:
        """Tell whether no word of a message speaks for its answer, only what was said before: "banana"."""
        limits, answered = self._limits, match.outcome is Outcome.ANSWER and match.node != self._parts.data.roles.advice
        asks = max(reading.aspects.values(), default=0.0) >= limits.thread_asked
        spoken = reading.alone.of(match.node or "") >= limits.thread_alone or self._points(reading)
        return answered and reading.named.nothing and not (match.also or asks or spoken)

    def _points(self, reading: Reading) -> bool:
        """Tell whether a word stands for what was said before, and what is asked of that is likely: "one of those?"."""
        otherwise = self._parts.data.roles.otherwise
        share = max((share for node, share in reading.scores.items() if node != otherwise), default=0.0)
        return share >= self._limits.points and not PRONOUNS.isdisjoint(reading.message.words)

    def is_of_another(self, node: str, question: Message, context: str) -> bool:
        """Tell whether words that name nothing have an answer on a subject of another topic than was talked about."""
        it, other = self._subjects.it(context), self._subjects.it(node)
        another = it and other and self._subjects.topic(it) != self._subjects.topic(other)
        return bool(another) and self._subjects.named(question).nothing

    def _rest(self, reading: Reading, context: str) -> tuple[str, str] | None:
        """Return where the thread's subject leads with the rest of a question, such as "is it safe": its answer on
        that, else what it generally is with the note that this holds no answer to it."""
        it = self._subjects.it(context)
        if it is None or not reading.rests:
            return None
        node = self._subjects.leads(it, reading.aspect, context)
        return None if node == NONE else (node, "" if reading.aspect in self._subjects.row(it) else ASPECT_MISSING)

    def _strays(self, match: Match, reading: Reading, context: str) -> bool:
        """Tell whether the rest of a question has an answer that is not about the thread's subject, though it is
        authored word for word, or one about the bot: "are you sure?"."""
        roles = self._parts.data.roles
        stays = match.outcome is not Outcome.ANSWER or match.node in {roles.advice, *self._around(context)}
        return not stays and (reading.authored or match.node in roles.shared)

    def _same_of(self, question: Message, reading: Reading, context: str) -> str | None:
        """Return the answer last shown where a message only names another of what it is about: "and duloxetine?"."""
        held = reading.named.held
        if len(held) != 1 or reading.named.foreign or not self._only_names(question):
            return None
        return context if self._subjects.same_of(held[0], context) == context else None

    def _reason(self, reading: Reading, context: str) -> str | None:
        """Return the answer last shown where somebody asks why not of what may harm, or of a refusal to advise."""
        asks = reading.aspect == _WHY_NOT and self._is_sure(reading) and reading.named.nothing
        return context if asks and context in {*self._subjects.harms, self._parts.data.roles.advice} else None

    def _with_harm(self, match: Match, question: Message, context: str) -> Match:
        """Return a refusal to advise with the answer last shown beside it, if that says what may harm in it."""
        refused = match.node == self._parts.data.roles.advice and not match.beside
        harms = refused and context in self._subjects.harms
        told = harms and self.said.holds(context, list(self.said.units(question)))
        return replace(match, beside=context) if told else match

    def _around(self, context: str) -> frozenset[str]:
        it = self._subjects.it(context)
        return (self._subjects.answers_of(it) if it else frozenset()) | {context}

    def _is_sure(self, reading: Reading) -> bool:
        return reading.aspects.get(reading.aspect, 0.0) >= SURE

    def _only_names(self, question: Message) -> bool:
        """Tell whether a message goes on with names alone: "and duloxetine?"; "what is duloxetine" asks by itself."""
        named = {at for one in question.mentions if self.said.names(one.concepts) for at in range(one.start, one.end)}
        return all(word == STOP or word in GOING_ON for at, word in enumerate(question.words) if at not in named)

"""How likely each answer is: by what is asked of which subject, by the topics' own lines, and in the thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bot.matching.build import TALK, Roles
from bot.matching.classifier import PRONOUNS, Column, Features, Order, Ranked, Unnamed, Values, multiplied, shifted
from bot.matching.lessons import SAME
from bot.matching.parser import Message
from bot.matching.subjects import FEW_LINES, NONE, Named, Said, Subjects
from bot.matching.text import STOP
from bot.matching.training import Models

Shares = dict[str, float]
"""Answers with their likelihood; all together one."""

_LEAST = 1e-6
_UNASKED = 1e-4
"""The likelihood of an aspect that decides nothing: every answer of the table has more than that."""
_UNMEANT = 0.02
"""The likelihood of answers together from which it matters which of them is meant."""
_MOSTLY = 0.5
BARE = "about"
"""The aspect that the bare name of a subject asks."""
TOGETHER = "interactions"
"""The aspect that is asked of one thing beside another: "does it interact with metformin?" is about `it`."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How far each opinion is believed; chosen on labelled questions (`make evaluate`, docs/matching.md)."""

    names: float = 0.5
    """The line model that sees names, beside the one that sees placeholders."""
    table: float = 0.15
    """The table of subjects and aspects, beside the line models."""
    table_more: float = 0.4
    """The same for an answer with few lines of its own; for every answer in a thread, where the aspect is sure and the
    question short and self-contained, and where it names a subject whose family has few lines: an answer of another
    topic, learned from many, does not win there by its lines alone."""
    unheld: float = 0.3
    """What the general answer of such a subject gets of an aspect that no row holds; the rest says nothing, and is
    spread over the answers of the subject and its parts."""
    to_family: float = 0.5
    """How much of the likelihood of other topics' answers goes to the members of such a family."""
    siblings: float = 0.5
    """How far the model of the answers with few lines decides among them."""
    sure: float = 0.9
    short: int = 12
    least_line: float = 1e-4
    least_table: float = 3e-3
    leans_from: float = 0.1
    leans_over: float = 0.6
    says_enough: int = 4
    stands: float = 0.93
    """How many words a question must have, and how likely one answer must be by these alone, to lean on no thread."""
    held_leans: float = 0.5
    """How far a question that names a subject is taken to lean on the thread."""
    nothing_named: float = 0.7
    """How sure the aspect of a question that names nothing must be for the thread alone to decide."""
    rests: float = 0.85
    """How far such a question must lean on what was said before to be only the rest of one, where nothing was said."""
    together: float = 0.5
    """How surely a question must ask of one thing beside another for the thread's subject to be one of them."""
    outside: float = 0.4
    """What `not covered` gets, in log-odds, unless something held is named in words that are all known: a wrong answer
    costs more than an honest none."""
    outside_held: float = 1.0
    """What it loses where a held subject is named in such words and what its table holds is surely asked."""
    outside_lent: float = 1.4
    """What it loses in a thread that lends a question its subject: who asks on mostly asks what is held."""
    outside_unknown: float = 0.7
    outside_beside: float = 1.8
    outside_condition: float = 1.5
    outside_alone: float = 4.0
    clear: float = 0.7
    """How sure an answer must be by the words alone, with names, for the thread to leave them as they are."""
    following: float = 1.0
    """What a way on from the answer last shown gains in log-odds, where a question names nothing that is held."""
    same: float = 0.2
    of_it: float = 0.2
    whole_after: float = 0.5
    """What was learned from whole messages, beside all else, where a question surely leans on its thread."""
    whole_stands: float = 0.1
    """Which part of that it has where the question surely stands by itself."""
    whole_told: float = 100.0
    """Messages that want an answer, or follow it, from which these are so many as others."""
    whole: float = 0.35
    whole_from: float = 5.0
    whole_over: float = 6.0
    """The same in no thread: nothing up to so many words, all of it from so many more; a short question is a line."""
    says: float = 1.5
    """What an answer gains that speaks of all the words asked, in the same place; part of it for part of them."""
    says_few: float = 1.0
    """What `not covered` loses where an answer with few lines speaks of all that is asked, and nothing foreign is
    named."""
    held_narrow: float = 1.0
    """What `not covered` loses where nothing foreign is named but a held subject whose family has few lines."""


WEIGHTS = Weights()
_FOREIGN = {"command": 4.0, "thing": 0.5, "medicine": 0.7, "condition": 1.2, "purpose": 1.5}
"""How much of the weight of a foreign name each kind has; others have all of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in a question: what it names, which aspects it asks, and how likely each answer is."""

    message: Message
    named: Named
    aspects: Mapping[str, float]
    ranked: Ranked
    seen: Values
    alone: Ranked
    """How likely each answer is by the words alone, whatever thread they are in."""
    subjects: tuple[str, ...] = ()
    """What it can be about: what it names, and what the thread is about."""
    leans: float = 0.0
    """How far the thread decides what is asked, 0..1."""
    sibling: str = ""
    """Which answer of a family with few lines is meant, by the model of such answers alone."""
    rests: bool = False
    """Whether it names nothing, and what it asks is surely asked of something."""
    authored: bool = False
    """Whether that is authored word for word, and the thread says of what."""

    @property
    def scores(self) -> Shares:
        """How likely each answer is, the likeliest first."""
        return self.ranked.shares

    @property
    def aspect(self) -> str:
        """The likeliest aspect."""
        return max(self.aspects, key=lambda one: (self.aspects[one], one), default="")

    @property
    def missing(self) -> str:
        """What was asked of what, in authored names; what nobody authored is `?`."""
        subject = self.named.subject or next(iter(self.named.foreign), "?")
        return f"{subject} x {self.aspect or '?'}"


@dataclass(frozen=True)
class Heard:
    """What the models say of the words of a question, whatever thread they are in; two of them where it counts."""

    message: Message
    named: Named
    asked: Unnamed
    seen: Values
    models: Models
    features: Features
    said: Said
    order: Order

    @cached_property
    def aspects(self) -> Mapping[str, float]:
        """How likely each aspect is asked."""
        return self.models.aspects.probabilities(self.features.aspect(self.asked))

    @cached_property
    def names(self) -> Ranked:
        """How likely each answer is by the words with the names among them."""
        return Ranked(self.order, self.order.said(self.models.names, self.seen))

    @cached_property
    def about(self) -> Column:
        """How likely each answer is by what is asked of the subject that is named."""
        return self.about_another(self.named.subject)

    def about_another(self, subject: str | None) -> Column:
        """Return how likely each answer is where the question is about another subject than it names."""
        return self.order.said(self.models.about, self.features.about(self.asked, self.named, subject))

    @cached_property
    def shares(self) -> Mapping[str, float]:
        """How much of what is asked each answer speaks of."""
        return self.said.shares(self.message)

    @cached_property
    def leans(self) -> float:
        """How likely the question leans on what was said before."""
        values = self.features.standing(self.message, self.named, self.features.aspect(self.asked))
        return self.models.standing.probabilities(values).get("leans", 0.0)

    @cached_property
    def siblings(self) -> Mapping[str, float]:
        """Which of the answers with few lines is meant."""
        return self.models.siblings.probabilities(self.seen)


@dataclass(frozen=True, slots=True)
class Opinions:
    """What the models say of one question in its thread, before anything is weighed."""

    heard: Heard
    context: str | None
    lent: str | None
    aspects: Mapping[str, float]
    in_thread: Column

    @property
    def named(self) -> Named:
        """What they name."""
        return self.heard.named


class Ranker:
    """Weighs answers for messages; `lines` counts each answer's own lines, `told` the whole messages that want
    or follow it."""

    def __init__(
        self,
        models: Models,
        subjects: Subjects,
        features: Features,
        roles: Roles,
        lines: Mapping[str, int],
        told: Mapping[str, int],
        said: Said,
        following: Mapping[str, Sequence[str]],
        asked: Mapping[str, str],
        weights: Weights,
    ) -> None:
        self.models = models
        self._subjects, self._features = subjects, features
        self._told, self._said, self._following, self._asked = told, said, following, asked
        self._narrow = subjects.few_lined(lines)
        self.few = frozenset(models.siblings.labels)
        self._weights, self._otherwise = weights, roles.otherwise
        learned = {*models.names.labels, *models.about.labels}
        more = {*models.whole.labels, *models.siblings.labels, *following, *lines, SAME, roles.otherwise, roles.advice}
        order = self._order = Order(learned | more)
        talk = {one for one in order.answers if one.startswith(TALK)}
        shared = {roles.otherwise, roles.advice, *roles.shared, *talk}
        self._learned, self._talk = order.marked(learned), order.marked(talk)
        self._held, self._answers = ~order.marked(shared), ~order.marked({roles.otherwise, SAME, *talk})
        self._few = np.array([weights.table_more * (lines.get(one, 0) <= FEW_LINES) for one in order.answers])

    def rank(self, message: Message, context: str | None, heard: Heard | None = None) -> Reading:
        """Return how likely each answer is for a message after the answer last shown."""
        return self.weigh(self.opinions(message, context, heard))

    def heard(self, message: Message) -> Heard:
        """Return what each model says of a message by itself."""
        features, named = self._features, self._subjects.named(message)
        asked = features.asked(message, named)
        seen = features.names(message, named, asked)
        return Heard(message, named, asked, seen, self.models, features, self._said, self._order)

    def opinions(self, message: Message, context: str | None, heard: Heard | None = None) -> Opinions:
        """Return what each model says of a message after the answer last shown."""
        heard = heard or self.heard(message)
        named, aspects, lent = heard.named, heard.aspects, self._subjects.it(context)
        beside = not named.held and aspects.get(TOGETHER, 0.0) >= self._weights.together
        about = self._subjects.with_lent(named, lent, beside=beside) if lent else None
        in_thread = heard.about if not lent or about == named.subject else heard.about_another(about)
        if named.subject and self._features.is_bare(heard.message):
            aspects = {aspect: float(aspect == BARE) for aspect in aspects}
        elif asked := self._authored(heard, lent):
            aspects = {aspect: float(aspect == asked) for aspect in aspects}
        return Opinions(heard, context, about, aspects, in_thread)

    def _authored(self, heard: Heard, lent: str | None) -> str:
        """Return the aspect that authored words ask of a subject which the thread lends; else nothing."""
        return self._asked.get(heard.message.key, "") if lent and heard.named.nothing else ""

    def shifted(self, scores: Ranked, node: str, by: float) -> Ranked:
        """Return the shares with the log-odds of one answer moved, the others sharing the rest as before."""
        return Ranked(self._order, shifted(scores.column, self._order.at[node], by))

    def without_talk(self, scores: Ranked) -> Ranked:
        """Return the shares of what is no small talk; all together one."""
        left = scores.column * ~self._talk
        return Ranked(self._order, left / (left.sum() or 1.0))

    def because(self, reading: Reading, node: str) -> list[str]:
        """Return the words that speak most for an answer."""
        return self.models.names.telling(reading.seen, node)

    def weigh(self, said: Opinions) -> Reading:
        """Return the opinions put together."""
        weights, subject, order = self._weights, said.named.subject, self._order
        table = self._table(subject, said) if subject else None
        lines = self._lines_alone(said.heard)
        siblings, narrow = self._siblings(said, lines), self._spoken_of(said) in self._narrow
        lines = self._to_family(lines, siblings) if narrow else lines
        scores = self._blended(lines, table, self._trust(said))
        share = self._leans(said) if said.lent and not self._stands(said, lines) else 0.0
        if said.lent and share:
            told = self._to_family(said.in_thread, siblings) if narrow else said.in_thread
            thread = self._blended(told, self._table(said.lent, said), weights.table_more)
            scores = self._kept((1 - share) * scores + share * thread, lines)
        scores = shifted(scores, order.at[self._otherwise], self._outside(said))
        if said.context and not said.named.held and said.heard.names.column[~self._talk].max() < weights.clear:
            scores = self._nearer(scores, said, said.context)
        found = Ranked(order, self._divided(self._as_message(scores, said), siblings))
        sibling = min(siblings, key=lambda one: (-siblings[one], one), default="") if subject in self._narrow else ""
        subjects = (*said.named.held, *filter(None, (said.lent, self._subjects.it(said.context))))
        authored = bool(self._authored(said.heard, said.lent))
        rests = said.named.nothing and self._asks_surely(said) and (authored or said.heard.leans >= weights.rests)
        asked, seen, alone = said.heard.message, said.heard.seen, Ranked(order, lines)
        return Reading(asked, said.named, said.aspects, found, seen, alone, subjects, share, sibling, rests, authored)

    def _lines_alone(self, heard: Heard) -> Column:
        """Return how likely each answer is by the topics' own lines, whatever the thread."""
        found, part, learned = self._order.column({}), self._weights.names, self._learned
        found[learned] = multiplied(heard.names.column[learned], heard.about[learned], (part, 1 - part))
        return found

    def _divided(self, scores: Column, among: Shares) -> Column:
        """Return the shares, what some answers have of them divided among these as a second opinion says too."""
        at = self._order.places(among)
        if mass := scores[at].sum():
            scores[at] = mass * multiplied(scores[at] / mass, np.array([*among.values()]), (1, self._weights.siblings))
        return scores

    def _as_message(self, scores: Column, said: Opinions) -> Column:
        """Return the shares of the answers divided among them as whole messages say too, after the same answer or in no
        thread; small talk and what is not covered stay as likely."""
        heard, model, weight = said.heard, self.models.whole, self.believed(said)
        if not weight or not model.labels:
            return scores
        values, context = heard.seen, said.context
        if context:
            values = self._features.after(values, heard.asked, context, self._subjects.it(context))
        wanted = self._order.said(model, values)
        if context in self._order.at:  # what stands by itself asks for nothing again
            wanted[self._order.at[context]] += wanted[self._order.at[SAME]] * heard.leans
        held = self._answers & (scores > 0)
        scores[held] = scores[held].sum() * multiplied(scores[held], wanted[held], (1 - weight, weight))
        return scores

    def believed(self, said: Opinions) -> float:
        """Return how far whole messages are believed: in a thread the more a question leans on it, else the longer;
        and the less, the fewer there are of what is spoken of."""
        weights, subject = self._weights, said.named.subject
        spoken = said.context or (self._subjects.general(subject) if subject else "")
        enough = min(1.0, self._told.get(spoken, 0) / weights.whole_told) if spoken else 1.0
        if said.context:
            return enough * weights.whole_after * (weights.whole_stands + (1 - weights.whole_stands) * said.heard.leans)
        words = sum(word != STOP for word in said.heard.message.words)
        return enough * weights.whole * min(1.0, max(0.0, (words - weights.whole_from) / weights.whole_over))

    def _spoken_of(self, said: Opinions) -> str | None:
        """Return the subject a question names, or the thread's where it names nothing."""
        return said.named.subject or (self._subjects.it(said.context) if said.named.nothing else None)

    def _to_family(self, lines: Column, siblings: Shares) -> Column:
        """Return the shares where a family with few lines is asked about: part of what other topics' answers have, as
        learned from many lines, goes to the members of the family."""
        if not siblings:
            return lines
        family = self._order.column(siblings)
        moved: Column = lines * self._weights.to_family * (self._held & (family == 0))
        given: Column = moved.sum() * family / family.sum()
        return lines - moved + given

    def _kept(self, mixed: Column, alone: Column) -> Column:
        """Return the shares in a thread, with no less of what belongs to no topic than the words alone say."""
        kept: Column = np.maximum(mixed, alone * self._talk)
        return kept / float(kept.sum())

    def _nearer(self, scores: Column, said: Opinions, context: str) -> Column:
        """Return the shares of a question that names nothing held, after an answer; small talk stays as likely."""
        rest: Column = scores * np.exp(self._order.column(self._gains(said, context))) * ~self._talk
        part = (1.0 - float(scores[self._talk].sum())) / (float(rest.sum()) or 1.0)
        return scores * self._talk + rest * part

    def _gains(self, said: Opinions, context: str) -> Shares:
        """Return what answers gain after an answer, in log-odds: the ways on from it, it itself, what its
        subject holds, and what speaks of the words asked."""
        weights, it = self._weights, self._subjects.it(context)
        gains = {node: weights.says * share for node, share in said.heard.shares.items()}
        of_it = self._subjects.answers_of(it) if it else ()
        following = self._following.get(context, ())
        for nodes, weight in ((following, weights.following), ((context,), weights.same), (of_it, weights.of_it)):
            gains |= {node: gains.get(node, 0.0) + weight for node in nodes}
        return gains

    def _is_sure(self, said: Opinions) -> bool:
        weights, named = self._weights, said.named
        sure = max(said.aspects.values(), default=0.0) >= weights.sure
        short = len(said.heard.message.words) <= weights.short
        return bool(sure and short and named.held and not named.foreign and not self._leans(said))

    def _leans(self, said: Opinions) -> float:
        """Return how far the thread decides what is asked."""
        weights = self._weights
        share = min(1.0, max(0.0, (said.heard.leans - weights.leans_from) / weights.leans_over))
        if said.named.held:
            return share * weights.held_leans
        of_it = said.named.nothing or not PRONOUNS.isdisjoint(said.heard.message.words)
        return 1.0 if of_it and self._asks_surely(said) else share

    def _asks_surely(self, said: Opinions) -> bool:
        return max(said.aspects.values(), default=0.0) >= self._weights.nothing_named

    def _stands(self, said: Opinions, lines: Column) -> bool:
        """Tell whether a question of some length surely means something by itself, and no word in it stands for what
        was spoken of."""
        words = [word for word in said.heard.message.words if word != STOP]
        if len(words) < self._weights.says_enough or not PRONOUNS.isdisjoint(words):
            return False
        return float(lines[self._answers | self._talk].max(initial=0.0)) >= self._weights.stands

    def _trust(self, said: Opinions) -> float:
        """Return how far the table is believed of every answer."""
        more = self._is_sure(said) or said.named.subject in self._narrow
        return self._weights.table_more if more else self._weights.table

    def _table(self, subject: str, said: Opinions) -> Column:
        """Return the answers to which the aspects of a subject lead."""
        found: Shares = {}
        row, spread = self._subjects.row(subject), 0.0
        for aspect, whole in said.aspects.items():
            if whole < _UNASKED:
                continue
            share = whole * self._weights.unheld if subject in self._narrow and aspect not in row else whole
            spread += whole - share
            node = self._subjects.leads(subject, aspect, said.context)
            node = self._otherwise if node == NONE else node
            found[node] = found.get(node, 0.0) + share
        members = self._subjects.members(subject) if spread else ()
        return self._order.column(found | {node: found.get(node, 0.0) + spread / len(members) for node in members})

    def _siblings(self, said: Opinions, lines: Column) -> Shares:
        """Return what the model of the answers with few lines says of those of the family that is asked about; nothing
        where none of them can be meant."""
        subject, few = self._spoken_of(said), self.models.siblings.labels
        narrow = subject in self._narrow
        if not narrow and lines[self._order.places(few)].sum() < _UNMEANT:
            return {}
        family = self._subjects.family(subject) if subject and narrow else few
        return {node: share for node, share in said.heard.siblings.items() if node in family}

    def _blended(self, lines: Column, table: Column | None, trust: float) -> Column:
        """Return lines and table multiplied among the topics' answers; what belongs to no topic the lines say alone."""
        if table is None:
            return lines.copy()
        weights, held = self._weights, self._held & (self._learned | (table > 0))
        mass = lines[held].sum() + table[self._order.at[self._otherwise]] * _LEAST
        line = np.maximum(lines[held] / max(mass, _LEAST), weights.least_line)
        row = np.maximum(table[held], weights.least_table)
        believed = np.maximum(trust, self._few[held])
        found = np.where(self._held, 0.0, lines)
        found[held] = mass * multiplied(line, row, (1 - believed, believed))
        return found

    def _outside(self, said: Opinions) -> float:
        """Return what `not covered` gains, in log-odds."""
        weights, named = self._weights, said.named
        kinds = [_FOREIGN.get(self._subjects.kind_of[name], 1.0) for name in self._unspoken(said)]
        gain = weights.outside - (weights.outside_lent if said.lent else 0.0)
        if kinds:
            return gain + max(kinds) * self._beyond(said)
        if named.held and not said.heard.message.unknown:
            gain -= weights.outside + (weights.outside_held if self._asks_what_is_held(said) else 0.0)
        unknown = not named.subject and said.heard.message.unknown
        narrow = bool(named.held) and named.held[0] in self._narrow
        held = weights.says_few * self._few_say(said) + (weights.held_narrow if narrow else 0.0)
        return gain + (weights.outside_unknown if unknown else 0.0) - held

    def _unspoken(self, said: Opinions) -> list[str]:
        """Return the foreign things that are named and of which the answer last shown does not speak: "iron tablets?"
        after what ALA must not be taken with is about what that says of iron."""
        last, message = said.context, said.heard.message
        return [name for name in said.named.foreign if not (last and self._said.speaks_of(name, message, last))]

    def _asks_what_is_held(self, said: Opinions) -> bool:
        """Tell whether what is surely asked of what is named first stands in its table."""
        aspect, share = max(said.aspects.items(), key=lambda one: one[1], default=("", 0.0))
        return share >= self._weights.sure and aspect in self._subjects.row(said.named.held[0])

    def _few_say(self, said: Opinions) -> float:
        """Return how much of what is asked an answer with few lines speaks of, 0 to 1; none in another topic's thread.
        That something is not covered was learned from many lines, without such an answer."""
        few = self.models.siblings.labels
        shares = said.heard.shares if few and said.context in (None, *few) else {}
        return max((shares.get(node, 0.0) for node in few), default=0.0)

    def _beyond(self, said: Opinions) -> float:
        """Return how much something foreign counts, beside what is named with it."""
        weights, held = self._weights, said.named.held
        if not held:
            return weights.outside_beside if self._is_beside(said) else weights.outside_alone
        about_condition = self._subjects.kind_of[held[0]] == "condition"
        return weights.outside_condition if about_condition else weights.outside_beside

    def _is_beside(self, said: Opinions) -> bool:
        """Tell whether foreign medicines stand beside the thread's subject: "with metformin?" asks about both."""
        medicines = all(self._subjects.kind_of[name] == "medicine" for name in said.named.foreign)
        return bool(said.lent) and medicines and self._leans(said) > _MOSTLY

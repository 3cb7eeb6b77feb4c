"""How likely each answer is: by what is asked of which subject, by the topic's own lines, and in the thread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.matching.parser import Message
from bot.matching.subjects import NONE, Named, Subjects
from bot.matching.training import Models
from bot.matching.features import Features


META = ('personal-advice', 'help', 'references', 'disclaimer', 'review-status', 'tone', 'privacy', 'about-bot')


@dataclass
class Knobs:
    names: float = 0.5
    table: float = 0.3
    table_few: float = 0.8
    sure: float = 0.75
    sure_from: float = 0.97
    floor_lines: float = 1e-4
    floor_table: float = 3e-3
    general_share: float = 0.1
    lean_from: float = 0.2
    lean_over: float = 0.6
    held_leans: float = 0.3
    nothing_named: float = 0.6
    thread_table: float = 0.5
    answer: float = 0.55
    doubt: float = 0.30
    outside: float = 0.40
    family: float = 0.70
    sibling: float = 1.8
    remark: float = 0.3
    lean_out: float = 0.4
    held_in: float = 1.0
    unknown: float = 0.7
    f_beside: float = 0.8
    f_cond: float = 1.5
    f_alone: float = 3.0
    f_thing: float = 0.5
    f_drug: float = 0.6
    f_remedy: float = 1.0
    f_condition: float = 0.8
    f_purpose: float = 1.5
    f_device: float = 1.0
    rule: float = 2.0
    rule_doubt: float = 0.2


@dataclass
class Reading:
    named: Named
    subject: str | None
    aspects: Mapping[str, float]
    leans: float
    scores: dict[str, float]
    missing: str = ""
    table: dict[str, float] = field(default_factory=dict)
    lines: dict[str, float] = field(default_factory=dict)


class Ranker:
    def __init__(self, models: Models, subjects: Subjects, features: Features, counts: Mapping[str, int], otherwise: str, knobs: Knobs) -> None:
        self.m, self.s, self.f, self.counts, self.otherwise, self.k = models, subjects, features, counts, otherwise, knobs
        self.nodes = sorted({*models.names.labels} | {otherwise})
        self.meta = frozenset({otherwise, *META})

    def weigh(self, message: Message, context: str | None) -> Reading:
        return self.rank(*self.inputs(message, context))

    def inputs(self, message, context):
        named = self.s.named(message)
        aspects = self.m.aspects.probabilities(self.f.aspect(message, named))
        a = self.m.names.probabilities(self.f.names(message, named))
        b = self.m.about.probabilities(self.f.about(message, named, named.subject))
        leans = self.m.standing.probabilities(self.f.standing(message, named)).get("leans", 0.0)
        lent = self.s.it(context)
        seen = self.m.about.probabilities(self.f.about(message, named, named.subject or lent)) if lent else {}
        return message, context, named, aspects, a, b, leans, lent, seen

    def rank(self, message, context, named, aspects, a, b, leans, lent, seen) -> Reading:
        logs = {n: self.k.names * math.log(max(a[n], 1e-6)) + (1 - self.k.names) * math.log(max(b[n], 1e-6)) for n in a}
        lines = _shares(logs)
        r = Reading(named, named.subject, aspects, leans, {}, lines=lines)
        r.table = self._row(named.subject, aspects, context) if named.subject else {}
        sure = max(aspects.values()) >= self.k.sure_from and len(message.words) <= 7 and named.held and not named.foreign and not context
        scores = self._blend(lines, r.table, self.k.sure if sure else self.k.table, named)
        if lent:
            share = min(1.0, max(0.0, (leans - self.k.lean_from) / self.k.lean_over))
            if named.held:
                share *= self.k.held_leans
            elif not (named.leaning or named.foreign) and max(aspects.values()) >= self.k.nothing_named:
                share = 1.0
            if share:
                thread = self._blend(seen, self._row(named.subject or lent, aspects, context), self.k.thread_table, named)
                scores = {n: (1 - share) * scores.get(n, 0.0) + share * thread.get(n, 0.0) for n in {*scores, *thread}}
        scores = self._outside(scores, named, message, bool(lent))
        r.scores = dict(sorted(scores.items(), key=lambda one: (-one[1], one[0])))
        return r

    def _outside(self, scores, named, message, in_thread):
        k = self.k
        by = k.lean_out
        if named.foreign:
            far = max(getattr(k, "f_" + self.s.kind_of[n], 1.0) for n in named.foreign)
            by += far * (k.f_beside if named.held and self.s.kind_of[named.held[0]] != "condition" else k.f_cond if named.held else k.f_alone)
        elif not named.subject and message.unknown:
            by += k.unknown
        if named.held and not named.foreign:
            by -= k.held_in
        return moved(scores, self.otherwise, by)

    def _row(self, subject: str, aspects: Mapping[str, float], context: str | None) -> dict[str, float]:
        found: dict[str, float] = {}
        for aspect, share in aspects.items():
            node = self.s.leads(subject, aspect, context)
            node = self.otherwise if node == NONE else node
            found[node] = found.get(node, 0.0) + share * (1 - self.k.general_share)
            general = self.s.general(subject)
            found[general] = found.get(general, 0.0) + share * self.k.general_share
        return found

    def _blend(self, lines, table, w0, named) -> dict[str, float]:
        """Among the topic's answers lines and table are multiplied; what is about the bot or nobody's the lines say."""
        held = [n for n in {*lines, *table} if n not in self.meta]
        if not table:
            return dict(lines)
        mass = sum(lines.get(n, 0.0) for n in held)
        logs = {}
        for n in held:
            w = max(w0, self._weight(n))
            logs[n] = (1 - w) * math.log(max(lines.get(n, 0.0) / max(mass, 1e-9), self.k.floor_lines)) + w * math.log(max(table.get(n, 0.0), self.k.floor_table))
        scores = {n: v * mass for n, v in _shares(logs).items()}
        return scores | {n: lines.get(n, 0.0) for n in self.meta}

    def _weight(self, node: str) -> float:
        c = self.counts.get(node, 0)
        return self.k.table_few if c <= 20 else 0.6 if c <= 50 else .4 if c<=150 else 0.0


def _shares(logs: Mapping[str, float]) -> dict[str, float]:
    top = max(logs.values())
    powers = {n: math.exp(v - top) for n, v in logs.items()}
    total = sum(powers.values())
    return {n: v / total for n, v in powers.items()}


def moved(scores, node, by):
    old = scores.get(node, 0.0)
    share = min(max(old, 1e-4), 1 - 1e-4)
    new = 1 / (1 + math.exp(-(math.log(share / (1 - share)) + by)))
    shrink = (1 - new) / (1 - old) if old < 1 else 0.0
    return {n: v * shrink for n, v in scores.items() if n != node} | {node: new}

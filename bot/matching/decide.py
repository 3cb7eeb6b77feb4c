"""From likelihoods and rules to a decision: answer, offer two or three, or say that it is not covered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.dialog.matching import Match
from bot.dialog.turn import Outcome
from bot.matching.topics import Candidate

ANSWER_FROM = 0.6
"""The likelihood from which the best node is answered."""
OUTSIDE_FROM = 0.4
"""The likelihood from which `not covered`, when it is the likeliest, is said rather than choices offered."""
DOUBT_FROM = 0.15
"""The likelihood of `not covered` from which another node is offered and not answered."""
RULE_WEIGHT, RULE_DOUBT = 2.0, 0.2
"""What a full advice rule adds to the log-odds of a personal question, and what its absence takes away."""
OUTSIDE_WEIGHT = 0.7
"""What a subject the topic does not hold adds to the log-odds of `not covered`."""
OUTSIDE_LEAN = 0.4
"""What `not covered` gets in any case: a wrong answer costs more than an honest none."""
MOST_CHOICES = 3


@dataclass(frozen=True, slots=True)
class Roles:
    """The nodes with a part of their own."""

    urgent: str
    advice: str
    otherwise: str


def moved(ranked: Sequence[Candidate], node: str, by: float, reason: str) -> list[Candidate]:
    """Return the candidates with the log-odds of `node` moved, the others sharing the rest as before."""
    old = next((one.score for one in ranked if one.node == node), 0.0)
    new = _odds(old, by)
    shrink = (1 - new) / (1 - old) if old < 1 else 0.0
    others = [Candidate(one.node, one.score * shrink, one.reason) for one in ranked if one.node != node]
    mine = next((one.reason for one in ranked if one.node == node), "")
    told = "; ".join(part for part in (reason, mine) if part)
    return sorted([*others, Candidate(node, new, told)], key=lambda one: (-one.score, one.node))


def without(ranked: Sequence[Candidate], node: str) -> list[Candidate]:
    """Return the candidates without `node`, its share given to the others in proportion."""
    others = [one for one in ranked if one.node != node]
    total = sum(one.score for one in others) or 1.0
    return [Candidate(one.node, one.score / total, one.reason) for one in others]


def _odds(share: float, by: float) -> float:
    share = min(max(share, 1e-4), 1 - 1e-4)
    return 1 / (1 + math.exp(-(math.log(share / (1 - share)) + by)))


def decide(ranked: Sequence[Candidate], roles: Roles) -> Match:
    """Return the decision the likelihoods allow."""
    if not ranked:
        return not_covered(ranked, roles, "nothing is known of any topic")
    best = ranked[0]
    if best.node == roles.otherwise and best.score >= OUTSIDE_FROM:
        return not_covered(ranked, roles, best.reason)
    if best.score >= ANSWER_FROM and _share(ranked, roles.otherwise) < DOUBT_FROM:
        related = _topics(ranked, roles) if best.node == roles.advice else ()
        return Match(Outcome.ANSWER, best.node, (), related, scores(ranked), (best.reason,))
    choices = _choices(ranked, roles)
    if len(choices) < 2:
        return not_covered(ranked, roles, "nothing is likely enough")
    return Match(Outcome.CHOICES, roles.otherwise, choices, (), scores(ranked), ("several are likely",))


def _share(ranked: Sequence[Candidate], node: str) -> float:
    return next((one.score for one in ranked if one.node == node), 0.0)


def _choices(ranked: Sequence[Candidate], roles: Roles) -> tuple[str, ...]:
    return tuple(one.node for one in ranked if one.node not in (roles.otherwise, roles.urgent))[:MOST_CHOICES]


def not_covered(ranked: Sequence[Candidate], roles: Roles, reason: str) -> Match:
    """Return the honest answer that nothing is held, with the nearest topics."""
    return Match(Outcome.NOT_COVERED, roles.otherwise, (), _topics(ranked, roles), scores(ranked), (reason,))


def _topics(ranked: Sequence[Candidate], roles: Roles) -> tuple[str, ...]:
    own = (roles.otherwise, roles.advice, roles.urgent)
    return tuple(one.node for one in ranked if one.node not in own)[:MOST_CHOICES]


def scores(ranked: Sequence[Candidate]) -> tuple[tuple[str, float], ...]:
    """Return the best candidates as plain pairs."""
    return tuple((one.node, round(one.score, 3)) for one in ranked[:5])

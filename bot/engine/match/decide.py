"""From likelihoods and rules to a decision: answer, offer two or three, or say that it is not covered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.engine.match.result import Match
from bot.engine.match.topics import Candidate
from bot.engine.turn import Outcome

ANSWER_FROM = 0.38
"""The likelihood from which the best node is answered."""
AHEAD = 0.1
"""How far it must be ahead of the next."""
OUTSIDE_FROM = 0.3
"""The likelihood from which `not covered`, when it is the likeliest, needs no lead over the next."""
OFFER_FROM = 0.1
"""The likelihood from which a node is worth offering."""
RULE_WEIGHT, RULE_DOUBT = 4.0, 1.4
"""What a full advice rule adds to the log-odds of a personal question, and what its absence takes away."""
OUTSIDE_WEIGHT = 1.2
"""What a subject the topic does not hold adds to the log-odds of `not covered`."""
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


def decide(ranked: Sequence[Candidate], roles: Roles, afloat: bool = False) -> Match:
    """Return the decision the likelihoods allow; a message `afloat` names nothing of the topic."""
    if not ranked:
        return not_covered(ranked, roles, "nothing is known of any topic")
    best, ahead = ranked[0], ranked[0].score - (ranked[1].score if len(ranked) > 1 else 0.0)
    sure = best.score >= ANSWER_FROM and ahead >= AHEAD
    if best.node == roles.otherwise and (afloat or best.score >= OUTSIDE_FROM):
        return not_covered(ranked, roles, best.reason)
    if sure:
        related = _topics(ranked, roles) if best.node == roles.advice else ()
        return Match(Outcome.ANSWER, best.node, (), related, scores(ranked), (best.reason,))
    choices = _choices(ranked, roles)
    if len(choices) < 2:
        return not_covered(ranked, roles, "nothing is likely enough")
    return Match(Outcome.CHOICES, roles.otherwise, choices, (), scores(ranked), ("several are likely",))


def _choices(ranked: Sequence[Candidate], roles: Roles) -> tuple[str, ...]:
    likely = [
        one.node for one in ranked[:5] if one.score >= OFFER_FROM and one.node not in (roles.otherwise, roles.urgent)
    ]
    rest = [node for node in _topics(ranked, roles) if node not in likely]
    return tuple([*likely, *rest][:MOST_CHOICES]) if likely else ()


def not_covered(ranked: Sequence[Candidate], roles: Roles, reason: str) -> Match:
    """Return the honest answer that nothing is held, with the nearest topics."""
    return Match(Outcome.NOT_COVERED, roles.otherwise, (), _topics(ranked, roles), scores(ranked), (reason,))


def _topics(ranked: Sequence[Candidate], roles: Roles) -> tuple[str, ...]:
    own = (roles.otherwise, roles.advice, roles.urgent)
    return tuple(one.node for one in ranked if one.node not in own)[:MOST_CHOICES]


def scores(ranked: Sequence[Candidate]) -> tuple[tuple[str, float], ...]:
    """Return the best candidates as plain pairs."""
    return tuple((one.node, round(one.score, 3)) for one in ranked[:5])

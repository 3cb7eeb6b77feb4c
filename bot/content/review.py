"""Who has reviewed an answer, and whether it still says what was reviewed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.content.models import ApprovalRules, Review

Effective = Literal["submitted", "under-review", "approved", "changed"]


@dataclass(frozen=True, slots=True)
class ReviewState:
    """The review of one answer as it stands today.

    `status` is what the reader may be told: an approval whose content has changed since reads `changed`.
    """

    status: Effective
    by: str | None
    on: date | None
    due: date | None
    second_by: str | None = None
    second_on: date | None = None

    @property
    def reviewers(self) -> str:
        """Everybody who signed it, such as `A. Roe and J. Doe`."""
        return " and ".join(name for name in (self.by, self.second_by) if name)

    @property
    def approved(self) -> bool:
        """Whether a named person approved exactly this text."""
        return self.status == "approved"

    def overdue(self, today: date) -> bool:
        """Whether the next review should have happened before `today`."""
        return self.due is not None and self.due < today


def state_of(review: Review, present: Callable[[], str], rules: ApprovalRules) -> ReviewState:
    """Return the effective state of `review` for content whose hash is `present()`, asked only of what is approved.

    An approval counts only with all that the topic asks for, and with the hash of what was approved.
    """
    status: Effective = review.status
    if review.status == "approved":
        complete = not missing_of(review, rules)
        status = "submitted" if not complete else "approved" if review.hash == present() else "changed"
    return ReviewState(status, review.by, review.on, review.due, review.second_by, review.second_on)


def missing_of(review: Review, rules: ApprovalRules) -> list[str]:
    """Return what an approval lacks of what it must have."""
    names = ["by", "on", "due", "hash", *(["note"] if rules.note else [])]
    if rules.reviewers == 2:
        names += ["second_by", "second_on", *(["second_note"] if rules.note else [])]
    missing = [name for name in names if getattr(review, name) is None]
    if review.by and review.second_by and same_person(review.by, review.second_by):
        missing.append("second_by")
    return list(dict.fromkeys(missing))


def same_person(one: str, other: str) -> bool:
    """Tell whether two names are one, however they are spaced and capitalised."""
    return "".join(one.casefold().split()) == "".join(other.casefold().split())


def content_hash(words: Sequence[object]) -> str:
    """Return the short hash of what a reader would see (plain data only)."""
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]

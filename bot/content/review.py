"""Who has reviewed an answer, and whether it still says what was reviewed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.content.models import Review

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

    @property
    def approved(self) -> bool:
        """Whether a named person approved exactly this text."""
        return self.status == "approved"

    def overdue(self, today: date) -> bool:
        """Whether the next review should have happened before `today`."""
        return self.due is not None and self.due < today


def state_of(review: Review, present: Callable[[], str]) -> ReviewState:
    """Return the effective state of `review` for content whose hash is `present()`, asked only of what is approved.

    An approval counts only with a name, a date and the hash of what was approved.
    """
    status: Effective = review.status
    if review.status == "approved":
        complete = review.by and review.on and review.hash
        status = "submitted" if not complete else "approved" if review.hash == present() else "changed"
    return ReviewState(status, review.by, review.on, review.due)


def content_hash(words: Sequence[object]) -> str:
    """Return the short hash of what a reader would see (plain data only)."""
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]

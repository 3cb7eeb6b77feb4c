"""What people report as wrong: how it is kept, listed, closed and deleted. The statements serve both databases, which
both know a parameter by `$` and its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report as it is stored: hashed names, sealed words and address. `id` is made of its turn, so that a turn that
    is done twice leaves one."""

    id: bytes
    person: bytes
    conversation: bytes
    channel: str
    node: str
    register: str
    words: bytes
    address: bytes
    at: float


@dataclass(frozen=True, slots=True)
class StoredReport(NewReport):
    """A report with its number for people, and when it was closed, if it was."""

    number: int = 0
    closed: float | None = None


class Reports(Protocol):
    """What a database does with reports. Every method is one transaction and may raise `StoreUnavailable`."""

    async def add_report(self, report: NewReport) -> None:
        """Keep a report, once."""

    async def reports(self, *, closed: bool = False) -> Sequence[StoredReport]:
        """Return the open reports, or all of them, oldest first."""

    async def close_report(self, number: int, at: float) -> StoredReport | None:
        """Close an open report and return it; None if there is none of that number."""


_COLUMNS = "id, person, conversation, channel, node, tone, words, address, at"

ADD = f"INSERT INTO report ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING"  # noqa: S608

LIST = f"SELECT {_COLUMNS}, number, closed FROM report WHERE closed IS NULL OR $1 ORDER BY number"  # noqa: S608

CLOSE = f"UPDATE report SET closed = $2 WHERE number = $1 AND closed IS NULL RETURNING {_COLUMNS}, number, closed"  # noqa: S608

THEIRS = "SELECT node, at, words, closed FROM report WHERE person = $1 ORDER BY number"

FORGET = "DELETE FROM report WHERE person = $1"

PRUNE = "DELETE FROM report WHERE closed < $1 OR at < $2"


def terms(report: NewReport) -> tuple[object, ...]:
    """Return the parameters of `ADD`."""
    return (
        report.id,
        report.person,
        report.conversation,
        report.channel,
        report.node,
        report.register,
        report.words,
        report.address,
        report.at,
    )

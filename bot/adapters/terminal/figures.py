"""The figures of `footnote evaluate` as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHARES = ("right", "offered", "wrong", "missed")


def figures(found: Mapping[str, Any]) -> str:
    """Return the shares, overall and per kind of question, and how well urgent messages were told apart."""
    lines = [f"{'':<14}{'n':>5}" + "".join(f"{name:>9}" for name in SHARES), _row("all", found)]
    lines += [_row(kind, shares) for kind, shares in found["by_kind"].items()]
    urgent = found["urgent"]
    lines.append(f"urgent: {urgent['recall']:.1%} recognised, {urgent['false_alarms']:.1%} false alarms")
    return "\n".join(lines)


def _row(name: str, shares: Mapping[str, Any]) -> str:
    return f"{name:<14}{shares['n']:>5}" + "".join(f"{shares[share]:>9.1%}" for share in SHARES)

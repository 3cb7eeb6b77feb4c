"""The figures of `footnote evaluate` as a table for people."""

from __future__ import annotations

from collections import Counter
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


def confusion(found: Mapping[str, Any]) -> str:
    """Return what was taken for what, most often first: each pair of what was expected and what was shown."""
    missed = [row for row in found["rows"] if row["mark"] in ("wrong", "missed")]
    pairs = Counter((" or ".join(row["expect"]), row["node"]) for row in missed)
    lines = [f"{times:>5}  {expected} -> {node}" for (expected, node), times in pairs.most_common()]
    return "\n".join(["taken for something else:", *lines] if lines else ["nothing was taken for something else"])


def _row(name: str, shares: Mapping[str, Any]) -> str:
    return f"{name:<14}{shares['n']:>5}" + "".join(f"{shares[share]:>9.1%}" for share in SHARES)

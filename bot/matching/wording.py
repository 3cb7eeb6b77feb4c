"""Authored wordings: `(a|b)` stands for both words, `(a|b)?` for both and for neither."""

from __future__ import annotations

import re
from itertools import product

_GROUP = re.compile(r"\(([^()]*)\)(\?)?")
MOST = 1000
"""Expansions of one wording; more is a mistake in the file."""


def expand(wording: str) -> list[str]:
    """Return every plain wording `wording` stands for; raises ValueError when they are too many."""
    if "(" not in wording:
        return [" ".join(wording.split())]
    parts: list[list[str]] = []
    at = 0
    for group in _GROUP.finditer(wording):
        parts += [[wording[at : group.start()]], group[1].split("|") + ([""] if group[2] else [])]
        at = group.end()
    parts.append([wording[at:]])
    count = 1
    for part in parts:
        count *= len(part)
    if count > MOST:
        raise ValueError(f"stands for {count} wordings, {MOST} at most: {wording!r}")
    return [" ".join("".join(choice).split()) for choice in product(*parts)]

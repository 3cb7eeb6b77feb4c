"""What is wrong with a file, said so that an author finds the place and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from rapidfuzz import fuzz, process

from bot.errors import FootnoteError

Level = Literal["error", "warning"]

_ALIKE = 60  # a suggestion less alike than this (0..100) would confuse more than it helps


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One finding at one place. `line` and `column` count from 1; `suggestion` says how to mend it, or is empty."""

    path: str
    line: int
    column: int
    code: str
    message: str
    snippet: str = ""
    suggestion: str = ""
    level: Level = "error"

    @property
    def headline(self) -> str:
        """The one-line form editors understand."""
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}"

    def __str__(self) -> str:
        """Return the headline, the line with a caret under the place, and the remedy."""
        lines = [self.headline]
        if self.snippet.strip():
            shown, offset = _clipped(self.snippet, self.column - 1)
            lines += [f"    {shown}", f"    {' ' * offset}^"]
        if self.suggestion:
            lines.append(f"    fix: {self.suggestion}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """Return the fault as plain data for `--json`."""
        return asdict(self)


class LoadError(FootnoteError):
    """The dialogs or the content cannot be used; `faults` holds everything wrong, in file order."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics))
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names the known word most like `word`, or an empty string."""
    found = process.extractOne(word, sorted(known), scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return f"did you mean `{found[0]}`?" if found else ""


def _clipped(line: str, offset: int, width: int = 110) -> tuple[str, int]:
    """Return a stretch of `line` around `offset` and where the offset falls in it; tabs become one space."""
    start = max(0, offset - width * 2 // 3) if len(line) > width else 0
    head = "…" if start else ""
    tail = "…" if len(line) > start + width else ""
    return head + line[start : start + width].replace("\t", " ") + tail, offset - start + len(head)

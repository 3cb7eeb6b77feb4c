"""Measures a matcher on labelled questions, one JSON object a line (tests/questions/README.md), and says in an author's
words why it decided so and what mends it."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.content.diagnostics import Location, nearest
from bot.content.files import phrase_at
from bot.content.library import Library
from bot.content.matching_models import SharedWords
from bot.dialog.turn import Match, Matcher, Outcome, Register, Reply
from bot.errors import FootnoteError
from bot.matching.build import Parts
from bot.matching.decisions import ASPECT_MISSING
from bot.matching.matcher import AUTHORED, PART_MISSING
from bot.matching.text import Stemmer, key_of, sampled

REGISTERS = {
    "professional": Register.PROFESSIONAL,
    "layperson": Register.LAYPERSON,
    "clinician": Register.PROFESSIONAL,
    "patient": Register.LAYPERSON,
}
SHARES = ("right", "offered", "wrong", "missed", "lost")
"""How a question can end. `lost` is neither: choices without a right one, or choices where nothing was expected."""
OUTCOMES = frozenset({"choices", "small-talk"})
"""What a label may name beside answers: any choices, any small talk."""
_LIKELIEST = 3


class QuestionFault(FootnoteError):
    """A line of a question file that is no labelled question."""


@dataclass(frozen=True, slots=True)
class Question:
    """One labelled question; `expect` lists the acceptable answers, `also` those to a second question in it."""

    id: str
    text: str
    register: Register
    context: str | None
    expect: tuple[str, ...]
    kind: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One question with what the matcher decided and how that counts."""

    question: Question
    match: Match
    mark: str


def read(path: Path, known: Collection[str] | None = None) -> list[Question]:
    """Return the questions of a file; raises QuestionFault naming the first bad line, OSError when unreadable.

    `known` are the answers a label may name, and the kinds of small talk; None takes any.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_question(line, f"{path}:{number}", known) for number, line in enumerate(lines, 1) if line.strip()]


def _row(line: str, where: str) -> dict[str, Any]:
    """Return the object a line holds. Raises QuestionFault that says what to write instead."""
    try:
        row = json.loads(line)
    except ValueError as fault:
        raise QuestionFault(f"{where}: no JSON ({fault}); {_REMEDY}") from fault
    if not isinstance(row, dict):
        raise QuestionFault(f"{where}: {type(row).__name__} where an object in braces was expected; {_REMEDY}")
    return row


_REMEDY = (
    'write one question a line, as {"id": "q1", "text": "what is it?", "register": "layperson", '
    '"expect": ["overview"], "kind": "plain"}; see tests/questions/README.md'
)
_NEEDED = ("id", "register", "expect", "kind")


def _question(line: str, where: str, known: Collection[str] | None) -> Question:
    row = _row(line, where)
    try:
        if missing := [name for name in _NEEDED if name not in row]:
            raise QuestionFault(f"{where}: a labelled question needs `{missing[0]}`; see tests/questions/README.md")
        text = row["text"] if "text" in row else " ".join([row["repeat"][0]] * int(row["repeat"][1]))
        register, labels = REGISTERS[row["register"]], (tuple(row["expect"]), tuple(row.get("also", ())))
        found = Question(
            str(row["id"]), str(text), register, row.get("context"), labels[0], str(row["kind"]), labels[1]
        )
    except (ValueError, KeyError, TypeError, IndexError) as fault:
        raise QuestionFault(f"{where}: not a labelled question ({type(fault).__name__}: {fault})") from fault
    for node in (*found.expect, *found.also, found.context):
        if known is not None and node is not None and node not in known and node not in OUTCOMES:
            raise QuestionFault(f"{where}: `{node}` is not an answer; {nearest(node, known)}".rstrip("; "))
    return found


def measure(matcher: Matcher, questions: Iterable[Question], otherwise: str) -> list[Row]:
    """Return every question with the matcher's decision and its mark."""
    rows = []
    for question in questions:
        match = matcher.match(question.text, question.context, question.register)
        rows.append(Row(question, match, mark(question, match, otherwise)))
    return rows


def mark(question: Question, match: Match, otherwise: str) -> str:
    """Return how a decision counts for a question: one of SHARES."""
    if match.outcome.value in question.expect:
        return "right"
    if match.outcome is Outcome.CHOICES:
        return "offered" if set(match.choices) & set(question.expect) else "lost"
    if otherwise in question.expect and _says_that_it_is_missing(question, match):
        return "right"
    if {match.node, match.beside} & set(question.expect) or (match.outcome is Outcome.URGENT and _is_urgent(question)):
        return "right"
    return "missed" if match.node == otherwise else "wrong"


def _says_that_it_is_missing(question: Question, match: Match) -> bool:
    """Tell whether a decision says that nothing is held on what was asked, and shows what is beside it."""
    return match.note == ASPECT_MISSING or (match.note == PART_MISSING and match.node in question.also)


def _is_urgent(question: Question) -> bool:
    """Tell whether a question is an emergency: whichever card, it is recognised."""
    return any(node == "urgent" or node.startswith("urgent-") for node in question.expect)


def summary(rows: Sequence[Row], reasons: Reasons | None = None) -> dict[str, Any]:
    """Return the figures of `footnote evaluate --json`: shares are of all questions, 0 to 1.

    With `reasons`, those of what is not right are told as an author needs them.
    """
    kinds = sorted({row.question.kind for row in rows})
    return {
        **_shares(rows),
        "by_kind": {kind: _shares([row for row in rows if row.question.kind == kind]) for kind in kinds},
        "urgent": _urgent(rows),
        "rows": [_shown(row, reasons if row.mark != "right" else None) for row in rows],
    }


def _shares(rows: Sequence[Row]) -> dict[str, Any]:
    marks = Counter(row.mark for row in rows)
    return {"n": len(rows), **{mark: round(marks[mark] / len(rows), 4) if rows else 0.0 for mark in SHARES}}


def _urgent(rows: Sequence[Row]) -> dict[str, float]:
    due = [row for row in rows if _is_urgent(row.question)]
    calm = [row for row in rows if not _is_urgent(row.question)]
    seen, alarms = (sum(1 for row in part if row.match.outcome is Outcome.URGENT) for part in (due, calm))
    return {
        "recall": round(seen / len(due), 4) if due else 1.0,
        "false_alarms": round(alarms / len(calm), 4) if calm else 0.0,
    }


def _shown(row: Row, reasons: Reasons | None) -> dict[str, Any]:
    asked, match = row.question, row.match
    told = match.reasons
    if reasons:
        told = reasons.told(told, match.outcome, match.node, asked.text, asked.context)
    return {
        "id": row.question.id,
        "text": row.question.text,
        "context": row.question.context,
        "expect": list(row.question.expect),
        "outcome": row.match.outcome.value,
        "node": row.match.node,
        "choices": list(row.match.choices),
        "mark": row.mark,
        "likeliest": [list(pair) for pair in row.match.scores[:_LIKELIEST]],
        "reasons": [*told, *_understood(match.missing)],
    }


def _understood(missing: str) -> tuple[str, ...]:
    """Return, of what nothing covers, what was named in it and what was asked: which of the two to mend."""
    subject, _, aspect = missing.partition(" x ")
    if not aspect:
        return ()
    named = "nothing" if subject == "?" else f"`{subject}`"
    return (f"names {named}, asks " + ("nothing known" if aspect == "?" else f"`{aspect}`"),)


def evaluate(matcher: Matcher, path: Path, library: Library) -> dict[str, Any]:
    """Return the figures for one file; raises QuestionFault or OSError as `read` does, before anything is matched."""
    known = {*library.nodes, *library.renamed, *library.small_talk}
    return summary(measure(matcher, read(path, known), library.otherwise), Reasons(library))


def failures(found: Mapping[str, Any]) -> str:
    """Return every question that failed, in words: what came instead, the likeliest three, and why."""
    lines: list[str] = []
    for row in found["rows"]:
        if row["mark"] != "right":
            after = f" (after {row['context']})" if row["context"] else ""
            likely = ", ".join(f"{node} {share:.2f}" for node, share in row["likeliest"])
            shown = ", ".join(row["choices"]) or row["node"]
            lines += [
                f"{row['mark']:>8}  {row['text']}{after}",
                f"{'':>8}  expected {' or '.join(row['expect'])}; came {row['outcome']}: {shown}",
                f"{'':>8}  likeliest {likely or 'nothing was weighed'}; because {'; '.join(row['reasons']) or '-'}",
            ]
    reasons = (reason for row in found["rows"] if row["mark"] != "right" for reason in row["reasons"])
    return "\n".join([*lines, *(f"to mend it: {remedy}" for remedy in remedies(reasons))])


# --- reasons, in the words of an author -------------------------------------------------------------------------------

_ALIKE = 80
"""How like a question (0..100) a line of the answer must be to be named as the reason."""
_FORMS = 100
"""Wordings of one line that are compared with a question."""
_ASKED = re.compile(r"([a-z-]+) of ([a-z0-9-]+/[a-z0-9-]+)")
_EXCUSED = re.compile(r"not urgent: ([a-z0-9-]+): ([a-z]+)")
_EXCUSES = {
    "denied": "the message says that it is not so",
    "framed": "it is told of a story, an exam or hearsay",
    "past": "it is over",
    "supposed": "it is only supposed",
    "general": "it is asked of people at large",
    "leaflet": "it stands in a list, as in a leaflet",
    "unlike": "the message is unlike the examples of emergencies, which overrule a rule",
}
_LINE, _READ, _OPEN = "an authored line, ", "asks ", "enough"
_REMEDIES = {
    _LINE: "a line that belongs to another answer is moved there; the reason says where it stands",
    _READ: "`asks` names the aspect and the subject that were read. In subjects.yaml of the topic give that aspect, in "
    "the row of that subject, to the right answer. If another aspect was meant: all topics share how aspects are asked "
    "for, so write ten such messages under the right answer in messages.yaml of its topic, and the question itself in "
    "phrases.yaml",
    _OPEN: "the limits hold for every topic and are not yours to move. Make the right answer likelier: write ten whole "
    "messages like the question under it in messages.yaml, with the words that spoke against it; a word that no topic "
    "held becomes yours as a name in subjects.yaml",
    "urgent: ": "what is an emergency and what is none is learned from examples, which overrule a rule: write five "
    "messages like this one in content/urgent-messages.yaml, under its sign, or in content/calm-messages.yaml",
}


def remedies(reasons: Iterable[str]) -> list[str]:
    """Return what mends a decision that is wrong for one of these reasons."""
    told = tuple(reasons)
    return [remedy for begins, remedy in _REMEDIES.items() if any(begins in reason for reason in told)]


def explained(library: Library, reply: Reply, text: str, context: str | None) -> Reply:
    """Return a reply to a text after a node with its reasons as an author needs them."""
    told = Reasons(library).told(reply.reasons, reply.card.outcome, reply.card.node, text, context)
    return replace(reply, reasons=(*told, *_understood(reply.missing)))


class Reasons:
    """Tells why something was decided in the words of an author, with the place of the line that decided it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        words = library.matching.words if library.matching else SharedWords()
        self._key = partial(key_of, stem=Stemmer(words.irregular, {}), shorthand=words.shorthand)

    def told(
        self, reasons: Iterable[str], outcome: Outcome, node: str, text: str, context: str | None
    ) -> tuple[str, ...]:
        """Return the reasons for an outcome that shows `node`; a line of it that says nearly the same is one more."""
        found = [self._told(reason, node, context) for reason in reasons]
        exact = any(_LINE in one for one in found)
        near = "" if exact or outcome not in (Outcome.ANSWER, Outcome.NOT_COVERED) else self._near(text, node, context)
        return (near, *found) if near else tuple(found)

    def _told(self, reason: str, node: str, context: str | None) -> str:
        if reason.startswith(f"{AUTHORED}: "):
            return self._exact(reason.partition(": ")[2], node, context)
        if asked := _ASKED.fullmatch(reason):
            return f"{_READ}`{asked[1]}` of `{asked[2]}`"
        if excused := _EXCUSED.fullmatch(reason):
            why = _EXCUSES.get(excused[2], excused[2])
            return f"not urgent: a sign of an emergency was seen by the rule `{excused[1]}`, but {why}"
        return reason

    def _exact(self, key: str, node: str, context: str | None) -> str:
        lines = self._lines(node, context)
        return next((f"{_LINE}{self._where(at, line)}" for at, line, form in lines if form == key), AUTHORED)

    def _near(self, text: str, node: str, context: str | None) -> str:
        """Return the line of an answer that says nearly what was asked, as a reason; empty where none does."""
        from rapidfuzz import fuzz, process

        lines = list(self._lines(node, context))
        found = process.extractOne(
            self._key(text), [form for *_, form in lines], scorer=fuzz.token_sort_ratio, score_cutoff=_ALIKE
        )
        return f"nearly {_LINE}{self._where(*lines[found[2]][:2])}" if found else ""

    def _lines(self, node: str, context: str | None) -> Iterator[tuple[Location, str, str]]:
        """Yield where the lines of an answer stand, each with one of its wordings as what decides over a message."""
        after = self._library.after.get(context or "", {})
        for place, lines in ((("after", context or ""), after), (("phrases",), self._library.phrases)):
            for line in lines.get(node, ()):
                yield from (((*place, node), line, self._key(form)) for form in sampled(line, _FORMS))

    def _where(self, place: Location, line: str) -> str:
        found = phrase_at(self._library.home.phrases(), place, line)
        return f"`{line}`" + (f" ({found[0].path}:{found[1][0] + 1})" if found else "")


# --- what is written for one answer and sounds like another -----------------------------------------------------------

_DOUBT = 0.2
"""What is counted of every feature beside where it was seen: one that an answer lacks makes it unlikely, no more."""
_FEWEST, _SHARE = 3, 0.05
"""Lines of an answer, and the share of all its lines, from which it is told that they sound like another one: in four
topics of ten answers 22 of 171 pairs, and 13 of the 30 mix-ups in questions of somebody else (measured 2026-11)."""
_WORDS = 3


@dataclass(frozen=True, slots=True)
class Mixed:
    """An answer with lines and messages that sound like another one: of how many, and by which words."""

    node: str
    like: str
    lines: tuple[str, ...]
    of: int
    words: tuple[str, ...]

    @property
    def share(self) -> float:
        """How much of what is written for the answer sounds like the other."""
        return len(self.lines) / self.of


def mixed(parts: Parts) -> list[Mixed]:
    """Return which answers with few lines are badly told from which, the worst first: each line and each message that
    stands alone is read by all that is written beside it (naive Bayes)."""
    written = _Written(parts)
    found: dict[tuple[str, str], list[_Line]] = {}
    for line in written.alone:
        if (like := written.like(line)) != line.node:
            found.setdefault((line.node, like), []).append(line)
    of = Counter(line.node for line in written.alone)
    told = (
        Mixed(node, like, tuple(line.form for line in lines), of[node], written.why(node, like, lines))
        for (node, like), lines in found.items()
        if len(lines) >= max(_FEWEST, _SHARE * of[node])
    )
    return sorted(told, key=lambda one: (-one.share, one.node, one.like))


@dataclass(frozen=True, slots=True)
class _Line:
    """A line or message of an answer, with what is seen of it."""

    node: str
    form: str
    features: tuple[str, ...]


class _Written:
    """All that is written for answers with few lines, as features counted for each answer."""

    def __init__(self, parts: Parts) -> None:
        data, self._parts = parts.data, parts
        self._nodes = sorted(data.texts)
        forms = {node: [form for line in asked for form in sampled(line, 1)] for node, asked in data.phrases.items()}
        self.alone = [line for asked in (forms, data.messages) for line in self._each(asked)]
        beside = (*data.after.values(), *data.messages_after.values(), data.texts)
        self._counts: dict[str, npt.NDArray[np.float64]] = {}
        self._rows = np.zeros(len(self._nodes))
        for line in (*self.alone, *(line for asked in beside for line in self._each(asked))):
            self._count(line)

    def _each(self, asked: Mapping[str, Sequence[str]]) -> Iterator[_Line]:
        parts = self._parts
        for node, form in ((one, form) for one in self._nodes for form in asked.get(one, ())):
            message = parts.reader.read(form)
            named = parts.subjects.named(message)
            seen = parts.features.names(message, named, parts.features.asked(message, named))
            yield _Line(node, form, tuple(dict.fromkeys(seen.names)))

    def _count(self, line: _Line) -> None:
        at = self._nodes.index(line.node)
        self._rows[at] += 1
        for one in line.features:
            self._counts.setdefault(one, np.zeros(len(self._nodes)))[at] += 1

    def like(self, line: _Line) -> str:
        """Return the answer that a line sounds like by all that is written but itself."""
        seen, rows = np.array([self._counts[one] for one in line.features]), self._rows.copy()
        at = self._nodes.index(line.node)
        seen[:, at] -= 1
        rows[at] -= 1
        known = seen[seen.any(axis=1)]
        return self._nodes[int(np.log((known + _DOUBT) / (rows + 2 * _DOUBT)).sum(axis=0).argmax())]

    def why(self, node: str, like: str, lines: Iterable[_Line]) -> tuple[str, ...]:
        """Return the words and names of lines of `node` that speak most for another answer."""
        mine, other = self._nodes.index(node), self._nodes.index(like)
        words: dict[str, float] = {}
        for word in (one for line in lines for one in line.features if one[0] not in "#=~" and not {" ", "+"} & {*one}):
            counts = (self._counts[word] + _DOUBT) / (self._rows + 2 * _DOUBT)
            words[word] = words.get(word, 0.0) + math.log(counts[other] / counts[mine])
        best = sorted(words, key=lambda one: (-words[one], one))
        return tuple(word for word in best[:_WORDS] if words[word] > 0)

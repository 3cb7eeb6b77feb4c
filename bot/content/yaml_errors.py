"""Why a file is no YAML, in words for somebody who has never met YAML, with a remedy that is known to work.

The parser stops where it no longer understands, which is often a line or two after the slip, and says so in its own
terms. So the slips people make are tried out: each is undone on the lines before the stop, and the first repair after
which the parser gets further is the cause. What no repair mends is told in the parser's terms, as plainly as they go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from yaml import MarkedYAMLError, StreamEndEvent, YAMLError
from yaml._yaml import CParser
from yaml.reader import ReaderError

from bot.content.diagnostics import Place
from bot.content.signs import hidden, odd_space, sign_name

Explained = tuple[Place, str, str]
"""Place (line and column from 0), sentence, remedy."""

_UNPLACED: Explained = ((0, 0), "the file is not valid YAML", "")
QUOTE_IT = "put the text in quotes"
_BACK = 40
"""Lines before the stop in which the slip is looked for."""
_MOST_LINES = 300_000
"""Lines read in all while trying, so that a broken file of 20,000 phrases is explained within seconds."""
_MERGE = re.compile(r"(<{7}|>{7}|\|{7}|={7}(?=$))( |$)")
_ENTRY = re.compile(r"^ *(?:- +)*[^\s:#'\"{\[-][^:#]*?: +(?P<value>\S.*)$")
_ITEM = re.compile(r"^ *(?:- +)+(?P<value>\S.*)$")
_GROUP = re.compile(r"[\[{](?!\w[^\]}]*[\]}] *[^\s,\]}#])")
"""A list or group of YAML's own; `{Why} …` and `[5] …` are text."""
_SPECIAL = "*&!%@`{[|>?,]}\"'-"

_ANNOUNCED = re.compile(r"(>[+-]|\|[+-]?) ")
_BESIDE = (
    "text stands on the line of the `>` or `|` that announces it",
    "begin the text on the next line, indented",
)

_TOLD_BEST = ("nested deeper", "unknown escape character")
"""Problems that the parser itself places and names best."""
_PROBLEMS = {
    "mapping values are not allowed": (
        "a colon stands inside unquoted text, or the line is indented wrongly",
        QUOTE_IT,
    ),
    "expected comment or line break": _BESIDE,
    "mapping keys are not allowed": ("a question mark stands alone or begins unquoted text", QUOTE_IT),
    "did not find expected key": ("this line does not fit what stands before it", "compare how it is indented"),
    "did not find expected '-' indicator": ("this line does not fit the list before it", "compare how it is indented"),
    "block sequence entries are not allowed": ("a list item `- ` cannot begin here", "begin the list on its own line"),
    "did not find expected ',' or ']'": ("a list `[` is not closed", "close it with `]`, or quote text with commas"),
    "did not find expected ',' or '}'": ("`{` is not closed, or text inside needs quotes", "close it with `}`"),
    "did not find expected node content": ("a value is missing here, or text here needs quotes", QUOTE_IT),
    "unknown escape character": ("a backslash in double quotes begins no known escape", "use single quotes"),
    "could not find expected ':'": ("a name without its colon", "write `name: value`"),
    "nested deeper": ("the file is nested too deeply", "flatten it: content needs six levels"),
    "did not find expected <document start>": ("something stands after the end of the content", "delete it"),
}


class Repair(NamedTuple):
    """A slip that may be the cause: where, what it is, how to undo it, and the line as it would then read."""

    place: Place
    sentence: str
    remedy: str
    line: str


def explain(error: Exception, lines: list[str]) -> Explained:
    """Return where the slip is, why in plain words, and what to do about it."""
    if isinstance(error, ReaderError):
        return _unreadable(error, lines)
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return _UNPLACED
    stop = error.problem_mark.line
    opening = error.context_mark.line if error.context_mark else stop
    if any(own in (error.problem or "") for own in _TOLD_BEST):
        return _in_its_own_terms(error, lines)
    told = _merge_mark(lines, stop) or _leading_tab(lines, stop)
    return told or _mended(lines, stop, opening) or _in_its_own_terms(error, lines)


def _leading_tab(lines: list[str], stop: int) -> Explained | None:
    """Return the tab that the line of the stop, or the one before it, begins with."""
    for number in range(max(0, stop - 1), min(stop + 1, len(lines))):
        column = lines[number].find("\t")
        if column >= 0 and not lines[number][:column].strip():
            return (number, column), "a tab stands where YAML wants spaces", "replace the tab by spaces"
    return None


def _unreadable(error: ReaderError, lines: list[str]) -> Explained:
    """Return the place of a control character, which the parser reports by offset only."""
    for number, line in enumerate(lines):
        for column, character in enumerate(line):
            if ord(character) == error.character or (ord(character) < 32 and character != "\t"):
                return (number, column), f"the control character U+{ord(character):04X} is not allowed", "delete it"
    return (0, 0), "a character that YAML does not allow", "delete it"


def _in_its_own_terms(error: MarkedYAMLError, lines: list[str]) -> Explained:
    problem, mark = error.problem or "", error.problem_mark
    if mark is None:
        return _UNPLACED
    if "quoted scalar" in (error.context or "") and "end of" in problem and error.context_mark:
        opening = error.context_mark
        return (opening.line, opening.column), "the quote that opens here is never closed", "close the quote"
    place = (mark.line, mark.column)
    character = lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""
    if "cannot start any token" in problem:
        return place, f"text cannot begin with `{character}` unless it is quoted", QUOTE_IT
    if "expected node content" in problem and character == "?":
        return place, "a question mark begins unquoted text", QUOTE_IT
    for fragment, (sentence, remedy) in _PROBLEMS.items():
        if fragment in problem:
            return place, sentence, remedy
    return place, f"not valid YAML: {problem}", ""


# --- slips, tried out ------------------------------------------------------------------------------------------------


def _mended(lines: list[str], stop: int, opening: int) -> Explained | None:
    """Return the first slip whose undoing lets the parser get past where it stopped, or None."""
    last = min(stop, len(lines) - 1)
    near = [*range(last, max(-1, last - _BACK), -1)]
    if opening < last - _BACK:
        near.append(opening)
    repairs = ((number, one) for slips in _SLIPS for number in near for one in slips(lines, number))
    for number, repair in islice(repairs, max(50, _MOST_LINES // (stop + 1))):
        if _gets_past(_with(lines, number, repair.line), stop):
            return repair.place, repair.sentence, repair.remedy
    return None


def _with(lines: list[str], number: int, line: str) -> list[str]:
    return [*lines[:number], line, *lines[number + 1 :]]


def _gets_past(lines: list[str], stop: int) -> bool:
    """Tell whether the parser reads on for some lines behind `stop`, or to the end."""
    following = next((at for at in range(stop + 2, len(lines)) if lines[at].strip()), len(lines))
    parser: Any = CParser("\n".join(lines))
    try:
        while type(event := parser.get_event()) is not StreamEndEvent:
            if event.start_mark.line > following:
                return True
    except (YAMLError, RecursionError):
        return False
    return True


def _merge_mark(lines: list[str], stop: int) -> Explained | None:
    """Return the first of the marks that git leaves where two people changed the same lines."""
    for number, line in enumerate(lines[: stop + _BACK]):
        if found := _MERGE.match(line):
            sentence = f"`{found[1]}` was left here by git, which could not join two people's changes"
            remedy = "keep one of the two versions, and delete the lines with `<<<<<<<`, `=======` and `>>>>>>>`"
            return (number, 0), sentence, remedy
    return None


def _unseen(lines: list[str], number: int) -> Iterator[Repair]:
    """Yield signs that look like a space or like nothing, outside comments."""
    line = lines[number]
    for column, sign in enumerate(_without_comment(line)):
        if odd_space(sign) or hidden(line, column):
            remedy = "type a space" if odd_space(sign) else "delete it"
            clean = "".join(" " if odd_space(s) else "" if hidden(line, at) else s for at, s in enumerate(line))
            yield Repair((number, column), f"{sign_name(sign)} stands here", remedy, clean)
            return


def _tabs(lines: list[str], number: int) -> Iterator[Repair]:
    line = lines[number]
    column = line.find("\t")
    if column >= 0:
        for width in (2, 4, 1, 8):
            spaced = line.expandtabs(width) if line[:column].strip() == "" else line.replace("\t", " ")
            yield Repair((number, column), "a tab stands where YAML wants spaces", "replace the tab by spaces", spaced)


def _quoting(lines: list[str], number: int) -> Iterator[Repair]:
    """Yield the value of the line in quotes: text that begins or goes on with a sign that YAML reads as its own."""
    found = _ENTRY.match(lines[number]) or _ITEM.match(lines[number])
    if found is None or _GROUP.match(found["value"]):
        return
    value, column = found["value"].rstrip(), found.start("value")
    at, sentence, remedy = _why_quotes(value)
    quoted = "'" + value.strip("'\"").replace("'", "''") + "'"
    yield Repair((number, column + at), sentence, remedy, lines[number][:column] + quoted)


def _why_quotes(value: str) -> tuple[int, str, str]:
    """Return the sign of a value that needs quotes, why, and what to do."""
    sign = value[0]
    if sign in "\"'":
        return _after_quote(value)
    if sign == "-":
        return 0, "a list item `- ` cannot begin here", "begin the list on its own line, or put the text in quotes"
    if sign == "?":
        return 0, "a question mark stands alone or begins unquoted text", QUOTE_IT
    if _ANNOUNCED.match(value):
        return 0, *_BESIDE
    if value.startswith("**"):
        return 0, "text that begins with `**` must stand in quotes", QUOTE_IT
    if sign in _SPECIAL:
        return 0, f"text cannot begin with `{sign}` unless it is quoted", QUOTE_IT
    if " #" in value:
        return value.find(" #") + 1, "` #` begins a comment, so the rest of the line is lost", QUOTE_IT
    return max(0, value.find(": ")), "a colon stands inside unquoted text", QUOTE_IT


def _after_quote(value: str) -> tuple[int, str, str]:
    sign, closing = value[0], value.find(value[0], 1)
    if closing < 0:
        return 0, "the quote that opens here is never closed", "close the quote"
    remedy = (
        "double the quotes inside (`''`), or use the other kind" if sign == "'" else "use single quotes around it all"
    )
    return closing + 1, "text goes on after a closing quote", remedy


def _joined(lines: list[str], number: int) -> Iterator[Repair]:
    """Yield a name without its colon, or a colon without its space."""
    line = lines[number]
    if found := re.match(r"^( *(?:- +)*)([\w-]+):([^\s:/].*)$", line):
        place = (number, found.end(2) + 1)
        yield Repair(place, "a space is missing after the colon", "type a space", f"{found[1]}{found[2]}: {found[3]}")
    if found := re.match(r"^( *(?:- +)*)([A-Za-z_][\w-]*)(?: +(\S.*))?$", line):
        rest = f" '{found[3]}'" if found[3] else ""
        place = (number, found.start(2))
        yield Repair(place, "a name without its colon", "write `name: value`", f"{found[1]}{found[2]}:{rest}")
    if found := re.match(r"^( *)-([^\s-].*)$", line):
        place = (number, found.start(2))
        yield Repair(place, "a space is missing after the dash", "type a space", f"{found[1]}- {found[2]}")


def _indents(lines: list[str], number: int) -> Iterator[Repair]:
    """Yield the line moved to where one of its neighbours begins."""
    line = lines[number]
    body = line.lstrip(" ")
    have = len(line) - len(body)
    if not body or body[0] == "#":
        return
    for want in _neighbours(lines, number, body.startswith("- ")):
        if want != have:
            sentence = f"this line is indented by {_spaces(have)}, which does not fit the lines around it"
            yield Repair((number, have), sentence, f"indent it by {_spaces(want)}", " " * want + body)


def _neighbours(lines: list[str], number: int, item: bool) -> list[int]:
    """Return where the lines around begin, the nearest of the same kind first."""
    around = [*reversed(lines[max(0, number - _BACK) : number]), *lines[number + 1 : number + _BACK]]
    starts, others = list[int](), list[int]()
    for text in around:
        body = text.lstrip(" ")
        if not body or body[0] == "#":
            continue
        start = len(text) - len(body)
        (starts if body.startswith("- ") == item else others).append(start)
        if body.startswith("- ") and not item:
            starts.append(start + len(body) - len(body[2:].lstrip(" ")))
    return list(dict.fromkeys([*starts, *others]))


def _spaces(number: int) -> str:
    return {0: "no space", 1: "1 space"}.get(number, f"{number} spaces")


_SLIPS = (_unseen, _tabs, _quoting, _joined, _indents)
"""The slips, the most telling first: what more than one repair would mend is told as the first of them."""


def _without_comment(line: str) -> str:
    found = re.search(r"(^|[ \t])#", line)
    return line[: found.start()] if found else line

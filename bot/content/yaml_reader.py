"""One YAML file into plain data, refusing YAML's tricks; and why a file is no YAML, for somebody who has never met it.

The C parser delivers events; the constructor here turns them into tuples, dictionaries and scalars. It knows text,
numbers, `true`, `false` and `null`, and nothing else: no tags, no anchors, no merge keys, no dates, and none of
YAML 1.1's surprises (`on`, `no` and `12:30` are text). Events, unlike the parser's node trees, cost no memory and do
not recurse in C, where 100,000 nested brackets would end the whole process. Places in the file are found when a fault
needs them (bot.content.diagnostics).

The parser stops where it no longer understands, which is often a line or two after the slip, and says so in its own
terms. So the slips people make are tried out: each is undone on the lines before the stop, and the first repair after
which the parser gets further is the cause. What no repair mends is told in the parser's terms, as plainly as they go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from yaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    YAMLError,
)
from yaml._yaml import CParser
from yaml.reader import ReaderError

from bot.content.diagnostics import (
    Diagnostic,
    Level,
    Location,
    Place,
    SourceMap,
    hidden,
    lines_of,
    odd_space,
    sign_name,
)

# --- reading ----------------------------------------------------------------------------------------------------------

MAX_BYTES = 32 * 2**20
"""Largest file read, in bytes: ten thousand nodes in one file are about 22 MB; without aliases size bounds memory."""

MAX_DEPTH = 50
"""Deepest nesting read; content needs six levels."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_NUMERIC = frozenset("-+0123456789")


@dataclass(frozen=True)
class YamlFile:
    """One file as read: its text, its data (None where it has none), and what is wrong with it."""

    path: str
    text: str
    data: Any = None
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines without their breaks."""
        return lines_of(self.text)

    @cached_property
    def source_map(self) -> SourceMap:
        """Where everything stands; found by reading the text again."""
        return SourceMap(self.text)

    def diagnostic_at(
        self, location: Location, code: str, message: str, remedy: str = "", *, key: bool = False
    ) -> Diagnostic:
        """Return a fault about the value (or the key) at `location`."""
        return self.diagnostic(self.source_map.place(location, key=key), code, message, remedy)

    def diagnostic(self, place: Place, code: str, message: str, remedy: str = "", level: Level = "error") -> Diagnostic:
        """Return a fault at `place`, with the line it is about."""
        line, column = place
        snippet = self.lines[line] if line < len(self.lines) else ""
        return Diagnostic(self.path, line + 1, column + 1, code, message, snippet, remedy, level)


def read(path: str, raw: bytes) -> YamlFile:
    """Return the page of a file's bytes. Never raises for what the bytes hold: `faults` says what is wrong."""
    if len(raw) > MAX_BYTES:
        return _refused(path, f"the file is larger than {MAX_BYTES // 2**20} MiB", "split it into several files")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _refused(path, *_NOT_UTF8, raw.count(b"\n", 0, error.start) + 1)
    if 3 * text.count("\0") > len(text):  # UTF-16 without its mark: every other byte is none
        return _refused(path, *_NOT_UTF8)
    return _built(path, text)


_NOT_UTF8 = ("the file is not UTF-8 text", "save it as UTF-8")


def _refused(path: str, message: str, remedy: str, line: int = 1) -> YamlFile:
    return YamlFile(path, "", diagnostics=[Diagnostic(path, line, 1, "F01", message, "", remedy)])


def _built(path: str, text: str) -> YamlFile:
    builder = _Builder(text)
    try:
        data = builder.document()
    except YAMLError as error:
        page = YamlFile(path, text)
        place, message, remedy = explain(error, page.lines)
        page.diagnostics.append(page.diagnostic(place, "F02", message, remedy))
        return page
    if data is None and not builder.refused:
        return _refused(path, "the file is empty", "write its content, or delete the file")
    page = YamlFile(path, text, data)
    page.diagnostics.extend(page.diagnostic(*refusal) for refusal in builder.refused)
    return page


class _Builder:
    """Builds a document from the parser's events, noting what is refused on the way."""

    def __init__(self, text: str) -> None:
        self.refused: list[tuple[Place, str, str, str]] = []
        self._next: Callable[[], Any] = CParser(text).get_event
        self._depth = 0

    def document(self) -> Any:
        """Return the data of the one document; raises YAMLError where the text is no YAML."""
        self._next()
        if type(self._next()) is StreamEndEvent:
            return None
        data = self._value(self._next())
        self._next()
        after = self._next()
        if type(after) is not StreamEndEvent:
            self._refuse(after, "F02", "a second document begins here", "keep one document per file: delete the `---`")
        return data

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if event.anchor is not None:
            self._refuse(
                event, "F04", "anchors and aliases (`&name`, `*name`) are not used here", "write the value out"
            )
        if kind is AliasEvent:
            return None
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(event, "F04", f"the tag `{tag}` is not used here", "remove the tag")
        if kind is ScalarEvent:
            return _scalar(event.value) if event.implicit[0] else event.value
        return self._inside(event)

    def _inside(self, event: Any) -> Any:
        if self._depth == MAX_DEPTH:
            raise MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=event.start_mark)
        self._depth += 1
        made = self._mapping() if type(event) is MappingStartEvent else self._sequence()
        self._depth -= 1
        return made

    def _sequence(self) -> tuple[Any, ...]:
        items = []
        while type(event := self._next()) is not SequenceEndEvent:
            items.append(self._value(event))
        return tuple(items)

    def _mapping(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while type(event := self._next()) is not MappingEndEvent:
            key = self._value(event)
            if not isinstance(key, str):
                self._refuse(event, "F05", "a name must be text", "put quotes around it")
                key = str(key)
            if key in data:
                self._refuse(event, "F03", f"`{key}` stands here twice", "keep one of the two")
            data[key] = self._value(self._next())
        return data

    def _refuse(self, event: Any, code: str, message: str, remedy: str) -> None:
        self.refused.append(((event.start_mark.line, event.start_mark.column), code, message, remedy))


def _scalar(text: str) -> Any:
    """Return what unquoted text stands for; a number that would be shown otherwise (`1.50`, `+5`) stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC and (_INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text)):
        number = float(text) if "." in text else int(text)
        return number if str(number) == text else text
    return text


# --- what is wrong, in plain words ------------------------------------------------------------------------------------

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

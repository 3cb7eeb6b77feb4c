"""What the YAML parser complains about, said in plain sentences with the remedy."""

from __future__ import annotations

from yaml import MarkedYAMLError
from yaml.reader import ReaderError

Explained = tuple[tuple[int, int], str, str]
"""Place (line and column from 0), sentence, remedy."""

_QUOTE_IT = "put the text in quotes"
_PROBLEMS = {
    "mapping values are not allowed": (
        "a colon stands inside unquoted text, or the line is indented wrongly",
        _QUOTE_IT,
    ),
    "mapping keys are not allowed": ("a question mark stands alone or begins unquoted text", _QUOTE_IT),
    "did not find expected key": ("text goes on after a closing quote, or the indentation is off", ""),
    "block sequence entries are not allowed": ("a list item `- ` cannot begin here", "begin the list on its own line"),
    "did not find expected ',' or ']'": ("a list `[` is not closed", "close it with `]`, or quote text with commas"),
    "did not find expected ',' or '}'": ("`{` is not closed, or text inside needs quotes", "close it with `}`"),
    "did not find expected node content": ("a value is missing here, or text here needs quotes", _QUOTE_IT),
    "unknown escape character": ("a backslash in double quotes begins no known escape", "use single quotes"),
    "could not find expected ':'": ("a name without its colon", "write `name: value`"),
    "nested deeper": ("the file is nested too deeply", "flatten it: content needs six levels"),
    "did not find expected <document start>": ("something stands after the end of the content", "delete it"),
}


def explain(error: Exception, lines: list[str]) -> Explained:
    """Return where the parser stopped, why in plain words, and what to do about it."""
    if isinstance(error, ReaderError):
        return _unreadable(error, lines)
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return (0, 0), "the file is not valid YAML", ""
    problem, mark = error.problem or "the file is not valid YAML", error.problem_mark
    if "quoted scalar" in (error.context or "") and "end of" in problem and error.context_mark:
        opening = error.context_mark
        return (opening.line, opening.column), "the quote that opens here is never closed", "close the quote"
    place = (mark.line, mark.column)
    if "cannot start any token" in problem:
        return place, *_bad_start(lines, place)
    if "expected node content" in problem and _character(lines, place) == "?":
        return place, "a question mark begins unquoted text", _QUOTE_IT
    for fragment, (sentence, remedy) in _PROBLEMS.items():
        if fragment in problem:
            return place, sentence, remedy
    return place, f"not valid YAML: {problem}", ""


def _bad_start(lines: list[str], place: tuple[int, int]) -> tuple[str, str]:
    character = _character(lines, place)
    if character == "\t":
        return "a tab stands where YAML wants spaces", "replace the tab by spaces"
    return f"text cannot begin with `{character}` unless it is quoted", _QUOTE_IT


def _character(lines: list[str], place: tuple[int, int]) -> str:
    line, column = place
    return lines[line][column : column + 1] if line < len(lines) else ""


def _unreadable(error: ReaderError, lines: list[str]) -> Explained:
    """Return the place of a control character, which the parser reports by offset only."""
    for number, line in enumerate(lines):
        for column, character in enumerate(line):
            if ord(character) == error.character or not (character.isprintable() or character in "\t "):
                return (number, column), f"the control character U+{ord(character):04X} is not allowed", "delete it"
    return (0, 0), "a character that YAML does not allow", "delete it"

"""Slips made on purpose in every line of an answer: each is named where it stands, and its remedy works."""

from __future__ import annotations

import re

import pytest

from bot.content.models import Answer
from bot.content.validation import validate
from bot.content.yaml_reader import YamlFile, read
from tests.content.mini import MINI

ANSWER = (MINI / "content/ala/answers/overview.yaml").read_text(encoding="utf-8")
LINES = ANSWER.splitlines()
CLAIM_LINES = [number for number, line in enumerate(LINES) if line.startswith("  ") and number < len(LINES) - 1]
TEXT_LINES = [number for number, line in enumerate(LINES) if re.match(r"    (professional|layperson): ", line)]


def with_line(number: int, line: str) -> str:
    return "\n".join([*LINES[:number], line, *LINES[number + 1 :]]) + "\n"


def fault(text: str) -> tuple[YamlFile, int, str, str] | None:
    page = read("f.yaml", text.encode())
    if page.data is not None:
        validate(page, Answer)
    if not page.diagnostics:
        return None
    found = page.diagnostics[0]
    return page, found.line - 1, found.message, found.suggestion


@pytest.mark.parametrize("shift", [-3, -2, -1, 1, 2, 3])
def test_a_line_that_is_indented_wrongly_is_named_with_the_indentation_it_needs(shift: int) -> None:
    told = 0
    for number in CLAIM_LINES:
        body = LINES[number].lstrip(" ")
        have = len(LINES[number]) - len(body) + shift
        if have < 0 or (found := fault(with_line(number, " " * have + body))) is None:
            continue
        if "missing here" in found[2] or "unknown name" in found[2]:  # it is YAML, but says something else
            continue
        page, line, message, remedy = found
        assert message.startswith("this line is indented by"), (number, message)
        wanted = re.fullmatch(r"indent it by (no|\d+) spaces?", remedy)
        assert wanted, remedy
        mended = [*page.lines]
        mended[line] = " " * (0 if wanted[1] == "no" else int(wanted[1])) + mended[line].lstrip(" ")
        assert read("f.yaml", "\n".join(mended).encode()).diagnostics == [], "the remedy must work"
        told += 1
    assert told > 5


QUOTED = {
    "**bold** {}": "text that begins with `**` must stand in quotes",
    "{{Why}} {}": "text cannot begin with `{` unless it is quoted",
    "[5] {}": "text cannot begin with `[` unless it is quoted",
    "@all {}": "text cannot begin with `@` unless it is quoted",
    "%5 {}": "text cannot begin with `%` unless it is quoted",
    "`code` {}": "text cannot begin with ``` unless it is quoted",
    "Note: {}": "a colon stands inside unquoted text",
    "- {}": "a list item `- ` cannot begin here",
    '"Yes" {}': "text goes on after a closing quote",
    '"Yes {}': "the quote that opens here is never closed",
    ">- {}": "text stands on the line of the `>` or `|` that announces it",
    "| {}": "text stands on the line of the `>` or `|` that announces it",
}


@pytest.mark.parametrize("slip", QUOTED)
def test_text_that_needs_quotes_is_named_in_every_claim(slip: str) -> None:
    for number in TEXT_LINES:
        name, _, text = LINES[number].partition(": ")
        found = fault(with_line(number, f"{name}: {slip.format(text)}"))
        assert found, (number, slip)
        _, line, message, remedy = found
        assert (line, message) == (number, QUOTED[slip])
        assert "quote" in remedy or "own line" in remedy or "next line" in remedy


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (": ", ":", "a space is missing after the colon"),
        (": ", " ", "a name without its colon"),
        (": ", ":\u00a0", "a no-break space (U+00A0) stands here"),
        ("    ", "\u00a0   ", "a no-break space (U+00A0) stands here"),
        ("    ", "\u3000   ", "an ideographic space (U+3000) stands here"),
        ("    ", "\t", "a tab stands where YAML wants spaces"),
        ("    ", "<<<<<<< HEAD\n    ", "`<<<<<<<` was left here by git, which could not join two people's changes"),
        ("    ", ">>>>>>> theirs\n    ", "`>>>>>>>` was left here by git, which could not join two people's changes"),
    ],
)
def test_other_slips_are_named_where_they_stand(old: str, new: str, said: str) -> None:
    for number in TEXT_LINES:
        found = fault(with_line(number, LINES[number].replace(old, new, 1)))
        assert found, number
        assert (found[1], found[2]) == (number, said)


def test_an_invisible_space_in_a_comment_is_not_blamed_for_something_else() -> None:
    text = ANSWER.replace("# yaml", "#\u00a0yaml").replace("title: {", "title: \x07{")
    found = fault(text)
    assert found
    assert (found[1], found[2]) == (3, "the control character U+0007 is not allowed")


def test_a_broken_file_of_many_phrases_is_explained_within_seconds() -> None:
    phrases = "phrases:\n  ala: |\n" + "".join(f"    how much of it number {n}\n" for n in range(20_000)) + "  k2: {\n"
    found = fault(phrases)
    assert found
    assert found[1] >= 20_000


@pytest.mark.parametrize("number", ["1.50", "+5", "0.10", "-0", "5.0e3", "007"])
def test_a_number_that_would_be_shown_otherwise_stays_text(number: str) -> None:
    assert read("f.yaml", f"a: {number}\n".encode()).data == {"a": number}

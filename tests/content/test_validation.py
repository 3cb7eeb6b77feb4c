"""What has the wrong shape, said in plain words at the right place."""

from __future__ import annotations

from typing import Any

import pytest

from bot.content.matching_models import EmergencyFile, SharedWords, TopicSubjects
from bot.content.models import Answer, Dialog, FactsFile, PhrasesFile, SourcesFile, TopicFile
from bot.content.validation import validate
from bot.content.yaml_reader import read

TOPIC = "topic: t\ntitle: {professional: T, layperson: T}\n"
REVIEW = "review: {status: submitted}"
SOURCE = """sources:
  s:
    number: 1
    group: added
    kind: trial
    check: P
    supports: {professional: x, layperson: x}
"""
DIALOG = "dialog: d\nstart: a\n"


@pytest.mark.parametrize(
    ("model", "text", "said", "remedy"),
    [
        (
            TopicFile,
            TOPIC + "article: {title: A, updated: soon}\n" + REVIEW,
            "3:30: F05 expected a date such as 2026-11-03",
            "",
        ),
        (
            TopicFile,
            TOPIC + "article: {title: A}\nreview: {status: aproved}",
            "4:18: F05 `aproved` is not one of 'submitted', 'under-review' or 'approved'",
            "write `submitted`; an approval is written by `footnote review record` alone",
        ),
        (TopicFile, TOPIC + "article: {title: }\n" + REVIEW, "3:18: F05 a value is missing here", ""),
        (SourcesFile, SOURCE.replace("number: 1", "number: one"), "3:13: F05 expected a whole number", ""),
        (
            SourcesFile,
            SOURCE.replace("number: 1", "number: 0"),
            "3:13: F05 expected a number from 1 on",
            "",
        ),
        (
            SourcesFile,
            SOURCE.replace("  s:", "  Not An Id:"),
            "2:3: F05 `Not An Id` is no id: lower-case letters, digits and single hyphens, a letter first",
            "write `not-an-id`",
        ),
        (
            SourcesFile,
            SOURCE + "    url: ftp://x",
            "8:10: F05 `ftp://x` is no web address: it begins with `https://` and has no spaces",
            "write `https://x`",
        ),
        (SourcesFile, SOURCE + "    volume: 20", "8:13: F05 expected text here; put quotes around it", ""),
        (Dialog, DIALOG + "nodes: {}", "3:8: F05 at least one entry is needed here", ""),
        (
            Dialog,
            DIALOG + "nodes: {a: {next: [b, c, d, e, f, g, h]}}",
            "3:19: F05 7 entries stand here; at most 6 fit",
            "",
        ),
        (
            Dialog,
            f"dialog: d\nstart: {'a' * 41}\nnodes: {{a: {{next: [a]}}}}",
            f"2:8: F05 `{'a' * 41}` is longer than 40 characters",
            "",
        ),
        (
            Dialog,
            "dialog: d\ndefault: yes\nstart: a\nnodes: {a: {next: [a]}}",
            "2:10: F05 expected `true` or `false`",
            "",
        ),
        (Dialog, DIALOG + "nodes: {a: {next: b}}", "3:19: F05 expected a list", "write `[b]`"),
        (PhrasesFile, "phrases:\n  a: ['']", "2:7: F05 this text is empty", ""),
        (
            FactsFile,
            "facts: {Dose: 5 mg}",
            "1:9: F05 `Dose` is no name of a figure: lower-case letters, digits and `_`, a letter first",
            "write `dose`",
        ),
        (
            EmergencyFile,
            "emergency: {number: {professional: x}}",
            "1:21: C01 `layperson` is missing here",
            "add `layperson:`",
        ),
        (
            FactsFile,
            "facts:\n  ala: {dose: [5]}",
            "2:15: F05 expected one text here, not a list",
            "write it without the brackets",
        ),
        (Answer, "just text", "1:1: F05 expected names with values (`name: value`)", ""),
        (
            SharedWords,
            "concepts: {}\ncommon: []\nmedecines: []",
            "3:1: F06 unknown name `medecines`",
            "did you mean `medicines`?",
        ),
    ],
)
def test_a_wrong_shape_is_told_in_plain_words(model: Any, text: str, said: str, remedy: str) -> None:
    page = read("f", text.encode())
    assert page.diagnostics == []
    assert validate(page, model) is None
    told = [(diagnostic.headline.removeprefix("f:"), diagnostic.suggestion) for diagnostic in page.diagnostics]
    assert told == [(said, remedy)]


@pytest.mark.parametrize(
    ("model", "text", "said", "remedy"),
    [
        (Answer, "answer: Ala-Dose", "`Ala-Dose` is no id", "write `ala-dose`"),
        (Answer, "answer: ala_dose", "`ala_dose` is no id", "write `ala-dose`"),
        (Answer, "answer: Fußpflege 2", "`Fußpflege 2` is no id", "write `fupflege-2`"),
        (
            SourcesFile,
            SOURCE + "    url: www.nhs.uk/x",
            "`www.nhs.uk/x` is no web address",
            "write `https://www.nhs.uk/x`",
        ),
        (SourcesFile, SOURCE + "    url: https:/nhs.uk", "`https:/nhs.uk` is no web address", "write `https://nhs.uk`"),
        (TopicFile, TOPIC + "review: {status: approve}", "`approve` is not one of", "write `submitted`"),
        (
            Answer,
            "claims:\n  - id: a\n    type: action",
            "unknown name `type`",
            "what may stand here: `id`, `kind`, `cites`",
        ),
        (
            Answer,
            "claims:\n  - id: a\n    note: x",
            "unknown name `note`",
            "`note` belongs under `review`",
        ),
        (Answer, "note: [x]", "unknown name `note`", "did you mean `notes`?"),
        (
            TopicFile,
            TOPIC + "title: {professional: [x], layperson: y}",
            "one text here, not a list",
            "without the brackets",
        ),
        (
            TopicFile,
            TOPIC + "title: {professional: {a: b}, layperson: y}",
            "not names with values",
            "without the brackets",
        ),
        (Answer, "cites: [x]", "unknown name `cites`", "`cites` belongs under `claims`"),
        (Answer, "title: {professional: x, layperson: #1}\n  ", "", ""),
        (SourcesFile, SOURCE + "    doi: https://doi.org/10.1001/x.2", "is no DOI", "write `10.1001/x.2`"),
        (SourcesFile, SOURCE + "    doi: see the journal", "is no DOI", "copy it from the article's page"),
        (SourcesFile, SOURCE + "    pmid: PMID 123", "is no PubMed number", 'write `"123"`'),
        (SourcesFile, SOURCE + "    year: 20255", "expected a number up to 2100", ""),
        (EmergencyFile, "emergency: {}\ncountry: gb", "`gb` is no code of a country", "write `GB`"),
        (
            EmergencyFile,
            "emergency: {}\ncopy_numbers: [{label: Nurse, number: ask her}]",
            "is no number to call",
            "write it as it is dialled",
        ),
    ],
)
def test_a_beginners_slip_has_a_remedy_that_works(model: Any, text: str, said: str, remedy: str) -> None:
    page = read("f", text.encode())
    if page.data is not None:
        validate(page, model)
    told = [(diagnostic.message, diagnostic.suggestion) for diagnostic in page.diagnostics]
    assert [1 for message, fix in told if said in message and remedy in fix], told


LISTS = [
    "a, b, c",
    "a; b; c",
    "a b c",
    "a,b,c",
    "\n      – a\n      – b\n      – c",
    "\n      • a\n      • b\n      • c",
]


@pytest.mark.parametrize("written", LISTS)
@pytest.mark.parametrize("brackets", [False, True])
def test_a_list_written_another_way_is_shown_as_one(written: str, brackets: bool) -> None:
    value = f"[{written}]" if brackets and "\n" not in written else written
    page = read("f", (DIALOG + f"nodes:\n  a:\n    next: {value}\n").encode())
    made = validate(page, Dialog)
    assert made is not None or [found.suggestion for found in page.diagnostics] == [
        "write `[a, b, c]`: commas between the entries"
    ]
    assert made is None or (brackets and "," in written)


def test_a_number_where_an_id_stands_is_not_told_to_be_quoted() -> None:
    page = read("f", b"answer: a\nnotes: [4]\nclaims: [{id: m, cites: [6, 15], professional: x, layperson: y}]\n")
    validate(page, Answer)
    told = [found.message for found in page.diagnostics if "id" in found.message]
    assert told == ["expected an id, not a number"] * 3


def test_a_text_that_is_only_a_comment_says_so() -> None:
    page = read("f", b"answer: a\nlabel:\n  professional: #1 choice\n  layperson: First\n")
    validate(page, Answer)
    assert ("a value is missing here: ` #` begins a comment", "put the text in quotes") in [
        (diagnostic.message, diagnostic.suggestion) for diagnostic in page.diagnostics
    ]


@pytest.mark.parametrize("most", [10, 11])
def test_a_name_of_too_many_wordings_is_told_where_it_stands(most: int) -> None:
    group = "(" + "|".join(f"w{at}" for at in range(most)) + ")"
    page = read("f", f"subjects:\n  b12: {{kind: remedy, general: b, names: {group} {group} {group}}}\n".encode())
    validate(page, TopicSubjects)
    told = [found.message for found in page.diagnostics if "wordings" in found.message]
    assert len(told) == (most > 10)
    assert all("1331 wordings; 1000 is the most" in one for one in told)

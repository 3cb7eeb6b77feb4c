"""What has the wrong shape, said in plain words at the right place."""

from __future__ import annotations

from typing import Any

import pytest

from bot.content.matching_models import SharedWords
from bot.content.models import Answer, Dialog, FactsFile, PhrasesFile, SourcesFile, TopicFile
from bot.content.urgent_models import EmergencyFile
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
            "3:13: F05 Input should be greater than or equal to 1",
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
        (Dialog, DIALOG + "nodes: {a: {next: b}}", "3:19: F05 expected a list", ""),
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
        (FactsFile, "facts:\n  ala: {dose: [5]}", "2:15: F05 expected text here; put quotes around it", ""),
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
        (Answer, "cites: [x]", "unknown name `cites`", "`cites` belongs under `claims`"),
        (Answer, "title: {professional: x, layperson: #1}\n  ", "", ""),
    ],
)
def test_a_beginners_slip_has_a_remedy_that_works(model: Any, text: str, said: str, remedy: str) -> None:
    page = read("f", text.encode())
    if page.data is not None:
        validate(page, model)
    told = [(diagnostic.message, diagnostic.suggestion) for diagnostic in page.diagnostics]
    assert [1 for message, fix in told if said in message and remedy in fix], told


def test_a_text_that_is_only_a_comment_says_so() -> None:
    page = read("f", b"answer: a\nlabel:\n  professional: #1 choice\n  layperson: First\n")
    validate(page, Answer)
    assert ("a value is missing here: ` #` begins a comment", "put the text in quotes") in [
        (diagnostic.message, diagnostic.suggestion) for diagnostic in page.diagnostics
    ]

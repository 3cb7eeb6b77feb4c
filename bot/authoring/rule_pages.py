"""The rules' pages in docs/rules: read by the test that proves each example, and listed in docs/rules/README.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.authoring.graph import as_svg
from bot.authoring.review_page import contents, sources_page
from bot.authoring.screens_page import screens_page
from bot.channels import registry
from bot.content.library import Library
from bot.content.matching_models import AdviceRules, Aspects, Courtesies, SharedWords, TopicSubjects, World
from bot.content.models import (
    Answer,
    Dialog,
    EmergencyFile,
    FactsFile,
    InterfaceFile,
    NotesFile,
    PhrasesFile,
    SmallTalkFile,
    SourcesFile,
    TermsFile,
    TopicFile,
)
from bot.content.urgent_models import LanguagesFile, UrgentRules
from bot.content.validation import adapter

MODELS: Mapping[str, Any] = {
    "answer": Answer,
    "topic": TopicFile,
    "facts": FactsFile,
    "sources": SourcesFile,
    "notes": NotesFile,
    "terms": TermsFile,
    "interface": InterfaceFile,
    "emergency": EmergencyFile,
    "small-talk": SmallTalkFile,
    "dialog": Dialog,
    "phrases": PhrasesFile,
    "vocabulary": SharedWords,
    "aspects": Aspects,
    "courtesies": Courtesies,
    "world": World,
    "subjects": TopicSubjects,
    "advice": AdviceRules,
    "urgent": UrgentRules,
    "languages": LanguagesFile,
}


def schemas() -> dict[str, str]:
    """Return the text of every schema by file name."""
    return {f"{name}.schema.json": _text(model) for name, model in MODELS.items()}


def _text(model: Any) -> str:
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **_draft7(adapter(model).json_schema())}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _draft7(part: Any) -> Any:
    """Return the schema in draft-07's words, closed to names nobody knows, without titles that only repeat names."""
    if isinstance(part, list):
        return [_draft7(item) for item in part]
    if isinstance(part, str):
        return part.replace("#/$defs/", "#/definitions/")
    if not isinstance(part, dict):
        return part
    made = {"definitions" if key == "$defs" else key: _draft7(value) for key, value in part.items()}
    if isinstance(made.get("title"), str):
        del made["title"]
    if "patternProperties" in made:
        made["additionalProperties"] = False
    return made


_TITLE = re.compile(r"^# ([A-Z]\d\d) (.+)$", re.MULTILINE)
_LEVEL = re.compile(r"^Level: (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```(yaml|text)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

_FAMILIES = {
    "F": "Files",
    "D": "Dialogs",
    "C": "Content",
    "L": "Limits of the channels",
    "T": "Small talk",
    "R": "Review",
    "U": "Urgent",
}


@dataclass(frozen=True, slots=True)
class Example:
    """Files as an author might write them, by path, and what the checker says about them, line by line."""

    files: dict[str, str]
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RulePage:
    """One page of docs/rules."""

    code: str
    title: str
    level: str
    examples: tuple[Example, ...]


def pages(folder: Path) -> list[RulePage]:
    """Return every rule's page, in the order of their codes; raises ValueError for a page without title or level."""
    return [_page(path) for path in sorted(folder.glob("[A-Z][0-9][0-9].md"))]


def index(rules: list[RulePage]) -> str:
    """Return docs/rules/README.md."""
    lines = [
        "# The rules of `footnote check`",
        "",
        "Each rule has a page: what it says, why, a bad example with the exact message, and the remedy. Each example",
        "is a test. A finding reads `path:line:column: CODE message`; an error ends the check with exit code 1, a",
        "warning does not.",
        "",
        "<!-- Generated from the pages in this folder; do not edit. -->",
    ]
    for letter, family in _FAMILIES.items():
        lines += ["", f"## {family}", "", "| rule | level | what |", "|---|---|---|"]
        lines += [f"| [{r.code}]({r.code}.md) | {r.level} | {r.title} |" for r in rules if r.code.startswith(letter)]
    return "\n".join(lines) + "\n"


def _page(path: Path) -> RulePage:
    text = path.read_text(encoding="utf-8")
    title, level = _TITLE.search(text), _LEVEL.search(text)
    if title is None or level is None or title[1] != path.stem:
        raise ValueError(f"{path} needs a title `# {path.stem} …` and a line `Level: …`")
    return RulePage(title[1], title[2], level[1], tuple(_examples(text)))


def _examples(text: str) -> Iterator[Example]:
    """Yield each run of YAML blocks together with the text block that follows it."""
    files: dict[str, str] = {}
    for language, path, body in _FENCE.findall(text):
        if language == "yaml":
            files[path] = body
        else:
            yield Example(files, tuple(body.splitlines()))
            files = {}


def generated(library: Library, root: Path) -> dict[Path, str]:
    """Return every generated file of the project at `root`, with the text it should have.

    The index of the rules belongs to the program: a project of content alone has no rule pages, and gets none.
    """
    files = {library.home.content / "schema" / name: text for name, text in schemas().items()}
    docs, limits = root / "docs", [one.screens for one in registry.limits() if one.screens]
    files |= {docs / "content.md": contents(library), docs / "sources.md": sources_page(library)}
    files[docs / "graph.svg"] = as_svg(library)
    files[docs / "screens.md"] = screens_page(library, limits)
    rules = root / "docs" / "rules"
    return {**files, rules / "README.md": index(found)} if (found := pages(rules)) else files


def write(library: Library, root: Path) -> list[Path]:
    """Write what is not fresh; return the files that were."""
    stale = {path: text for path, text in generated(library, root).items() if not _holds(path, text)}
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(stale)


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text

"""content/schema/*.schema.json: what an editor needs to complete and check the YAML files while an author types.

Draft-07, which the common YAML language server knows best. Shapes belong here; what needs two files is the checker's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.content.matching_models import AdviceRules, Aspects, Courtesies, SharedWords, TopicSubjects, UrgentRules, World
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

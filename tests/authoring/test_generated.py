"""What is generated is fresh, and every shipped YAML file names a schema that it fulfils."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.authoring.generated import MODELS, generated, schemas
from bot.content.loader import load
from bot.content.models import Note
from bot.content.validation import adapter
from bot.content.yaml_reader import read
from tests.content.mini import MINI, ROOT

SHIPPED = [*sorted((ROOT / "dialogs").rglob("*.yaml")), *sorted((ROOT / "content").rglob("*.yaml"))]
FOLDERS = [
    pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in [*SHIPPED, *sorted(MINI.rglob("*.yaml"))]
]

made = cache(schemas)


def test_everything_generated_is_fresh() -> None:
    library = load(ROOT / "dialogs", ROOT / "content")
    stale = [path.name for path, text in generated(library, ROOT).items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`"


def test_there_are_files_to_look_at() -> None:
    assert len(SHIPPED) > 30


@pytest.mark.parametrize("path", FOLDERS)
def test_a_yaml_file_names_its_schema_and_fulfils_it(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    schema = json.loads((path.parent / first.partition("=")[2]).read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(listed(read(path.as_posix(), path.read_bytes()).data))


@pytest.mark.parametrize("name", MODELS)
def test_every_schema_is_a_draft_7_schema(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(made()[f"{name}.schema.json"]))


def test_a_schema_refuses_what_the_model_refuses() -> None:
    schema = json.loads(made()["answer.schema.json"])
    answer = listed(read("x", (MINI / "content/ala/answers/urgent.yaml").read_bytes()).data)
    for broken in ({**answer, "lable": {}}, {**answer, "claims": []}, {**answer, "answer": "Not An Id"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft7Validator(schema).validate(broken)


def test_the_models_explain_themselves_to_the_editor() -> None:
    claim = json.loads(made()["answer.schema.json"])["definitions"]["Claim"]["properties"]
    assert claim["cites"]["description"].startswith("Ids from sources.yaml")
    assert set(MODELS) >= {"answer", "dialog", "sources"}
    assert adapter(Note) is adapter(Note), "validators are made once"


def listed(data: Any) -> Any:
    """Return the data with lists for tuples, as a JSON Schema wants them."""
    if isinstance(data, tuple):
        return [listed(item) for item in data]
    return {key: listed(value) for key, value in data.items()} if isinstance(data, dict) else data

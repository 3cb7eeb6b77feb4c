"""What may stand where in the files of a model: its JSON Schema, asked by place and by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter


@cache
def adapter(model: Any) -> TypeAdapter[Any]:
    """Return the validator of a model, made once."""
    return TypeAdapter(model)


@dataclass(frozen=True, slots=True)
class SchemaPart:
    """What may stand at one place: the JSON Schemas of the alternatives, and the definitions they refer to."""

    alternatives: tuple[Any, ...]
    root: Any

    def named(self, name: str) -> SchemaPart:
        """Return what may stand under a name."""
        found = list[Any]()
        for part in self._parts(self.alternatives):
            if name in part.get("properties", {}):
                found.append(part["properties"][name])
                continue
            found += part.get("patternProperties", {}).values()
            found += [part["additionalProperties"]] if isinstance(part.get("additionalProperties"), dict) else []
        return SchemaPart(tuple(found), self.root)

    def item(self) -> SchemaPart:
        """Return what may stand in a list."""
        found = (part.get("items") for part in self._parts(self.alternatives))
        return SchemaPart(tuple(one for one in found if isinstance(one, dict)), self.root)

    def at(self, location: Sequence[str | int]) -> SchemaPart:
        """Return what may stand at a location below."""
        shape = self
        for step in location:
            shape = shape.named(step) if isinstance(step, str) else shape.item()
        return shape

    @property
    def names(self) -> list[str]:
        """The names that may stand here, in the order of the model."""
        return [name for part in self._parts(self.alternatives) for name in part.get("properties", {})]

    @property
    def is_text(self) -> bool:
        """Whether free text may stand here, and not only an id, a number or one of a few words."""
        closed = {"pattern", "enum", "const", "format"}
        return any(part.get("type") == "string" and not part.keys() & closed for part in self._parts(self.alternatives))

    def _parts(self, alternatives: Sequence[Any]) -> Iterator[Any]:
        """Yield the alternatives with references followed."""
        for part in alternatives:
            if "$ref" in part:
                yield from self._parts((self.root["$defs"][part["$ref"].rpartition("/")[2]],))
            elif "anyOf" in part:
                yield from self._parts(part["anyOf"])
            else:
                yield part


@cache
def shape_of(model: Any) -> SchemaPart:
    """Return the shape of a whole file."""
    schema = adapter(model).json_schema()
    return SchemaPart((schema,), schema)


@cache
def known_names(model: Any) -> frozenset[str]:
    """Return every name that may be written somewhere in files of this model."""
    schema: dict[str, Any] = shape_of(model).root
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))


@cache
def parents_of(model: Any, name: str) -> tuple[str, ...]:
    """Return the names under which `name` may be written in files of this model."""
    found, seen, waiting = list[str](), set[str](), [shape_of(model)]
    while waiting:
        part = waiting.pop(0)
        for parent in part.names:
            inside = [part.named(parent), part.named(parent).item(), part.named(parent).named("any-id")]
            if any(name in one.names for one in inside) and parent not in found:
                found.append(parent)
            if parent not in seen:
                waiting += inside
            seen.add(parent)
    return tuple(found)

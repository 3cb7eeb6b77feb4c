"""What all models are made of: the types of single values, and the decorator that makes a model."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field, Strict, StringConstraints
from pydantic.dataclasses import dataclass
from typing_extensions import TypeAliasType

Id = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
"""Lower-case words joined by hyphens. At most 40 characters, so that a button's payload stays within the 64 bytes that
Telegram allows for callback data."""

Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]*$")]
"""A name that Jinja2 can reach with a dot."""

Words = Annotated[str, StringConstraints(strict=True, min_length=1)]
Whole = Annotated[int, Strict()]
Switch = Annotated[bool, Strict()]
Link = Annotated[str, StringConstraints(strict=True, pattern=r"^https?://\S+$")]
Status = Literal["submitted", "under-review", "approved"]
Figure = TypeAliasType("Figure", "Words | Whole | Annotated[float, Strict()] | dict[Name, Figure]")


Part = TypeVar("Part")

_CONFIG = ConfigDict(extra="forbid", use_attribute_docstrings=True)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(Field,))
def part(model: type[Part]) -> type[Part]:
    """Make a model: immutable, without unknown names, and with slots, which halve the memory of a large tree."""
    made: Any = dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)(model)
    return cast(type[Part], made)

"""The two registers everything is written in."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """The register a person reads."""

    PROFESSIONAL = "professional"
    LAYPERSON = "layperson"

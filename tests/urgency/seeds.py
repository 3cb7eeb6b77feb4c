"""The seed lists, and the recogniser over the shipped content."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.content.loader import load
from bot.matching import urgency_of
from bot.matching.urgency import Urgency

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]


@cache
def recogniser() -> Urgency:
    """Return what recognises emergencies in the shipped content."""
    return urgency_of(load(_ROOT / "dialogs", _ROOT / "content", templates=False))


@cache
def read(name: str) -> Any:
    """Return a seed list: parsed once, whoever asks for it."""
    return yaml.load((_HERE / f"{name}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)


def present() -> Iterator[tuple[str, str]]:
    """Yield every emergency with its sign."""
    for sign, sentences in read("present").items():
        for sentence in sentences:
            yield sign, sentence


def calm() -> Iterator[tuple[str, str]]:
    """Yield every message that only sounds alarming, with what makes it calm."""
    seeds = read("calm")
    for why, frames in seeds["frames"].items():
        for frame in frames:
            for noun in seeds["nouns"]:
                yield why, frame.replace("{n}", noun)
    for why, messages in seeds["exact"].items():
        for message in messages:
            yield why, message

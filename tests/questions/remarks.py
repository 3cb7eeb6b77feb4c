"""What is said around a bot without being said to it: remarks.yaml, read once for the tests of every platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_FOUND: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("remarks.yaml").read_text(encoding="utf-8"))

REMARKS: tuple[str, ...] = tuple(
    said for group in _FOUND["remarks"].values() for lines in group.values() for said in lines
)
"""What colleagues and relatives say to each other."""

FOLLOW_UPS: tuple[str, ...] = tuple(one["say"] for lines in _FOUND["follow-ups"].values() for one in lines)
"""What the asker asks further, without naming the bot."""

EMERGENCIES: tuple[str, ...] = tuple(
    one["say"] for group in _FOUND["emergencies"].values() for lines in group.values() for one in lines
)
"""What is said of somebody present who needs help now."""

"""Obvious identifiers never enter the house: masked before a question is stored, matched or shown.

Masked are e-mail addresses, long runs of digits (record, insurance and telephone numbers) and full calendar dates
(dates of birth). Doses, durations and single years stay as they are. The net has wide meshes: it
reminds, it cannot vouch.
"""

from __future__ import annotations

import re

MASK = "[…]"

_EMAIL = r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    r"(?<!\d)(?:"
    r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})"
    r"|\d{4}[./-]\d{1,2}[./-]\d{1,2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+\d{{4}}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
    r")(?!\d)"
)
_DIGITS = (
    r"(?<![\d.,])(?:"
    r"\d{7,}"
    r"|\+\d(?:[ ()./-]{0,2}\d){6,}"
    r"|0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,4}"
    r"|\d{3}[ -]\d{3}[ -]\d{4}"
    r"|\d{3}-\d{2}-\d{4}"
    r")(?![\d.,]*\d)(?!\s*(?:mg|mcg|µg|g|ml|iu|%))"
)
"""Seven digits in a row, or grouped as telephone, health service and social security numbers are; not dose ranges."""

_IDENTIFIER = re.compile(f"{_EMAIL}|{_DATE}|{_DIGITS}", re.IGNORECASE)


def mask(text: str) -> tuple[str, bool]:
    """Return the text without identifiers, and whether any was found."""
    masked, found = _IDENTIFIER.subn(MASK, text)
    return masked, found > 0

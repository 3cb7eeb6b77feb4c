"""How many syllables an English word has, by rule. Checked once against a pronouncing dictionary: see the tests."""

from __future__ import annotations

import re
from functools import cache

_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?<=[^aeiouy])e$(?<![^aeiouy]le)"  # made, but not table
    r"|(?<=[^aeiouysxzcg])e(?=s$)(?<!she)(?<!che)(?<![^aeiouy]le)"  # times, but not boxes, changes, tables
    r"|(?<=[^aeiouytd])e(?=d$)(?<![^aeiouyrl]le)"  # used, but not treated, handled
    r"|(?<=[^aeiouylr])e(?=(?:ly|ness|ment|less|ful)s?$)"  # safely, statement
    r"|(?<=(?:som|tim|lif|sid|hom|lik|saf|nam|lin|her))e(?=[bcdfhjklmnpqstvw])"  # something, lifestyle
    r"|(?<=guid)e|(?<=^ev)e(?=r.)"  # guideline, every
)
_APART = re.compile(
    r"(?<![cgstx])i(?=a)|(?<![cglnstx])i(?=o)|(?<=[cgst])i(?=at)"  # diabetes, period, associated
    r"|(?<![cst])i(?=um|us|et|er$|ers$|est$|ent)|(?<=s)i(?=et)"  # sodium, quiet, earlier, society
    r"|(?<!p)e(?=o)|(?<![qg])u(?=a)|u(?=ou)|(?<![qbg])u(?=i(?:t[iy]|ng?$))"  # video, usual, strenuous, ruin
    r"|(?<=cr)e(?=at)|e(?=a$)|[aeiouy](?=ing)|[iy](?=able)"  # create, idea, being, variable
    r"|^re(?=act|app|ass|ele|ent|i[nm]|op|us)|^co(?=op|or)"  # reuse, cooperate
    r"|(?<=[^aeiouy])n(?='t$)|s(?=m$)"  # didn't, organism
)


@cache
def syllables(word: str) -> int:
    """Return the syllables of one word; a number counts one, an abbreviation in capitals one per letter."""
    letters = re.sub(r"[^a-z']", "", word.lower().replace("’", "'"))
    if word.isupper() and 1 < len(letters) <= 5:
        return len(letters)
    spoken = _SILENT.sub("", letters)
    return max(1, len(_VOWELS.findall(spoken)) + len(_APART.findall(spoken)))

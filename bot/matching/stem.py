"""Words to a common form, so that `ulcers`, `paraesthesia` and `taking` meet `ulcer`, `paresthesia` and `take`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VOWEL = re.compile(r"[aeiouy]")
_SPELLINGS = (("aemia", "emia"), ("aem", "em"), ("aesth", "esth"), ("oed", "ed"), ("oes", "es"), ("yse", "yze"))
_ENDINGS = (("isation", "ization"), ("ise", "ize"), ("ising", "izing"), ("our", "or"), ("ours", "ors"))
_NEEDS_E = re.compile(r"[^aeiou]?[aeiou][^aeiouwxy]")
"""What is left of `taking` and `used`: such a short base had an e."""
_SHORTEST = 4
"""Words below this length are abbreviations or little words, and stay as they are."""


class Stemmer:
    """Stems words, remembering what it has seen; `irregular` maps forms that no rule covers, `known` holds stems."""

    def __init__(self, irregular: Mapping[str, str], known: Mapping[str, str]) -> None:
        own = {form: base if base == form else _stem(base) for form, base in irregular.items()}
        self._known = {**known, **own}
        self._own = len(self._known)

    def __call__(self, word: str) -> str:
        """Return the stem of a lower-case word."""
        known = self._known.get(word)
        if known is not None:
            return known
        stem = _stem(word)
        if len(self._known) < self._own + 20_000:
            self._known[word] = stem
        return stem


def _stem(word: str) -> str:
    if len(word) < _SHORTEST or not word.isalpha():
        return word
    for british, american in _SPELLINGS:
        word = word.replace(british, american)
    for british, american in _ENDINGS:
        if word.endswith(british) and len(word) > len(british) + 2:
            word = word[: -len(british)] + american
            break
    return _without_e(_without_tense(_without_plural(word)))


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > _SHORTEST:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_tense(word: str) -> str:
    for ending in ("ing", "ed"):
        base = word[: -len(ending)]
        if word.endswith(ending) and len(base) > 2 and _VOWEL.search(base) and not word.endswith("eed"):
            return _base(base)
    return word


def _base(base: str) -> str:
    if base[-1] == base[-2] and base[-1] not in "lsze":
        return base[:-1]
    return base + "e" if _NEEDS_E.fullmatch(base) else base


def _without_e(word: str) -> str:
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST else word

"""From anything a person can type to plain lower-case words, in bounded time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

LONGEST = 10_000
"""Characters read of one message; of a longer one the first 7,000 and the last 3,000 (the question is often last)."""

_HEAD, _TAIL = 7_000, 3_000
_SAME_LOOK = str.maketrans(
    "аеорсухіјѕԁһкмтвнАЕОРСУХІЈЅКМТВНΑΒΕΖΗΙΚΜΝΟΡΤΥΧο’‘`´ʼ–—‐‑−",
    "aeopcyxijsdhkmtbhAEOPCYXIJSKMTBHABEZHIKMNOPTYXo'''''-----",
)
_CONTROLS = {code: " " if chr(code) in "\t\r" else "" for code in (*range(10), *range(11, 32), 127)}
_SIGNS = {"α": " alpha ", "β": " beta ", "µ": "u", "μ": "u", "≥": " over ", "≤": " under ", "½": " half "}
_STOP = "."
_SPACED_OUT = re.compile(r"\b(?:[a-z] ){3,}[a-z]\b")
_LETTER_CODE = re.compile(r"\b(mk|[bcdktp])[-_. ]?(\d{1,2})(?![\d.])\b")
_THREE_OR_MORE = re.compile(r"([a-z])\1{2,}")
_PLAIN = re.compile(r"[a-z]+(?: [a-z]+)*")
_ABBREVIATION = re.compile(r"\b(pt|pts|dr|mr|mrs|ms|vs|approx|incl|eg|ie|st|no)\.(?=\s)")
_POSSESSIVE = re.compile(r"\b(?!(?:it|that|what|who|how|there|here|where|he|she|let|when|why)')([a-z]{2,})'s\b")
_UNIT = re.compile(r"(?<=\d)(?=(?:mgs?|mcgs?|ug|gm?|kgs?|ml|mmol|iu|m|f|y|yo|yrs?|hrs?|h|x|wks?|mo|days?|ish)\b)")
_CAPITALS = re.compile(r"\b[A-Z]{2,6}\b")
_WORD = re.compile(r"[a-z]+\d+[a-z]*\b|[a-z]+|\d+(?:[.,/]\d+)*|[.!?;\n]+|[%&+]")


def spelled_out(text: str, capitals: Mapping[str, str]) -> str:
    """Return `text` with words that mean something of their own in capitals spelled out, unless all is in capitals."""
    text = _capped(text)
    if not capitals or text.upper() == text:
        return text
    return _CAPITALS.sub(lambda word: capitals.get(word[0], word[0]), text)


def _capped(text: str) -> str:
    return text if len(text) <= LONGEST else text[:_HEAD] + "\n" + text[-_TAIL:]


def clean(text: str) -> str:
    """Return `text` capped, in lower case, without control characters, accents or letters that only look Latin."""
    if text.isascii():
        return _capped(text).translate(_CONTROLS).lower()
    text = _capped(unicodedata.normalize("NFKC", _capped(text))).translate(_SAME_LOOK).lower()
    for sign, words in _SIGNS.items():
        text = text.replace(sign, words)
    return "".join(_plain(letter) for letter in unicodedata.normalize("NFD", text))


def is_plain(wording: str) -> bool:
    """Return whether an authored wording is nothing but words as they are; most are, and there are very many."""
    return _PLAIN.fullmatch(wording) is not None and not _THREE_OR_MORE.search(wording)


def every_word(lines: Iterable[str]) -> set[str]:
    """Return the words of many authored lines, read together, since one by one they take seconds."""
    plain, other = list[str](), list[str]()
    for line in lines:
        (plain if line.isascii() else other).append(line)
    found = set(split("\n".join(plain).lower()))
    return found.union(*(split(clean(line)) for line in other))


def _plain(letter: str) -> str:
    if letter.isascii() and letter.isprintable():
        return letter
    if letter in "\n\t\r":
        return "\n" if letter == "\n" else " "
    return "" if unicodedata.category(letter) in ("Mn", "Cf", "Cc") else letter


def split(cleaned: str) -> list[str]:
    """Return the words, numbers and sentence ends (each as `.`) of a cleaned text, in order."""
    text = _POSSESSIVE.sub(r"\1", cleaned).replace("'", "")
    text = _SPACED_OUT.sub(lambda found: found[0].replace(" ", ""), text)
    text = _LETTER_CODE.sub(r"\1\2", _ABBREVIATION.sub(r"\1", text))
    text = _UNIT.sub(" ", _THREE_OR_MORE.sub(r"\1\1", text))
    return [_STOP if word[0] in ".!?;\n" else word for word in _WORD.findall(text)]

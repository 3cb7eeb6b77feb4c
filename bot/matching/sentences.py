"""Words with what stands between them: a full stop parts two sentences, a line break, three dots or a dash do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple


class Break(IntEnum):
    """What stands before a word, the weakest first."""

    NONE = 0
    WRAP = 1
    """The end of a line that was full, or that somebody broke anywhere: it parts nothing."""
    DASH = 2
    """Three dots or a dash: a new clause may follow, or the same word."""
    PAUSE = 3
    """A comma, a colon, a bracket, the end of a line that was not full."""
    STOP = 4
    """The end of a sentence."""


_DISTANCE = {Break.NONE: 0, Break.WRAP: 0, Break.DASH: 0, Break.PAUSE: 0, Break.STOP: 9}
"""How many words a break counts for when rules measure how far apart two signs stand."""
GOING_ON = frozenset(
    "it its they theyre this that these those he she hes shes and but now also which".split()  # noqa: SIM905
)
"""A sentence that begins so speaks on of the one before."""


_OPENING = frozenset(["My", "He", "She", "They", "We", "Our", "His", "Her", "Their", "It"])
"""Words that stand with a capital letter only where a sentence begins."""


class Word(NamedTuple):
    """One word of a message: `text` is in small letters, `at` grows with each word and jumps at a full stop."""

    text: str
    start: int
    end: int
    before: Break
    at: int


_LETTER = r"(?:[^\W\d_\u3400-\u9fff]|[\u0900-\u0dff])"
_WORD = re.compile(rf"[\u3400-\u9fff]|{_LETTER}+(?:'{_LETTER}+|\d+[a-z]*)*|\d+(?:[.,]\d+)*|%|\+(?=\d)")
"""A Chinese letter, a word (in Indian scripts with its vowel signs), a number."""
_DOTS = re.compile(r"\.\.\.|…")
_STOP = re.compile(r"[.!?;।。！？؟]")
_HAS_S = frozenset(
    ["it", "that", "what", "he", "she", "there", "who", "how", "where", "here", "let", "when", "why", "everyone"]
)
_JOINED = {
    ("can", "not"): "cant", ("could", "not"): "couldnt", ("will", "not"): "wont", ("would", "not"): "wouldnt",
    ("do", "not"): "dont", ("does", "not"): "doesnt", ("did", "not"): "didnt", ("is", "not"): "isnt",
    ("are", "not"): "arent", ("was", "not"): "wasnt", ("has", "not"): "hasnt", ("have", "not"): "havent",
    ("had", "not"): "hadnt", ("i", "am"): "im", ("he", "is"): "hes", ("she", "is"): "shes", ("it", "is"): "its",
    ("i", "have"): "ive", ("want", "to"): "wanna", ("going", "to"): "gonna", ("unable", "to"): "cant",
    ("isn", "t"): "isnt", ("can", "t"): "cant", ("don", "t"): "dont", ("won", "t"): "wont", ("i", "m"): "im",
    ("i", "ve"): "ive", ("doesn", "t"): "doesnt", ("didn", "t"): "didnt", ("hasn", "t"): "hasnt",
}  # fmt: skip
"""Two words that are one: so a rule need name only one of the ways to write it."""
_SAME = {"cannot": "cant", "couldnt": "cant", "cnt": "cant", "carnt": "cant", "wouldnt": "wont", "cudnt": "cant"}


def words_of(text: str) -> tuple[Word, ...]:
    """Return the words of a text as a reader sees it."""
    found: list[Word] = []
    full = _full_line(text)
    end = at = 0
    for match in _WORD.finditer(text):
        word = _normal(match[0])
        before = _break(text, end, match.start(), full) if found else Break.NONE
        if before < Break.DASH and found and _begins_anew(match[0], text[found[-1].start]):
            before = Break.DASH
        end = match.end()
        if found and before < Break.STOP and (joined := _JOINED.get((found[-1].text, word))):
            last = found.pop()
            found.append(Word(_SAME.get(joined, joined), last.start, end, last.before, last.at))
            continue
        at += 1 + (0 if before is Break.STOP and word in GOING_ON else _DISTANCE[before])
        found.append(Word(word, match.start(), end, before, at))
    return tuple(found)


def joins(words: Sequence[str]) -> bool:
    """Tell whether any two neighbours among normal words are read as one."""
    return any(pair in _JOINED for pair in pairwise(words))


def _begins_anew(word: str, before: str) -> bool:
    """Tell whether a capital letter begins a sentence although the one before was given no full stop."""
    return word in _OPENING and before.islower()


def _normal(word: str) -> str:
    word = word.lower()
    if word == "od'd":
        return "oded"
    if "'" in word:
        base, _, rest = word.partition("'")
        word = base if rest == "s" and base not in _HAS_S else word.replace("'", "")
    return _SAME.get(word, word)


def _full_line(text: str) -> int:
    """Return the length of the longest line: one that could not have held the next word too was broken by a program."""
    return max(map(len, text.split("\n")), default=0) if "\n" in text else 0


def _break(text: str, end: int, start: int, full: int) -> Break:
    """Return what the signs between two words mean."""
    between = text[end:start]
    if between in (" ", "-", "/", ""):
        return Break.NONE
    if "\n" in between and not between.strip(" \n"):
        return _line_break(text, end, start, full)
    signs = between.strip()
    if _STOP.search(_DOTS.sub("", signs, count=1)):
        return Break.STOP
    if _DOTS.search(signs):
        return Break.STOP if text[start].isupper() else Break.DASH
    return Break.PAUSE if signs.strip("-–—~_*'\" ") else Break.DASH


def _line_break(text: str, end: int, start: int, full: int) -> Break:
    following = re.match(r"\S+", text[start:])
    room = end - (text.rfind("\n", 0, end) + 1) + 1 + (len(following[0]) if following else 0)
    if text.count("\n", end, start) > 1 or (room <= full and full > _WRAPPED_FROM):
        return Break.PAUSE
    return Break.WRAP


_WRAPPED_FROM = 30
"""Lines shorter than this are broken by people, anywhere."""


_LONGEST = 80
"""Words on either side that still belong to a sentence: what has no full stop for a page is no sentence."""


def sentence(words: Sequence[Word], first: int, last: int) -> tuple[int, int]:
    """Return where the sentence around the words `first` to `last` begins and ends, the end excluded."""
    begin, end = first, last + 1
    while begin > max(0, first - _LONGEST) and words[begin].before is not Break.STOP:
        begin -= 1
    while end < min(len(words), last + _LONGEST) and words[end].before is not Break.STOP:
        end += 1
    return begin, end

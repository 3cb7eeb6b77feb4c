"""What somebody wrote, as a reader sees it: its words with what stands between them, whatever hides them.

A full stop parts two sentences; a line break, three dots or a dash do not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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


_STOP_APART = 9
"""How many words a full stop counts for when rules measure how far apart two signs stand."""
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
        typed, start = match[0], match.start()
        word, before = _normal(typed), Break.NONE
        if found:
            if text[end:start] != " ":  # as between most words
                before = _break(text, end, start, full)
            if typed in _OPENING and before < Break.DASH and text[found[-1].start].islower():
                before = Break.DASH  # a sentence begins, although the one before was given no full stop
        end = match.end()
        if found and before is not Break.STOP and (joined := _JOINED.get((found[-1].text, word))):
            last = found.pop()
            found.append(Word(_SAME.get(joined, joined), last.start, end, last.before, last.at))
            continue
        at += 1 + _STOP_APART if before is Break.STOP and word not in GOING_ON else 1
        found.append(Word(word, start, end, before, at))
    return tuple(found)


def joins(words: Sequence[str]) -> bool:
    """Tell whether any two neighbours among normal words are read as one."""
    return any(pair in _JOINED for pair in pairwise(words))


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


_SEAMS = frozenset("and but because cos so also plus then while".split())  # noqa: SIM905
_FEWEST = 3
"""Words of a sentence that says enough."""


def parts(begin: int, end: int, begins: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
    """Yield the pieces between two places, each but the first beginning where `begins` tells."""
    first = begin
    for at in range(begin + 1, end):
        if begins(at):
            yield first, at
            first = at
    if first < end:
        yield first, end


def is_seam(word: Word) -> bool:
    """Tell whether a new clause may begin with a word."""
    return word.before >= Break.DASH or word.text in _SEAMS


def says(words: Sequence[Word], begin: int, end: int) -> bool:
    """Tell whether some words are enough to say anything."""
    return sum(1 for word in words[begin:end] if word.text[0].isalpha()) >= _FEWEST


# --- what a reader sees of a text ---

LONGEST = 20_000
"""Characters read of one message; of a longer one both ends, so that reading takes bounded time."""

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһкмтвнгАЕОРСУХІЈЅКМТВНΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαερυνικτɑɡıℓ’‘`´ʼ＇",
    "aeopcyxijsdhkmtbhrAEOPCYXIJSKMTBHABEZHIKMNOPTYXoaepuvikTagil''''''",
)
_SIGNALS = {":sos:": " sos ", "🆘": " sos "}
_ENTITIES = {"&gt;": ">", "&lt;": "<", "&amp;": "&", "&nbsp;": " "}
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_LABELLED = re.compile(r"<(?:https?:|mailto:|tel:)[^|>\s]*\|([^>]*)>|\[([^\]\n]*)\]\((?:https?:|mailto:)[^)\s]*\)")
_ADDRESS = re.compile(
    r"<[@#!][^>\n]{0,200}>|<?(?:https?://|www\.)[^\s>]+>?|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}|(?<![\w@])@\w+"
)
_EMOJI_NAME = re.compile(
    r"(?<![\w:]):[a-z0-9_+'-]*[a-z+][a-z0-9_+'-]*:(?!\w)|(?<=:)[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*:(?!\w)"
)
_OVERRIDE = re.compile("\u202e([^\u202c]*)")
_SPELLED = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ .*_·-]){3,}[^\W\d_](?![^\W\d_])")
_CENSORED = re.compile(r"(?<=[^\W\d_])\*+(?=[^\W\d_])")
_QUOTED_LINE = re.compile(r"^\s*(?:>|&gt;|»|\|\s)")
_QUOTE_BEGINS = re.compile(
    r"^\s*(?:-{2,}\s*)?(?:original message|(?:begin )?forwarded message|forwarded from\b|fwd?:|on .{4,80} wrote:)",
    re.IGNORECASE,
)
_LETTERS = str.maketrans({"đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ø": "o", "ß": "ss", "ı": "i", "æ": "ae", "œ": "oe"})
_SPELT = re.compile(r"[^\W\d_]+(?:['’‘`´ʼ][^\W\d_]+)*|['’‘`´ʼ]")
_FOREIGN = re.compile("[бвгджзийлнптфцчшщъыьэюяіїєґΓΔΘΛΞΠΣΦΨΩβγδζηθλμξπρσςφχψω]", re.IGNORECASE)
_INDIAN = "\u0900"
_INDIAN_SPELLINGS = {0x901: 0x902, 0x93C: None, 0x9BC: None}
"""What people write or leave out at will: the nasal sign of Hindi two ways, and the dot below a letter."""
_SPACES = re.compile(r"[^\S\n]+")
_ASIDE = re.compile(r"(?<=\w)\s+(?=(?:by the way|btw|incidentally)\b)", re.IGNORECASE)
"""What begins a sentence though nothing stands before it: "which shoes by the way my chest hurts"."""
_ANY_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Seen:
    """The person's own words and, apart, what they quote or forward."""

    own: str
    quoted: str = ""

    @property
    def text(self) -> str:
        """What is to be read: the own words, and what is quoted only where nothing else stands."""
        return self.own if _ANY_LETTER.search(self.own) else self.quoted


def seen(text: str) -> Seen:
    """Return what a reader sees of `text`, its own words apart from the quoted."""
    own, quoted = _apart(_without_addresses(_capped(text)))
    return Seen(_plain(own), _plain(quoted))


def _capped(text: str) -> str:
    half = LONGEST // 2
    return text if len(text) <= LONGEST else text[:half] + "\n" + text[-half:]


def _without_addresses(text: str) -> str:
    """Return the text without code, addresses, people's ids and the names of emoji, which are no words."""
    for name, word in (*_ENTITIES.items(), *_SIGNALS.items()):
        if name in text:
            text = text.replace(name, word)
    if "`" in text:
        text = _CODE.sub(" ", text)
    if "<" in text or "](" in text:
        text = _LABELLED.sub(lambda link: f" {link[1] or link[2] or ''} ", text)
    if "@" in text or "://" in text or "www." in text or "<" in text:
        text = _ADDRESS.sub(" ", text)
    return _EMOJI_NAME.sub(" ", text) if ":" in text else text


def _apart(text: str) -> tuple[str, str]:
    """Return the own lines and the quoted ones."""
    own, quoted, forwarded = list[str](), list[str](), False
    for line in text.split("\n"):
        forwarded = forwarded or bool(_QUOTE_BEGINS.match(line))
        if forwarded or _QUOTED_LINE.match(line):
            quoted.append(_QUOTE_BEGINS.sub("", line).lstrip(" >»|"))
        else:
            own.append(line)
    return "\n".join(own), "\n".join(quoted)


def _plain(text: str) -> str:
    """Return the text in letters that are what they look like, without what cannot be seen."""
    if not text.isascii():
        text = _as_shown(text)
    if "*" in text:
        text = _CENSORED.sub("", text)
    text = _SPELLED.sub(lambda found: re.sub(r"[^\w]|_", "", found[0]), text.replace("\r", "\n"))
    text = _ASIDE.sub(". ", text)
    return _SPACES.sub(" ", text).strip()


def _as_shown(text: str) -> str:
    text = unicodedata.normalize("NFKC", _OVERRIDE.sub(lambda found: found[1] + " . " + found[1][::-1], text))
    if not text.isascii():
        foreign = any(_FOREIGN.search(word) for word in _SPELT.findall(text) if not _is_mixed(word))
        text = _SPELT.sub(_unmasked(foreign), text)
    return without_accents(text)


def without_accents(text: str) -> str:
    """Return a text with plain letters: no accents, nothing invisible; the vowel signs of Indian scripts stay."""
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).translate(_LETTERS))
    return "".join(letter for letter in text if _shows(letter)).translate(_INDIAN_SPELLINGS)


def _unmasked(foreign: bool) -> Callable[[re.Match[str]], str]:
    """Return what turns look-alike letters into Latin ones: in mixed words always, in others unless `foreign`."""

    def turn(word: re.Match[str]) -> str:
        return word[0].translate(_LOOKALIKES) if not foreign or _is_mixed(word[0]) else word[0]

    return turn


def _is_mixed(word: str) -> bool:
    """Tell whether Latin letters and others stand in one word."""
    return not word.isascii() and any(letter.isascii() and letter.isalpha() for letter in word)


def _shows(letter: str) -> bool:
    """Tell whether a letter is to be read; accents are left out, the vowel signs of Indian scripts are not."""
    if letter.isascii():
        return letter == "\n" or letter.isprintable() or letter.isspace()
    kind = unicodedata.category(letter)
    return kind not in ("Cf", "Cc") and (kind != "Mn" or letter >= _INDIAN)

"""A message as its reader sees it: what is invisible, linked or quoted neither hides nor makes a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

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
_WORD = re.compile(r"[^\W\d_]+(?:['’‘`´ʼ][^\W\d_]+)*|['’‘`´ʼ]")
_FOREIGN = re.compile("[бвгджзийлнптфцчшщъыьэюяіїєґΓΔΘΛΞΠΣΦΨΩβγδζηθλμξπρσςφχψω]", re.IGNORECASE)
_INDIAN = "\u0900"
_INDIAN_SPELLINGS = {0x901: 0x902, 0x93C: None, 0x9BC: None}
"""What people write or leave out at will: the nasal sign of Hindi two ways, and the dot below a letter."""
_SPACES = re.compile(r"[^\S\n]+")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Seen:
    """The person's own words and, apart, what they quote or forward."""

    own: str
    quoted: str = ""

    @property
    def text(self) -> str:
        """What is to be read: the own words, and what is quoted only where nothing else stands."""
        return self.own if _LETTER.search(self.own) else self.quoted


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
    return _SPACES.sub(" ", text).strip()


def _as_shown(text: str) -> str:
    text = unicodedata.normalize("NFKC", _OVERRIDE.sub(lambda found: found[1] + " . " + found[1][::-1], text))
    if not text.isascii():
        foreign = any(_FOREIGN.search(word) for word in _WORD.findall(text) if not _is_mixed(word))
        text = _WORD.sub(_unmasked(foreign), text)
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

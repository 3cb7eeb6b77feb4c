"""Characters that a reader of a file cannot see, or takes for others: named, so that an author can find them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""What Unicode lets a screen leave out, beside the format characters: fillers and variation selectors."""
_JOINERS = "\u200c\u200d"
_VARIATION = "\ufe0e\ufe0f"
_LETTERS = re.compile(r"[^\W\d_]+")
_GREEK_TWINS = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳ")
"""Greek letters that look like Latin ones. Others may stand in a name, as in `TNFα` and `NFκB`."""
_MICRO = "μ"


def sign_name(sign: str) -> str:
    """Return what a character is called, with its code: `a no-break space (U+00A0)`."""
    name = unicodedata.name(sign, "control character").lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} (U+{ord(sign):04X})"


def odd_space(sign: str) -> bool:
    """Tell whether a character looks like a space and is none to YAML."""
    return sign != " " and unicodedata.category(sign) in ("Zs", "Zl", "Zp")


def hidden(text: str, at: int) -> bool:
    """Tell whether the character at a place cannot be seen there.

    A joiner or a variation selector inside an emoji, and a joiner between letters of a script that needs it, may stay.
    """
    sign = text[at]
    if sign in " \t\n\r" or (sign < "\x7f" and sign >= " "):
        return False
    category = unicodedata.category(sign)
    if category not in ("Cf", "Cc", "Zl", "Zp") and not _IGNORABLE.match(sign):
        return False
    before = text[at - 1] if at else ""
    if sign in _VARIATION or sign == "\u200d":
        return not (before and unicodedata.category(before) in ("So", "Sk", "Sm", "Mn", "Me", "Nd", "Po", "Cf"))
    if sign in _JOINERS:
        return before.isascii() or _script(before) == "LATIN"
    return True


def foreign(text: str) -> Iterator[tuple[int, str]]:
    """Yield each letter that only looks like the Latin one it replaces: its place, and what it is."""
    for word in _LETTERS.finditer(text):
        if word[0].isascii() or not word[0].isalpha():
            continue
        scripts = [_script(letter) for letter in word[0]]
        for at, (letter, script) in enumerate(zip(word[0], scripts, strict=True)):
            if _dressed_up(letter) or (script != "LATIN" and "LATIN" in scripts and _out_of_place(word[0], at, script)):
                yield word.start() + at, letter


def suspicious(value: str, *, text: bool) -> dict[str, tuple[str, str]]:
    """Return the characters of a value that its author does not see as they are, each with a sentence and a remedy.

    In free text (`text`) spaces of any kind may stand.
    """
    found = {}
    for at, sign in enumerate(value):
        if hidden(value, at):
            found[sign] = (f"a sign that cannot be seen stands here: {sign_name(sign)}", "delete it")
        elif not text and odd_space(sign):
            found[sign] = (f"{sign_name(sign)} stands here", "delete it, or type a space")
    for _, letter in foreign(value):
        found[letter] = (
            f"this letter is not what it looks like: {sign_name(letter)}",
            "type it on an English keyboard",
        )
    return found


def _dressed_up(letter: str) -> bool:
    """Tell whether a letter is a Latin one in another dress: full width, mathematical, a ligature."""
    folded = unicodedata.normalize("NFKC", letter)
    return letter not in "ªº" and folded != letter and folded.isascii() and folded.isalpha()


def _out_of_place(word: str, at: int, script: str) -> bool:
    if word[at].lower() == word[at].upper():  # only scripts with capitals have letters that look like Latin ones
        return False
    if script not in ("GREEK", "MICRO"):
        return True
    if word[at] in _GREEK_TWINS:
        return True
    around = word[max(0, at - 1) : at] + word[at + 1 : at + 2]
    return script == "GREEK" and word[at] != _MICRO and any("a" <= letter <= "z" for letter in around)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0] if letter else ""

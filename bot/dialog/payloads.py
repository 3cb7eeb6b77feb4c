"""What a button carries: `v1:<node>[:<tone>][!<word>[.<value>]]`, at most 64 bytes, valid for ever on any replica."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.dialog.turn import Register

_PAYLOAD = re.compile(
    r"v1:(?P<node>[a-z][a-z0-9-]{0,39})(?::(?P<tone>professional|layperson))?(?:!(?P<word>[a-z]{1,7})(?:\.(?P<value>[A-Za-z0-9-]{1,12}))?)?"
)

REASONS = ("unclear", "wrong", "missing", "old", "other")
"""Words for why an answer did not help; each is counted beside the `down` it follows."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A parsed button: show `node`, in `register` from now on if given; `word` says what else, see `WORDS`, and
    `value` to what."""

    node: str
    register: Register | None = None
    word: str = ""
    value: str = ""


WORDS = {
    "choice": "one of several offered: it takes the place of the question",
    "start": "begin again, with the greeting",
    "more": "the detail of an answer",
    "picture": "the picture that goes with an answer",
    "handout": "a page to take along: the answer, and what was asked before it",
    "share": "show the answer to others, in the register it was read in; nobody's choice of register changes",
    "up": "it helped",
    "down": "it did not help",
    "toup": "it helped after all: the vote before was `down`",
    "todown": "it did not help after all: the vote before was `up`",
    "same": "the vote that was given already",
    "delete": "ask whether to delete what is stored",
    "forget": "delete what is stored",
    "export": "show what is stored",
    "worse": "the emergency got worse",
    "over": "the emergency is over, or was none of theirs",
    "report": "say what is wrong with an answer",
    "cancel": "nothing after all",
    "source": "the record of one source, by its number",
    "page": "a page of the list of sources",
    "sets": "what can be set",
    "set": "set something, such as `open`, `c-GB` or `l-es`",
    "country": "a page of the countries",
    "lang": "a page of the languages",
}
"""What a button may say besides the node it shows; the reasons for a vote come on top."""


def payload(node: str, register: Register | None = None, word: str = "", value: object = "") -> str:
    """Return the payload of a button."""
    said = f"!{word}" + (f".{value}" if value != "" else "")
    return f"v1:{node}" + (f":{register}" if register else "") + (said if word else "")


@lru_cache(maxsize=4096)
def parse(text: str) -> Tap | None:
    """Return the tap a payload stands for, or None for anything this program did not write; the same few come again."""
    found = _PAYLOAD.fullmatch(text)
    if found is None:
        return None
    register = found["tone"]
    return Tap(found["node"], Register(register) if register else None, found["word"] or "", found["value"] or "")

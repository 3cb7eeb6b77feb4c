"""Rules about phrases: one wording leads to one answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import product

from bot.library.check.subject import Subject
from bot.library.fault import Fault, Level
from bot.library.shelf import fault_at, page_of
from bot.library.survey import Location

_CHOICE = re.compile(r"\(([^()]*)\)")


def colliding(subject: Subject) -> Iterator[Fault]:
    """D04: the same phrase, but for case, accents and punctuation, under two nodes or twice under one."""
    library = subject.library
    owners = dict[str, str]()
    for node, phrases in library.phrases.items():
        for number, phrase in enumerate(phrases):
            owner = next((owners[form] for form in _forms(phrase) if form in owners), None)
            for form in _forms(phrase):
                owners.setdefault(form, node)
            if owner is None:
                continue
            where = "already leads to" if owner != node else "stands twice under"
            message = f"the phrase `{phrase}` {where} `{owner}`"
            for path in library.home.phrases():
                if location := _location(page_of(path).data, node, phrase, number):
                    level: Level = "error" if owner != node else "warning"
                    remedy = "keep it where it fits best"
                    yield fault_at(path, location, "D04", message, remedy, level=level)
                    break


def _location(data: object, node: str, phrase: str, number: int) -> Location | None:
    """Return where a phrase file holds the phrase, if it does."""
    listed = data.get("phrases", {}).get(node) if isinstance(data, dict) else None
    if isinstance(listed, tuple) and phrase in listed:
        places = [place for place, words in enumerate(listed) if words == phrase]
        return ("phrases", node, number if number in places else places[-1])
    return ("phrases", node) if isinstance(listed, str) and phrase in listed.splitlines() else None


def _forms(phrase: str) -> set[str]:
    """Return the plain forms a phrase stands for; `(a|b)` stands for both wordings."""
    parts = _CHOICE.split(phrase)
    choices = [part.split("|") if number % 2 else [part] for number, part in enumerate(parts)]
    return {_plain("".join(words)) for words in product(*choices)}


def _plain(words: str) -> str:
    letters = unicodedata.normalize("NFKD", words.casefold())
    return " ".join(re.findall(r"\w+", "".join(sign for sign in letters if not unicodedata.combining(sign))))

"""Rules about phrases and names: one wording leads to one answer, and one name to one topic."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from math import prod

from bot.authoring.rules.base import CheckContext
from bot.content.diagnostics import Diagnostic, Level, Location
from bot.content.files import diagnostic_at, diagnostic_at_words, page_of
from bot.content.library import Library
from bot.content.yaml_reader import YamlFile
from bot.matching.text import expand

_CHOICE = re.compile(r"\(([^()]*)\)(\?)?")

MOST = 1000
"""Most wordings of one phrase; more is a mistake."""


def colliding(check_context: CheckContext) -> Iterator[Diagnostic]:
    """D04: a phrase that is, but for case, accents and punctuation, another node's, or already there.

    What is asked in a thread is compared with what else is asked after the same node.
    """
    for place, phrases in _threads(check_context.library):
        yield from _colliding(check_context.library, place, phrases)


def _colliding(library: Library, place: Location, phrases: Mapping[str, tuple[str, ...]]) -> Iterator[Diagnostic]:
    owners = dict[str, tuple[str, str]]()
    for node, phrase in _each(phrases):
        if _count(phrase) > MOST:
            continue
        leads = {form: owners.get(form) for form in _forms(phrase)}
        owners.update({form: owner or (node, phrase) for form, owner in leads.items()})
        others = [owner for owner in leads.values() if owner and owner[0] != node]
        if others:
            other, same = others[0]
            where = _diagnostic(library, (*place, other), same, "D04", "", "", "error").where
            message = f"the phrase `{phrase}` already leads to `{other}` ({where})"
            yield _diagnostic(library, (*place, node), phrase, "D04", message, "keep it where it fits best", "error")
        elif all(leads.values()):
            message = f"the phrase `{phrase}` adds nothing to `{node}`"
            yield _diagnostic(library, (*place, node), phrase, "D04", message, "remove it", "warning")


def overgrown(check_context: CheckContext) -> Iterator[Diagnostic]:
    """D11: a phrase that stands for more wordings than anybody meant, or whose brackets do not fit."""
    for place, phrases in _threads(check_context.library):
        for node, phrase in _each(phrases):
            if "|" in _CHOICE.sub("", phrase):
                message = "a `|` stands outside brackets here, or brackets inside brackets"
                remedy = "write `(a|b)`, with both brackets, and no group inside another"
                yield _diagnostic(check_context.library, (*place, node), phrase, "D11", message, remedy, "error")
            if (count := _count(phrase)) > MOST:
                message = f"this phrase stands for {count} wordings; {MOST} is the most"
                remedy = "write several phrases"
                yield _diagnostic(check_context.library, (*place, node), phrase, "D11", message, remedy, "error")


def shared_names(check_context: CheckContext) -> Iterator[Diagnostic]:
    """D13: a name that tells of a subject in two topics. A leaning one counts only beside a telling one: it is none."""
    owners = dict[str, tuple[str, Diagnostic]]()
    for topic, place, name in _names(check_context.library):
        path = check_context.library.home.of_topic(topic, "subjects")
        found = diagnostic_at_words(path, place, name, "D13", "", "", level="warning")
        for form in sorted(map(plain, expand(name))):
            other, there = owners.setdefault(form, (topic, found))
            if other != topic:
                message = f"the name `{name}` also stands in the topic `{other}` ({there.where})"
                remedy = "leave it to one topic, or write a name with one more word; or make one of the two `leaning`"
                yield replace(found, message=message, suggestion=remedy)
                break


def _names(library: Library) -> Iterator[tuple[str, Location, str]]:
    """Yield every telling name, with its topic and where it stands."""
    for topic, held in library.matching.topics.items() if library.matching else ():
        for name, subject in held.subjects.items():
            yield from ((topic, ("subjects", name, "names"), one) for one in subject.names if not subject.leaning)


def _threads(library: Library) -> Iterator[tuple[Location, Mapping[str, tuple[str, ...]]]]:
    yield ("phrases",), library.phrases
    for context, phrases in library.after.items():
        yield ("after", context), phrases


def _each(phrases: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for node, listed in phrases.items():
        for phrase in listed:
            yield node, phrase


def _diagnostic(
    library: Library, place: Location, phrase: str, code: str, message: str, remedy: str, level: Level
) -> Diagnostic:
    """Return a fault at the last place where a phrase file lists the phrase under the node."""
    found = [
        (page.lines[line].strip() == phrase, at, line, page)
        for at, page in enumerate(map(page_of, library.home.phrases()))
        for line in _lines_of(page, place)
        if phrase in page.lines[line]
    ]
    if not found:
        return diagnostic_at(library.home.phrases()[0], place, code, message, remedy, level=level)
    *_, line, page = max(found, key=lambda one: one[:3])  # the phrase alone on its line, the last one
    return page.diagnostic((line, page.lines[line].find(phrase)), code, message, remedy, level)


def _lines_of(page: YamlFile, place: Location) -> range:
    """Return the lines under a node in one phrase file; none where the file does not list it."""
    if place not in page.source_map:
        return range(0)
    spot = page.source_map.source_range(place)
    return range(spot.start[0], min(spot.end[0] + 1, len(page.lines)))


def _groups(phrase: str) -> list[list[str]]:
    """Return the choices at each stretch of a phrase: `(a|b)` is both, `(a|b)?` both and neither."""
    groups, at = [], 0
    for found in _CHOICE.finditer(phrase):
        groups += [[phrase[at : found.start()]], [*found[1].split("|"), *([""] if found[2] else [])]]
        at = found.end()
    return [*groups, [phrase[at:]]]


def _count(phrase: str) -> int:
    return prod(map(len, _groups(phrase)))


def _forms(phrase: str) -> set[str]:
    return {plain("".join(words)) for words in product(*_groups(phrase))}


def plain(words: str) -> str:
    """Return the words alone: without case, accents and punctuation; empty where there are none, as in an emoji."""
    folded = words.casefold()
    if not folded.isascii():
        folded = "".join(sign for sign in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(sign))
    return " ".join(re.findall(r"\w+", folded))

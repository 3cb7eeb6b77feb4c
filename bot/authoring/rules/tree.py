"""Rules about the tree and the words that lead into it: every answer is shown, every node reached, each leads on.

One wording leads to one answer, and one name to one topic, in small talk, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

from bot.authoring.rules.base import CheckContext, needs
from bot.content.diagnostics import Diagnostic, Level, Location, nearest
from bot.content.files import diagnostic_at, diagnostic_at_words, page_of, phrase_at
from bot.content.library import Library
from bot.content.matching_models import Concept, Subject, TopicSubjects
from bot.content.models import Role
from bot.content.validation import CHOICE, MOST_WORDINGS, alternatives, wordings
from bot.dialog.composer import MAX_FOLLOW_UPS
from bot.matching.parser import Lexicon, tree_of
from bot.matching.text import Stemmer, expand, sampled

# --- phrases and names ------------------------------------------------------------------------------------------------

_NO_WORD = re.compile(r"\W+")

_COMPARED = 16
"""Wordings of one phrase, those found word for word, that are compared with other topics' by their stems: all of them
take a second."""

_NAMED, _LISTED = 5, 20
"""Names and numbers of lines that a finding about many of them shows."""


def colliding(check_context: CheckContext) -> Iterator[Diagnostic]:
    """D04: a phrase that is, but for case, accents and punctuation, another node's, or already there; one of another
    topic also where only the endings of words differ, for its author may not know of it, and only one of them counts.

    What is asked in a thread is compared with what else is asked after the same node.
    """
    library = check_context.library
    topics = {node: name for name, topic in library.topics.items() for node in topic.answers}
    for place, phrases in _threads(library):
        yield from _colliding(library, place, phrases, topics)


Owner = tuple[str, str]
"""The node that a wording leads to, and the phrase that it is a wording of."""


def _colliding(
    library: Library, place: Location, phrases: Mapping[str, tuple[str, ...]], topics: Mapping[str, str]
) -> Iterator[Diagnostic]:
    owners, alike = dict[str, Owner](), dict[str, Owner]()
    for node, phrase in _each(phrases):
        if wordings(phrase) > MOST_WORDINGS:
            continue
        forms = _forms(phrase)
        fresh = forms.difference(owners)
        known = [owners[form] for form in forms - fresh]
        owners |= dict.fromkeys(fresh, (node, phrase))
        near = [alike.setdefault(form, (node, phrase)) for form in _endless(phrase)]
        others = [owner for owner in known if owner[0] != node]
        others += [owner for owner in near if topics.get(owner[0], "") != topics.get(node, "")]
        if others:
            other, same = others[0]
            where = _diagnostic(library, (*place, other), same, "D04", "", "", "error").where
            told = f"the phrase `{phrase}` already leads to `{other}` ({where})"
            message = told if others[0] in known else f"{told}: only endings tell it from `{same}`"
            yield _diagnostic(library, (*place, node), phrase, "D04", message, "keep it where it fits best", "error")
        elif not fresh:
            message = f"the phrase `{phrase}` adds nothing to `{node}`"
            yield _diagnostic(library, (*place, node), phrase, "D04", message, "remove it", "warning")


def overgrown(check_context: CheckContext) -> Iterator[Diagnostic]:
    """D11: a phrase that stands for more wordings than anybody meant, or whose brackets do not fit."""
    for place, phrases in _threads(check_context.library):
        for node, phrase in _each(phrases):
            if "|" in CHOICE.sub("", phrase):
                message = "a `|` stands outside brackets here, or brackets inside brackets"
                remedy = "write `(a|b)`, with both brackets, and no group inside another"
                yield _diagnostic(check_context.library, (*place, node), phrase, "D11", message, remedy, "error")
            if (count := wordings(phrase)) > MOST_WORDINGS:
                message = f"this phrase stands for {count} wordings; {MOST_WORDINGS} is the most"
                remedy = "write several phrases"
                yield _diagnostic(check_context.library, (*place, node), phrase, "D11", message, remedy, "error")


Shared = tuple[str, Diagnostic, Diagnostic]
"""A name of two topics, and where each of them has it."""


def shared_names(check_context: CheckContext) -> Iterator[Diagnostic]:
    """D13: names that tell of a subject in two topics: one finding for all that a subject shares with another topic,
    for that is one decision. A leaning one counts only beside a telling one: it is none."""
    owners, shared = dict[str, tuple[str, Diagnostic]](), dict[tuple[str, Location, str], list[Shared]]()
    for topic, place, name in _names(check_context.library):
        path = check_context.library.home.of_topic(topic, "subjects")
        found = diagnostic_at_words(path, place, name, "D13", "", "", level="warning")
        for form in sorted(map(plain, expand(name))):
            other, there = owners.setdefault(form, (topic, found))
            if other != topic:
                shared.setdefault((topic, place, other), []).append((name, found, there))
                break
    home = check_context.library.home
    yield from (_decided(names, other, home.of_topic(other, "phrases")) for (_, _, other), names in shared.items())


def _decided(names: Sequence[Shared], other: str, phrases: Path) -> Diagnostic:
    """Return the finding about all names that a subject shares with one other topic, at the first of them, with the
    lines of that topic which hold one: they go on leading there when the name is taken over."""
    (name, found, there), *more = names
    message = f"the name `{name}` also stands in the topic `{other}` ({there.where})"
    if more:
        named = ", ".join(f"`{one}`" for one, *_ in more[:_NAMED]) + (", …" if len(more) > _NAMED else "")
        message += f", and {len(more)} more of this subject: {named}"
    if lines := list(_lines_with([name for name, *_ in names], phrases)):
        listed = ", ".join(map(str, lines[:_LISTED])) + (", …" if len(lines) > _LISTED else "")
        message += f"; its lines with {'one of them' if more else 'it'} in {phrases.as_posix()}: {listed}"
    remedy = "leave it to one topic, or write a name with one more word; or make one of the two `leaning`"
    return replace(found, message=message, suggestion=remedy)


def _lines_with(names: Sequence[str], phrases: Path) -> Iterator[int]:
    """Yield the numbers of the lines of a phrase file that hold one of some names."""
    forms = [f" {plain(form)} " for name in names for form in expand(name)]
    for number, line in enumerate(page_of(phrases).lines if phrases.exists() else (), 1):
        if not line.lstrip().startswith("#") and any(form in f" {plain(line)} " for form in forms):
            yield number


def _names(library: Library) -> Iterator[tuple[str, Location, str]]:
    """Yield every telling name, with its topic and where it stands; those of the topic with most subjects first."""
    topics = library.matching.topics.items() if library.matching else ()
    for topic, held in sorted(topics, key=lambda one: -len(one[1].subjects)):
        for name, subject in held.subjects.items():
            yield from ((topic, ("subjects", name, "names"), one) for one in subject.names if not subject.leaning)


def swallowing(check_context: CheckContext) -> Iterator[Diagnostic]:
    """D14: a name that is nothing but a word by which people ask for an aspect of anything, such as `evidence`: its
    subject takes such questions from all others. A leaning one only does where it makes a subject up with others."""
    matching = check_context.library.matching
    asking = _asking(matching.aspects.aspects) if matching else {}
    for topic, held in matching.topics.items() if matching and asking else ():
        parts = {part for subject in held.subjects.values() for part in subject.together}
        for key, subject in held.subjects.items():
            for name in subject.names if key in parts or not subject.leaning else ():
                if aspect := next(filter(None, (asking.get(_stemmed(form)) for form in expand(name))), None):
                    path = check_context.library.home.of_topic(topic, "subjects")
                    message = (
                        f"with `{name}` people ask for `{aspect}` of anything: it takes their questions from all others"
                    )
                    remedy = f"leave it out: a row with `{aspect}` answers it; or write a name with one more word"
                    place = ("subjects", key, "names")
                    yield diagnostic_at_words(path, place, name, "D14", message, remedy, level="warning")


def left_behind(check_context: CheckContext) -> Iterator[Diagnostic]:
    """D15: lines with a name that only a topic with fewer subjects has, as where that took it over: word for word they
    go on leading to the old answers, or to none (content/matching/phrases.yaml). None is one that names what its topic
    tells of, beyond a condition at large."""
    library = check_context.library
    topics = library.matching.topics if library.matching else {}
    subjects = {f"{topic}/{name}": one for topic, held in topics.items() for name, one in held.subjects.items()}
    lexicon = _lexicon({name: subject.names for name, subject in subjects.items()})
    for topic, held in topics.items():
        taken = _of_fewer(topics, len(held.subjects))
        found = dict[str, list[Left]]()
        for node in {node for row in held.answers.values() for node in row} if taken else ():
            own = {name for name, one in subjects.items() if name.startswith(f"{topic}/") and _tells(one, node)}
            for line in library.phrases.get(node, ()):
                for name, word in _named_alone(line, lexicon, taken, own).items():
                    found.setdefault(name, []).append((node, line, word))
        yield from (_left(library, name, lines, _MINE) for name, lines in found.items())
    taken = _of_fewer(topics, max((len(held.subjects) for held in topics.values()), default=0))
    yield from (_left(library, name, lines, _MOVED) for name, lines in _in_no_topic(library, lexicon, taken).items())


def _lexicon(names: Mapping[str, Sequence[str]]) -> Lexicon:
    concepts = {name: Concept(words=tuple(words)) for name, words in names.items()}
    return Lexicon(concepts, tree_of(concepts, lambda wording: _stemmed(wording).split()))


def _of_fewer(topics: Mapping[str, TopicSubjects], many: int) -> set[str]:
    """Return the telling subjects of the topics that have fewer than so many."""
    fewer = {topic: held.subjects.items() for topic, held in topics.items() if len(held.subjects) < many}
    return {f"{topic}/{name}" for topic, held in fewer.items() for name, one in held if not one.leaning}


def _in_no_topic(library: Library, lexicon: Lexicon, taken: Set[str]) -> dict[str, list[Left]]:
    """Return the lines of no topic that say a topic's name is not covered: word for word they do, once it is, too.
    What they name beside it may be foreign still: "capsaicin for the knee"."""
    home, node, found = library.home, library.otherwise, dict[str, list[Left]]()
    shared = [path for path in home.phrases() if path.parent == home.content / "matching"]
    named = {line: _named_alone(line, lexicon, taken, set()) for line in library.phrases.get(node, ()) if taken}
    foreign = _lexicon(_foreign(library, lexicon, taken) if any(named.values()) else {})
    for line, words in named.items():
        beside = any(foreign.every(_stemmed(form).split()) for form in sampled(line, _COMPARED)) if words else True
        there = None if beside else phrase_at(shared, ("phrases", node), line)
        for name, word in words.items() if there else ():
            found.setdefault(name, []).append((node, line, word))
    return found


def _foreign(library: Library, lexicon: Lexicon, taken: Set[str]) -> dict[str, list[str]]:
    """Return the foreign names with none of a topic's own in them: those give way to it."""
    names = library.matching.world.foreign if library.matching else {}
    return {
        key: [one for one in told.names if not _named_alone(one, lexicon, taken, set())] for key, told in names.items()
    }


Left = tuple[str, str, str]
"""An answer, a line that leads to it, and the name in that line that another topic has."""


def _tells(subject: Subject, node: str) -> bool:
    """Tell whether to name a subject says what a line of an answer is about: a condition is named beside anything."""
    return subject.kind != "condition" or subject.general == node


def _named_alone(line: str, lexicon: Lexicon, taken: Set[str], own: Set[str]) -> dict[str, str]:
    """Return which of some subjects a line names, each with its word there, but in no wording beside others (`own`)."""
    alone, beside = dict[str, str](), set[str]()
    for form in sampled(line, _COMPARED):
        words = plain(form).split()
        names = {name: one for one in lexicon.every(_stemmed(form).split()) for name in one.concepts}
        for name in taken & names.keys():
            alone[name] = " ".join(words[names[name].start : names[name].end])
            beside |= set() if own.isdisjoint(names) else {name}
    return {name: word for name, word in alone.items() if name not in beside}


_MINE = (
    "take the word out of its brackets, or move the line to {0}; "
    "where it is to lead there still, give the word to a subject of this topic with `leaning: true`"
)
_MOVED = "move the line to {0}: under the answer that it wants, or under the same name where none holds it"


def _left(library: Library, name: str, lines: Sequence[Left], remedy: str) -> Diagnostic:
    """Return the finding about all lines of a topic with names of a subject of another one, at the first of them."""
    topic = name.partition("/")[0]
    found = sorted(
        (_diagnostic(library, ("phrases", node), line, "D15", "", "", "warning"), node, word)
        for node, line, word in lines
    )
    first, node, word = found[0]
    message = f"`{word}` is a name of the topic `{topic}` alone, and this line leads to `{node}`"
    more = list(dict.fromkeys(one.where.replace(f"{first.path}:", "") for one, *_ in found))[1:]
    if more:
        many = "lines" if more[1:] else "line"
        message += f"; likewise {many} {', '.join(more[:_LISTED])}" + (", …" if len(more) > _LISTED else "")
    remedy = remedy.format(library.home.of_topic(topic, "phrases").as_posix())
    return replace(first, message=message, suggestion=remedy)


_ASKED_OF = (re.compile(r"(?:the )?(.+) (?:of|for|on|about|from) @X"), re.compile(r"@X (.+)"))
"""How a word asks for an aspect of what one takes: `evidence for @X`, `@X evidence`. Which does both is no name."""


def _asking(aspects: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the words that alone ask for an aspect of anything, before its name and after it, with the aspect."""
    found = [dict[str, set[str]](), dict[str, set[str]]()]
    for aspect, lines in aspects.items():
        forms = (form for line in lines if "@X" in line and wordings(line) <= MOST_WORDINGS for form in expand(line))
        for form in forms:
            for words, way in zip(found, _ASKED_OF, strict=True):
                if asked := way.fullmatch(form):
                    words.setdefault(_stemmed(asked[1]), set()).add(aspect)
    before, after = found
    return {words: min(both) for words in before if (both := before[words] & after.get(words, set()))}


_STEM = Stemmer({}, {})


def _stemmed(words: str) -> str:
    return " ".join(map(_STEM, plain(words).split()))


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
    found = phrase_at(library.home.phrases(), place, phrase)
    if found is None:
        return diagnostic_at(library.home.phrases()[0], place, code, message, remedy, level=level)
    page, spot = found
    return page.diagnostic(spot, code, message, remedy, level)


def _forms(phrase: str) -> set[str]:
    groups = [[_folded(words) for words in group] for group in alternatives(phrase)]
    return {" ".join("".join(words).split()) for words in product(*groups)}


def _endless(phrase: str) -> tuple[str, ...]:
    """Return some wordings of a phrase without the endings of their words."""
    return tuple(map(_stemmed, sampled(phrase, _COMPARED)))


def plain(words: str) -> str:
    """Return the words alone: without case, accents and punctuation; empty where there are none, as in an emoji."""
    return " ".join(_folded(words).split())


def _folded(words: str) -> str:
    """Return words with a space for everything that is none."""
    folded = words.casefold()
    if not folded.isascii():
        folded = "".join(sign for sign in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(sign))
    return _NO_WORD.sub(" ", folded)


# --- the tree ---------------------------------------------------------------------------------------------------------


@needs("dialogs")
def unreachable(context: CheckContext) -> Iterator[Diagnostic]:
    """D02: a node that no button leads to; phrases alone do not show a reader that it exists."""
    library = context.library
    reached = _reached(library)
    for name, dialog in library.dialogs.items():
        for node in dialog.nodes:
            if node not in reached:
                message = f"no button leads to `{node}`"
                remedy = "name it in the `next` of another node"
                place = ("nodes", node)
                yield diagnostic_at(library.home.dialog(name), place, "D02", message, remedy, key=True, level="warning")


def _reached(library: Library) -> set[str]:
    ways_in = (library.start, *library.urgent_nodes, library.advice, library.otherwise, *library.always)
    waiting = [*ways_in, *(dialog.start for dialog in library.dialogs.values())]
    reached = set[str]()
    while waiting:
        node = waiting.pop()
        if node in library.nodes and node not in reached:
            reached.add(node)
            waiting.extend(library.nodes[node].next)
    return reached


def dead_end(context: CheckContext) -> Iterator[Diagnostic]:
    """D03: a node without follow-ups."""
    for name, dialog in context.library.dialogs.items():
        for node, body in dialog.nodes.items():
            if not body.next:
                path = context.library.home.dialog(name)
                yield diagnostic_at(path, ("nodes", node), "D03", f"`{node}` leads nowhere", "add `next:`", key=True)


@needs("dialogs")
def unshown(context: CheckContext) -> Iterator[Diagnostic]:
    """D08: an answer that no node shows."""
    for answer_ref in context.answers():
        if answer_ref.node not in context.library.nodes:
            message = f"no node shows the answer `{answer_ref.node}`"
            yield diagnostic_at(
                answer_ref.path, ("answer",), "D08", message, "add the node to a dialog", level="warning"
            )


def repeated_button(context: CheckContext) -> Iterator[Diagnostic]:
    """D10: a node that offers itself, or the same follow-up twice."""
    for name, dialog in context.library.dialogs.items():
        path = context.library.home.dialog(name)
        for node, body in dialog.nodes.items():
            for number, target in enumerate(body.next):
                place = ("nodes", node, "next", number)
                if target == node:
                    yield diagnostic_at(path, place, "D10", f"`{node}` offers itself", "remove it")
                elif target in body.next[:number]:
                    yield diagnostic_at(path, place, "D10", f"`{target}` is offered twice", "keep one")


def crowded(context: CheckContext) -> Iterator[Diagnostic]:
    """D12: more follow-ups than stand under an answer; the last would never be seen."""
    for name, dialog in context.library.dialogs.items():
        for node, body in dialog.nodes.items():
            if len(body.next) > MAX_FOLLOW_UPS:
                path, place = context.library.home.dialog(name), ("nodes", node, "next")
                message = f"{len(body.next)} follow-ups; {MAX_FOLLOW_UPS} are shown"
                yield diagnostic_at(path, place, "D12", message, "keep what helps most, first things first", key=True)


@needs("dialogs")
def missing_role(context: CheckContext) -> Iterator[Diagnostic]:
    """D20: a part that the main dialog gives to no node, though a command or a button counts on it."""
    library = context.library
    path = next((library.home.dialog(name) for name, one in library.dialogs.items() if one is library.main), None)
    for role in get_args(Role):
        if path and library.role(role) is None:
            near = nearest(role, library.nodes).removeprefix("did you mean ").removesuffix("?")
            remedy = f"add `{role}: {near.strip('`') or 'a-node'}` under `roles:`"
            yield diagnostic_at(path, ("roles",), "D20", f"no node is `{role}`", remedy, key=True)


@needs("dialogs")
def main_dialog(context: CheckContext) -> Iterator[Diagnostic]:
    """D21: several dialogs, of which not exactly one says that it is the main one or has a main dialog's duties."""
    dialogs, home = context.library.dialogs, context.library.home
    main = next((name for name, dialog in dialogs.items() if dialog is context.library.main), "")
    chosen = [name for name, dialog in dialogs.items() if dialog.default]
    if len(dialogs) > 1 and not chosen:
        names = " and ".join(f"`{name}`" for name in dialogs)
        message = f"{names}: none says `default: true`, so `{main}` starts every conversation"
        for name in dialogs:
            remedy = "add `default: true` to the dialog that greets and answers the rest, and to no other"
            yield diagnostic_at(home.dialog(name), ("dialog",), "D21", message, remedy, key=True)
    for name in chosen:
        if name != main:
            message = f"`{main}` is the main dialog already"
            yield diagnostic_at(home.dialog(name), ("default",), "D21", message, "remove this line", key=True)
    for name, dialog in dialogs.items():
        for duty in dialog.duties if name != main else ():
            message = f"`{duty}:` counts in the main dialog alone, which is `{main}`"
            yield diagnostic_at(home.dialog(name), (duty,), "D21", message, "remove it, or name it there", key=True)


def repeated(check_context: CheckContext) -> Iterator[Diagnostic]:
    """T01: a message that belongs to two kinds of small talk, or stands twice in one."""
    owners = dict[str, str]()
    for kind, talk in check_context.library.small_talk.items():
        for number, ask in enumerate(talk.asks):
            said = plain(ask) or ask
            if said in owners:
                message = f"`{ask}` stands in `{owners[said]}` already"
                place = ("small_talk", kind, "asks", number)
                path = check_context.library.home.small_talk
                yield diagnostic_at(path, place, "T01", message, "keep one of the two")
            owners.setdefault(said, kind)

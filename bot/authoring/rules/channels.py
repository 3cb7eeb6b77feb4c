"""Rules about what is shown: labels, whole answers as they would really be sent, Markdown, pictures and pages.

Pictures say what a claim says, and can be drawn.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import suppress

from bot.authoring.rules.base import AnswerRef, CheckContext, needs
from bot.authoring.rules.sources import figures
from bot.channels.layout import LINE, broken
from bot.content.diagnostics import Diagnostic, Location, nearest
from bot.content.files import diagnostic_at
from bot.content.library import Library, MissingText, Topic
from bot.content.markdown import Paragraph, UnsupportedMarkdown, parse, text_of
from bot.content.models import PicturePart, Register
from bot.content.references import Text, interface_texts, texts
from bot.content.templates import without_values
from bot.dialog.composer import Composer, marks
from bot.pictures.drawing import NotDrawn, Words, misfit

# --- on channels ------------------------------------------------------------------------------------------------------


def long_labels(context: CheckContext) -> Iterator[Diagnostic]:
    """L01: a button label that a channel cuts off (warning) or refuses (error)."""
    for answer_ref in context.answers():
        for register in Register:
            length = len(context.library.plain(answer_ref.answer.label, register))
            if broken := [limit for limit in context.label_limits if length > limit.characters]:
                limit = max(broken, key=lambda one: (one.refused, -one.characters))
                yield diagnostic_at(
                    answer_ref.path,
                    ("label", register.value),
                    "L01",
                    f"the label has {length} characters; {limit.reason}",
                    "shorten it",
                    level="error" if limit.refused else "warning",
                )


MOST_LINES = 3
"""Most lines of a reply to small talk: who says thanks wants no page."""


def long_talk(context: CheckContext) -> Iterator[Diagnostic]:
    """T02: small talk that fills more than three lines of a phone."""
    library = context.library
    for kind, talk in library.small_talk.items():
        for register in Register:
            count = lines_of(library.text(talk.says, register))
            if count > MOST_LINES:
                message = f"{count} lines of {LINE} characters; {MOST_LINES} are the most"
                place = ("small_talk", kind, "says", register.value)
                yield diagnostic_at(library.home.small_talk, place, "T02", message, "shorten it")


def lines_of(text: str) -> int:
    """Return how many lines a text fills on a phone."""
    return sum(len(textwrap.wrap(line, LINE)) for line in text.splitlines())


@needs("dialogs", "interface", "layout", "emergency", "topic", "facts", "notes", "sources")
def too_long(context: CheckContext) -> Iterator[Diagnostic]:
    """L02: an answer that breaks a limit of a channel, as sent there. F11: what the program needs to say is missing."""
    for answer_ref in context.answers():
        if answer_ref.node not in context.library.nodes:
            continue
        for register in Register:
            try:
                problems = [
                    problem
                    for limit_check in context.limit_checks
                    for problem in limit_check(answer_ref.node, register)
                ]
            except MissingText as error:
                yield Diagnostic(
                    error.path.as_posix(), 1, 1, "F11", error.message, "", "take it from the file as shipped"
                )
                return
            except UnsupportedMarkdown:  # told as C15
                continue
            except KeyError:  # something the card is made of is faulty, and reported there
                if context.sound:
                    raise
                continue
            for problem in problems:
                message = f"in the {register.value} register: {problem}"
                yield diagnostic_at(answer_ref.path, ("claims",), "L02", message, "shorten the answer", key=True)


@needs("dialogs", "interface", "layout", "emergency", "topic", "facts", "notes", "sources")
def too_many_screens(context: CheckContext) -> Iterator[Diagnostic]:
    """L03: an answer that fills more of a phone than a channel allows."""
    for answer_ref in context.answers():
        if answer_ref.node in context.library.nodes:
            for register in Register:
                for message in _screen_problems(context, answer_ref.node, register):
                    place = ("brief",) if answer_ref.answer.brief else ("claims",)
                    words = f"in the {register.value} register: {message}"
                    yield diagnostic_at(
                        answer_ref.path, place, "L03", words, _shorter(context, answer_ref, register), key=True
                    )


def _shorter(context: CheckContext, answer_ref: AnswerRef, register: Register) -> str:
    """Return which claims fill the screen, the longest first, and how many words make the last line of each."""
    library, topic, answer = context.library, answer_ref.topic, answer_ref.answer
    claims = [one for one in answer.claims if one.id in answer.brief] or answer.claims[:1]
    filled = {one.id: broken(library.text(one, register) + marks(one.cites, topic)) for one in claims}
    longest = sorted(filled.items(), key=lambda one: -len(one[1]))
    told = [f"`{id_}` {len(lines)} (words in the last: {len(lines[-1].split())})" for id_, lines in longest if lines]
    return (
        f"shorten its brief, or take a claim out of it; lines that each claim fills below the title: {', '.join(told)}"
    )


def _screen_problems(context: CheckContext, node: str, register: Register) -> Iterator[str]:
    for limit, measure in context.screen_limits:
        try:
            yield from limit.broken(measure(node, register))
        except (MissingText, KeyError, UnsupportedMarkdown):
            return  # what the card is made of is missing or faulty, and reported there


_STRUCTURE = re.compile(r"^ {0,3}(>|#{1,6}(?= |$)|={3,}$|-{3,}$|(?:\* *){3,}$|(?:_ *){3,}$|```|~~~)|^( {4,})(?=\S)")
_ITEM = re.compile(r"^ {0,3}([-+*]|\d{1,9}\)) ")
"""An item of a list; `1. ` is one too, and is shown as it is typed."""
_IN_WORD = re.compile(r"(?<=\w)(?<!\\)\*+(?=\w)")
_STYLED = re.compile(r"\*\*|__|\\[\\*_>#`\[-]|\]\(")
_PLAIN = ("label", "title", "as_printed", "short")
"""Parts that are shown as they are typed."""


def unshowable(context: CheckContext) -> Iterator[Diagnostic]:
    """C15: Markdown that some channel cannot show."""
    for text in (*texts(context.library), *interface_texts(context.library)):
        try:
            parse(text.raw)
        except UnsupportedMarkdown as error:
            yield diagnostic_at(text.path, text.location, "C15", str(error), "use bold, lists, links and tables only")


def lost_signs(context: CheckContext) -> Iterator[Diagnostic]:
    """C31: a sign that Markdown takes for its own, so that readers are not shown it: `>50%`, `+ 5`, `2*3*4`."""
    for text in texts(context.library):
        with suppress(UnsupportedMarkdown):
            yield from _lost_in(context.library, text)


def _lost_in(library: Library, text: Text) -> Iterator[Diagnostic]:
    register, plain = text.register, any(part in _PLAIN for part in text.location)
    found = _styled(library.plain(text, register)) if plain else _lost(library.text(text, register).strip())
    if found:
        sign, why, remedy = found
        yield diagnostic_at(text.path, text.location, "C31", f"`{sign}` {why}", remedy)


def _styled(shown: str) -> tuple[str, str, str] | None:
    if found := _STYLED.search(shown):
        return found[0], "is shown as it stands: this text is not read as Markdown", "leave it out"
    return None


def _lost(markdown: str) -> tuple[str, str, str] | None:
    """Return the first sign of a text that Markdown swallows: the sign, what becomes of it, the remedy."""
    lines = markdown.splitlines()
    for number, line in enumerate(lines):
        if found := _STRUCTURE.match(line):
            sign = found[1] or "four spaces"
            if sign == "four spaces" and _ITEM.match(_before(lines, number)):
                continue
            return sign, "at the beginning of a line is Markdown's own and is not shown", _instead(sign)
        if (found := _ITEM.match(line)) and not _is_list(lines, number):
            why = "at the beginning of a text makes a list of one item, and the sign is not shown as typed"
            return found[1], why, f"write it in words, or `bullet: true`; else `\\{found[1]}`"
        if (found := _IN_WORD.search(line)) and not _all_shown(line):
            return (
                found[0],
                "inside a word begins or ends emphasis and may not be shown",
                f"write `\\{found[0][0]}` or `×`",
            )
    return None


def _all_shown(line: str) -> bool:
    """Tell whether every asterisk inside a word is shown: one alone is, two make the words between them slanted."""
    shown = "".join(text_of(block.runs) for block in parse(line) if isinstance(block, Paragraph))
    return len(_IN_WORD.findall(line)) <= len(_IN_WORD.findall(shown))


def _instead(sign: str) -> str:
    if sign == ">":
        return "write it in words (“more than”), or `\\>`"
    if sign.startswith("#"):
        return "write `section:` for a heading, or `\\#`"
    return "write it in words, or put a backslash before it"


def _before(lines: list[str], number: int) -> str:
    return next((line for line in reversed(lines[:number]) if line.strip() and not line.startswith("    ")), "")


def _is_list(lines: list[str], number: int) -> bool:
    """Tell whether an item line has a sister before or after it."""
    return any(_ITEM.match(line) for at, line in enumerate(lines) if at != number)


# --- pictures and pages to take along ---------------------------------------------------------------------------------


@needs("answers", "dialogs")
def unbacked(context: CheckContext) -> Iterator[Diagnostic]:
    """P01: a part or line that names an answer or a claim which is not there; an emergency that has a picture."""
    for name, topic in context.library.topics.items():
        path = context.library.home.of_topic(name, "pictures")
        for place, answer, claim in _pictured(topic):
            if problem := _missing(topic, answer, claim):
                yield diagnostic_at(path, place, "P01", *problem)
        for key, picture in topic.pictures.items():
            for number, node in enumerate(picture.answers):
                if node in context.library.urgent_nodes:
                    message = f"`{node}` is an emergency, which is said in words alone"
                    yield diagnostic_at(path, ("pictures", key, "answers", number), "P01", message, "leave it out")
        for place, answer, claim in _printed(topic):
            if problem := _missing(topic, answer, claim):
                yield diagnostic_at(context.library.home.of_topic(name, "handout"), place, "P01", *problem)


def _pictured(topic: Topic) -> Iterator[tuple[Location, str, str]]:
    for key, picture in topic.pictures.items():
        for number, node in enumerate(picture.answers):
            yield ("pictures", key, "answers", number), node, ""
        for number, part in enumerate(picture.parts):
            yield ("pictures", key, "parts", number, "claim"), part.answer or picture.answers[0], part.claim


def _printed(topic: Topic) -> Iterator[tuple[Location, str, str]]:
    if topic.handout is None:
        return
    for number, node in enumerate(topic.handout.answers):
        yield ("handout", "answers", number), node, ""
    for name in ("tell", "evidence"):
        for number, line in enumerate(getattr(topic.handout, name)):
            yield ("handout", name, number, "claim"), line.answer, line.claim


def _missing(topic: Topic, answer: str, claim: str) -> tuple[str, str] | None:
    if answer not in topic.answers:
        return f"`{answer}` is no answer of this topic", nearest(answer, topic.answers)
    claims = [one.id for one in topic.answers[answer].claims]
    if claim and claim not in claims:
        return f"`{claim}` is no claim of the answer `{answer}`", nearest(claim, claims)
    return None


@needs("answers", "dialogs", "interface", "layout", "emergency", "topic", "facts", "notes", "sources")
def undrawn(context: CheckContext) -> Iterator[Diagnostic]:
    """P02: a picture that is too tall for a phone, has a word wider than its box, or a letter that no font has."""
    words = Words(context.library, Composer(context.library))
    for name, topic in context.library.topics.items():
        for key in topic.pictures:
            for register in Register:
                try:
                    problem = misfit(words.sheet(name, key, register))
                except NotDrawn as fault:
                    problem = str(fault)
                except (KeyError, MissingText):
                    continue  # what it is made of is missing, and reported there
                if problem:
                    message = f"in the {register.value} register: {problem}"
                    path = context.library.home.of_topic(name, "pictures")
                    yield diagnostic_at(path, ("pictures", key), "P02", message, "shorten its words", key=True)


def typed(context: CheckContext) -> Iterator[Diagnostic]:
    """P03: a figure that is typed into a picture instead of being taken from the facts."""
    for name, topic in context.library.topics.items():
        path = context.library.home.of_topic(name, "pictures")
        for key, picture in topic.pictures.items():
            for number, part in enumerate(picture.parts):
                for register, found in _typed(part):
                    place = ("pictures", key, "parts", number, register.value)
                    yield diagnostic_at(path, place, "P03", f"`{found}` is typed here", "use {{ facts.… }}")


def _typed(part: PicturePart) -> Iterator[tuple[Register, str]]:
    for register in Register:
        for one in figures(without_values(part.for_register(register), "")):
            if one.sure:
                yield register, str(one)

"""Rules about plain language: how hard the layperson's text is, whether terms are explained, what the reader can do."""

from __future__ import annotations

from collections.abc import Iterator

from bot.authoring.readability import Grade, explains, grade, occurs, sentences_of, split, word_count
from bot.authoring.rules.base import Subject, Written
from bot.content.diagnostics import Fault, nearest
from bot.content.document import Paragraph
from bot.content.files import fault_at
from bot.content.library import Library
from bot.content.markdown import UnsupportedMarkdown, parse
from bot.content.models import Claim, Tone
from bot.content.source_map import Location
from bot.content.template_checks import texts

MAX_RAW, MAX_ADJUSTED = 9.0, 6.0
"""Highest Flesch-Kincaid grades: the NIH and AMA advise grade 6 to 8 for patient material."""

MAX_WORDS = 20
"""Longest sentence, in words: the NHS content guide."""

MIN_WORDS = 30
"""Shortest text that is graded: the grade of a sentence or two is noise."""


def too_hard(subject: Subject) -> Iterator[Fault]:
    """C04: a layperson answer above the reading grade."""
    for written in subject.answers():
        found = answer_grade(subject.library, written.node)
        if found.words < MIN_WORDS:
            continue
        if found.raw > MAX_RAW or found.adjusted > MAX_ADJUSTED:
            grades = f"{found.raw} raw and {found.adjusted} adjusted"
            message = f"the layperson text has reading grade {grades}; {MAX_RAW:g} and {MAX_ADJUSTED:g} are the most"
            remedy = f"begin with the hardest sentence: “{found.hardest}”"
            yield fault_at(written.path, ("claims",), "C04", message, remedy, key=True)


def answer_grade(library: Library, node: str) -> Grade:
    """Return the reading grade of all a layperson reads in an answer: claims, their headings and the notes."""
    topic, answer = library.topic_of(node), library.answer(node)
    noted = [topic.notes[note] for note in answer.notes if note in topic.notes]
    parts = [part for claim in answer.claims for part in (claim.section, claim) if part] + noted
    sentences = [sentence for part in parts for sentence in sentences_of(parse(library.text(part, Tone.LAYPERSON)))]
    return grade(sentences, topic.terms)


def long_sentences(subject: Subject) -> Iterator[Fault]:
    """C05: a layperson sentence of more than twenty words."""
    for wording in subject.worded():
        for sentence in sentences_of(parse(subject.library.text(wording.words, Tone.LAYPERSON))):
            count = word_count(sentence)
            if count > MAX_WORDS:
                place = (*wording.location, Tone.LAYPERSON.value)
                message = f"a sentence of {count} words; {MAX_WORDS} is the most: “{_opening(sentence)} …”"
                yield fault_at(wording.path, place, "C05", message, "make two sentences of it")


def unexplained(subject: Subject) -> Iterator[Fault]:
    """C06: a medical term that is not explained where the layperson first meets it."""
    for written in subject.answers():
        texts = list(_layperson_texts(subject.library, written))
        for name, term in written.topic.terms.items():
            longer = [other for other in written.topic.terms if name != other and occurs(name, other)]
            first = next((at for at, (_, text) in enumerate(texts) if occurs(name, _without(text, longer))), None)
            if first is None:
                continue
            read = [
                subject.library.text(written.answer.title, Tone.LAYPERSON),
                *(text for _, text in texts[: first + 1]),
            ]
            if not explains("\n".join(read), term):
                wordings = " or ".join(f"“{words}”" for words in term.explained_by)
                message = f"`{name}` is not explained at first use"
                yield fault_at(written.path, texts[first][0], "C06", message, f"say {wordings} here or before")


def _layperson_texts(library: Library, written: Written) -> Iterator[tuple[Location, str]]:
    """Yield what a layperson reads under the title, in order, with its place in the answer's file."""
    for number, claim in enumerate(written.answer.claims):
        if claim.section:
            place = ("claims", number, "section", Tone.LAYPERSON.value)
            yield place, library.text(claim.section, Tone.LAYPERSON)
        if claim.layperson:
            yield ("claims", number, Tone.LAYPERSON.value), library.text(claim, Tone.LAYPERSON)
    for number, note in enumerate(written.answer.notes):
        if note in written.topic.notes:
            yield ("notes", number), library.text(written.topic.notes[note], Tone.LAYPERSON)


def _without(text: str, names: list[str]) -> str:
    for name in names:
        while found := occurs(name, text):
            text = text[: found.start()] + text[found.end() :]
    return text


def no_action(subject: Subject) -> Iterator[Fault]:
    """C10: an answer that tells the layperson nothing to do."""
    for written in subject.answers():
        if not any(claim.kind == "action" and claim.layperson for claim in written.answer.claims):
            message = "nothing here tells the layperson what to do"
            yield fault_at(written.path, ("claims",), "C10", message, "add a claim of `kind: action`", key=True)


def _opening(sentence: str) -> str:
    return " ".join(sentence.split()[:6])


MAX_MESSAGE = {Tone.PROFESSIONAL: 2, Tone.LAYPERSON: 3}
"""Longest main message, in sentences; plain language needs shorter ones (CDC Clear Communication Index)."""


def main_message(subject: Subject) -> Iterator[Fault]:
    """C11: the first claim is the main message: one short paragraph for both readers, without heading or bullet."""
    for written in subject.answers():
        for problem in _message_problems(subject, written.answer.claims[0]):
            yield fault_at(
                written.path, ("claims", 0), "C11", f"the main message {problem}", "put the main message first"
            )


def _message_problems(subject: Subject, claim: Claim) -> Iterator[str]:
    if claim.section or claim.bullet:
        yield "begins with a heading or is a list item"
    if claim.layperson is None:
        yield "is missing in the layperson register"
    for tone in Tone:
        document = parse(subject.library.text(claim, tone))
        if len(document) > 1 or not all(isinstance(block, Paragraph) for block in document):
            yield f"is not a single paragraph in the {tone.value} register"
        elif len(split(subject.library.text(claim, tone))) > MAX_MESSAGE[tone]:
            yield f"has more than {MAX_MESSAGE[tone]} sentences in the {tone.value} register"


def unknown_brief(subject: Subject) -> Iterator[Fault]:
    """C17: the brief names a claim that the answer does not have."""
    for written in subject.answers():
        claims = [claim.id for claim in written.answer.claims]
        for number, name in enumerate(written.answer.brief):
            if name not in claims:
                message = f"`{name}` is not a claim of this answer"
                yield fault_at(written.path, ("brief", number), "C17", message, nearest(name, claims))


def unshowable(subject: Subject) -> Iterator[Fault]:
    """C15: Markdown that some channel cannot show."""
    for text in texts(subject.library):
        try:
            parse(text.raw)
        except UnsupportedMarkdown as error:
            yield fault_at(text.path, text.location, "C15", str(error), "use bold, lists, links and tables only")


def urgent_first(subject: Subject) -> Iterator[Fault]:
    """U01: the urgent answer begins with what to do, cites nothing before it, and carries no editor's notes."""
    for written in subject.answers():
        if written.node != subject.library.main.urgent:
            continue
        first = written.answer.claims[0]
        if first.kind != "action" or first.cites:
            message = "the urgent answer must begin with what to do, without a citation"
            yield fault_at(written.path, ("claims", 0), "U01", message, "put a claim of `kind: action` first")
        if written.answer.notes:
            message = "the urgent answer carries no editor's notes"
            yield fault_at(written.path, ("notes",), "U01", message, "remove them", key=True)

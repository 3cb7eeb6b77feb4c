"""Rules about plain language: how hard the layperson's text is, whether terms are explained, what the reader can do."""

from __future__ import annotations

from collections.abc import Iterator

from bot.library.check.subject import Subject, Written
from bot.library.fault import Fault
from bot.library.library import Library
from bot.library.markdown import parse
from bot.library.readability import Grade, explains, grade, occurs, sentences_of, word_count
from bot.library.shelf import fault_at
from bot.library.survey import Location
from bot.library.tone import Tone

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

"""Rules about plain language: how hard the layperson's text is, terms explained, what to do, briefs; and about the
words of emergencies and of advice."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from bot.authoring.readability import Grade, explains, grade, occurs, sentences_of, split, word_count
from bot.authoring.rules.base import AnswerRef, CheckContext, needs
from bot.channels.layout import document_text
from bot.content.diagnostics import Diagnostic, Location, nearest
from bot.content.files import diagnostic_at, diagnostic_at_words
from bot.content.library import Library
from bot.content.markdown import Paragraph, UnsupportedMarkdown, parse
from bot.content.models import Claim, Register
from bot.content.references import texts
from bot.matching.concepts import IN_THREAD
from bot.matching.subjects import PLACEHOLDERS

GAP = "TODO:"
"""Begins what an author still has to write."""

MAX_RAW, MAX_ADJUSTED = 9.0, 6.0
"""Highest Flesch-Kincaid grades: the NIH and AMA advise grade 6 to 8 for patient material."""

MAX_WORDS = 20
"""Longest sentence, in words: the NHS content guide."""

MIN_WORDS = 30
"""Shortest text that is graded: the grade of a sentence or two is noise."""


@needs("terms", "notes", "facts")
def too_hard(context: CheckContext) -> Iterator[Diagnostic]:
    """C04: a layperson answer above the reading grade."""
    for answer_ref in context.answers():
        found = answer_grade(context.library, answer_ref.node)
        if found.words < MIN_WORDS:
            continue
        if found.raw > MAX_RAW or found.adjusted > MAX_ADJUSTED:
            grades = f"{found.raw} raw and {found.adjusted} adjusted"
            message = f"the layperson text has reading grade {grades}; {MAX_RAW:g} and {MAX_ADJUSTED:g} are the most"
            remedy = f"begin with the hardest sentence: “{found.hardest}”"
            yield diagnostic_at(answer_ref.path, ("claims",), "C04", message, remedy, key=True)


def answer_grade(library: Library, node: str) -> Grade:
    """Return the reading grade of all a layperson reads in an answer: claims, their headings and the notes."""
    topic, answer = library.topic_of(node), library.answer(node)
    noted = [topic.notes[note] for note in answer.notes if note in topic.notes]
    parts = [part for claim in answer.claims for part in (claim.section, claim) if part] + noted
    sentences = [sentence for part in parts for sentence in _sentences(library.text(part, Register.LAYPERSON))]
    return grade(sentences, topic.terms)


def long_sentences(context: CheckContext) -> Iterator[Diagnostic]:
    """C05: a layperson sentence of more than twenty words."""
    for claim_ref in context.worded():
        for sentence in _sentences(context.library.text(claim_ref.words, Register.LAYPERSON)):
            count = word_count(sentence)
            if count > MAX_WORDS:
                place = (*claim_ref.location, Register.LAYPERSON.value)
                message = f"a sentence of {count} words; {MAX_WORDS} is the most: “{_opening(sentence)} …”"
                yield diagnostic_at(claim_ref.path, place, "C05", message, "make two sentences of it")


@needs("terms")
def unexplained(context: CheckContext) -> Iterator[Diagnostic]:
    """C06: a medical term that is not explained where the layperson first meets it."""
    for answer_ref in context.answers():
        texts = list(_layperson_texts(context.library, answer_ref))
        longer = _longer(tuple(answer_ref.topic.terms))
        for name, term in answer_ref.topic.terms.items():
            first = next((at for at, (_, text) in enumerate(texts) if _by_itself(name, text, longer[name])), None)
            if first is None:
                continue
            read = [
                context.library.text(answer_ref.answer.title, Register.LAYPERSON),
                *(text for _, text in texts[: first + 1]),
            ]
            if not explains("\n".join(read), term):
                wordings = " or ".join(f"“{words}”" for words in term.explained_by)
                message = f"`{name}` is not explained at first use"
                yield diagnostic_at(answer_ref.path, texts[first][0], "C06", message, f"say {wordings} here or before")


def _layperson_texts(library: Library, answer_ref: AnswerRef) -> Iterator[tuple[Location, str]]:
    """Yield what a layperson reads under the title, in order, with its place in the answer's file."""
    for number, claim in enumerate(answer_ref.answer.claims):
        if claim.section:
            place = ("claims", number, "section", Register.LAYPERSON.value)
            yield place, library.text(claim.section, Register.LAYPERSON)
        if claim.layperson:
            yield ("claims", number, Register.LAYPERSON.value), library.text(claim, Register.LAYPERSON)
    for number, note in enumerate(answer_ref.answer.notes):
        if note in answer_ref.topic.notes:
            yield ("notes", number), library.text(answer_ref.topic.notes[note], Register.LAYPERSON)


@lru_cache(8)
def _longer(terms: tuple[str, ...]) -> dict[str, list[str]]:
    """Return for each term the other terms that hold it."""
    return {name: [other for other in terms if name != other and occurs(name, other)] for name in terms}


def _by_itself(name: str, text: str, longer: list[str]) -> bool:
    """Tell whether a text names a term, and not only longer terms that hold it."""
    return bool(occurs(name, text) and occurs(name, _without(text, longer)))


def _without(text: str, names: list[str]) -> str:
    for name in names:
        while found := occurs(name, text):
            text = text[: found.start()] + text[found.end() :]
    return text


def no_action(context: CheckContext) -> Iterator[Diagnostic]:
    """C10: an answer that tells the layperson nothing to do."""
    for answer_ref in context.answers():
        if not any(claim.kind == "action" and claim.layperson for claim in answer_ref.answer.claims):
            message = "nothing here tells the layperson what to do"
            yield diagnostic_at(answer_ref.path, ("claims",), "C10", message, "add a claim of `kind: action`", key=True)


def _sentences(markdown: str) -> list[str]:
    """Return the sentences of a text; none of one that no channel can show, which is told elsewhere."""
    try:
        return sentences_of(parse(markdown))
    except UnsupportedMarkdown:
        return []


def _opening(sentence: str) -> str:
    return " ".join(sentence.split()[:6])


MAX_MESSAGE = {Register.PROFESSIONAL: 2, Register.LAYPERSON: 3}
"""Longest main message, in sentences; plain language needs shorter ones (CDC Clear Communication Index)."""


def main_message(context: CheckContext) -> Iterator[Diagnostic]:
    """C11: the first claim is the main message: one short paragraph for both readers, without heading or bullet."""
    for answer_ref in context.answers():
        for problem in _message_problems(context, answer_ref.answer.claims[0]):
            yield diagnostic_at(
                answer_ref.path, ("claims", 0), "C11", f"the main message {problem}", "put the main message first"
            )


def _message_problems(context: CheckContext, claim: Claim) -> Iterator[str]:
    if claim.section or claim.bullet:
        yield "begins with a heading or is a list item"
    if claim.layperson is None:
        yield "is missing in the layperson register"
    for register in Register:
        try:
            document = parse(context.library.text(claim, register))
        except UnsupportedMarkdown:
            continue
        if len(document) > 1 or not all(isinstance(block, Paragraph) for block in document):
            yield f"is not a single paragraph in the {register.value} register"
        elif len(split(context.library.text(claim, register))) > MAX_MESSAGE[register]:
            yield f"has more than {MAX_MESSAGE[register]} sentences in the {register.value} register"


def unknown_brief(context: CheckContext) -> Iterator[Diagnostic]:
    """C17: the brief names a claim that the answer does not have."""
    for answer_ref in context.answers():
        claims = [claim.id for claim in answer_ref.answer.claims]
        for number, name in enumerate(answer_ref.answer.brief):
            if name not in claims:
                message = f"`{name}` is not a claim of this answer"
                yield diagnostic_at(answer_ref.path, ("brief", number), "C17", message, nearest(name, claims))


@needs("dialogs")
def urgent_first(context: CheckContext) -> Iterator[Diagnostic]:
    """U01: an urgent answer begins with what to do, cites nothing before it, and carries no editor's notes."""
    urgent = context.library.urgent_nodes if context.library.main.urgent else frozenset()
    for answer_ref in context.answers():
        if answer_ref.node not in urgent:
            continue
        first = answer_ref.answer.claims[0]
        if first.kind != "action" or first.cites:
            message = "an urgent answer must begin with what to do, without a citation"
            yield diagnostic_at(answer_ref.path, ("claims", 0), "U01", message, "put a claim of `kind: action` first")
        if answer_ref.answer.notes:
            message = "an urgent answer carries no editor's notes"
            yield diagnostic_at(answer_ref.path, ("notes",), "U01", message, "remove them", key=True)


def gaps(context: CheckContext) -> Iterator[Diagnostic]:
    """C32: what an author still has to write, as `footnote new` marks it."""
    for text in texts(context.library):
        if text.raw.lstrip().startswith(GAP):
            message = f"still to write: {text.raw.strip().removeprefix(GAP).strip()}"
            yield diagnostic_at(text.path, text.location, "C32", message, "write it", level="warning")


MAX_BRIEF = {Register.PROFESSIONAL: 80, Register.LAYPERSON: 60}
"""Most words of a brief: with its title, small print and buttons it then fills little more than a phone's screen."""

_REASON = re.compile(r"\b(because|so that|since)\b", re.IGNORECASE)
"""Words with which a reason begins, in both registers."""


def long_brief(context: CheckContext) -> Iterator[Diagnostic]:
    """C18: a brief of too many words for one screen."""
    for answer_ref in _with_brief(context):
        for register in Register:
            count = sum(word_count(text) for text in _texts(context.library, answer_ref, register))
            if count > MAX_BRIEF[register]:
                message = f"the brief has {count} words in the {register} register; {MAX_BRIEF[register]} are the most"
                yield _finding(answer_ref, "C18", message, "leave a claim of it to the detail, or shorten one")


@needs("dialogs", "urgent")
def unsourced_brief(context: CheckContext) -> Iterator[Diagnostic]:
    """C19: a brief that names no source although the answer has some."""
    for answer_ref in _with_brief(context):
        cites = any(claim.cites for claim in answer_ref.answer.claims)
        if cites and not any(claim.cites for claim in _brief(answer_ref)) and not _apart(context.library, answer_ref):
            yield _finding(answer_ref, "C19", "the brief names no source", "name a claim in it that cites one")


@needs("dialogs", "urgent")
def idle_brief(context: CheckContext) -> Iterator[Diagnostic]:
    """C20: a brief that does not say what to do, or does not say why."""
    for answer_ref in _with_brief(context):
        if _apart(context.library, answer_ref):
            continue
        actions = [claim for claim in _brief(answer_ref) if claim.kind == "action"]
        if not actions:
            yield _finding(answer_ref, "C20", "the brief says nothing to do", "name a claim of `kind: action` in it")
            continue
        for register in Register:
            if not any(_REASON.search(context.library.text(claim, register)) for claim in actions):
                message = f"what the brief says to do gives no reason in the {register} register"
                yield _finding(answer_ref, "C20", message, "say why, such as with “because”")


def _with_brief(context: CheckContext) -> Iterator[AnswerRef]:
    return (answer_ref for answer_ref in context.answers() if answer_ref.answer.brief)


def _brief(answer_ref: AnswerRef) -> list[Claim]:
    claims = answer_ref.answer.claims
    return [claim for name in answer_ref.answer.brief for claim in claims if claim.id == name]


def _texts(library: Library, answer_ref: AnswerRef, register: Register) -> Iterator[str]:
    """Yield the claims of a brief; none that no channel can show, which is told elsewhere."""
    for claim in _brief(answer_ref):
        with suppress(UnsupportedMarkdown):
            yield document_text(parse(library.text(claim, register)))


def _apart(library: Library, answer_ref: AnswerRef) -> bool:
    """What is about the bot claims nothing; an emergency card acts first and cites afterwards."""
    return answer_ref.node in {*library.always, library.otherwise, *library.urgent_nodes}


def _finding(answer_ref: AnswerRef, code: str, message: str, remedy: str) -> Diagnostic:
    return diagnostic_at(answer_ref.path, ("brief",), code, message, remedy, key=True)


# --- what is urgent, and what rules name ------------------------------------------------------------------------------


@needs("urgent", "dialogs")
def no_emergencies(context: CheckContext) -> Iterator[Diagnostic]:
    """D22: a bot that knows no sign of an emergency."""
    rules, path = context.library.urgent_rules, context.library.home.content / "urgent.yaml"
    if rules is not None and rules.rules:
        return
    message = "nothing that anybody writes is an emergency here: there are no `rules`"
    remedy = "take content/urgent.yaml as shipped: people with chest pain will write to this bot, too"
    yield Diagnostic(path.as_posix(), 1, 1, "D22", message, "", remedy)


@needs("urgent", "vocabulary")
def unknown_concept(context: CheckContext) -> Iterator[Diagnostic]:
    """D23: a concept that a rule names and nothing defines: the rule never fires, or always."""
    library = context.library
    for path, location, name, known in (*_urgent_names(library), *_advice_names(library)):
        if name not in known:
            message = f"`{name}` is not a concept, so what names it never counts"
            yield diagnostic_at(path, location, "D23", message, nearest(name, known))
    yield from _placeholders(library)


def _placeholders(library: Library) -> Iterator[Diagnostic]:
    """Yield every `@NAME` of aspects.yaml that stands for nothing: the line would teach the sign itself."""
    path = library.home.content / "matching" / "aspects.yaml"
    for aspect, lines in library.matching.aspects.aspects.items() if library.matching else ():
        for name in dict.fromkeys(found for line in lines for found in re.findall(r"@(\w+)", line)):
            if name not in PLACEHOLDERS:
                message = f"`@{name}` stands for nothing"
                remedy = f"write one of {', '.join(f'`@{one}`' for one in PLACEHOLDERS)}"
                yield diagnostic_at_words(path, ("aspects", aspect), f"@{name}", "D23", message, remedy)


Named = tuple[Path, Location, str, Collection[str]]


def _urgent_names(library: Library) -> Iterator[Named]:
    """Yield the concepts that urgent.yaml names beside its rules, whose own are looked at as the file is read."""
    rules, path = library.urgent_rules, library.home.content / "urgent.yaml"
    if rules is None:
        return
    known = {*rules.concepts, *rules.composed}
    for name, composed in rules.composed.items():
        for group in composed.all:
            yield from ((path, ("composed", name, "all"), one, known) for one in group.split("|"))
    for name, said in rules.after.items():
        yield from ((path, ("after", name), one, known) for one in said)
    for field, written in ((one, one.removesuffix("_")) for one in type(rules.excuses).model_fields):
        yield from ((path, ("excuses", written), one, known) for one in getattr(rules.excuses, field))
    for name, concept in rules.concepts.items():
        yield from ((path, ("concepts", name, "implies"), one, known) for one in concept.implies)


def _advice_names(library: Library) -> Iterator[Named]:
    """Yield the concepts that advice.yaml names: its own, the shared ones, and `a-` kinds of what topics hold."""
    advice, matching, path = library.advice_rules, library.matching, library.home.content / "advice.yaml"
    if advice is None or matching is None:
        return
    held = [subject for topic in matching.topics.values() for subject in topic.subjects.items()]
    known = {*advice.concepts, *matching.words.concepts, IN_THREAD, *(name for name, _ in held)}
    known |= {f"a-{subject.kind}" for _, subject in held} | {f"foreign/{name}" for name in matching.world.foreign}
    for number, rule in enumerate(advice.rules):
        for at, group in enumerate(rule.all):
            yield from ((path, ("rules", number, "all", at), one, known) for one in group)
        yield from ((path, ("rules", number, "none"), one, known) for one in rule.none)

"""Rules about briefs: what a reader gets at once is short, names its sources, and says what to do and why."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.authoring.readability import word_count
from bot.authoring.rules.base import AnswerRef, CheckContext, needs
from bot.channels.plain import document_text
from bot.content.diagnostics import Diagnostic
from bot.content.files import diagnostic_at
from bot.content.library import Library
from bot.content.markdown import parse
from bot.content.models import Claim, Register

MAX_WORDS = {Register.PROFESSIONAL: 80, Register.LAYPERSON: 60}
"""Most words of a brief: with its title, small print and buttons it then fills little more than a phone's screen."""

_REASON = re.compile(r"\b(because|so that|since)\b", re.IGNORECASE)
"""Words with which a reason begins, in both registers."""


def long_brief(context: CheckContext) -> Iterator[Diagnostic]:
    """C18: a brief of too many words for one screen."""
    for answer_ref in _with_brief(context):
        for register in Register:
            count = sum(word_count(text) for text in _texts(context.library, answer_ref, register))
            if count > MAX_WORDS[register]:
                message = f"the brief has {count} words in the {register} register; {MAX_WORDS[register]} are the most"
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
    return (document_text(parse(library.text(claim, register))) for claim in _brief(answer_ref))


def _apart(library: Library, answer_ref: AnswerRef) -> bool:
    """What is about the bot claims nothing; an emergency card acts first and cites afterwards."""
    return answer_ref.node in {*library.always, library.otherwise, *library.urgent_nodes}


def _finding(answer_ref: AnswerRef, code: str, message: str, remedy: str) -> Diagnostic:
    return diagnostic_at(answer_ref.path, ("brief",), code, message, remedy, key=True)

"""One question, one answer: as text for people, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.channels.layout import Part, document_text, pressable, reply_text, section_text, sections
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Button, ClaimCard, Incoming, Kind, Outcome, Register, Reply, SourceLine, State
from bot.errors import UsageError


def answer_once(
    engine: Engine,
    text: str | None,
    node: str | None,
    after: str | None,
    register: Register | None,
    channel: str,
    *,
    as_json: bool,
    explain: bool,
) -> str:
    """Return the answer to one turn; raises UsageError for a node that does not exist or when nothing is asked."""
    if (text is None) == (node is None):
        raise UsageError("give either a question or --node NODE")
    after = _existing(engine, after) if after else None
    incoming = Incoming(Kind.TEXT, text or "", channel)
    if node:
        incoming = Incoming(Kind.TAP, payloads.payload(_existing(engine, node)), channel)
    reply, _ = engine.respond(State(register, introduced=True, history=(after,) if after else ()), incoming)
    if explain:
        from bot.matching.evaluation import explained

        reply = explained(engine.library, reply, text or "", after)
    if as_json:
        return json.dumps(as_data(reply, explain=explain), ensure_ascii=False, indent=2)
    return "\n".join([_as_text(engine, reply), *(_because(reply) if explain else ())])


def _because(reply: Reply) -> Iterator[str]:
    """Yield why, and what to do where that is wrong."""
    from bot.matching.evaluation import remedies

    yield from (f"because: {reason}" for reason in reply.reasons)
    yield from (f"to mend it, if it is wrong: {remedy}" for remedy in remedies(reply.reasons))


def as_data(reply: Reply, *, explain: bool = False) -> dict[str, Any]:
    """Return the reply in the fixed shape of `footnote ask --json`; with `reasons` when asked to explain."""
    card, claims = reply.card, reply.card if isinstance(reply.card, ClaimCard) else None
    unsure = card.outcome is Outcome.CHOICES
    return {
        "outcome": card.outcome.value,
        "node": card.node,
        "choices": _nodes(reply.choices, "choice") if unsure else [],
        "also": [reply.second.node] if reply.second else _nodes(reply.choices, "also"),
        "tone": card.register.value,
        "title": card.title,
        "brief": "\n\n".join(filter(None, [reply.lead, document_text(card.brief)])),
        "text": "\n\n".join(filter(None, _authored(reply))),
        "sources": [{"number": s.number, "id": s.id, "text": s.text, "url": s.url} for s in _sources(reply)],
        "review": claims.review.full if claims else "",
        "disclaimer": claims.disclaimer.full if claims else "",
        "buttons": [{"label": b.label, "node": _node(b.payload)} for b in pressable(reply)],
        **({"reasons": list(reply.reasons)} if explain else {}),
    }


def _authored(reply: Reply) -> Iterator[str]:
    """Yield all that is authored in the answer, in reading order: brief, detail and notes."""
    yield reply.lead
    for section in sections(reply):
        if section.part in (Part.BRIEF, Part.SECOND, Part.DETAIL, Part.NOTES, Part.OFFER):
            yield section_text(section, "")


def _sources(reply: Reply) -> tuple[SourceLine, ...]:
    listed = reply.card.sources if isinstance(reply.card, ClaimCard) and reply.card.lists_sources else ()
    return listed or next((s.sources for s in sections(reply) if s.part is Part.SOURCES), ())


def _nodes(buttons: Iterable[Button], role: str) -> list[str]:
    return [_node(button.payload) for button in buttons if button.role == role]


def _as_text(engine: Engine, reply: Reply) -> str:
    labels = [f"  ({number}) {button.label}" for number, button in enumerate(pressable(reply), start=1)]
    heading = engine.text("sources-heading", reply.card.register)
    return "\n".join([reply_text(reply, heading), "", *labels])


def _existing(engine: Engine, node: str) -> str:
    found = engine.library.resolve(node)
    if found is None:
        raise UsageError(f"there is no node '{node}'; `footnote graph` lists them all")
    return found


def _node(payload: str) -> str:
    tap = payloads.parse(payload)
    return tap.node if tap else ""

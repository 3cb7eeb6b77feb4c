"""One question, one answer: as text for people, as JSON for programs."""

from __future__ import annotations

import json
from typing import Any

from bot.channels.plain import document_text, pressable, reply_text
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Outcome, Register, Reply, State
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
    history = (_existing(engine, after),) if after else ()
    incoming = Incoming(Kind.TEXT, text or "", channel)
    if node:
        incoming = Incoming(Kind.TAP, payloads.payload(_existing(engine, node)), channel)
    reply, _ = engine.respond(State(register, introduced=True, history=history), incoming)
    if as_json:
        return json.dumps(as_data(reply, explain=explain), ensure_ascii=False, indent=2)
    because = [f"because: {reason}" for reason in reply.reasons] if explain else []
    return "\n".join([_as_text(engine, reply), *because])


def as_data(reply: Reply, *, explain: bool = False) -> dict[str, Any]:
    """Return the reply in the fixed shape of `footnote ask --json`; with `reasons` when asked to explain."""
    card = reply.card
    unsure = card.outcome is Outcome.CHOICES
    return {
        "outcome": card.outcome.value,
        "node": card.node,
        "choices": [_node(button.payload) for button in reply.choices[:-1]] if unsure else [],
        "tone": card.register.value,
        "title": card.title,
        "text": "\n\n".join(filter(None, [reply.lead, document_text(card.body), document_text(card.notes)])),
        "sources": [{"number": s.number, "id": s.id, "text": s.text, "url": s.url} for s in card.sources],
        "review": card.review,
        "disclaimer": card.disclaimer,
        "buttons": [{"label": b.label, "node": _node(b.payload)} for b in pressable(reply)],
        **({"reasons": list(reply.reasons)} if explain else {}),
    }


def _as_text(engine: Engine, reply: Reply) -> str:
    labels = [f"  ({number}) {button.label}" for number, button in enumerate(pressable(reply), start=1)]
    heading = engine.sentence("sources-heading", reply.card.register)
    return "\n".join([reply_text(reply, heading), "", *labels])


def _existing(engine: Engine, node: str) -> str:
    found = engine.library.resolve(node)
    if found is None:
        raise UsageError(f"there is no node '{node}'; `footnote graph` lists them all")
    return found


def _node(payload: str) -> str:
    tap = payloads.parse(payload)
    return tap.node if tap else ""

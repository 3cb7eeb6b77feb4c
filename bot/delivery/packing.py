"""Between what a door hands over and what the database may keep: names hashed, words and address sealed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from bot.delivery.envelope import Address, Envelope
from bot.delivery.identity import Identity
from bot.delivery.store import Arrival, Turn
from bot.engine.turn import Incoming, Kind


@dataclass(frozen=True, slots=True)
class Parcel:
    """What an inbox row holds, opened again."""

    incoming: Incoming
    address: Address
    quiet: bool


def pack(envelope: Envelope, identity: Identity, received: float) -> Arrival:
    """Return the envelope as it is stored. Raises ValueError for an envelope without keys, TypeError for an address
    that is not JSON."""
    if not envelope.keys:
        raise ValueError("an envelope needs at least one key by which its repetition is known")
    return Arrival(
        keys=tuple(dict.fromkeys(identity.event(f"{envelope.channel}:{key}") for key in envelope.keys)),
        channel=envelope.channel,
        person=identity.person(envelope.person),
        conversation=identity.conversation(envelope.conversation),
        payload=identity.seal(_text(envelope).encode()),
        received=received,
        question=envelope.question,
        replies_to=envelope.replies_to,
        edited=envelope.incoming.edited,
    )


def unpack(turn: Turn, identity: Identity) -> Parcel:
    """Return what was packed, with the context that the database knows. Raises `Unsealable` or ValueError."""
    found: dict[str, Any] = json.loads(identity.unseal(turn.payload))
    incoming = Incoming(
        kind=Kind(found["kind"]),
        text=found["text"],
        channel=turn.channel,
        context=found["context"],
        edited=found["edited"],
    )
    if turn.context is not None:
        incoming = replace(incoming, context=turn.context)
    return Parcel(incoming, found["address"], found["quiet"])


def _text(envelope: Envelope) -> str:
    incoming = envelope.incoming
    return json.dumps(
        {
            "kind": incoming.kind,
            "text": incoming.text,
            "context": incoming.context,
            "edited": incoming.edited,
            "address": dict(envelope.address),
            "quiet": envelope.quiet,
        }
    )

"""A reply as Telegram messages: texts with entities (nothing is ever parsed as markup), buttons under the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from bot.adapters.telegram.keyboard import keyboard
from bot.adapters.telegram.layout import Unit, card_units, closing_units, code_units, text_units
from bot.adapters.telegram.packing import pack
from bot.engine.turn import Button, Card, Outcome, Reply, Tone


class Words(Protocol):
    """The bot's own sentences, by key and register."""

    def __call__(self, key: str, tone: Tone, **values: object) -> str:
        """Return one sentence; raises KeyError for an unknown key."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message: its text, its entities, and its keyboard if it has one."""

    text: str
    entities: list[dict[str, Any]]
    keyboard: dict[str, Any] | None = None

    def parameters(self) -> dict[str, Any]:
        """Return what sendMessage and editMessageText have in common; an answer shows no preview of its links."""
        content: dict[str, Any] = {"text": self.text, "link_preview_options": {"is_disabled": True}}
        if self.entities:
            content["entities"] = self.entities
        if self.keyboard:
            content["reply_markup"] = self.keyboard
        return content


Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class _Rendered:
    card: Card
    units: tuple[Unit, ...]
    parts: Parts


class Renderer:
    """Renders replies; what depends on the card alone is rendered once per node and register."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._cards: dict[tuple[str, Tone, Outcome], _Rendered] = {}

    def render(self, reply: Reply, more: Iterable[Button] = ()) -> list[Part]:
        """Return one or more messages in order; `more` are buttons of this place, such as a way to privacy."""
        rendered = self._rendered(reply.card)
        own = reply.lead or reply.stored or reply.disclaimer or reply.offer
        parts, after = _divided(rendered.units, reply) if own else (rendered.parts, ())
        last = parts[-1]
        return [*parts[:-1], Part(last.text, last.entities, keyboard(reply, more)), *after]

    def _rendered(self, card: Card) -> _Rendered:
        key = (card.node, card.tone, card.outcome)
        known = self._cards.get(key)
        if known is None or known.card != card:
            units = card_units(card, self._words("sources-heading", card.tone))
            known = self._cards[key] = _Rendered(card, units, _parts((*units, *closing_units(card))))
        return known


def _divided(card: tuple[Unit, ...], reply: Reply) -> tuple[Parts, Parts]:
    """Return the messages of a card with what belongs to this turn alone, and the message that follows them.

    A full disclaimer that would divide the answer comes after it: what is one message can still be changed in place.
    """
    before = (*text_units(reply.lead), *code_units(reply.stored), *card)
    offer = text_units(reply.offer)
    whole = _parts((*before, *closing_units(reply.card, reply.disclaimer), *offer))
    if len(whole) == 1 or not reply.disclaimer:
        return whole, ()
    return _parts((*before, *closing_units(reply.card), *offer)), _parts(closing_units(reply.card, reply.disclaimer))


def _parts(units: tuple[Unit, ...]) -> Parts:
    return tuple(Part(message.text, message.entities) for message in pack(units))

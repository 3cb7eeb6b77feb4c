"""A pasted leaflet names many signs and means nobody; the same words said of oneself are an emergency."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.content.urgent_models import Excusing
from bot.matching.sentences import sentence
from bot.matching.signs import Hit, Marks, Places

_FEWEST_WORDS = 40
_MANY_SIGNS = 3
_PRINTED = 2
"""How many words of printed advice make a long text a leaflet."""


def is_leaflet(rules: Excusing, places: Places, found: Sequence[Hit]) -> Callable[[Hit], bool]:
    """Return what tells whether a sign stands in printed advice, in a sentence that speaks of nobody."""
    advice = {places.words[one.first].text for one in places.of(rules.leaflet)}
    signs = {hit.rule.sign for hit in found}
    long = len(places.words) >= _FEWEST_WORDS
    quoted = places.any_of(rules.document) or _expounds(rules, places)
    printed = quoted or (long and (len(advice) >= _PRINTED or (advice and len(signs) >= _MANY_SIGNS)))
    own = Marks(places.of((*rules.personal, *rules.present)) if printed else [])

    def impersonal(hit: Hit) -> bool:
        if not printed:
            return False
        begin, end = sentence(places.words, hit.first, hit.last)
        return not own.within(begin, end)

    return impersonal


def _expounds(rules: Excusing, places: Places) -> bool:
    """Tell whether a text of any length lists signs as print does (`symptoms include`) and speaks of nobody."""
    return places.any_of(rules.exposition) and not places.any_of((*rules.own, *rules.present, *rules.ongoing))

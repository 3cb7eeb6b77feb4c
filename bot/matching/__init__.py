"""From a person's words to a node, several candidates, or an honest 'not covered': `build_matcher` is the way in."""

from __future__ import annotations

from bot.content.library import Library
from bot.content.matching_models import AdviceRules, Intents, Matching, Phrases, UrgentRules, Vocabulary
from bot.dialog.matching import Match, Matcher
from bot.matching.build import Parts, build
from bot.matching.decide import Roles
from bot.matching.learned import digest, dump

__all__ = ["Match", "Matcher", "build_matcher", "matching_data", "roles_of", "trained"]


def matching_data(library: Library) -> Matching:
    """Return the library's matching files, typed; raises pydantic.ValidationError for data of another shape."""
    return Matching(
        vocabulary=Vocabulary.model_validate(library.vocabulary or {}),
        intents=Intents.model_validate(library.intents or {}),
        advice=AdviceRules.model_validate(library.advice_rules or {}),
        urgent=UrgentRules.model_validate(library.urgent_rules or {}),
        phrases=Phrases.model_validate({"phrases": library.phrases, "after": library.after}),
    )


def build_matcher(library: Library) -> Matcher:
    """Return the matcher of a library; raises pydantic.ValidationError or ValueError for data it cannot use."""
    return build(matching_data(library), roles_of(library), library.home.content)


def roles_of(library: Library) -> Roles:
    """Return the nodes with a part of their own."""
    return Roles(library.urgent, library.advice, library.otherwise)


def trained(library: Library) -> str:
    """Return the text of content/matcher.json for the library as it is now; takes minutes."""
    data = matching_data(library)
    return dump(Parts(data).learn(), digest(data))

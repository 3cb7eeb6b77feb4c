"""From a person's words to a node, several candidates, or an honest 'not covered': `build_matcher` is the way in."""

from __future__ import annotations

from bot.content.library import Library
from bot.content.matching_models import AdviceRules, Intents, Matching, Phrases, Vocabulary
from bot.content.urgent_models import LanguagesFile, UrgentRules
from bot.dialog.matching import Match, Matcher
from bot.matching.build import Parts, build
from bot.matching.decide import Roles
from bot.matching.learned import digest, dump
from bot.matching.normalise import every_word
from bot.matching.urgency import Urgency

__all__ = ["Match", "Matcher", "build_matcher", "matching_data", "roles_of", "trained", "understanding", "urgency_of"]


def matching_data(library: Library) -> Matching:
    """Return the library's matching files, typed; raises pydantic.ValidationError for data of another shape."""
    return Matching(
        vocabulary=Vocabulary.model_validate(library.vocabulary or {}),
        intents=Intents.model_validate(library.intents or {}),
        advice=AdviceRules.model_validate(library.advice_rules or {}),
        phrases=Phrases.model_validate({"phrases": library.phrases, "after": library.after}),
    )


def build_matcher(library: Library) -> Matcher:
    """Return the matcher of a library; raises pydantic.ValidationError or ValueError for data it cannot use."""
    return build(matching_data(library), urgency_of(library), roles_of(library), library.home.content)


def understanding(library: Library) -> tuple[object, ...]:
    """Return everything of a library that a matcher is built from: where it is equal, so is the matcher."""
    return (
        (library.vocabulary, library.intents, library.advice_rules, library.phrases, library.after),
        (library.urgent_rules, library.languages, roles_of(library)),
    )


def urgency_of(library: Library) -> Urgency:
    """Return what recognises emergencies, with the ordinary words of the library as no misspelt signs."""
    known = library.vocabulary.common if library.vocabulary else ()
    ordinary = {form for word in known for form in every_word([word])}
    return Urgency(library.urgent_rules or UrgentRules(), library.languages or LanguagesFile(), ordinary)


def roles_of(library: Library) -> Roles:
    """Return the nodes with a part of their own."""
    return Roles(library.urgent, library.advice, library.otherwise)


def trained(library: Library) -> str:
    """Return the text of content/matcher.json for the library as it is now; takes minutes."""
    data = matching_data(library)
    return dump(Parts(data).learn(), digest(data))

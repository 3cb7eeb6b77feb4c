"""What a short question is about: the subject it names, or else the subject of the answer last shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.content.matching_models import Intent, Intents

SELF, ANY, OFFER = "self", "any", "?"


class Threads:
    """Resolves an intent to the nodes that answer it, from the words' subject or the thread."""

    def __init__(self, intents: Intents) -> None:
        self._subjects: Mapping[str, str] = intents.subjects
        self._subject_of: Mapping[str, str] = intents.subject_of

    def named(self, concepts: frozenset[str]) -> str | None:
        """Return the most telling subject among the concepts a message names."""
        return next((subject for concept, subject in self._subjects.items() if concept in concepts), None)

    def holds(self, context: str | None) -> bool:
        """Return whether the answer last shown has a subject that a follow-up can mean."""
        return context in self._subject_of

    def subject_of(self, context: str) -> str:
        """Return the subject of the answer last shown, or `any` where it has none."""
        return self._subject_of.get(context, ANY)

    def resolve(self, intent: Intent, named: str | None, context: str | None) -> Sequence[str]:
        """Return the nodes that answer the intent, best first; empty when nothing fits."""
        about = intent.about
        if named is None and context is not None and self.holds(context):
            nodes = about.get(context) or about.get(self._subject_of[context]) or about.get(ANY, ())
            return tuple(context if node == SELF else node for node in nodes)
        if named is None:
            return ()
        return tuple(node for node in about.get(named, ()) if node != SELF)

"""When the bot speaks although nobody addressed it, in a thread or group it was asked into.

Who speaks and whether something is asked decide, not how sure the matcher is: a remark between colleagues may name a
drug as plainly as a question does. What is urgent is said whoever speaks.
"""

from __future__ import annotations

import re

from bot.dialog.turn import Outcome, Reply, State

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OPENERS = _set("and or but so also then ok okay well hm hmm um oh ah please pls thanks sorry hi hey now")
"""Words that stand before a question without being part of it."""

_INTERROGATIVES = _set(
    "what which who whom whose when where why how what's who's where's how's is are was were am isn't aren't do"
    " does did don't doesn't didn't has have had can could can't couldn't should shouldn't would wouldn't will won't"
    " may might must shall any anything anyone"
)
"""Words with which an English question begins."""

_REQUESTS = _set("tell give show explain list compare describe summarise summarize define repeat remind help")
"""Verbs that ask for words when they begin a sentence."""

_PREPOSITIONS = _set("in for with by at to on of from since until after before")
"""Words that may stand before the interrogative: "by how much", "for which patients"."""

_PLEASE = frozenset({"please", "pls", "plz"})

_SPOKEN = frozenset({Outcome.ANSWER, Outcome.CHOICES, Outcome.NOT_COVERED, Outcome.URGENT})


def asks(text: str) -> bool:
    """Tell whether words ask for something: a question mark at the end of a sentence, a question's first word, a verb
    that asks for words, or a wish such as "shorter please"."""
    return any(_asks(sentence) for sentence in re.split(r"(?<=[.!?])\s+|\n+", text) if sentence.strip())


def _asks(sentence: str) -> bool:
    if sentence.rstrip(" \"')]").endswith("?"):
        return True
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(sentence)]
    wished = bool(words) and words[-1] in _PLEASE
    while words and words[0] in _OPENERS:
        words.pop(0)
    if len(words) > 1 and words[0] in _PREPOSITIONS:
        words.pop(0)
    return wished or (bool(words) and (words[0] in _INTERROGATIVES or words[0] in _REQUESTS))


def worth_saying(reply: Reply, before: State, after: State, text: str, *, asker: bool) -> bool:
    """Tell whether to say a reply to words that were not addressed to the bot: when it is urgent; to the one who asked
    here, also what they ask further, and that it was told to be quiet or to speak again."""
    outcome = reply.card.outcome
    if outcome is Outcome.URGENT and not reply.again:
        return True
    quiet = before.preferences.quiet or (before.quiet and after.quiet)
    if not asker or (quiet and outcome is not Outcome.URGENT):
        return False
    return before.quiet != after.quiet or (outcome in _SPOKEN and asks(text))

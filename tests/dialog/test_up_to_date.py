"""A node that was renamed or removed after the matcher learned it, or after somebody read it, makes no turn fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.content.library import Library
from bot.content.models import Node
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Emergency, Incoming, Kind, Match, Outcome, Register, State, up_to_date


class Stale:
    """A matcher that learned a tree of yesterday: it finds the same node in everything."""

    def __init__(self, node: str, outcome: Outcome) -> None:
        self._node, self._outcome = node, outcome

    def match(self, text: str, context: str | None, register: Register) -> Match:
        others = (self._node, "overview", "gone-long-ago")
        return Match(self._outcome, self._node, choices=others, related=others, scores=((self._node, 0.9),))


def without(library: Library, node: str, new: str | None = None) -> Library:
    """Return the library after an editor removed a node, or renamed it."""
    topic = library.topic_of(node)
    answers = {new or id_: answer for id_, answer in topic.answers.items() if id_ == node and new}
    answers |= {id_: answer for id_, answer in topic.answers.items() if id_ != node}
    nodes = {id_: Node(next=tuple(new if n == node and new else n for n in place.next if n != node or new))
             for id_, place in library.nodes.items() if id_ != node}  # fmt: skip
    nodes |= {new: library.nodes[node]} if new else {}
    return replace(
        library,
        nodes=nodes,
        renamed={**library.renamed, **({node: new} if new else {})},
        topics={**library.topics, topic.id: replace(topic, answers=answers)},
        _topic_of={
            id_: t for id_, t in {**library._topic_of, **({new: topic.id} if new else {})}.items() if id_ != node
        },
        _rendered={},
    )


def duties(library: Library) -> set[str]:
    main = library.main
    named = {main.start, main.urgent, main.advice, main.otherwise, *main.always, *main.roles.values()}
    return {node for node in named if node} | library.urgent_nodes


def turns(node: str) -> Iterator[tuple[State, Incoming]]:
    """Yield what a person may do whose conversation, message or button still names the node."""
    for history in ((), (node,), ("overview", node), (node, "overview")):
        state = State(history=history, emergency=Emergency(node, 0.0), question=(payloads.payload(node), ""))
        for words in ("how much?", "again", "shorter", "more", "go back", "yes", "I do not understand"):
            yield state, Incoming(Kind.TEXT, words)
            yield state, Incoming(Kind.TEXT, words, context=node)
        yield state, Incoming(Kind.TAP, payloads.payload(node))
        yield state, Incoming(Kind.COMMAND, node)
        yield state, Incoming(Kind.COMMAND, f"start {node}")


@pytest.mark.parametrize(
    "outcome", [Outcome.ANSWER, Outcome.CHOICES, Outcome.NOT_COVERED, Outcome.URGENT, Outcome.SMALL_TALK]
)
def test_a_removed_node_makes_no_turn_fail(outcome: Outcome, library: Library) -> None:
    for node in sorted(set(library.nodes) - duties(library))[:12]:
        changed = without(library, node)
        engine = Engine(changed, Stale(node, outcome))
        for state, incoming in turns(node):
            reply, after = engine.respond(state, incoming)
            assert reply.card.node != node
            assert node not in after.history
            assert all(node != (tap.node if (tap := payloads.parse(one.payload)) else "") for one in reply.buttons)


def test_a_renamed_node_is_followed_everywhere(library: Library) -> None:
    engine = Engine(without(library, "ala-dose", "ala-amount"), Stale("ala-dose", Outcome.ANSWER))
    reply, after = engine.respond(State(history=("ala-dose",)), Incoming(Kind.TEXT, "how much?"))
    assert (reply.card.node, after.history) == ("ala-amount", ("ala-amount",))


def test_a_removed_emergency_card_still_leads_to_help(library: Library) -> None:
    cards = sorted(library.urgent_nodes - {library.urgent})
    for card in cards:
        reply, _ = Engine(without(library, card), Stale(card, Outcome.URGENT)).respond(
            State(), Incoming(Kind.TEXT, "x")
        )
        assert reply.card.node == library.urgent


def test_what_was_shown_again_is_what_was_shown_last(library: Library) -> None:
    state, _ = up_to_date(library, State(history=("ala-safety", "k2", "ala-safety")), Incoming(Kind.TEXT, "words"))
    assert state.node == "ala-safety"
    assert state.history == ("k2", "ala-safety")

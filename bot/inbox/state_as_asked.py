"""In which state a question is read that is not simply the next one: a corrected one, or one an emergency overtook.

Each is read after what was shown before it was asked, and leaves the conversation where it is by now.
"""

from __future__ import annotations

from dataclasses import replace

from bot.dialog.turn import Emergency, State
from bot.store.base import Earlier, Turn


def asked_in(turn: Turn, *, edited: bool) -> State:
    """Return the state in which a turn's question was asked.

    Where a corrected message was one of several, the other words are gone, and the answer they had stands for them.
    """
    state, earlier = turn.state, turn.earlier
    if edited and earlier is not None:
        history = earlier.history if earlier.whole else (*earlier.history, earlier.node)
        return replace(state, history=history, question=None, emergency=_before(state.emergency, earlier))
    if _overtaken(turn):
        shown = tuple(node for node in state.history if state.emergency and node != state.emergency.node)
        return replace(state, history=shown, question=None, emergency=None)
    return state


def left_by(turn: Turn, after: State, *, edited: bool) -> State:
    """Return what to remember after a turn that was read in `asked_in`: a correction moves the conversation's place
    only if nothing followed its answer, and an emergency stays what it is about."""
    state, earlier = turn.state, turn.earlier
    if edited and earlier is not None:
        if earlier.newest and state.node == earlier.node:
            return after
        kept = after.emergency or (None if _its_own(state.emergency, earlier) else state.emergency)
        return replace(state, register=after.register, introduced=after.introduced, emergency=kept)
    return replace(after, emergency=after.emergency or state.emergency) if _overtaken(turn) else after


def _overtaken(turn: Turn) -> bool:
    emergency = turn.state.emergency
    return emergency is not None and turn.received < emergency.at


def _before(emergency: Emergency | None, earlier: Earlier) -> Emergency | None:
    """Return the emergency the conversation was about when the question was asked, if it was about one."""
    then = emergency is not None and emergency.at <= earlier.at and not _its_own(emergency, earlier)
    return emergency if then else None


def _its_own(emergency: Emergency | None, earlier: Earlier) -> bool:
    """Tell whether it was the question itself that spoke of the emergency."""
    return emergency is not None and emergency.node == earlier.node and emergency.at <= earlier.at

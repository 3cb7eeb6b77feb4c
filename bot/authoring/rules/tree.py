"""Rules about the tree: every answer is shown, every node is reached, every node leads on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from bot.authoring.rules.base import CheckContext, needs
from bot.content.diagnostics import Diagnostic, nearest
from bot.content.files import diagnostic_at
from bot.content.library import Library
from bot.content.models import Role
from bot.dialog.composer import MAX_FOLLOW_UPS


@needs("dialogs")
def unreachable(context: CheckContext) -> Iterator[Diagnostic]:
    """D02: a node that no button leads to; phrases alone do not show a reader that it exists."""
    library = context.library
    reached = _reached(library)
    for name, dialog in library.dialogs.items():
        for node in dialog.nodes:
            if node not in reached:
                message = f"no button leads to `{node}`"
                remedy = "name it in the `next` of another node"
                place = ("nodes", node)
                yield diagnostic_at(library.home.dialog(name), place, "D02", message, remedy, key=True, level="warning")


def _reached(library: Library) -> set[str]:
    ways_in = (library.start, *library.urgent_nodes, library.advice, library.otherwise, *library.always)
    waiting = [*ways_in, *(dialog.start for dialog in library.dialogs.values())]
    reached = set[str]()
    while waiting:
        node = waiting.pop()
        if node in library.nodes and node not in reached:
            reached.add(node)
            waiting.extend(library.nodes[node].next)
    return reached


def dead_end(context: CheckContext) -> Iterator[Diagnostic]:
    """D03: a node without follow-ups."""
    for name, dialog in context.library.dialogs.items():
        for node, body in dialog.nodes.items():
            if not body.next:
                path = context.library.home.dialog(name)
                yield diagnostic_at(path, ("nodes", node), "D03", f"`{node}` leads nowhere", "add `next:`", key=True)


@needs("dialogs")
def unshown(context: CheckContext) -> Iterator[Diagnostic]:
    """D08: an answer that no node shows."""
    for answer_ref in context.answers():
        if answer_ref.node not in context.library.nodes:
            message = f"no node shows the answer `{answer_ref.node}`"
            yield diagnostic_at(
                answer_ref.path, ("answer",), "D08", message, "add the node to a dialog", level="warning"
            )


def repeated_button(context: CheckContext) -> Iterator[Diagnostic]:
    """D10: a node that offers itself, or the same follow-up twice."""
    for name, dialog in context.library.dialogs.items():
        path = context.library.home.dialog(name)
        for node, body in dialog.nodes.items():
            for number, target in enumerate(body.next):
                place = ("nodes", node, "next", number)
                if target == node:
                    yield diagnostic_at(path, place, "D10", f"`{node}` offers itself", "remove it")
                elif target in body.next[:number]:
                    yield diagnostic_at(path, place, "D10", f"`{target}` is offered twice", "keep one")


def crowded(context: CheckContext) -> Iterator[Diagnostic]:
    """D12: more follow-ups than stand under an answer; the last would never be seen."""
    for name, dialog in context.library.dialogs.items():
        for node, body in dialog.nodes.items():
            if len(body.next) > MAX_FOLLOW_UPS:
                path, place = context.library.home.dialog(name), ("nodes", node, "next")
                message = f"{len(body.next)} follow-ups; {MAX_FOLLOW_UPS} are shown"
                yield diagnostic_at(path, place, "D12", message, "keep what helps most, first things first", key=True)


@needs("dialogs")
def missing_role(context: CheckContext) -> Iterator[Diagnostic]:
    """D20: a part that the main dialog gives to no node, though a command or a button counts on it."""
    library = context.library
    path = next((library.home.dialog(name) for name, one in library.dialogs.items() if one is library.main), None)
    for role in get_args(Role):
        if path and library.role(role) is None:
            near = nearest(role, library.nodes).removeprefix("did you mean ").removesuffix("?")
            remedy = f"add `{role}: {near.strip('`') or 'a-node'}` under `roles:`"
            yield diagnostic_at(path, ("roles",), "D20", f"no node is `{role}`", remedy, key=True)


@needs("dialogs")
def main_dialog(context: CheckContext) -> Iterator[Diagnostic]:
    """D21: several dialogs, of which not exactly one says that it is the main one."""
    dialogs, home = context.library.dialogs, context.library.home
    chosen = [name for name, dialog in dialogs.items() if dialog.default]
    if len(dialogs) > 1 and not chosen:
        names = " and ".join(f"`{name}`" for name in dialogs)
        message = f"{names}: none says `default: true`, so `{next(iter(dialogs))}` starts every conversation"
        for name in dialogs:
            remedy = "add `default: true` to the dialog that greets and answers the rest, and to no other"
            yield diagnostic_at(home.dialog(name), ("dialog",), "D21", message, remedy, key=True)
    for name in chosen[1:]:
        message = f"`{chosen[0]}` is the main dialog already"
        yield diagnostic_at(home.dialog(name), ("default",), "D21", message, "remove this line", key=True)

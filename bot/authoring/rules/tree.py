"""Rules about the tree: every answer is shown, every node is reached, every node leads on; and small talk."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import get_args

from bot.authoring.rules.base import CheckContext, needs
from bot.authoring.rules.phrases import plain
from bot.content.diagnostics import Diagnostic, Location, nearest
from bot.content.files import diagnostic_at, diagnostic_at_words
from bot.content.library import Library
from bot.content.models import Register, Role
from bot.dialog.composer import MAX_FOLLOW_UPS
from bot.matching.advice import IN_THREAD
from bot.matching.subjects import PLACEHOLDERS


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
    """D21: several dialogs, of which not exactly one says that it is the main one or has a main dialog's duties."""
    dialogs, home = context.library.dialogs, context.library.home
    main = next((name for name, dialog in dialogs.items() if dialog is context.library.main), "")
    chosen = [name for name, dialog in dialogs.items() if dialog.default]
    if len(dialogs) > 1 and not chosen:
        names = " and ".join(f"`{name}`" for name in dialogs)
        message = f"{names}: none says `default: true`, so `{main}` starts every conversation"
        for name in dialogs:
            remedy = "add `default: true` to the dialog that greets and answers the rest, and to no other"
            yield diagnostic_at(home.dialog(name), ("dialog",), "D21", message, remedy, key=True)
    for name in chosen:
        if name != main:
            message = f"`{main}` is the main dialog already"
            yield diagnostic_at(home.dialog(name), ("default",), "D21", message, "remove this line", key=True)
    for name, dialog in dialogs.items():
        for duty in dialog.duties if name != main else ():
            message = f"`{duty}:` counts in the main dialog alone, which is `{main}`"
            yield diagnostic_at(home.dialog(name), (duty,), "D21", message, "remove it, or name it there", key=True)


@needs("urgent", "dialogs")
def no_emergencies(context: CheckContext) -> Iterator[Diagnostic]:
    """D22: a bot that knows no sign of an emergency."""
    rules, path = context.library.urgent_rules, context.library.home.content / "urgent.yaml"
    if rules is not None and rules.rules:
        return
    message = "nothing that anybody writes is an emergency here: there are no `rules`"
    remedy = "take content/urgent.yaml as shipped: people with chest pain will write to this bot, too"
    yield Diagnostic(path.as_posix(), 1, 1, "D22", message, "", remedy)


@needs("urgent", "vocabulary")
def unknown_concept(context: CheckContext) -> Iterator[Diagnostic]:
    """D23: a concept that a rule names and nothing defines: the rule never fires, or always."""
    library = context.library
    for path, location, name, known in (*_urgent_names(library), *_advice_names(library)):
        if name not in known:
            message = f"`{name}` is not a concept, so what names it never counts"
            yield diagnostic_at(path, location, "D23", message, nearest(name, known))
    yield from _placeholders(library)


def _placeholders(library: Library) -> Iterator[Diagnostic]:
    """Yield every `@NAME` of aspects.yaml that stands for nothing: the line would teach the sign itself."""
    path = library.home.content / "matching" / "aspects.yaml"
    for aspect, lines in library.matching.aspects.aspects.items() if library.matching else ():
        for name in dict.fromkeys(found for line in lines for found in re.findall(r"@(\w+)", line)):
            if name not in PLACEHOLDERS:
                message = f"`@{name}` stands for nothing"
                remedy = f"write one of {', '.join(f'`@{one}`' for one in PLACEHOLDERS)}"
                yield diagnostic_at_words(path, ("aspects", aspect), f"@{name}", "D23", message, remedy)


Named = tuple[Path, Location, str, Collection[str]]


def _urgent_names(library: Library) -> Iterator[Named]:
    """Yield the concepts that urgent.yaml names beside its rules, whose own are looked at as the file is read."""
    rules, path = library.urgent_rules, library.home.content / "urgent.yaml"
    if rules is None:
        return
    known = {*rules.concepts, *rules.composed}
    for name, composed in rules.composed.items():
        for group in composed.all:
            yield from ((path, ("composed", name, "all"), one, known) for one in group.split("|"))
    for name, said in rules.after.items():
        yield from ((path, ("after", name), one, known) for one in said)
    for field, written in ((one, one.removesuffix("_")) for one in type(rules.excuses).model_fields):
        yield from ((path, ("excuses", written), one, known) for one in getattr(rules.excuses, field))
    for name, concept in rules.concepts.items():
        yield from ((path, ("concepts", name, "implies"), one, known) for one in concept.implies)


def _advice_names(library: Library) -> Iterator[Named]:
    """Yield the concepts that advice.yaml names: its own, the shared ones, and `a-` kinds of what topics hold."""
    advice, matching, path = library.advice_rules, library.matching, library.home.content / "advice.yaml"
    if advice is None or matching is None:
        return
    held = [subject for topic in matching.topics.values() for subject in topic.subjects.items()]
    known = {*advice.concepts, *matching.words.concepts, IN_THREAD, *(name for name, _ in held)}
    known |= {f"a-{subject.kind}" for _, subject in held} | {f"foreign/{name}" for name in matching.world.foreign}
    for number, rule in enumerate(advice.rules):
        for at, group in enumerate(rule.all):
            yield from ((path, ("rules", number, "all", at), one, known) for one in group)
        yield from ((path, ("rules", number, "none"), one, known) for one in rule.none)


LINE = 40
"""Characters of one line on a phone."""

LINES = 3
"""Most lines of a reply: who says thanks wants no page."""


def repeated(check_context: CheckContext) -> Iterator[Diagnostic]:
    """T01: a message that belongs to two kinds of small talk, or stands twice in one."""
    owners = dict[str, str]()
    for kind, talk in check_context.library.small_talk.items():
        for number, ask in enumerate(talk.asks):
            said = plain(ask) or ask
            if said in owners:
                message = f"`{ask}` stands in `{owners[said]}` already"
                place = ("small_talk", kind, "asks", number)
                path = check_context.library.home.small_talk
                yield diagnostic_at(path, place, "T01", message, "keep one of the two")
            owners.setdefault(said, kind)


def too_long(check_context: CheckContext) -> Iterator[Diagnostic]:
    """T02: small talk that fills more than three lines of a phone."""
    library = check_context.library
    for kind, talk in library.small_talk.items():
        for register in Register:
            count = lines_of(library.text(talk.says, register))
            if count > LINES:
                message = f"{count} lines of {LINE} characters; {LINES} are the most"
                place = ("small_talk", kind, "says", register.value)
                yield diagnostic_at(library.home.small_talk, place, "T02", message, "shorten it")


def lines_of(text: str) -> int:
    """Return how many lines a text fills on a phone."""
    return sum(len(textwrap.wrap(line, LINE)) for line in text.splitlines())

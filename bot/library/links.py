"""Names that must exist elsewhere: follow-ups, answers, old ids. A library with a dangling one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.library.fault import Fault, nearest
from bot.library.library import Library
from bot.library.models import Dialog
from bot.library.models_matching import Intents
from bot.library.shelf import fault_at, page_of
from bot.library.survey import Location


def link_faults(library: Library, broken: set[Path]) -> Iterator[Fault]:
    """Yield every dangling or ambiguous name of the dialogs. What only a broken file could settle is left alone."""
    homes = dict[str, str]()
    for name, dialog in library.dialogs.items():
        path = library.home.dialog(name)
        yield from _dangling(library, dialog, path)
        yield from _renamed(library, dialog, path)
        yield from _unanswered(library, dialog, path, broken)
        for node in dialog.nodes:
            if homes.setdefault(node, name) != name:
                message = f"the node `{node}` is already in the dialog `{homes[node]}`"
                yield fault_at(path, ("nodes", node), "F09", message, "give it another id", key=True)
    yield from _unassigned(library)
    yield from _phrases(library)
    yield from _intents(library)
    yield from _small_talk(library)


def _dangling(library: Library, dialog: Dialog, path: Path) -> Iterator[Fault]:
    for location, target in _targets(dialog):
        if target not in library.nodes:
            yield fault_at(path, location, "D01", f"`{target}` is not a node", nearest(target, library.nodes))


def _targets(dialog: Dialog) -> Iterator[tuple[Location, str]]:
    """Yield every place of a dialog that names a node."""
    for name in ("start", "urgent", "advice", "otherwise"):
        if target := getattr(dialog, name):
            yield (name,), target
    for number, target in enumerate(dialog.always):
        yield ("always", number), target
    for node, body in dialog.nodes.items():
        for number, target in enumerate(body.next):
            yield ("nodes", node, "next", number), target


def _renamed(library: Library, dialog: Dialog, path: Path) -> Iterator[Fault]:
    for old, new in dialog.renamed.items():
        place = ("renamed", old)
        if old in library.nodes:
            yield fault_at(path, place, "D05", f"the old id `{old}` is a node again", "drop this line", key=True)
        elif _circular(library, old):
            yield fault_at(path, place, "D05", f"`{old}` is renamed in a circle", "name a node that exists", key=True)
        elif new not in library.nodes and new not in library.renamed:
            yield fault_at(path, place, "D05", f"`{new}` is not a node", nearest(new, library.nodes))


def _circular(library: Library, node: str) -> bool:
    seen = set[str]()
    while node in library.renamed and node not in library.nodes:
        if node in seen:
            return True
        seen.add(node)
        node = library.renamed[node]
    return False


def _unanswered(library: Library, dialog: Dialog, path: Path, broken: set[Path]) -> Iterator[Fault]:
    answers = {answer for topic in library.topics.values() for answer in topic.answers}
    unread = {file.stem for file in broken if file.parent.name == "answers"}
    if any(folder.name == "answers" for folder in broken):
        return
    for node in dialog.nodes:
        if node not in answers and node not in unread:
            remedy = nearest(node, answers) or f"write answers/{node}.yaml"
            yield fault_at(path, ("nodes", node), "D06", f"the node `{node}` has no answer", remedy, key=True)


def _unassigned(library: Library) -> Iterator[Fault]:
    """Yield a fault for each duty that no node of the main dialog has."""
    name = next(name for name, dialog in library.dialogs.items() if dialog is library.main)
    for duty in ("urgent", "advice", "otherwise"):
        if getattr(library.main, duty) is None:
            message = f"the main dialog does not say which node is `{duty}`"
            yield fault_at(library.home.dialog(name), (), "D09", message, f"add `{duty}:`")


def _phrases(library: Library) -> Iterator[Fault]:
    named: list[tuple[Location, str]] = [(("phrases", node), node) for node in library.phrases]
    for context, phrases in library.after.items():
        named += [(("after", context), context), *((("after", context, node), node) for node in phrases)]
    for path in library.home.phrases():
        for location, node in named:
            if node not in library.nodes and location in page_of(path).survey:
                remedy = nearest(node, library.nodes)
                yield fault_at(path, location, "D07", f"`{node}` is not a node", remedy, key=True)


def _intents(library: Library) -> Iterator[Fault]:
    """Yield every node that the matcher's intents name and no dialog holds."""
    path = library.home.content / "intents.yaml"
    for location, target in _intent_targets(library.intents):
        if target not in library.nodes:
            yield fault_at(path, location, "D01", f"`{target}` is not a node", nearest(target, library.nodes))


def _intent_targets(intents: Intents | None) -> Iterator[tuple[Location, str]]:
    """Yield every node named in intents.yaml; `?` before it offers it as a choice, `self` is the node last shown."""
    if intents is None:
        return
    for node in intents.subject_of:
        yield ("subject_of", node), node
    for name, intent in intents.intents.items():
        for subject, nodes in intent.about.items():
            for node in nodes:
                if (target := node.removeprefix("?").strip()) != "self":
                    yield ("intents", name, "about", subject), target


def _small_talk(library: Library) -> Iterator[Fault]:
    """Yield every node that small talk offers and no dialog holds."""
    for kind, talk in library.small_talk.items():
        for number, target in enumerate(talk.next):
            if target not in library.nodes:
                place = ("small_talk", kind, "next", number)
                remedy = nearest(target, library.nodes)
                yield fault_at(library.home.small_talk, place, "D01", f"`{target}` is not a node", remedy)

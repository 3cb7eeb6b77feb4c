"""The trees as a Mermaid flowchart, for a picture in any Markdown viewer."""

from __future__ import annotations

from collections.abc import Iterator

from bot.library.library import Library
from bot.library.tone import Tone


def mermaid(library: Library) -> str:
    """Return the flowchart of every dialog: a box per node, an arrow per follow-up, renamed ids dotted."""
    return "\n".join(["flowchart LR", *_boxes(library), *_arrows(library)])


def _boxes(library: Library) -> Iterator[str]:
    for node in library.nodes:
        label = library.text(library.answer(node).label, Tone.PROFESSIONAL).replace('"', "'")
        yield f'    {node}["{label}<br><small>{node}</small>"]'


def _arrows(library: Library) -> Iterator[str]:
    for node, place in library.nodes.items():
        yield from (f"    {node} --> {follow}" for follow in place.next)
    for old, new in library.renamed.items():
        yield f"    {old} -.renamed.-> {new}"

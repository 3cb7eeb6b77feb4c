"""The conversation trees as a picture: one cluster a topic, kinds by colour, reviews by a dot. SVG or PNG.

A layered layout of its own, so that nothing need be installed: a node stands as many columns from the start as it takes
presses to get there. The way one gets there first is drawn dark, every other button pale. What is reachable from
everywhere, and the emergency cards, stand apart without their arrows, which would be everywhere.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.content.library import Library
from bot.content.models import Register
from bot.dialog.composer import clipped

BOX = (200, 46)
GAP = (70, 18)
MARGIN = 32
HEAD = 40
"""Sizes in pixels: a node's box, the gaps between boxes, around and above a cluster."""

MOST_ROWS = 12
"""Longest column; a longer one goes on beside itself."""

PALE, HERE = "#4b5563", "#0b5d66"
"""The colours of an id under its label, and of the frame around the place where one is."""

KINDS = {
    "start": ("#dbeafe", "where a conversation begins"),
    "urgent": ("#fecaca", "an emergency"),
    "advice": ("#fef3c7", "one person's own treatment"),
    "otherwise": ("#fde68a", "what is not held"),
    "always": ("#e5e7eb", "reachable from everywhere"),
    "answer": ("#ffffff", "an answer"),
}
REVIEWS = {
    "approved": ("#16a34a", "approved"),
    "under-review": ("#2563eb", "under review"),
    "changed": ("#d97706", "changed since its approval"),
    "submitted": ("#9ca3af", "not reviewed"),
}


@dataclass(frozen=True, slots=True)
class Placed:
    """One node where it is drawn."""

    node: str
    label: str
    kind: str
    review: str
    x: int
    y: int

    @property
    def line(self) -> int:
        """How thick its frame is."""
        return 3 if self.kind == "start" else 1


@dataclass(frozen=True, slots=True)
class Cluster:
    """One topic's part of the picture."""

    title: str
    y: int
    height: int


@dataclass(slots=True)
class Picture:
    """Everything that is drawn: clusters, nodes, and arrows (from, to, whether it is the first way there)."""

    nodes: dict[str, Placed] = field(default_factory=dict)
    clusters: list[Cluster] = field(default_factory=list)
    arrows: list[tuple[str, str, bool]] = field(default_factory=list)
    width: int = 0
    height: int = 0


def picture(library: Library) -> Picture:
    """Return the laid-out picture of all dialogs."""
    made, y = Picture(), MARGIN
    apart = [node for node in library.nodes if _stands_apart(library, node)]
    for name, dialog in library.dialogs.items():
        nodes = [node for node in dialog.nodes if node not in apart]
        columns, first = _columns(library, dialog.start, nodes)
        topic = library.topic_of(dialog.start)
        y = _place(library, made, library.plain(topic.title, Register.PROFESSIONAL) or name, columns, y)
        made.arrows += [
            (one, to, first.get(to) == one) for one in nodes for to in library.nodes[one].next if to in nodes
        ]
    urgent = [node for node in apart if node in library.urgent_nodes]
    y = _place(library, made, "Emergencies", _wrapped(urgent), y)
    y = _place(library, made, "From everywhere", _wrapped([node for node in apart if node not in urgent]), y)
    made.height = y + HEAD * 2
    return made


def _stands_apart(library: Library, node: str) -> bool:
    return node in (*library.always, library.otherwise, library.advice) or node in library.urgent_nodes


def _columns(library: Library, start: str, nodes: Sequence[str]) -> tuple[list[list[str]], dict[str, str]]:
    """Return the nodes by how many presses they are from the start, and the node from which each is reached first."""
    first: dict[str, str] = {}
    columns, seen, level = list[list[str]](), {start}, [start] if start in nodes else []
    while level:
        columns.append(level)
        following = []
        for node in level:
            for to in library.nodes[node].next:
                if to in nodes and to not in seen:
                    seen.add(to)
                    first[to] = node
                    following.append(to)
        level = following
    rest = [node for node in nodes if node not in seen]
    return [part for column in (*columns, rest) for part in _split(column)], first


def _split(nodes: Sequence[str], rows: int = MOST_ROWS) -> list[list[str]]:
    return [list(nodes[at : at + rows]) for at in range(0, len(nodes), rows)]


def _wrapped(nodes: Sequence[str], columns: int = 5) -> list[list[str]]:
    """Return nodes in columns of about the same length."""
    return _split(nodes, -(-len(nodes) // columns) or 1)


def _place(library: Library, made: Picture, title: str, columns: Sequence[Sequence[str]], y: int) -> int:
    """Put a cluster's nodes in their places and return where the next one begins."""
    rows = max(map(len, columns), default=0)
    if not rows:
        return y
    height = HEAD + rows * (BOX[1] + GAP[1]) + GAP[1]
    for number, column in enumerate(columns):
        top = y + HEAD + (rows - len(column)) * (BOX[1] + GAP[1]) // 2
        for row, node in enumerate(column):
            x = MARGIN * 2 + number * (BOX[0] + GAP[0])
            made.nodes[node] = _placed(library, node, x, top + row * (BOX[1] + GAP[1]))
            made.width = max(made.width, x + BOX[0] + MARGIN * 2)
    made.clusters.append(Cluster(title, y, height))
    return y + height + MARGIN


def _placed(library: Library, node: str, x: int, y: int) -> Placed:
    label = library.plain(library.answer(node).label, Register.PROFESSIONAL)
    return Placed(node, clipped(label), kind_of(library, node), library.review_of(node).status, x, y)


def kind_of(library: Library, node: str) -> str:
    if node in library.urgent_nodes:
        return "urgent"
    named = {library.advice: "advice", library.otherwise: "otherwise"}
    named |= {dialog.start: "start" for dialog in library.dialogs.values()}
    return named.get(node) or ("always" if node in library.always else "answer")


# --- SVG -------------------------------------------------------------------------------------------------------------


Link = Callable[[str], str]
"""Returns the address behind a node."""


def as_svg(library: Library, here: str = "", link: Link | None = None) -> str:
    """Return the picture as SVG: it scales, its text can be searched, and a node tells its id when pointed at.

    `here` is drawn as the place where one is; with `link` every node leads somewhere.
    """
    made = picture(library)
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {made.width} {made.height}" '
        f'width="{made.width}" height="{made.height}" font-family="system-ui, sans-serif" font-size="13">',
        "<title>Conversation trees</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *(_svg_cluster(made, cluster) for cluster in made.clusters),
        *(_svg_arrow(made, one, to, first) for one, to, first in sorted(made.arrows, key=lambda arrow: arrow[2])),
        *(_svg_node(one, one.node == here, link) for one in made.nodes.values()),
        *_svg_legend(made),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _svg_cluster(made: Picture, cluster: Cluster) -> str:
    return (
        f'<rect x="{MARGIN}" y="{cluster.y}" width="{made.width - 2 * MARGIN}" height="{cluster.height}" rx="10" '
        f'fill="#f9fafb" stroke="#d1d5db"/><text x="{MARGIN + 14}" y="{cluster.y + 26}" font-size="16" '
        f'font-weight="600">{html.escape(cluster.title)}</text>'
    )


def _svg_arrow(made: Picture, one: str, to: str, first: bool) -> str:
    begin, *rest = (f"{x},{y}" for x, y in _handles(made.nodes[one], made.nodes[to]))
    style = 'stroke="#374151" stroke-width="1.6"' if first else 'stroke="#9ca3af" stroke-width="0.8" opacity="0.55"'
    return f'<path d="M{begin} C{" ".join(rest)}" fill="none" {style}/>'


def _handles(one: Placed, to: Placed) -> tuple[tuple[int, int], ...]:
    """Return the four points of an arrow's curve; a way back stays close, behind the boxes."""
    (x, y), (u, v) = (one.x + BOX[0], one.y + BOX[1] // 2), (to.x, to.y + BOX[1] // 2)
    bend = max(40, (u - x) // 2)
    return (x, y), (x + bend, y), (u - bend, v), (u, v)


def _svg_node(one: Placed, here: bool, link: Link | None) -> str:
    fill, _ = KINDS[one.kind]
    dot, told = REVIEWS[one.review]
    line = f'stroke="{HERE}" stroke-width="5"' if here else f'stroke="#374151" stroke-width="{one.line}"'
    drawn = (
        f"<g class='{'here' if here else 'node'}'><title>{html.escape(one.node)}: {told}</title>"
        f'<rect x="{one.x}" y="{one.y}" width="{BOX[0]}" height="{BOX[1]}" rx="8" fill="{fill}" {line}/>'
        f'<text x="{one.x + 10}" y="{one.y + 20}">{html.escape(one.label)}</text>'
        f'<text x="{one.x + 10}" y="{one.y + 37}" font-size="11" fill="{PALE}">{html.escape(one.node)}</text>'
        f'<circle cx="{one.x + BOX[0] - 12}" cy="{one.y + BOX[1] - 12}" r="5" fill="{dot}"/></g>'
    )
    return f'<a href="{html.escape(link(one.node))}">{drawn}</a>' if link else drawn


def _svg_legend(made: Picture) -> Iterator[str]:
    for x, y, fill, told in _legend(made, KINDS):
        yield f'<rect x="{x}" y="{y - 32}" width="16" height="14" rx="3" fill="{fill}" stroke="#374151"/>'
        yield f'<text x="{x + 22}" y="{y - 20}" font-size="12">{told}</text>'
    for x, y, fill, told in _legend(made, REVIEWS):
        yield f'<circle cx="{x + 8}" cy="{y}" r="5" fill="{fill}"/>'
        yield f'<text x="{x + 22}" y="{y + 4}" font-size="12">{told}</text>'


def _legend(made: Picture, signs: Mapping[str, tuple[str, str]]) -> Iterator[tuple[int, int, str, str]]:
    for number, (fill, told) in enumerate(signs.values()):
        yield MARGIN + number * 190, made.height - HEAD, fill, told


# --- PNG -------------------------------------------------------------------------------------------------------------


def write_png(library: Library, path: Path, scale: int = 2) -> None:
    """Write the picture as PNG, for where SVG is not shown."""
    from PIL import Image, ImageDraw, ImageFont

    made = picture(library)
    image = Image.new("RGB", (made.width * scale, made.height * scale), "white")
    draw = ImageDraw.Draw(image)
    fonts = {size: ImageFont.load_default(size * scale) for size in (11, 12, 13, 16)}

    def box(x: int, y: int, width: int, height: int, fill: str, stroke: int = 1) -> None:
        area = [one * scale for one in (x, y, x + width, y + height)]
        draw.rounded_rectangle(area, 8 * scale, fill, "#374151", stroke * scale)

    def text(x: int, y: int, words: str, size: int = 13, fill: str = "black") -> None:
        draw.text((x * scale, (y - size) * scale), words, fill, fonts[size])

    def dot(x: int, y: int, fill: str) -> None:
        draw.ellipse([one * scale for one in (x - 5, y - 5, x + 5, y + 5)], fill)

    for cluster in made.clusters:
        box(MARGIN, cluster.y, made.width - 2 * MARGIN, cluster.height, "#f9fafb")
        text(MARGIN + 14, cluster.y + 24, cluster.title, 16)
    for one, to, first in sorted(made.arrows, key=lambda arrow: arrow[2]):
        points = [(x * scale, y * scale) for x, y in _curve(made.nodes[one], made.nodes[to])]
        draw.line(points, "#374151" if first else "#d1d5db", 2 * scale if first else scale)
    for node in made.nodes.values():
        box(node.x, node.y, *BOX, KINDS[node.kind][0], node.line)
        text(node.x + 10, node.y + 20, node.label)
        text(node.x + 10, node.y + 37, node.node, 11, PALE)
        dot(node.x + BOX[0] - 12, node.y + BOX[1] - 12, REVIEWS[node.review][0])
    for x, y, fill, told in _legend(made, KINDS):
        box(x, y - 32, 16, 14, fill)
        text(x + 22, y - 20, told, 12)
    for x, y, fill, told in _legend(made, REVIEWS):
        dot(x + 8, y, fill)
        text(x + 22, y + 4, told, 12)
    image.save(path)


def _curve(one: Placed, to: Placed, steps: int = 24) -> Iterator[tuple[float, float]]:
    """Yield points of the same curve as SVG draws."""
    points = _handles(one, to)
    for t in (step / steps for step in range(steps + 1)):
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        x, y = (sum(weight * point[axis] for weight, point in zip(weights, points, strict=True)) for axis in (0, 1))
        yield x, y

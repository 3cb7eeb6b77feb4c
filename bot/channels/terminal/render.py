"""A reply for a terminal, through rich: the same blocks as everywhere, with numbered buttons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from bot.channels.plain import pressable
from bot.content.document import Block, Document, Heading, Item, ListBlock, Paragraph, Quote, Runs, Table
from bot.dialog.turn import Button, Reply


def show(console: Console, reply: Reply, sources_heading: str) -> None:
    """Print the reply and its numbered buttons."""
    for part in _parts(reply, sources_heading):
        console.print(Padding(part, (0, 0, 1, 0), expand=False))
    console.print(Group(*_menu(pressable(reply))))
    console.print()


def _parts(reply: Reply, sources_heading: str) -> Iterator[RenderableType]:
    card = reply.card
    if reply.lead:
        yield Text(reply.lead, style="italic")
    if reply.stored:
        yield Text(reply.stored, style="cyan")
    yield Text(card.title, style="bold underline")
    yield from _document(card.body)
    yield from _document(card.notes)
    if card.sources and not card.lists_sources:
        yield Group(Text(sources_heading, style="bold"), *_sources(reply))
    yield Text(card.review, style="dim")
    yield from _document(reply.disclaimer) if reply.disclaimer else (Text(card.disclaimer, style="dim"),)
    if reply.offer:
        yield Text(reply.offer, style="italic")


def _sources(reply: Reply) -> Iterator[Text]:
    for source in reply.card.sources:
        line = Text(f"[{source.number}] {source.text}", style="dim")
        if source.url:
            line.append(f" {source.url}", style="dim underline")
        yield line


def _menu(buttons: Iterable[Button]) -> Iterator[Text]:
    for number, button in enumerate(buttons, start=1):
        yield Text.assemble((f" {number:>2} ", "bold cyan"), button.label)


def _document(document: Document) -> Iterator[RenderableType]:
    return map(_block, document)


def _block(block: Block) -> RenderableType:
    match block:
        case Paragraph(runs):
            return _text(runs)
        case Heading(runs):
            return Text(_text(runs).plain, style="bold")
        case ListBlock(items):
            return Group(*map(_item, items))
        case Quote(blocks):
            return Padding(Group(*map(_block, blocks)), (0, 0, 0, 3), expand=False)
        case Table(header, rows):
            return _grid(header, rows)


def _item(item: Item) -> RenderableType:
    grid = Grid.grid(padding=(0, 1))
    grid.add_row(Text(item.marker or " "), _text(item.runs))
    return Padding(grid, (0, 0, 0, 1 + 3 * item.depth), expand=False)


def _grid(header: tuple[Runs, ...], rows: tuple[tuple[Runs, ...], ...]) -> Grid:
    grid = Grid(show_lines=True)
    for cell in header:
        grid.add_column(_text(cell))
    for row in rows:
        grid.add_row(*map(_text, row))
    return grid


def _text(runs: Runs) -> Text:
    text = Text()
    for run in runs:
        style = " ".join(name for name, on in (("bold", run.bold), ("italic", run.italic), ("cyan", run.code)) if on)
        text.append(run.text, style=f"{style} link {run.link}".strip() if run.link else style)
    return text

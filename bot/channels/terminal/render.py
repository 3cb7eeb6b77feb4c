"""A reply for a terminal, through rich: the same blocks as everywhere, with numbered buttons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from bot.channels.base import Texts
from bot.channels.layout import Part, Section, pressable, sections
from bot.content.markdown import Block, Document, Heading, Item, ListBlock, Paragraph, Quote, Runs, Table
from bot.dialog import payloads
from bot.dialog.turn import Button, ClaimCard, Register, Reply, SourceLine, View


def show(console: Console, reply: Reply, texts: Texts) -> None:
    """Print the reply and its numbered buttons; what is folded waits behind *More*."""
    for section in sections(reply):
        if not is_behind_more(section, reply):
            for part in _parts(section, texts, reply.card.register):
                console.print(Padding(part, (0, 0, 1, 0), expand=False))
    console.print(Group(*_menu(menu(reply, texts))))
    console.print()


def menu(reply: Reply, texts: Texts) -> tuple[Button, ...]:
    """Return the buttons of a reply in the order of their numbers, *More* first where something is folded."""
    more = [section for section in sections(reply) if is_behind_more(section, reply)]
    if not more:
        return pressable(reply)
    register = reply.card.register
    button = Button(texts("more-button", register), payloads.payload(reply.card.node, word="more"), "more")
    return (button, *pressable(reply))


def is_behind_more(section: Section, reply: Reply) -> bool:
    """Tell whether a terminal, which cannot fold, leaves a section out until it is asked for; the list of all sources
    was asked for."""
    listing = isinstance(reply.card, ClaimCard) and reply.card.lists_sources
    return section.folded and reply.view is not View.DETAIL and not listing


def _parts(section: Section, texts: Texts, register: Register) -> Iterator[RenderableType]:
    match section.part:
        case Part.TITLE:
            yield Text(section.text, style="bold underline")
        case Part.SOURCES:
            yield Group(Text(texts("sources-heading", register), style="bold"), *map(_source, section.sources))
        case Part.REVIEW | Part.DISCLAIMER if section.line:
            yield Text(section.line.full, style="dim")
        case Part.STORED:
            yield Text(section.text, style="cyan")
        case Part.WAYS:
            return
        case _:
            yield from (Text(section.text, style="italic"),) if section.text else ()
            yield from _document(section.document)


def _source(source: SourceLine) -> Text:
    line = Text(f"[{source.number}] {source.text}", style="dim")
    return line.append(f" {source.url}", style="dim underline") if source.url else line


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

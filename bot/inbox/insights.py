"""What editors and operators read of the counts: tables of weeks that are over, as text and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, partial

from bot.content.library import Library
from bot.dialog import payloads
from bot.inbox.metrics import HANDOUT
from bot.store.records import ANY, Published, Summed, TallyCell

_EPOCH = date(1970, 1, 1)
_MOST = 15
"""Rows of a table on paper; the CSV has all."""
_SHOWING = ("words", "command", "button", "choice", ANY)
"""Ways by which an answer is asked for; the other buttons do something with one that is there."""
_VOTES = ("up", "down", "toup", "todown", *payloads.REASONS)
_BAR = 24


@dataclass(frozen=True, slots=True)
class CountTable:
    """One question an editor has, and its answer: each row a name, its turns, and what is worth saying beside them."""

    name: str
    title: str
    rows: tuple[tuple[str, int, str], ...]
    largest: int = 0

    @property
    def most(self) -> int:
        """The largest count, at least 1: what a bar is measured against."""
        return self.largest or max((times for _, times, _ in self.rows), default=1) or 1

    def rest(self, shown: int) -> CountTable:
        """Return the rows after the first so many, drawn to the same measure."""
        return replace(self, rows=self.rows[shown:], largest=self.most)


Counted = Counter[str]
Pick = Callable[[TallyCell], Iterable[str]]
Cells = Sequence[tuple[TallyCell, int]]


def tables(found: Summed, library: Library) -> tuple[CountTable, ...]:
    """Return what can be said of these counts, what to write next first."""
    cells = found.cells
    shown = _counted(cells, lambda cell: [cell.node] if _is_answer(cell) else [])
    return (
        CountTable("missing", "Asked and not held: what to write next", _missing(cells, library)),
        CountTable("outcome", "What words led to", _rows(_counted(cells, _outcome))),
        CountTable("answers", "Answers shown", _rows(shown)),
        CountTable("topics", "Topics of the answers shown", _rows(_counted(cells, lambda cell: _topic(cell, library)))),
        CountTable("weeks", "Turns by week", tuple((date_of(day), times, "") for day, times in found.weeks)),
        CountTable("where", "On which channel, in which register", _rows(_counted(cells, _where))),
        CountTable("choices", "Offered, and how many took it", _choices(cells)),
        CountTable("again", "Answers after which words were not understood", _share(cells, shown, _unanswered)),
        CountTable("last", "Answers after which nothing followed", _last(cells, shown)),
        CountTable("votes", "Votes, and reasons", _rows(_counted(cells, _vote))),
        CountTable("opened", "Detail opened, sources looked at, pages taken along", _rows(_counted(cells, _opened))),
        CountTable("paths", "From answer to answer", _rows(_counted(cells, _path))),
        CountTable("urgent", "Emergency cards", _rows(_counted(cells, _urgent))),
    )


def steps(found: Summed) -> Counter[tuple[str, str]]:
    """Return how often each answer was followed by each other one."""
    counted: Counter[tuple[str, str]] = Counter()
    for cell, times in found.cells:
        if any(_path(cell)):
            counted[cell.before, cell.node] += times
    return counted


def as_text(found: Summed, library: Library) -> str:
    """Return the tables for a terminal, each row with a bar; one sentence where nothing can be shown."""
    if not found.weeks:
        return "no week is over in which five people did the same: counts are shown from the Tuesday after"
    span = f"{date_of(found.weeks[0][0])} to {date_of(found.weeks[-1][0] + 6)}"
    head = f"{_number(len(found.weeks), 'week')}, {span}: {_number(found.turns, 'turn')}"
    return "\n".join([head, *(line for table in tables(found, library) for line in _lines(table))])


def as_csv(rows: Sequence[Published]) -> str:
    """Return every count with its week and its fields; `*` is a field given up so that enough people share the rest."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("week", *TallyCell._fields, "turns"))
    for one in rows:
        writer.writerow((date_of(one.day), *one.cell, one.times))
    return out.getvalue()


def lately(rows: Sequence[Published], weeks: int) -> list[Published]:
    """Return the counts of the last so many weeks there are."""
    days = sorted({one.day for one in rows})[-weeks:]
    return [one for one in rows if one.day in days]


Resolve = Callable[[str], str | None]


def todays(rows: Iterable[Published], resolve: Resolve) -> list[Published]:
    """Return the counts under the names that nodes have today; what is no node any more keeps its own."""
    today = cache(partial(_today, resolve=resolve))
    return [Published(one.day, today(one.cell), one.times) for one in rows]


def summed_today(found: Summed, resolve: Resolve) -> Summed:
    """Return the same of counts that are added up; two names of one answer become one."""
    counted = Counter[TallyCell]()
    for cell, times in found.cells:
        counted[_today(cell, resolve)] += times
    return found._replace(cells=tuple(counted.items()))


def _today(cell: TallyCell, resolve: Resolve) -> TallyCell:
    def name(node: str) -> str:
        return resolve(node) or node

    about = " ".join(map(name, cell.about.split())) if cell.outcome == "choices" else cell.about
    return cell._replace(node=name(cell.node), before=name(cell.before), about=about)


def date_of(day: int) -> str:
    """Return the date of a day number."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _lines(table: CountTable) -> Iterator[str]:
    if table.rows:
        width = max(len(name) for name, _, _ in table.rows)
        yield f"\n{table.title}"
        for name, times, beside in table.rows:
            bar = "#" * max(1, round(_BAR * times / table.most))
            yield f"  {name:<{width}}  {times:>7}  {bar:<{_BAR}} {beside}".rstrip()


def _counted(cells: Cells, pick: Pick) -> Counted:
    found: Counted = Counter()
    for cell, times in cells:
        for name in pick(cell):
            found[name] += times
    return found


def _missing(cells: Cells, library: Library) -> tuple[tuple[str, int, str], ...]:
    """Return what was asked and is not held, with whether anything is held of its subject: an answer more is less work
    than a subject."""
    matching = library.matching
    held = {f"{topic}/{name}" for topic, one in (matching.topics.items() if matching else ()) for name in one.subjects}
    counted = _counted(cells, lambda cell: [cell.about] if " x " in cell.about else [])
    return tuple(
        (
            name,
            times,
            f"{share}, {'a subject that is held' if name.partition(' x ')[0] in held else 'nothing is held of it'}",
        )
        for name, times, share in _rows(counted)
    )


def _rows(counted: Counted) -> tuple[tuple[str, int, str], ...]:
    total = sum(counted.values())
    return tuple((name, times, f"{100 * times / total:.0f} %") for name, times in _ranked(counted)[:_MOST])


def _ranked(counted: Counted) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))


def _is_answer(cell: TallyCell) -> bool:
    return cell.outcome == "answer" and cell.via in _SHOWING and cell.node != ANY


def _outcome(cell: TallyCell) -> Iterator[str]:
    if cell.via == "words":
        certain = cell.about if cell.outcome == "answer" and cell.about in ("sure", "likely", "unsure") else ""
        yield f"{cell.outcome} ({certain})" if certain else cell.outcome


def _topic(cell: TallyCell, library: Library) -> Iterator[str]:
    if _is_answer(cell):
        yield library.topic_of(cell.node).id if cell.node in library.nodes else "answers that are gone"


def _where(cell: TallyCell) -> Iterator[str]:
    if ANY not in (cell.channel, cell.register):
        yield f"{cell.channel}, {cell.register}"


def _vote(cell: TallyCell) -> Iterator[str]:
    if cell.via in _VOTES and cell.node != ANY:
        yield f"{cell.node}: {cell.via}"


def _opened(cell: TallyCell) -> Iterator[str]:
    if cell.about == HANDOUT:
        yield "page to take along"
    elif cell.via == "more":
        yield f"{cell.node}: detail"
    elif cell.outcome == "answer" and cell.node == "references":
        yield f"sources, after {cell.before or 'nothing'}"


def _path(cell: TallyCell) -> Iterator[str]:
    if _is_answer(cell) and cell.before not in (ANY, "", cell.node):
        yield f"{cell.before} > {cell.node}"


def _urgent(cell: TallyCell) -> Iterator[str]:
    if cell.outcome == "urgent":
        yield cell.node


def _unanswered(cell: TallyCell) -> Iterator[str]:
    if cell.via == "words" and cell.outcome in ("choices", "not-covered") and cell.before not in (ANY, ""):
        yield cell.before


def _followed(cell: TallyCell) -> Iterator[str]:
    if cell.before not in (ANY, ""):
        yield cell.before


def _share(cells: Cells, of: Counted, pick: Pick) -> tuple[tuple[str, int, str], ...]:
    counted = _counted(cells, pick)
    ranked = [(name, times, f"of {of[name]} times shown") for name, times in _ranked(counted) if of[name]]
    return tuple(ranked[:_MOST])


def _last(cells: Cells, shown: Counted) -> tuple[tuple[str, int, str], ...]:
    """Return how often nothing is known to have followed: at most, since pooled turns have lost what they followed."""
    followed = _counted(cells, _followed)
    left = Counter({name: times - followed[name] for name, times in shown.items() if times > followed[name]})
    return tuple((name, times, f"of {shown[name]} times shown, at most") for name, times in _ranked(left)[:_MOST])


def _offered(cell: TallyCell) -> Sequence[str]:
    return cell.about.split() if cell.outcome == "choices" and cell.about != ANY and " x " not in cell.about else ()


def _choices(cells: Cells) -> tuple[tuple[str, int, str], ...]:
    offered = _counted(cells, _offered)
    taken = _counted(cells, lambda cell: [cell.node] if cell.via == "choice" else [])
    return tuple((name, times, f"{taken[name]} taken") for name, times in _ranked(offered)[:_MOST])

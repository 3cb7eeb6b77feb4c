"""What editors and operators read of the counts: tables of weeks that are over, as text and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from bot.content.library import Library
from bot.dialog import payloads
from bot.inbox.insights import HANDOUT
from bot.store.tally import ANY, Published, TallyCell

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

    @property
    def most(self) -> int:
        """The largest count, at least 1: what a bar is measured against."""
        return max((times for _, times, _ in self.rows), default=1) or 1


Counted = Counter[str]
Pick = Callable[[TallyCell], Iterable[str]]


def tables(rows: Sequence[Published], library: Library) -> tuple[CountTable, ...]:
    """Return what can be said of these counts, what to write next first."""
    weeks, rows = rows, _together(rows)
    shown = _counted(rows, lambda cell: [cell.node] if _is_answer(cell) else [])
    missing = _counted(rows, lambda cell: [cell.about] if " x " in cell.about else [])
    return (
        CountTable("missing", "Asked and not held (subject x aspect)", _rows(missing)),
        CountTable("outcome", "What words led to", _rows(_counted(rows, _outcome))),
        CountTable("answers", "Answers shown", _rows(shown)),
        CountTable("topics", "Topics of the answers shown", _rows(_counted(rows, lambda cell: _topic(cell, library)))),
        CountTable("weeks", "Turns by week", _weeks(weeks)),
        CountTable("where", "On which channel, in which register", _rows(_counted(rows, _where))),
        CountTable("choices", "Offered, and how many took it", _choices(rows)),
        CountTable("again", "Answers after which words were not understood", _share(rows, shown, _unanswered)),
        CountTable("last", "Answers after which nothing followed", _last(rows, shown)),
        CountTable("votes", "Votes, and reasons", _rows(_counted(rows, _vote))),
        CountTable("opened", "Detail opened, sources looked at, pages taken along", _rows(_counted(rows, _opened))),
        CountTable("paths", "From answer to answer", _rows(_counted(rows, _path))),
        CountTable("urgent", "Emergency cards", _rows(_counted(rows, _urgent))),
    )


def as_text(rows: Sequence[Published], library: Library) -> str:
    """Return the tables for a terminal, each row with a bar; one sentence where nothing can be shown."""
    if not rows:
        return "no week is over in which five people did the same: counts are shown from the Tuesday after"
    weeks = sorted({one.day for one in rows})
    turns = sum(one.times for one in rows)
    span = f"{date_of(weeks[0])} to {date_of(weeks[-1] + 6)}"
    head = f"{_number(len(weeks), 'week')}, {span}: {_number(turns, 'turn')}"
    return "\n".join([head, *(line for table in tables(rows, library) for line in _lines(table))])


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


def todays(rows: Iterable[Published], resolve: Callable[[str], str | None]) -> list[Published]:
    """Return the counts under the names that nodes have today; what is no node any more keeps its own."""

    def name(node: str) -> str:
        return resolve(node) or node

    @cache
    def cell_today(cell: TallyCell) -> TallyCell:
        offered = cell.outcome == "choices"
        about = " ".join(map(name, cell.about.split())) if offered else cell.about
        return cell._replace(node=name(cell.node), before=name(cell.before), about=about)

    return [Published(one.day, cell_today(one.cell), one.times) for one in rows]


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


def _together(rows: Iterable[Published]) -> list[Published]:
    """Return one count for each cell, all weeks together: a year has a tenth as many."""
    found = Counter[TallyCell]()
    for one in rows:
        found[one.cell] += one.times
    return [Published(0, cell, times) for cell, times in found.items()]


def _counted(rows: Iterable[Published], pick: Pick) -> Counted:
    found: Counted = Counter()
    for one in rows:
        for name in pick(one.cell):
            found[name] += one.times
    return found


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


def _weeks(rows: Sequence[Published]) -> tuple[tuple[str, int, str], ...]:
    counted = Counter[int]()
    for one in rows:
        counted[one.day] += one.times
    return tuple((date_of(day), times, "") for day, times in sorted(counted.items()))


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


def _share(rows: Sequence[Published], of: Counted, pick: Pick) -> tuple[tuple[str, int, str], ...]:
    counted = _counted(rows, pick)
    ranked = [(name, times, f"of {of[name]} times shown") for name, times in _ranked(counted) if of[name]]
    return tuple(ranked[:_MOST])


def _last(rows: Sequence[Published], shown: Counted) -> tuple[tuple[str, int, str], ...]:
    """Return how often nothing is known to have followed: at most, since pooled turns have lost what they followed."""
    followed = _counted(rows, _followed)
    left = Counter({name: times - followed[name] for name, times in shown.items() if times > followed[name]})
    return tuple((name, times, f"of {shown[name]} times shown, at most") for name, times in _ranked(left)[:_MOST])


def _choices(rows: Sequence[Published]) -> tuple[tuple[str, int, str], ...]:
    offered = _counted(rows, lambda cell: cell.about.split() if cell.outcome == "choices" and cell.about != ANY else [])
    taken = _counted(rows, lambda cell: [cell.node] if cell.via == "choice" else [])
    return tuple((name, times, f"{taken[name]} taken") for name, times in _ranked(offered)[:_MOST])

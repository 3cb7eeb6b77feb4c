"""A topic's texts as one sheet, for people who edit no YAML, and the way back: only what was changed is changed.

Each row holds the two wordings of one text. `was` remembers what they were when the sheet was made, so that an edit in
the sheet and an edit in the files since then are told apart, and two edits of one text are a conflict. The sources of a
claim stand beside it to be read against; they are changed in the files alone.
"""

from __future__ import annotations

import csv
import hashlib
import io
import textwrap
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.authoring.check import Drafts
from bot.authoring.rules.language import MAX_WORDS
from bot.authoring.yaml_edit import EditRefused, replace_text
from bot.content.diagnostics import Diagnostic, Location, Place, SourceMap, nearest
from bot.content.library import Library
from bot.content.models import Register, Source
from bot.content.references import texts
from bot.content.templates import flattened
from bot.errors import FootnoteError

COLUMNS = ("id", "place", "limit", "professional", "layperson", "sources", "was")
_OPTIONAL = frozenset({"place", "limit", "sources"})
"""Columns that a sheet may come back without; one of an older version has no sources."""
MAX_ROWS, MAX_BYTES = 50_000, 64 * 2**20
"""Most rows and bytes (unpacked) that are read: a topic has some hundred rows."""

_FORMULA = ("=", "+", "-", "@", "\t")
"""What a sheet takes for a formula at the beginning of a cell; such a text is written behind an apostrophe."""


class SheetRefused(FootnoteError):
    """The sheet cannot be taken over; the message names every reason, and nothing was changed."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("nothing was changed:\n  " + "\n  ".join(reasons))


@dataclass(frozen=True, slots=True)
class Cell:
    """One wording: where it stands, and what it says now."""

    path: Path
    location: Location
    text: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One text in both registers; a register without a wording of its own has no cell."""

    id: str
    place: str
    limit: str
    cells: Mapping[Register, Cell]
    sources: str = ""
    """What a claim or a note rests on: number, name, kind, how far it was read; how sure it is, where a table says."""

    @property
    def wordings(self) -> list[str]:
        """What the row says now, in each register."""
        return [self.cells[one].text if one in self.cells else "" for one in Register]

    @property
    def was(self) -> str:
        """The mark of what the row says now, and of the sources beside it."""
        return "-".join(map(_mark, (*self.wordings, self.sources)))


def rows(library: Library, topic: str | None = None) -> list[SheetRow]:
    """Return the rows of a topic, or of everything, in reading order."""
    found: dict[str, dict[Register, Cell]] = {}
    for text in texts(library):
        cell = Cell(text.path, text.location, text.raw)
        found.setdefault(_id(library, text.path, text.location), {})[text.register] = cell
    made = [_row(library, id_, cells) for id_, cells in found.items()]
    made += [row for name in library.topics for row in _figures(library, name)]
    return [row for row in made if topic is None or row.id.split("/")[0] == topic]


def _row(library: Library, id_: str, cells: Mapping[Register, Cell]) -> SheetRow:
    place = next(iter(cells.values())).path.relative_to(library.home.content).as_posix()
    plain = f"plain words: sentences of {MAX_WORDS} words at most" if Register.LAYPERSON in cells else ""
    short = {"label": "30 characters", "title": "one line", "section": "one line"}
    return SheetRow(id_, place, short.get(id_.split("/")[-1], plain), cells, _sources(library, id_))


def _sources(library: Library, id_: str) -> str:
    """Return the sources of a claim or a note, one after the other, as whoever checks its words needs them."""
    topic, node, *steps = id_.split("/")
    held, cites, sure = library.topics.get(topic), tuple[str, ...](), ""
    if held and node in held.answers and steps[:1] == ["claims"] and len(steps) == 2:
        cites = next(claim.cites for claim in held.answers[node].claims if claim.id == steps[1])
        rows = held.handout.evidence if held.handout else ()
        sure = next((row.certainty for row in rows if (row.answer, row.claim) == (node, steps[1])), "")
    elif held and node == "notes" and steps and steps[0] in held.notes:
        cites = held.notes[steps[0]].cites
    named = [_named(held.sources[one], one) for one in cites if held and one in held.sources]
    return "; ".join([*named, *([f"certainty: {sure}"] if sure else [])])


def _named(source: Source, id_: str) -> str:
    year = f" {source.year}" if source.year and not source.short else ""
    return f"[{source.number}] {source.short or source.title or id_}{year} ({source.kind}, read: {source.check})"


def _figures(library: Library, topic: str) -> Iterator[SheetRow]:
    """Yield the figures: `x` with its plain wording `x_plain`, or one text for both readers."""
    path = library.home.of_topic(topic, "facts")
    figures = {key: value for key, value in flattened(library.topics[topic].facts) if isinstance(value, str)}
    for key, value in figures.items():
        if key.endswith("_plain") and key.removesuffix("_plain") in figures:
            continue
        plain = f"{key}_plain"
        cells = {Register.PROFESSIONAL: Cell(path, ("facts", *key.split(".")), value)}
        if plain in figures:
            cells[Register.LAYPERSON] = Cell(path, ("facts", *plain.split(".")), figures[plain])
        limit = "the same figure in both" if plain in figures else "one text for both readers"
        yield SheetRow(f"{topic}/facts/{key}", f"{topic}/facts.yaml", limit, cells)


def _id(library: Library, path: Path, location: Location) -> str:
    """Return a name for a text that stays when lines move: claims by their ids, not by their numbers."""
    folder = path.relative_to(library.home.content).with_suffix("").parts
    steps = [str(step) for step in location[:-1]]
    if len(folder) == 3:  # topic/answers/node
        answer = library.topics[folder[0]].answers[folder[2]]
        if steps[0] == "claims":
            steps[1] = answer.claims[int(steps[1])].id
        return "/".join((folder[0], folder[2], *steps))
    head = folder if len(folder) == 2 else ("shared", *folder)
    return "/".join((*head[:1], *(steps if steps and steps[0] == head[-1] else (head[-1], *steps))))


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


# --- out -------------------------------------------------------------------------------------------------------------


def export(library: Library, topic: str | None, path: Path) -> int:
    """Write the sheet and return how many rows it has."""
    made = [[row.id, row.place, row.limit, *row.wordings, row.sources, row.was] for row in rows(library, topic)]
    if path.suffix.casefold() == ".xlsx":
        _write_xlsx(made, path)
    else:
        buffer = io.StringIO()
        csv.writer(buffer).writerows([COLUMNS, *([_safe(cell) for cell in row] for row in made)])
        path.write_text(buffer.getvalue(), encoding="utf-8-sig", newline="")
    return len(made)


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith((*_FORMULA, "'")) else text


def _write_xlsx(made: Iterable[Sequence[str]], path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet = book.create_sheet("texts", 0)
    del book["Sheet"]
    for number, row in enumerate([COLUMNS, *made], 1):
        for column, text in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value, cell.data_type = text, "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=number == 1)
    for letter, width in zip("ABCDEFG", (34, 26, 20, 70, 70, 40, 20), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "B2"
    book.save(path)


# --- and back --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edit:
    """One wording that the sheet changes."""

    row: SheetRow
    register: Register
    text: str
    number: int
    """The row of the sheet, as a spreadsheet counts it."""

    @property
    def cell(self) -> Cell:
        """What it changes."""
        return self.row.cells[self.register]

    def __str__(self) -> str:
        """Return where it stands in the sheet."""
        return f"row {self.number}, {self.row.id}, column `{self.register.value}`"


def edits(library: Library, path: Path, topic: str | None = None) -> list[Edit]:
    """Return what the sheet changes; raises SheetRefused with every reason why it cannot be taken over."""
    known = {row.id: row for row in rows(library)}
    reasons, found, seen = list[str](), list[Edit](), set[str]()
    for number, line in enumerate(_read(path), 2):
        id_ = line["id"].strip()
        if not any(line.values()):
            continue
        if problem := _row_problem(id_, known, seen, topic):
            reasons.append(f"row {number}: {problem}")
            continue
        seen.add(id_)
        for edit in _edits(known[id_], line, number):
            if isinstance(edit, str):
                reasons.append(f"row {number}, {id_}: {edit}")
            else:
                found.append(edit)
    if reasons := reasons or list(_moved(found)):
        raise SheetRefused(reasons)
    return found


def _moved(found: Sequence[Edit]) -> Iterator[str]:
    """Yield each changed wording that is another's, itself changed: a column was sorted without its ids."""
    homes = {(edit.register, edit.row.cells[edit.register].text.strip()): edit.row.id for edit in found}
    for edit in found:
        if home := homes.get((edit.register, edit.text.strip())):
            yield f"{edit.row.id}: the `{edit.register.value}` wording is that of `{home}`: a row moves with its id"


def _row_problem(id_: str, known: Mapping[str, SheetRow], seen: set[str], topic: str | None) -> str:
    if id_ in seen:
        return f"`{id_}` stands in the sheet twice"
    if topic and id_.split("/")[0] != topic:
        return f"`{id_}` is a text of another topic than `{topic}`"
    if id_ not in known:
        near = nearest(id_, known, alike=85)
        return f"there is no text `{id_}`; the ids must stay as they were exported" + (f": {near}" if near else "")
    return ""


def _edits(row: SheetRow, line: Mapping[str, str], number: int) -> Iterator[Edit | str]:
    """Yield what one row changes, or why it cannot."""
    marks = line["was"].strip().split("-")
    if len(marks) not in (len(Register), len(Register) + 1):  # two in a sheet that has no sources yet
        yield "the column `was` must stay as it was exported"
        return
    if "sources" in line and _mark(line["sources"].strip()) != marks[-1] and len(marks) > len(Register):
        yield "the column `sources` is there to be read; sources are changed in the topic's files"
    for register, mark, now in zip(Register, marks, row.wordings, strict=False):
        text = line[register.value].replace("\r\n", "\n").replace("\r", "\n")
        if _mark(text) == mark or text == now or text.strip() == now.strip():
            continue
        if problem := _problem(row, register, text, changed=_mark(now) != mark):
            yield problem
        else:
            yield Edit(row, register, text.strip() + ("\n" if now.endswith("\n") else ""), number)


def _problem(row: SheetRow, register: Register, text: str, *, changed: bool) -> str:
    if register not in row.cells:
        return f"this text has no `{register.value}` wording, so none can be added in a sheet"
    if not text.strip():
        return f"the `{register.value}` wording is empty; a text is removed in its file, not in a sheet"
    if text.startswith("="):
        return f"the `{register.value}` wording is a formula"
    if changed:
        return f"conflict: the `{register.value}` wording was changed in the file and in the sheet"
    return ""


def _unsafe(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith((*_FORMULA, "'")) else text


def drafts(found: Iterable[Edit]) -> Drafts:
    """Return the files as they would read; raises SheetRefused where a file cannot be edited safely."""
    made, reasons = dict[Path, str](), list[str]()
    for edit in found:
        cell = edit.cell
        text = made[cell.path] if cell.path in made else cell.path.read_bytes().decode("utf-8")
        try:
            made[cell.path] = replace_text(text, cell.location, edit.text)
        except EditRefused as error:
            reasons.append(f"{edit.row.id}: {error}")
    if reasons:
        raise SheetRefused(reasons)
    return made


def refusals(found: Sequence[Edit], texts: Drafts, errors: Iterable[Diagnostic]) -> list[str]:
    """Return what the check finds in the files as they would read, behind the cells of the sheet that it is about:
    whoever has the sheet alone knows no file and no line."""
    spots = {path: SourceMap(text) for path, text in texts.items()}
    told = list[str]()
    for error in errors:
        edits_there = [edit for edit in found if edit.cell.path.as_posix() == error.path]
        cells = "; ".join(map(str, _about(edits_there, spots, (error.line - 1, error.column - 1))))
        told.append(f"{cells}:\n{textwrap.indent(str(error), '    ')}" if cells else str(error))
    return told


def _about(found: Sequence[Edit], spots: Mapping[Path, SourceMap], place: Place) -> list[Edit]:
    """Return the edits of one file that a finding is about: of the text there, else of its claim, else all."""
    for above in (0, 1):
        ranges = [
            spots[one.cell.path].source_range(one.cell.location[: len(one.cell.location) - above]) for one in found
        ]
        held = [one for one, spot in zip(found, ranges, strict=True) if spot.key <= place <= spot.end]
        if held:
            return held
    return list(found)


def _read(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a sheet by column; raises SheetRefused for what is no such sheet."""
    lines = _read_xlsx(path) if path.suffix.casefold() == ".xlsx" else _read_csv(path)
    head = [cell.strip().casefold() for cell in next(lines, [])]
    if missing := [name for name in COLUMNS if name not in head and name not in _OPTIONAL]:
        raise SheetRefused([f"the column `{name}` is missing" for name in missing])
    for number, line in enumerate(lines, 1):
        if number > MAX_ROWS:
            raise SheetRefused([f"the sheet has more than {MAX_ROWS} rows"])
        cells = [*line, *[""] * (len(head) - len(line))]
        yield {name: cells[head.index(name)] for name in COLUMNS if name in head}


def _read_csv(path: Path) -> Iterator[list[str]]:
    if path.stat().st_size > MAX_BYTES:
        raise SheetRefused([f"the file is larger than {MAX_BYTES // 2**20} MiB"])
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SheetRefused(["the file is not UTF-8 text: save it as “CSV UTF-8”"]) from None
    separator = max(",;\t", key=text.partition("\n")[0].count)
    csv.field_size_limit(MAX_BYTES)
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            yield [_unsafe(cell) for cell in line]
    except csv.Error as error:
        raise SheetRefused([f"the file is no CSV: {error}"]) from None


def _read_xlsx(path: Path) -> Iterator[list[str]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(one.file_size for one in packed.infolist()) > 4 * MAX_BYTES:
                raise SheetRefused([f"the sheet is larger than {4 * MAX_BYTES // 2**20} MiB"])
        book = load_workbook(path, read_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
        raise SheetRefused([f"the file is no Excel sheet: {error}"]) from None
    for row in book["texts" if "texts" in book.sheetnames else book.sheetnames[0]].iter_rows():
        yield ["" if cell.value is None else str(cell.value) for cell in row]

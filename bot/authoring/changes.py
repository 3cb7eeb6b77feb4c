"""What changed in an answer since it was approved, as words: before and after.

An approval keeps the words it was given for in `content/<topic>/approved/<node>.json`. They are believed only where
their hash is the one that stands in the review: nobody can approve one text and show another.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from bot.content.library import Library, ShownPart, content_hash, shown_parts

_TOKEN = re.compile(r"\s+|\w+(?:[-.,/]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Change:
    """One part that reads otherwise than it did: which, for whom, and the two texts; a missing one is empty."""

    part: str
    reader: str
    before: str
    after: str


def words_file(library: Library, node: str) -> Path:
    """Return the file that keeps what was approved."""
    return library.home.content / library.topic_of(node).id / "approved" / f"{node}.json"


def keep_words(library: Library, node: str, parts: Sequence[ShownPart]) -> None:
    """Keep the words of an approval."""
    path = words_file(library, node)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(parts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def approved_words(library: Library, node: str) -> list[ShownPart] | None:
    """Return the words that were approved; None where they were not kept, or are not those of the review's hash."""
    review, path = library.answer(node).review, words_file(library, node)
    if review is None or review.hash is None or not path.exists():
        return None
    try:
        parts = [ShownPart(*map(str, part)) for part in json.loads(path.read_bytes())]
    except (ValueError, TypeError):
        return None
    return parts if content_hash(parts) == review.hash else None


def changes(library: Library, node: str) -> list[Change] | None:
    """Return what reads otherwise than it was approved, in reading order; None where that is not known."""
    before = approved_words(library, node)
    if before is None:
        return None
    return list(_changes(before, list(shown_parts(library, node))))


def _changes(before: Sequence[ShownPart], after: Sequence[ShownPart]) -> Iterator[Change]:
    old, new = {part.name: part for part in before}, {part.name: part for part in after}
    for name in dict.fromkeys([*new, *old]):
        was, now = old.get(name, ShownPart(name, "", "")), new.get(name, ShownPart(name, "", ""))
        if was[1] == was[2] and now[1] == now[2] and was != now:
            yield Change(name, "both readers", was[1], now[1])
            continue
        for reader, one, other in (("professional", was[1], now[1]), ("layperson", was[2], now[2])):
            if one != other:
                yield Change(name, reader, one, other)


def marked(change: Change, removed: str, added: str, written: Callable[[str], str] = str) -> tuple[str, str]:
    """Return the two texts, the words that differ in the frames `removed` and `added`; `written` escapes the words."""
    old, new = _TOKEN.findall(change.before), _TOKEN.findall(change.after)
    before, after = list[str](), list[str]()
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = written("".join(old[i:j])), written("".join(new[k:m]))
        before.append(gone if kind == "equal" or not gone else removed.format(gone))
        after.append(come if kind == "equal" or not come else added.format(come))
    return "".join(before), "".join(after)


def as_text(library: Library, nodes: Sequence[str]) -> str:
    """Return the changes of several answers for the terminal: `[-what went-]` and `{+what came+}`."""
    lines = [line for node in nodes for line in _told(library, node)]
    return "\n".join(lines) if lines else "Nothing has changed since it was approved."


def _told(library: Library, node: str) -> Iterator[str]:
    state = library.review_of(node)
    if state.status != "changed":
        return
    yield f"{node}: changed since {state.reviewers} approved it on {state.on}"
    found = changes(library, node)
    if found is None:
        yield "  the words that were approved were not kept: the whole answer must be read again"
    for change in found or ():
        before, after = marked(change, "[-{}-]", "{{+{}+}}")
        yield f"  {change.part} ({change.reader})"
        yield f"    before: {before or '(nothing)'}"
        yield f"    after:  {after or '(nothing)'}"


def as_page(library: Library, nodes: Sequence[str]) -> str:
    """Return the changes of several answers as one static page."""
    rows = "".join(_section(library, node) for node in nodes if library.review_of(node).status == "changed")
    return _PAGE.format(body=rows or "<p>Nothing has changed since it was approved.</p>")


def _section(library: Library, node: str) -> str:
    return f"<h2>{html.escape(node)}</h2>{as_table(library, node)}"


def as_table(library: Library, node: str) -> str:
    """Return the changes of one answer as HTML, to stand in a page; empty where it reads as it was approved."""
    state = library.review_of(node)
    if state.status != "changed":
        return ""
    found = changes(library, node)
    signed = f"<p>Approved by {html.escape(state.reviewers)} on {state.on}; changed since.</p>"
    if found is None:
        return signed + "<p>The words that were approved were not kept: the whole answer must be read again.</p>"
    rows = "".join(map(_row, found))
    heads = "".join(f'<th scope="col">{one}</th>' for one in ("part", "approved", "now"))
    return f'{signed}<table class="changes"><tr>{heads}</tr>{rows}</table>'


def _row(change: Change) -> str:
    before, after = marked(change, "<del>{}</del>", "<ins>{}</ins>", html.escape)
    head = f'<th scope="row">{html.escape(change.part)}<br><small>{change.reader}</small></th>'
    return f"<tr>{head}<td>{before}</td><td>{after}</td></tr>"


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What changed since it was approved</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed; }}
td, th {{ border: 1px solid #999; padding: .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }}
th:first-child {{ width: 12rem; font-weight: 600; }}
del {{ background: #fdd; }} ins {{ background: #dfd; text-decoration: none; font-weight: 600; }}
</style>
<h1>What changed since it was approved</h1>
{body}
</html>
"""

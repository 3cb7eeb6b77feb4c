"""New topics, answers, sources and rules: files that pass the check at once, with their gaps marked for the author.

Nothing is overwritten. What a file cannot know is written as a gap (`TODO: …`), which `footnote check` lists until it
is filled (C32), so that nothing half-written is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bot.authoring.check import Drafts
from bot.authoring.rules.language import GAP
from bot.authoring.yaml_edit import append_entry, append_item, quoted, replace_text
from bot.content.diagnostics import nearest
from bot.content.library import Library, Topic
from bot.content.matching_models import SubjectKind
from bot.content.models import is_id
from bot.content.yaml_reader import read
from bot.dialog.composer import MAX_FOLLOW_UPS, ON_A_PHONE, clipped
from bot.errors import FootnoteError

KINDS: tuple[str, ...] = get_args(SubjectKind)
"""What the subject of a topic can be."""

_NAMED = 5
"""Answers that are named as places for one more."""
_SCHEMA = "# yaml-language-server: $schema={}/schema/{}.schema.json\n"


class ScaffoldRefused(FootnoteError):
    """It cannot be made; the message says why. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Scaffold:
    """Files to write, and what to do next."""

    drafts: Drafts
    next_step: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A label or title in both registers."""

    professional: str
    layperson: str

    def __str__(self) -> str:
        """Return it as YAML."""
        return f"{{professional: {quoted(self.professional)}, layperson: {quoted(self.layperson)}}}"


# --- a topic ---------------------------------------------------------------------------------------------------------


def new_topic(library: Library, topic: str, title: Wording, kind: str, start: str | None = None) -> Scaffold:
    """Return a topic of its own folder: head, figures, sources, terms, words, first answer, and its tree.

    `kind` is what its first subject is: a `condition`, a `therapy`.
    """
    _refuse_id(topic)
    if kind not in KINDS:
        near = nearest(kind, KINDS) or f"there are {', '.join(KINDS)}"
        raise ScaffoldRefused(f"no subject is a `{kind}`: {near} (docs/authoring.md says what each is)")
    home, first = library.home, start or f"{topic}-overview"
    if topic in library.topics or (home.content / topic).exists() or home.dialog(topic).exists():
        raise ScaffoldRefused(f"there is a topic or a dialog `{topic}` already: choose another id")
    _refuse_node(library, first)
    folder = home.content / topic
    main = next(iter(library.topic_of(library.start).answers.keys() & {library.start}), library.start)
    files = {
        folder / "topic.yaml": f"{_head('topic')}topic: {topic}\ntitle: {title}\narticle: null\nreview:\n"
        "  status: submitted\n  by: null\n  on: null\n  due: null\n",
        folder / "facts.yaml": f"{_head('facts')}# Every figure, once: x, and x_plain for the same in plain words.\n"
        "facts: {}\n",
        folder / "sources.yaml": f"{_head('sources')}sources: {{}}\n",
        folder / "notes.yaml": f"{_head('notes')}notes: {{}}\n",
        folder / "terms.yaml": f"{_head('terms')}terms: {{}}\n",
        folder
        / "phrases.yaml": f"{_head('phrases')}# How people ask, beside what content/matching says of every topic."
        f"\nphrases:\n  {first}: |\n    {_asked(title.layperson)}\n",
        folder / "messages.yaml": _messages(first),
        folder / "subjects.yaml": _subjects(topic, kind, first, title),
        folder / "answers" / f"{first}.yaml": _answer(first, title, title),
        home.dialog(topic): f"{_head('dialog', '../content')}dialog: {topic}\nstart: {first}\nnodes:\n"
        f"  {first}:\n    next: [{main}]\n",
    }
    step = f"write the answer in {folder}/answers/{first}.yaml; `footnote new answer` adds the next one"
    if max(len(title.professional), len(title.layperson)) > ON_A_PHONE:
        step = f"shorten its `label`: a button shows {ON_A_PHONE} characters, so the title was cut; then {step}"
    return Scaffold(files, step)


def _messages(first: str) -> str:
    return f"""{_head("messages")}# Whole messages as people write them, one a line: twenty an answer or more.
# They are by several people who have not read the answers. They teach more than as many phrases. Such as:
# messages:
#   {first}: |
#     so my dad was told this last week and now he wonders what it is about
messages: {{}}
"""


def _subjects(topic: str, kind: str, first: str, title: Wording) -> str:
    return f"""{_head("subjects")}# What a question here can be about, and which answer holds which aspect of it.
subjects:
  {topic}:
    kind: {kind}
    general: {first}
    names: {quoted(_asked(title.layperson))}
answers:
  {topic}:
    {first}: about
  any:
    self: more
it:
  {first}: {topic}
"""


def _asked(title: str) -> str:
    """Return a title as somebody might type it: the first phrase, to be joined by better ones."""
    return " ".join("".join(sign for sign in title.casefold() if sign.isalnum() or sign in " -'").split())


# --- an answer -------------------------------------------------------------------------------------------------------


def new_answer(library: Library, node: str, topic: str, label: Wording, below: str | None, asks: str) -> Scaffold:
    """Return an answer with its node in the tree, a button that leads to it, and how one person asks for it."""
    held = _topic(library, topic)
    _refuse_id(node)
    _refuse_node(library, node)
    for register, text in (("professional", label.professional), ("layperson", label.layperson)):
        if len(text) > ON_A_PHONE:
            raise ScaffoldRefused(f"the {register} label has {len(text)} characters; a phone shows {ON_A_PHONE}")
    dialog = _dialog_of(library, held)
    path = library.home.dialog(dialog)
    above = below or library.dialogs[dialog].start
    if above not in library.nodes:
        raise ScaffoldRefused(_no_place(above, library))
    drafts = {library.home.answer(topic, node): _answer(node, label, label)}
    drafts |= _tree(library, path, dialog, node, above)
    drafts |= _phrases(library, topic, node, asks)
    step = f"write {library.home.answer(topic, node)}; then `footnote check` and `footnote ask --node {node}`"
    return Scaffold(drafts, step)


def _no_place(above: str, library: Library) -> str:
    near = nearest(above, library.nodes)
    return (
        f"there is no answer `{above}` to stand below{f'; {near}' if near else '.'} "
        f"If `footnote new answer {above}` was refused, nothing of it was written: mend that one first"
    )


def _full(above: str, library: Library) -> str:
    """Return that an answer has all the buttons it may have, and which answers near it have room."""
    near = dict.fromkeys((*library.nodes[above].next, *library.topic_of(above).answers))
    answers = (node for node in near if node in library.nodes and node not in library.always)
    room = [node for node in answers if not node.startswith("urgent") and _has_room(library, node)][:_NAMED]
    instead = f"; there is room under {', '.join(f'`{node}`' for node in room)}" if room else ""
    return (
        f"`{above}` has {MAX_FOLLOW_UPS} follow-ups, which is as many as are shown: choose another with `--below`"
        f"{instead}, or take out one of the four that another answer leads to as well"
    )


def _has_room(library: Library, node: str) -> bool:
    return len(library.nodes[node].next) < MAX_FOLLOW_UPS


def _tree(library: Library, path: Path, dialog: str, node: str, above: str) -> dict[Path, str]:
    text = append_entry(_text(path), ("nodes",), f"{node}:\n  next: [{library.dialogs[dialog].start}]\n")
    if not _has_room(library, above):
        raise ScaffoldRefused(_full(above, library))
    home = next(name for name, one in library.dialogs.items() if above in one.nodes)
    other = library.home.dialog(home)
    before = text if other == path else _text(other)
    return {path: text, other: append_item(before, ("nodes", above, "next"), node)}


def _phrases(library: Library, topic: str, node: str, asks: str) -> dict[Path, str]:
    path = library.home.of_topic(topic, "phrases")
    if not asks.strip():
        return {}
    if not path.exists():
        return {path: f"{_head('phrases')}phrases:\n  {node}: |\n    {asks.strip()}\n"}
    return {path: append_entry(_text(path), ("phrases",), f"{node}: |\n  {asks.strip()}\n")}


def _answer(node: str, label: Wording, title: Wording) -> str:
    return f"""{_SCHEMA.format("../..", "answer")}answer: {node}
label: {Wording(clipped(label.professional), clipped(label.layperson))}
title: {title}
claims:
  # The first claim is the main message. A claim that states a fact has `cites: [a-source]` and no `kind`.
  - id: main
    kind: editorial
    professional: "{GAP} the main message, in at most two sentences."
    layperson: "{GAP} say it to the reader."
  - id: ask
    kind: action
    professional: "{GAP} one thing to do."
    layperson: "{GAP} one thing you can do."
"""


# --- a source --------------------------------------------------------------------------------------------------------


def add_phrase(library: Library, node: str, asks: str) -> Scaffold:
    """Return a topic's phrases with one line more for an answer. Raises ScaffoldRefused for a line with a gap in it,
    which is no question as anybody asks it."""
    if "…" in asks:
        raise ScaffoldRefused(f"words are missing in it ({asks}): write a phrase of your own in their place")
    topic = next(name for name, one in library.topics.items() if node in one.answers)
    path, place = library.home.of_topic(topic, "phrases"), ("phrases", node)
    written = read("", _text(path).encode()).data if path.exists() else {}
    before = written.get("phrases", {}).get(node) if isinstance(written, dict) else None
    drafts = _phrases(library, topic, node, asks)
    if before:
        drafts = {path: replace_text(_text(path), place, f"{before.rstrip()}\n{asks}\n")}
    return Scaffold(drafts, f'footnote ask "{asks}"')


def new_source(library: Library, source: str, topic: str, title: str, kind: str, where: str) -> Scaffold:
    """Return a source's record with the next free number; `where` is its DOI or its address."""
    held = _topic(library, topic)
    _refuse_id(source)
    if source in held.sources:
        raise ScaffoldRefused(f"there is a source `{source}` already, with the number {held.sources[source].number}")
    number = max((one.number for one in held.sources.values()), default=5 if held.article else 0) + 1
    doi = where.rpartition("doi.org/")[2] if where.startswith("10.") or "doi.org/" in where else None
    address = f"doi: {quoted(doi)}" if doi else f"url: {where or 'null'}"
    entry = f"""{source}:
  number: {number}
  group: added
  kind: {kind}
  check: N   # P once its own page was read; docs/authoring.md has the others
  title: {quoted(title)}
  year: null
  {address}
  supports: {{professional: "{GAP} what it supports here", layperson: "{GAP} what it says"}}
"""
    path = library.home.of_topic(topic, "sources")
    if held.sources:
        text = append_entry(_text(path), ("sources",), entry)
    else:
        indented = "".join(f"  {line}\n" for line in entry.splitlines())
        text = f"{_head('sources')}sources:\n{indented}"
    return Scaffold({path: text}, f"cite it: `cites: [{source}]` in a claim; read it, and say so in `check:`")


# --- a rule ----------------------------------------------------------------------------------------------------------


def new_rule(root: Path, code: str, title: str, level: str) -> Scaffold:
    """Return the page and the function of a rule of the checker; only a checkout has a place for them."""
    folder, rules = root / "docs" / "rules", root / "bot" / "authoring" / "rules"
    if not folder.is_dir() or not rules.is_dir():
        raise ScaffoldRefused("a rule belongs to the program: this needs its checkout")
    if not (len(code) == 3 and code[0].isupper() and code[1:].isdigit()) or (folder / f"{code}.md").exists():
        taken = ", ".join(sorted(path.stem for path in folder.glob(f"{code[:1]}*.md")))
        raise ScaffoldRefused(f"`{code}` is no free code: a capital letter and two digits. Taken: {taken}")
    name = code.casefold()
    module = f'''"""Rule {code}: {title}."""

from __future__ import annotations

from collections.abc import Iterator

from bot.authoring.rules.base import CheckContext
from bot.content.diagnostics import Diagnostic
from bot.content.files import diagnostic_at


def {name}(context: CheckContext) -> Iterator[Diagnostic]:
    """{code}: {title}."""
    for answer_ref in context.answers():
        if "a-sign-of-it" in answer_ref.node:
            yield diagnostic_at(answer_ref.path, ("answer",), "{code}", "what is wrong", "what to do", level="{level}")
'''
    example = "a file of tests/content/mini as ```yaml PATH, and as ```text what is printed."
    parts = ("what it says.", "## Why", "why.", "## Bad", example, "## Fix", "the remedy.")
    gaps = (part if part.startswith("#") else f"{GAP} {part}" for part in parts)
    page = "\n\n".join([f"# {code} {title}", f"Level: {level}", *gaps]) + "\n"
    step = (
        f"import `{name}` in bot/authoring/check.py, add `{name}.{name}` to RULES, write the page, then `footnote docs`"
    )
    return Scaffold({folder / f"{code}.md": page, rules / f"{name}.py": module}, step)


# --- shared ----------------------------------------------------------------------------------------------------------


def _head(schema: str, up: str = "..") -> str:
    return _SCHEMA.format(up, schema)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


def _topic(library: Library, topic: str) -> Topic:
    if topic not in library.topics:
        near = nearest(topic, library.topics) or f"there are {', '.join(library.topics)}"
        raise ScaffoldRefused(f"there is no topic `{topic}`: {near}")
    return library.topics[topic]


def _dialog_of(library: Library, topic: Topic) -> str:
    """Return the dialog that shows most of a topic's answers."""
    shown = {name: len(topic.answers.keys() & dialog.nodes.keys()) for name, dialog in library.dialogs.items()}
    return max(shown, key=lambda name: shown[name])


def _refuse_id(text: str) -> None:
    if not is_id(text):
        raise ScaffoldRefused(f"`{text}` is no id: lower-case letters, digits and single hyphens, such as `foot-exam`")


def _refuse_node(library: Library, node: str) -> None:
    if node in library.nodes:
        raise ScaffoldRefused(f"there is a node `{node}` already")
    if node in library.renamed:
        raise ScaffoldRefused(f"`{node}` is an old id of `{library.renamed[node]}`: old buttons carry it, so it stays")
    if any(node in topic.answers for topic in library.topics.values()):
        raise ScaffoldRefused(f"there is an answer `{node}` already")

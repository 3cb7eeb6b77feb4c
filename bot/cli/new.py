"""`footnote new`: a topic, an answer, a source or a rule, from the few things that must be known."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.errors import UsageError
from bot.settings import load_settings

if TYPE_CHECKING:
    from bot.authoring.scaffold import Scaffold
    from bot.content.library import Library

app = typer.Typer(help="Begin a topic, an answer, a source or a rule.", no_args_is_help=True)

Id = Annotated[str | None, typer.Argument(help="Lower-case words joined by hyphens.")]
TopicOption = Annotated[str | None, typer.Option(help="The topic it belongs to.")]
Professional = Annotated[str | None, typer.Option(help="For clinicians.")]
Layperson = Annotated[str | None, typer.Option(help="In plain words.")]
Kind = Literal["guideline", "statement", "trial", "review", "label", "agency", "overview", "study", "guidance"]


@app.command()
def topic(id_: Id = None, professional: Professional = None, layperson: Layperson = None) -> None:
    """Begin a topic: a folder of its own and its tree, with one answer to write."""
    from bot.authoring.scaffold import Wording, new_topic

    library = _library()
    name = _asked(id_, "The topic's id (such as sleep)")
    title = Wording(_asked(professional, "Its title for clinicians"), _asked(layperson, "Its title in plain words"))
    _write(new_topic(library, name, title))


@app.command()
def answer(
    id_: Id = None,
    topic: TopicOption = None,
    professional: Professional = None,
    layperson: Layperson = None,
    below: Annotated[str | None, typer.Option(help="The answer whose button leads to it; the topic's first.")] = None,
    asks: Annotated[str | None, typer.Option(help="How somebody asks for it, in their words.")] = None,
) -> None:
    """Begin an answer: its file, its node, a button that leads to it, and how people ask for it."""
    from bot.authoring.scaffold import Wording, new_answer

    library = _library()
    node = _asked(id_, "The answer's id (such as sleep-tablets)")
    chosen = _asked(topic, f"Its topic ({', '.join(library.topics)})")
    label = Wording(
        _asked(professional, "The button for clinicians, at most 30 characters"),
        _asked(layperson, "The button in plain words, at most 30 characters"),
    )
    words = _asked(asks, "How would somebody ask for it?")
    _write(new_answer(library, node, chosen, label, below, words))


@app.command()
def source(
    id_: Id = None,
    topic: TopicOption = None,
    title: Annotated[str | None, typer.Option(help="Its title, as printed.")] = None,
    kind: Annotated[Kind, typer.Option(help="What it is.")] = "guidance",
    where: Annotated[str | None, typer.Option(help="Its DOI, or its address.")] = None,
) -> None:
    """Begin a source: its record, with the next free number."""
    from bot.authoring.scaffold import new_source

    library = _library()
    name = _asked(id_, "The source's id (such as nhs-2026)")
    chosen = _asked(topic, f"Its topic ({', '.join(library.topics)})")
    printed, place = _asked(title, "Its title, as printed"), _asked(where, "Its DOI or address")
    _write(new_source(library, name, chosen, printed, kind, place))


@app.command()
def rule(
    code: Annotated[str | None, typer.Argument(help="A capital letter and two digits, such as C40.")] = None,
    title: Annotated[str | None, typer.Option(help="What it forbids, in a few words.")] = None,
    level: Annotated[Literal["error", "warning"], typer.Option(help="How much it weighs.")] = "error",
) -> None:
    """Begin a rule of `footnote check`: its page and its function. Needs the program's checkout."""
    from bot.authoring.check import write_all
    from bot.authoring.scaffold import new_rule

    root = load_settings().footnote_content.resolve().parent
    made = new_rule(root, _asked(code, "Its code"), _asked(title, "What it forbids"), level)
    write_all(made.drafts)
    _tell(made)


def _library() -> Library:
    from bot.content.loader import load

    settings = load_settings()
    return load(settings.footnote_dialogs, settings.footnote_content)


def _asked(given: str | None, question: str) -> str:
    """Return what was given as an option, or ask; where nobody can answer, say which is missing."""
    if given is not None:
        return given.strip()
    if not sys.stdin.isatty():
        raise UsageError(f"not enough is said to begin with: {question[0].lower()}{question[1:]} (see --help)")
    return str(typer.prompt(question)).strip()


def _write(made: Scaffold) -> None:
    from bot.authoring.check import new_errors, write_all
    from bot.authoring.scaffold import ScaffoldRefused
    from bot.channels import registry

    settings = load_settings()
    folders = settings.footnote_dialogs, settings.footnote_content
    if errors := new_errors(*folders, made.drafts, datetime.now(UTC).date(), registry.limits()):
        raise ScaffoldRefused("nothing was written, because the check would not pass:\n" + "\n".join(map(str, errors)))
    write_all(made.drafts)
    _tell(made)


def _tell(made: Scaffold) -> None:
    for path in made.drafts:
        typer.echo(f"wrote {path}")
    typer.echo(f"next: {made.next_step}")

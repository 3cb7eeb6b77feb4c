"""`footnote` for those who write and review content: check, review, evaluate, graph, docs, new."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.errors import UsageError
from bot.settings import SHIPPED, load_settings

if TYPE_CHECKING:
    from bot.authoring.scaffold import Scaffold
    from bot.content.library import Library


# --- footnote new: a topic, an answer, a source or a rule -------------------------------------------------------------

new = typer.Typer(help="Begin a topic, an answer, a source or a rule.", no_args_is_help=True)

Id = Annotated[str | None, typer.Argument(help="Lower-case words joined by hyphens.")]
TopicOption = Annotated[str | None, typer.Option(help="The topic it belongs to.")]
Professional = Annotated[str | None, typer.Option(help="For clinicians.")]
Layperson = Annotated[str | None, typer.Option(help="In plain words.")]
Kind = Literal["guideline", "statement", "trial", "review", "label", "agency", "overview", "study", "guidance"]


@new.command()
def topic(
    id_: Id = None,
    professional: Professional = None,
    layperson: Layperson = None,
    kind: Annotated[str | None, typer.Option(help="What it is about: condition, therapy, care, drug, ...")] = None,
) -> None:
    """Begin a topic: a folder of its own and its tree, with one answer to write."""
    from bot.authoring.scaffold import KINDS, Wording, new_topic

    library = _library()
    name = _asked(id_, "The topic's id (such as sleep)")
    title = Wording(_asked(professional, "Its title for clinicians"), _asked(layperson, "Its title in plain words"))
    _write(new_topic(library, name, title, _asked(kind, f"What it is about ({', '.join(KINDS)})")))


@new.command()
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


@new.command()
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


@new.command()
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


# --- everything else --------------------------------------------------------------------------------------------------

app = typer.Typer()
review = typer.Typer(help="Who reviewed what; records a decision.")
app.add_typer(review, name="review")
app.add_typer(new, name="new")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class ReviewStatus(StrEnum):
    """The three steps of a review."""

    SUBMITTED = "submitted"
    UNDER_REVIEW = "under-review"
    APPROVED = "approved"


class Tone(StrEnum):
    """Both registers, as on the command line."""

    PROFESSIONAL = "professional"
    LAYPERSON = "layperson"


@app.command()
def check(as_json: JsonOption = False) -> None:
    """Check dialogs and content: every fault of every file, with place and remedy. Exits with 1 on an error."""
    from bot.authoring.reports import run_check
    from bot.channels import registry

    settings = load_settings()
    today = datetime.now(UTC).date()
    _print(run_check(settings.footnote_dialogs, settings.footnote_content, today, registry.limits(), as_json=as_json))


@app.command()
def evaluate(
    questions: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    as_json: JsonOption = False,
    confused: Annotated[
        bool,
        typer.Option("--confusion", help="Also list what was taken for what, and what few lines tell badly apart."),
    ] = False,
) -> None:
    """Measure the matcher on a file of labelled questions (JSON lines), and print every failure in words.

    Errors that `footnote check` finds in the content are told first, on the error stream."""
    import json
    from functools import cache

    from bot.authoring.reports import confusion, figures, told_apart, unsound
    from bot.channels import registry
    from bot.content.loader import load
    from bot.matching import LateMatcher, build_matcher
    from bot.matching.evaluation import evaluate as measured
    from bot.matching.evaluation import failures, mixed

    settings = load_settings()
    library = load(settings.footnote_dialogs, settings.footnote_content)
    built = cache(lambda: build_matcher(library, settings.footnote_cache))  # questions are read first
    today = datetime.now(UTC).date()
    if wrong := unsound(settings.footnote_dialogs, settings.footnote_content, today, registry.limits()):
        typer.echo(wrong, err=True)
    found = measured(LateMatcher(built), questions, library)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    told = [
        figures(found),
        *([confusion(found), told_apart(mixed(built().parts))] if confused else []),
        failures(found),
        wrong and wrong.splitlines()[-1],
    ]
    typer.echo("\n\n".join(part for part in told if part))


@review.callback(invoke_without_command=True)
def reviews(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the review of every answer: status, who, when, what is due and what changed since."""
    if context.invoked_subcommand is not None:
        return
    from bot.authoring.reports import run_review

    settings = load_settings()
    today = datetime.now(UTC).date()
    _print(run_review(settings.footnote_dialogs, settings.footnote_content, today, as_json=as_json))


@review.command("record")
def review_record(
    name: Annotated[str, typer.Argument(metavar="NODE|TOPIC", help="An answer, or a topic: all its answers.")],
    status: Annotated[ReviewStatus, typer.Argument(help="submitted, under-review or approved")],
    by: Annotated[str, typer.Option(help="The reviewer's name.")],
    on: Annotated[
        datetime | None, typer.Option(help="The day of the decision; today if left out.", formats=["%Y-%m-%d"])
    ] = None,
    due: Annotated[datetime | None, typer.Option(help="When the next review is due.", formats=["%Y-%m-%d"])] = None,
    note: Annotated[str | None, typer.Option(help="What was looked at, or what is still to do.")] = None,
) -> None:
    """Record a named reviewer's decision on an answer, or on every answer of a topic, in the answers' own files."""
    from bot.authoring.decisions import Decision
    from bot.authoring.reports import run_decision

    settings = load_settings()
    today = datetime.now(UTC).date()
    day = on.date() if on else today
    decision = Decision(status.value, by, day, today, due.date() if due else None, note)
    _print(run_decision(settings.footnote_dialogs, settings.footnote_content, name, decision))


@review.command("changes")
def review_changes(
    name: Annotated[str | None, typer.Argument(metavar="[NODE|TOPIC]", help="Everything if left out.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write a page to this file instead.")] = None,
) -> None:
    """Show what reads otherwise than it was approved, word by word."""
    from bot.authoring.reports import run_changes

    settings = load_settings()
    _print(run_changes(settings.footnote_dialogs, settings.footnote_content, name, page))


@app.command()
def train() -> None:
    """Learn how people ask, ahead of the first command that needs it; some seconds, kept until a word changes."""
    from bot.content.loader import load
    from bot.matching import build_matcher

    settings = load_settings()
    build_matcher(load(settings.footnote_dialogs, settings.footnote_content), settings.footnote_cache)


@app.command()
def docs() -> None:
    """Write again what is generated from the content: JSON Schemas, docs/content.md, docs/screens.md, docs/rules."""
    from bot.authoring.reports import run_docs

    settings = load_settings()
    root = settings.footnote_content.resolve().parent
    if root == SHIPPED:
        raise UsageError("these are the files of the package: `footnote docs` writes beside a content/ of your own")
    _print(run_docs(settings.footnote_dialogs, settings.footnote_content, root))


@app.command("test")
def play_conversations(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders; else conversations/ and tests/conversations/.")
    ] = None,
    record: Annotated[Path | None, typer.Option(help="Talk, and write the conversation to this file.")] = None,
    name: Annotated[str, typer.Option(help="What the recorded conversation is called.")] = "a recorded conversation",
    register: Annotated[str, typer.Option("--tone", help="professional or layperson, while recording.")] = "layperson",
) -> None:
    """Play conversations written in YAML and say which turn was answered otherwise. Exits with 1 on a difference."""
    from bot.app import build_engine
    from bot.authoring.reports import recorded, run_tests

    engine = build_engine(load_settings(), templates=False, late=True)
    if record is not None:
        typer.echo(recorded(engine, sys.stdin, record, name, register, typer.echo))
        return
    folders = [path for path in (Path("conversations"), Path("tests/conversations")) if path.is_dir()]
    _print(run_tests(engine, paths or folders))


@app.command("export")
def export_sheet(
    file: Annotated[Path, typer.Argument(help="A .csv or .xlsx file to write.", dir_okay=False)],
    topic: Annotated[str | None, typer.Option(help="One topic; the file's name says it too. Else everything.")] = None,
) -> None:
    """Write every text, in both registers, as a sheet with a row a text."""
    from bot.authoring.sheet import export
    from bot.content.loader import load

    settings = load_settings()
    library = load(settings.footnote_dialogs, settings.footnote_content)
    chosen = _topic(library, topic or (file.stem if file.stem in library.topics else None))
    typer.echo(f"{export(library, chosen, file)} rows in {file}")


@app.command("import")
def import_sheet(
    file: Annotated[Path, typer.Argument(help="A sheet that `footnote export` wrote.", exists=True, dir_okay=False)],
    topic: Annotated[str | None, typer.Option(help="Take texts of this topic only.")] = None,
) -> None:
    """Take over what was changed in a sheet: all, or nothing where a rule is broken or a text was changed twice. What
    `footnote check` warns of in the changed files is told."""
    from bot.authoring.check import check, new_errors, write_all
    from bot.authoring.reports import told
    from bot.authoring.sheet import SheetRefused, drafts, edits, refusals
    from bot.channels import registry
    from bot.content.loader import load

    settings = load_settings()
    dialogs, content = settings.footnote_dialogs, settings.footnote_content
    library = load(dialogs, content)
    found = edits(library, file, _topic(library, topic))
    texts = drafts(found)
    if errors := new_errors(dialogs, content, texts, datetime.now(UTC).date(), registry.limits()):
        raise SheetRefused(refusals(found, texts, errors))
    write_all(texts)
    typer.echo(told(found))
    changed = {path.as_posix() for path in texts}
    for one in check(dialogs, content, datetime.now(UTC).date(), registry.limits()).diagnostics if changed else ():
        if one.level == "warning" and one.path in changed:
            typer.echo(f"\n{one}")


def _topic(library: Library, topic: str | None) -> str | None:
    if topic is not None and topic not in library.topics:
        raise UsageError(f"there is no topic `{topic}`: {', '.join(library.topics)}")
    return topic


@app.command()
def preview(out: Annotated[Path, typer.Argument(dir_okay=False, metavar="OUT.html")]) -> None:
    """Write one page of every answer, in both registers, as the page, Telegram and Slack show it."""
    from bot.app import authors_view, build_engine
    from bot.channels import registry

    drawn = next(one.preview for one in registry.plugins() if one.preview is not None)
    page = drawn(build_engine(load_settings(), late=True), datetime.now(UTC).date(), authors_view())
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as fault:
        raise UsageError(f"{out} cannot be written: {fault.strerror}") from None
    typer.echo(f"wrote {out}")


@app.command()
def graph(
    file: Annotated[Path | None, typer.Argument(help="A .svg or .png file; without it, Mermaid is printed.")] = None,
) -> None:
    """Draw the conversation trees: a cluster per topic, kinds by colour, reviews by a dot."""
    from bot.authoring.graph import as_svg, write_png
    from bot.authoring.review_page import mermaid
    from bot.content.loader import load

    settings = load_settings()
    library = load(settings.footnote_dialogs, settings.footnote_content)
    if file is None:
        typer.echo(mermaid(library))
        return
    if file.suffix.casefold() == ".png":
        write_png(library, file)
    elif file.suffix.casefold() == ".svg":
        file.write_text(as_svg(library), encoding="utf-8")
    else:
        raise UsageError(f"`{file}` must end in .svg or .png")
    typer.echo(f"wrote {file}")


@app.command("pictures")
def draw_pictures(
    folder: Annotated[Path | None, typer.Argument(help="Write PNG and PDF files there.", file_okay=False)] = None,
) -> None:
    """Draw every picture and every topic's page to take along: into the cache, as a start does, or into a folder."""
    from bot.authoring.generated import prepare, write_all
    from bot.content.loader import load

    settings = load_settings()
    library = load(settings.footnote_dialogs, settings.footnote_content)
    if folder is None:
        typer.echo(prepare(library, settings.footnote_cache))
        return
    for path in write_all(library, folder, datetime.now(UTC).date()):
        typer.echo(f"wrote {path}")


@app.command()
def handout(
    out: Annotated[Path, typer.Argument(dir_okay=False, metavar="OUT.pdf")],
    tone: Annotated[Tone, typer.Option(help="professional or layperson")] = Tone.LAYPERSON,
    topic: Annotated[str | None, typer.Option(help="A topic; that of the first answer if left out.")] = None,
    answers: Annotated[list[str] | None, typer.Option("--of", help="Hold this answer; may be given again.")] = None,
    link: Annotated[str, typer.Option(help="The address that the page and its QR code bear.")] = "",
) -> None:
    """Write one page to take along: of a topic, or of the answers named."""
    from bot.authoring.generated import write_page
    from bot.content.loader import load
    from bot.dialog.turn import Leaflet, Register

    settings = load_settings()
    library = load(settings.footnote_dialogs, settings.footnote_content)
    nodes = tuple(answers or ())
    chosen = topic or library.topic_of(next((n for n in nodes if n in library.nodes), library.start)).id
    write_page(library, out, Leaflet(chosen, Register(tone.value), nodes), datetime.now(UTC).date(), link)
    typer.echo(f"wrote {out}")


def _print(printed: tuple[str, int]) -> None:
    """Print a command's text and leave with its exit code."""
    text, code = printed
    typer.echo(text)
    raise typer.Exit(code)

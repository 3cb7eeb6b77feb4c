"""`footnote` for those who write and review content: check, review, evaluate, graph, docs."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import UsageError
from bot.settings import SHIPPED, load_settings

app = typer.Typer()
review = typer.Typer(help="Who reviewed what; records a decision.")
app.add_typer(review, name="review")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class ReviewStatus(StrEnum):
    """The three steps of a review."""

    SUBMITTED = "submitted"
    UNDER_REVIEW = "under-review"
    APPROVED = "approved"


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
    confused: Annotated[bool, typer.Option("--confusion", help="Also list what was taken for what.")] = False,
) -> None:
    """Measure the matcher on a file of labelled questions (JSON lines), and print every failure in words."""
    import json

    from bot.authoring.reports import confusion, figures
    from bot.content.loader import load
    from bot.matching import build_matcher
    from bot.matching.evaluation import evaluate as measured
    from bot.matching.evaluation import failures

    settings = load_settings()
    library = load(settings.footnote_dialogs, settings.footnote_content)
    known = {*library.nodes, *library.renamed, *library.small_talk}
    matcher = build_matcher(library, settings.footnote_cache)
    found = measured(matcher, questions, known=known, otherwise=library.otherwise)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    told = [figures(found), *([confusion(found)] if confused else []), failures(found)]
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
    node: str,
    status: Annotated[ReviewStatus, typer.Argument(help="submitted, under-review or approved")],
    by: Annotated[str, typer.Option(help="The reviewer's name.")],
    on: Annotated[
        datetime | None, typer.Option(help="The day of the decision; today if left out.", formats=["%Y-%m-%d"])
    ] = None,
    due: Annotated[datetime | None, typer.Option(help="When the next review is due.", formats=["%Y-%m-%d"])] = None,
) -> None:
    """Record a named reviewer's decision on an answer, in the answer's own file."""
    from bot.authoring.reports import run_decision

    settings = load_settings()
    day = (on or datetime.now(UTC)).date()
    folders = settings.footnote_dialogs, settings.footnote_content
    _print(run_decision(*folders, node, status.value, by, day, due.date() if due else None))


@app.command()
def train() -> None:
    """Learn how people ask, ahead of the first command that needs it; some seconds, kept until a word changes."""
    from bot.content.loader import load
    from bot.matching import build_matcher

    settings = load_settings()
    build_matcher(load(settings.footnote_dialogs, settings.footnote_content), settings.footnote_cache)


@app.command()
def docs() -> None:
    """Write again what is generated from the content: JSON Schemas, docs/content.md, docs/rules."""
    from bot.authoring.reports import run_docs

    settings = load_settings()
    root = settings.footnote_content.resolve().parent
    if root == SHIPPED:
        raise UsageError("these are the files of the package: `footnote docs` writes beside a content/ of your own")
    _print(run_docs(settings.footnote_dialogs, settings.footnote_content, root))


@app.command()
def graph() -> None:
    """Print the conversation trees as a Mermaid flowchart."""
    from bot.authoring.review_page import mermaid
    from bot.content.loader import load

    settings = load_settings()
    typer.echo(mermaid(load(settings.footnote_dialogs, settings.footnote_content)))


def _print(printed: tuple[str, int]) -> None:
    """Print a command's text and leave with its exit code."""
    text, code = printed
    typer.echo(text)
    raise typer.Exit(code)

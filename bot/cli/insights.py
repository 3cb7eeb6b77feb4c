"""`footnote insights`: what people asked and did not get, in counts; and the questions that an operator had kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import UsageError
from bot.settings import load_settings

if TYPE_CHECKING:
    from bot.content.library import Library

app = typer.Typer(help="What people asked and did not get: counts only, of five people at least.")


@app.callback(invoke_without_command=True)
def counts(
    context: typer.Context,
    weeks: Annotated[int, typer.Option(min=1, help="The last so many weeks that are over.")] = 13,
    csv: Annotated[Path | None, typer.Option(help="Write every count to this file instead.")] = None,
) -> None:
    """Show what people asked and did not get: counts only, of five people at least."""
    from bot.inbox import insights
    from bot.inbox.admin import published, summed

    if context.invoked_subcommand is not None:
        return
    url, library = load_settings().footnote_database_url, _library()
    if csv is None:
        found = insights.summed_today(asyncio.run(summed(url, weeks)), library.resolve)
        typer.echo(insights.as_text(found, library))
        return
    rows = insights.todays(insights.lately(asyncio.run(published(url)), weeks), library.resolve)
    csv.write_text(insights.as_csv(rows), encoding="utf-8")
    typer.echo(f"wrote {len(rows)} {'count' if len(rows) == 1 else 'counts'} to {csv}")


@app.command()
def questions(
    add: Annotated[int | None, typer.Option(help="Make this question a phrase of --node, and delete it.")] = None,
    node: Annotated[str | None, typer.Option(help="The answer it belongs to.")] = None,
    drop: Annotated[int | None, typer.Option(help="Delete this question.")] = None,
) -> None:
    """List questions that nothing answered, if FOOTNOTE_KEEP_UNMATCHED has them kept: authored words alone."""
    from bot.inbox.admin import drop_unmatched

    if add is not None:
        _add(add, node)
    number = drop if add is None else add
    if number is not None:
        asyncio.run(drop_unmatched(load_settings().footnote_database_url, number))
        return
    kept = _kept()
    typer.echo("\n".join(f"{one:>6}  {text}" for one, text in kept.items()) or "no question is kept")


def _add(number: int, node: str | None) -> None:
    """Write a kept question down as a phrase of an answer. Raises UsageError where one of them is unknown."""
    from bot.authoring.check import write_all
    from bot.authoring.scaffold import add_phrase

    text, library = _kept().get(number), _library()
    if text is None:
        raise UsageError(f"no question {number} is kept: `footnote insights questions` shows those that are")
    if node is None or node not in library.nodes:
        raise UsageError(f"say with --node which answer it belongs to; there is no answer `{node}`")
    made = add_phrase(library, node, text)
    write_all(made.drafts)
    typer.echo(f"wrote {next(iter(made.drafts))}\nnext: {made.next_step}")


def _kept() -> dict[int, str]:
    from bot.app import installation_secret
    from bot.inbox.admin import unmatched
    from bot.store.codec import Identity

    settings = load_settings()
    return dict(asyncio.run(unmatched(settings.footnote_database_url, Identity(installation_secret(settings)))))


def _library() -> Library:
    from bot.content.loader import load

    settings = load_settings()
    return load(settings.footnote_dialogs, settings.footnote_content, templates=False)

"""The `footnote` command: asking and serving, and what those need who run it: doctor, the quarantine, reports, backup.

Each command imports what it needs when it runs, so that asking one question starts fast.
"""

from __future__ import annotations

import atexit
import gc
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.cli import content
from bot.errors import FootnoteError

if TYPE_CHECKING:
    from bot.dialog.engine import Engine
    from bot.dialog.turn import Register
    from bot.settings import Settings


import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bot.errors import UsageError
from bot.settings import load_settings

if TYPE_CHECKING:
    from bot.channels.base import CheckResult, Texts
    from bot.channels.registry import Configuration
    from bot.content.library import Library
    from bot.inbox.admin import ReadableReport, ReportDesk


app = typer.Typer(name="footnote", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(content.app)

ToneOption = Annotated[str | None, typer.Option("--tone", help="professional or layperson")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

NOTHING_CONFIGURED = "No channel is configured, so this is a page for this computer alone."


def main() -> NoReturn:
    """Run the command line; an error written for people is printed without a traceback and exits with 2."""
    try:
        if sys.argv[1:2] == ["ask"]:  # one question needs no command of a channel, and should start fast
            gc.disable()  # looking for what nothing refers to took a quarter of the time (measured 2026-11)
            atexit.register(gc.freeze)
        else:
            _add_channel_commands()
        app()
    except FootnoteError as error:
        typer.echo(f"footnote: {error}", err=True)
        sys.exit(2)
    finally:
        gc.enable()
    sys.exit(0)


def _add_channel_commands() -> None:
    from bot.channels import registry

    for name, commands in registry.commands().items():
        app.add_typer(commands, name=name)


@app.command()
def serve(
    reload: Annotated[bool, typer.Option("--reload", help="Take over each save of the content.")] = False,
) -> None:
    """Run every configured channel in one process; with none configured, say so and serve a page on this computer."""
    from bot.app import run
    from bot.channels import registry

    configuration = registry.load_configuration()
    if configuration.channels:
        run(configuration, reload=reload)
        return
    typer.echo(NOTHING_CONFIGURED, err=True)
    typer.echo(registry.set_up() + "\n", err=True)
    run(
        registry.unconfigured(configuration),
        lambda port: typer.echo(f"Open http://127.0.0.1:{port}/ (Ctrl-C stops)", err=True),
        reload=reload,
    )


@app.command()
def chat(register: ToneOption = None) -> None:
    """Talk to the bot in the terminal; reads lines when standard input is no terminal."""
    from bot.app import converse
    from bot.settings import load_settings

    converse(load_settings(), _register(register))


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="The question.")] = None,
    node: Annotated[str | None, typer.Option(help="Press the button of this node instead.")] = None,
    after: Annotated[str | None, typer.Option(help="The node last shown in the conversation.")] = None,
    register: ToneOption = None,
    channel: Annotated[str, typer.Option(help="telegram, slack, terminal or another channel")] = "terminal",
    as_json: JsonOption = False,
    explain: Annotated[bool, typer.Option("--explain", help="Texts why this answer was chosen.")] = False,
) -> None:
    """Ask one question and print the answer."""
    from jinja2 import TemplateError

    from bot.channels.terminal.plugin import answer_once
    from bot.settings import load_settings

    settings = load_settings()
    try:
        engine = _engine(settings, templates=False)
        answer = answer_once(engine, text, node, after, _register(register), channel, as_json=as_json, explain=explain)
    except TemplateError:  # one text is faulty: the full check names every place
        _engine(settings)
        raise
    typer.echo(answer)


def _engine(settings: Settings, *, templates: bool = True) -> Engine:
    from bot.app import build_engine

    return build_engine(settings, templates=templates, late=True)


def _register(word: str | None) -> Register | None:
    from bot.dialog.turn import Register
    from bot.errors import UsageError

    if word is None or word in tuple(Register):
        return Register(word) if word else None
    raise UsageError(f"there is no register '{word}': use --tone professional or --tone layperson")


# --- footnote insights: what people asked and did not get, and the questions that were kept ---------------------------

insights_app = typer.Typer(help="What people asked and did not get: counts only, of five people at least.")


@insights_app.callback(invoke_without_command=True)
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


@insights_app.command()
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
    from bot.store.common import Identity

    settings = load_settings()
    return dict(asyncio.run(unmatched(settings.footnote_database_url, Identity(installation_secret(settings)))))


def _library() -> Library:
    from bot.content.loader import load

    settings = load_settings()
    return load(settings.footnote_dialogs, settings.footnote_content, templates=False)


# --- everything else --------------------------------------------------------------------------------------------------

T = TypeVar("T")

SHOWN = 60
"""Characters of a report in the list."""

operators = typer.Typer()
inbox = typer.Typer(help="Turns that wait or failed: list, replay, drop.", no_args_is_help=True)
operators.add_typer(inbox, name="inbox")
operators.add_typer(insights_app, name="insights")
reports = typer.Typer(help="What readers report as wrong: list, show, close.", no_args_is_help=True)
operators.add_typer(reports, name="reports")
app.add_typer(operators)


@operators.command()
def doctor(channel: Annotated[str | None, typer.Argument(help="telegram or slack; both if left out")] = None) -> None:
    """Examine the set-up of each configured channel and say what to mend, and where."""
    from bot.app import build_engine
    from bot.channels import registry

    configuration = registry.load_configuration()
    texts = build_engine(configuration.shared).text
    healthy, report = asyncio.run(examine(configuration, texts, channel))
    typer.echo(report)
    raise typer.Exit(0 if healthy else 1)


async def examine(configuration: Configuration, texts: Texts, channel: str | None) -> tuple[bool, str]:
    """Return whether all is well, and the report. Raises UsageError for a channel that has no doctor."""
    from bot.channels import registry

    names = [one.name for one in registry.plugins() if one.doctor is not None]
    if channel not in (None, *names):
        raise UsageError(f"there is no channel '{channel}': use {' or '.join(names)}")
    lines, healthy = [], True
    for plugin, own in configuration.channels:
        if plugin.doctor is not None and channel in (None, plugin.name):
            results = await plugin.doctor(own, texts)
            healthy = healthy and all(result.ok for result in results)
            lines += [plugin.name, *map(_line, results)]
    if not lines:
        return False, f"nothing to examine: configure a channel first\n{registry.set_up()}"
    return healthy, "\n".join(lines)


def _line(result: CheckResult) -> str:
    mark = "ok " if result.ok else "FIX"
    return f"  {mark}  {result.what}" + (f"\n       -> {result.fix}" if result.fix else "")


@inbox.command("list")
def inbox_list(
    quarantined: Annotated[bool, typer.Option("--quarantined", help="Only those set aside.")] = False,
) -> None:
    """List unfinished turns, oldest first: no text, no names."""
    from bot.inbox.admin import listing

    typer.echo(asyncio.run(listing(_database(), "quarantined" if quarantined else None)))


@inbox.command("replay")
def inbox_replay(row: int) -> None:
    """Put a quarantined turn back to work."""
    from bot.inbox.admin import replay

    asyncio.run(replay(_database(), row))


@inbox.command("drop")
def inbox_drop(row: int) -> None:
    """Delete a quarantined turn unanswered."""
    from bot.inbox.admin import drop

    asyncio.run(drop(_database(), row))


@reports.command("list")
def reports_list(
    closed: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    editor: Annotated[str | None, typer.Option(help="Only those of the topics this editor looks after.")] = None,
) -> None:
    """List what readers report as wrong, oldest first, with the editor of its topic (content/contacts.yaml)."""
    found = asyncio.run(_with_desk(lambda desk: desk.list(closed=closed)))
    lines = [line for report in found if (line := _listed(report, editor))]
    typer.echo("\n".join(lines) or "nothing is reported")


@reports.command("show")
def reports_show(number: int) -> None:
    """Show one report in full."""
    report = asyncio.run(_with_desk(lambda desk: desk.show(number)))
    typer.echo(f"{_listed(report, None)}\n\n{report.words}")


@reports.command("close")
def reports_close(
    number: int,
    answer: Annotated[str, typer.Option(help="Words for whoever reported it, sent where the platform allows.")] = "",
) -> None:
    """Close a report, with an answer back if one is given."""
    asyncio.run(_with_desk(lambda desk: desk.close(number, answer)))
    typer.echo(f"closed report {number}" + (", its answer is on its way" if answer.strip() else ""))


async def _with_desk(work: Callable[[ReportDesk], Awaitable[T]]) -> T:
    from bot.app import installation_secret
    from bot.inbox.admin import report_desk
    from bot.store.common import Identity

    settings = load_settings()
    async with report_desk(settings.footnote_database_url, Identity(installation_secret(settings))) as desk:
        return await work(desk)


def _listed(report: ReadableReport, editor: str | None) -> str:
    """Return a report's line; empty where it is another editor's."""
    from bot.content.loader import load

    settings = load_settings()
    library = load(settings.footnote_dialogs, settings.footnote_content, templates=False)
    node = library.resolve(report.node)
    named = library.contacts.editors.get(library.topic_of(node).id) if node else None
    if editor not in (None, named):
        return ""
    when = datetime.fromtimestamp(report.at, UTC).strftime("%Y-%m-%d %H:%M")
    state = "closed" if report.closed else "open"
    words = " ".join(report.words.split())
    short = words if len(words) <= SHOWN else words[:SHOWN] + "…"
    return f"{report.number:>5}  {state:<6}  {when}Z  {report.channel:<9} {report.node:<20} {named or '-'}  {short}"


@operators.command()
def backup(target: Path) -> None:
    """Copy the SQLite database, which may be in use, to TARGET."""
    from bot.inbox.admin import back_up

    asyncio.run(back_up(_database(), target))


@operators.command()
def restore(source: Path) -> None:
    """Put the backup SOURCE in the place of the SQLite database; the present one is kept beside it."""
    from bot.inbox.admin import restore as put_back

    asyncio.run(put_back(_database(), source))


def _database() -> str:

    return load_settings().footnote_database_url

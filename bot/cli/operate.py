"""`footnote` for those who run it: doctor, the quarantine, backup and restore."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import insights
from bot.errors import UsageError
from bot.settings import load_settings

if TYPE_CHECKING:
    from bot.channels.base import CheckResult, Texts
    from bot.channels.registry import Configuration

app = typer.Typer()
inbox = typer.Typer(help="Turns that wait or failed: list, replay, drop.", no_args_is_help=True)
app.add_typer(inbox, name="inbox")
app.add_typer(insights.app, name="insights")


@app.command()
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


@app.command()
def backup(target: Path) -> None:
    """Copy the SQLite database, which may be in use, to TARGET."""
    from bot.inbox.admin import back_up

    asyncio.run(back_up(_database(), target))


@app.command()
def restore(source: Path) -> None:
    """Put the backup SOURCE in the place of the SQLite database; the present one is kept beside it."""
    from bot.inbox.admin import restore as put_back

    asyncio.run(put_back(_database(), source))


def _database() -> str:

    return load_settings().footnote_database_url

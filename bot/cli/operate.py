"""`footnote` for those who run it: doctor, Telegram's links, the quarantine, backup and restore."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.settings import load_settings

app = typer.Typer()
telegram = typer.Typer(help="What belongs to Telegram alone.", no_args_is_help=True)
inbox = typer.Typer(help="Turns that wait or failed: list, replay, drop.", no_args_is_help=True)
app.add_typer(telegram, name="telegram")
app.add_typer(inbox, name="inbox")


@app.command()
def doctor(platform: Annotated[str | None, typer.Argument(help="telegram or slack; both if left out")] = None) -> None:
    """Examine the set-up of each configured platform and say what to mend, and where."""
    from bot.app import build_engine
    from bot.doctor import examine

    settings = load_settings()
    healthy, report = asyncio.run(examine(settings, build_engine(settings), platform))
    typer.echo(report)
    raise typer.Exit(0 if healthy else 1)


@telegram.command("links")
def telegram_links() -> None:
    """Print a link per answer, for leaflets and QR codes."""
    from bot.app import build_engine
    from bot.doctor import telegram_links as links

    settings = load_settings()
    typer.echo(asyncio.run(links(settings, build_engine(settings))))


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

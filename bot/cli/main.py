"""The `footnote` command. Each command imports what it needs when it runs, so that asking one question starts fast."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.cli import content, operate
from bot.errors import FootnoteError

if TYPE_CHECKING:
    from bot.dialog.engine import Engine
    from bot.dialog.turn import Register
    from bot.settings import Settings


app = typer.Typer(name="footnote", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(content.app)
app.add_typer(operate.app)

ToneOption = Annotated[str | None, typer.Option("--tone", help="professional or layperson")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

NOTHING_CONFIGURED = "No channel is configured, so this is a page for this computer alone."


def main() -> NoReturn:
    """Run the command line; an error written for people is printed without a traceback and exits with 2."""
    try:
        if sys.argv[1:2] != ["ask"]:  # one question needs no command of a channel, and should start fast
            _add_channel_commands()
        app()
    except FootnoteError as error:
        typer.echo(f"footnote: {error}", err=True)
        sys.exit(2)
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

    from bot.channels.terminal.ask import answer_once
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

    return build_engine(settings, templates=templates)


def _register(word: str | None) -> Register | None:
    from bot.dialog.turn import Register
    from bot.errors import UsageError

    if word is None or word in tuple(Register):
        return Register(word) if word else None
    raise UsageError(f"there is no register '{word}': use --tone professional or --tone layperson")

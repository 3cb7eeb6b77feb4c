"""One static page of everything the bot may say, in both registers, as every channel shows it: for a reviewer."""

from __future__ import annotations

from datetime import date

from bot.channels.web.render import ASSETS, Place, Renderer
from bot.channels.web.workbench import Looks
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, Reply, State


def preview(engine: Engine, today: date) -> str:
    """Return the page as one file: it asks for nothing else and needs no server."""
    library = engine.library
    renderer = Renderer(engine.text, [(one.label, one.number) for one in library.copy_numbers])
    looks = Looks(engine.text, renderer)
    answers = [
        {
            "node": node,
            "review": library.review_of(node),
            "rows": [
                (register, looks.drawn(_shown(engine, node, register), _link))
                for register in (Register.LAYPERSON, Register.PROFESSIONAL)
            ],
        }
        for node in sorted(library.nodes)
    ]
    style = "\n".join(ASSETS.files[name].decode() for name in ("page.css", "workbench.css"))
    return renderer.page(
        "preview.html", Register.LAYPERSON, Place(), answers=answers, style=style, today=today, version=library.version
    )


def _shown(engine: Engine, node: str, register: Register) -> Reply:
    return engine.respond(State(register, introduced=True), Incoming(Kind.COMMAND, node, "web"))[0]


def _link(payload: str) -> str:
    tap = payloads.parse(payload)
    return f"#{tap.node}" if tap else "#"

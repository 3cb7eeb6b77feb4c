"""Buttons under an answer: labels whole, two in a row where both are short, numbers first, feedback last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from bot.adapters.telegram.lines import opens
from bot.engine.turn import Button, Reply

Row = list[dict[str, Any]]

SHORT = 15
"""Characters up to which two labels stand whole side by side on a phone 360 points wide."""

DIAL = "tel:"
"""A button with such an address copies the number: Telegram opens no telephone links."""

_GROUPS = {"follow-up": "topics", "tone": "ways", "navigation": "ways", "link": "ways", "feedback": "feedback"}
"""Roles that may share a row; choices and danger stand alone."""


def keyboard(reply: Reply, more: Iterable[Button] = ()) -> dict[str, Any] | None:
    """Return the inline keyboard of a reply, or None without buttons."""
    return _keyboard((*reply.buttons, *more))


@lru_cache(maxsize=2048)
def _keyboard(all_buttons: tuple[Button, ...]) -> dict[str, Any] | None:
    """Lay out the buttons, once for each set of them: most answers are shown with the same few again and again."""
    buttons = [button for button in all_buttons if button.label]
    buttons.sort(key=_rank)
    return {"inline_keyboard": list(_rows(buttons))} if buttons else None


def _rank(button: Button) -> int:
    """Return what comes first: a number to call before all, a vote after all."""
    return 0 if (button.url or "").startswith(DIAL) else 2 if button.role == "feedback" else 1


def _rows(buttons: Sequence[Button]) -> Iterator[Row]:
    """Yield rows of one or two, in order."""
    at = 0
    while at < len(buttons):
        pair = buttons[at : at + 2]
        row = pair if len(pair) == 2 and _together(*pair) else pair[:1]
        yield [_button(button) for button in row]
        at += len(row)


def _together(left: Button, right: Button) -> bool:
    group = _GROUPS.get(left.role)
    return group is not None and group == _GROUPS.get(right.role) and max(len(left.label), len(right.label)) <= SHORT


def _button(button: Button) -> dict[str, Any]:
    """Return one button. Danger is shown by colour and said by the label, for those who cannot see the colour."""
    shown: dict[str, Any] = {"text": button.label}
    if button.url and button.url.startswith(DIAL):
        shown["copy_text"] = {"text": button.url.removeprefix(DIAL)}
    elif button.url and opens(button.url):
        shown["url"] = button.url
    else:
        shown["callback_data"] = button.payload
    return shown | ({"style": "danger"} if button.role == "danger" else {})

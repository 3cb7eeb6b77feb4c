"""Requests as Slack posts them, for Bolt: a press is a form with one field, JSON in which every sign is escaped."""

from __future__ import annotations

from binascii import a2b_qp
from collections.abc import Mapping

from slack_bolt.request.async_request import AsyncBoltRequest

_FIELD = "payload="


def bolt_request(text: str, headers: Mapping[str, str], query: str = "") -> AsyncBoltRequest:
    """Return the request as Bolt knows it. Raises ValueError, TypeError or AttributeError for what it cannot read."""
    request = AsyncBoltRequest(body=_payload(text) or text, query=query, headers=headers)  # type: ignore[arg-type]
    request.raw_body = text  # what the signature was made of
    return request


def _payload(text: str) -> str:
    """Return the JSON object of a form that holds nothing else; empty for anything else, which Bolt reads itself.

    Quoted-printable differs from a form's escapes by its sign alone, and the standard library reads it in C. A form it
    reads escape by escape: 900 of them in a press, a fifth of the time of a whole turn.
    """
    value = text.removeprefix(_FIELD)
    if value == text or "=" in value or "&" in value:
        return ""
    found = a2b_qp(value.replace("+", " ").replace("%", "=").encode()).decode()
    return found if found.startswith("{") else ""

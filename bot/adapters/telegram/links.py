"""Links that open the bot at an answer: for leaflets, QR codes and web pages."""

from __future__ import annotations

from collections.abc import Iterable

from telegram.helpers import create_deep_linked_url


def links(username: str, nodes: Iterable[str]) -> list[tuple[str, str]]:
    """Return (node, address) pairs. The address names a topic and nothing about the person who opens it."""
    return [(node, create_deep_linked_url(username, node)) for node in nodes]

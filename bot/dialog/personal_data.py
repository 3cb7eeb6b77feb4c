"""What is stored about a person: asking before it is deleted, showing it in words, and what can be set."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.content.library import Library
from bot.content.markdown import parse
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.turn import Button, Effect, Notice, Register, Reply


class PersonalData:
    """Answers `/forget`, `/export` and `/settings`; delivery does what their effects ask for."""

    def __init__(self, library: Library, composer: Composer) -> None:
        self._library = library
        self._composer = composer
        self._node = library.role("privacy") or library.otherwise

    def ask_to_forget(self, register: Register) -> Reply:
        """Return the question whether to delete everything."""
        choices = (self._button("forget-confirm", register, "forget", "danger"), self._cancel(register))
        return Reply(self._notice(register, "forget-title", "forget-ask"), choices=choices)

    def forget(self, register: Register) -> Reply:
        """Return the reply that has everything deleted."""
        return Reply(self._notice(register, "forgotten-title", "nothing-stored"), effect=Effect.FORGET)

    def export(self, register: Register) -> Reply:
        """Return the reply that has everything looked up."""
        card = self._notice(register, "export-title", "export-not")
        return Reply(card, choices=self.ways(register)[1:], effect=Effect.EXPORT)

    def elsewhere(self, register: Register) -> Reply:
        """Return what is said where others read along: what is stored about a person is theirs alone."""
        return Reply(self._notice(register, "export-title", "private-only"))

    def ways(self, register: Register) -> tuple[Button, ...]:
        """Return the buttons that show and delete what is stored."""
        show = self._button("export-button", register, "export", "navigation")
        return show, self._button("forget-button", register, "delete", "navigation")

    def settings(self, registers: tuple[Button, ...], register: Register) -> Reply:
        """Return what can be set: the register, and what is stored."""
        card = self._notice(register, "settings-title", "settings")
        return Reply(card, choices=(*registers, *self.ways(register)))

    def report(self, reply: Reply, found: Mapping[str, Any]) -> Reply:
        """Return `reply` with what its effect did; `found` is how much was deleted, or all that is stored."""
        register = reply.card.register
        if reply.effect is Effect.FORGET:
            return replace(reply, lead=self._composer.text("forgotten", register, **found))
        if reply.effect is Effect.EXPORT:
            text = "\n\n".join(self._exported(found, register))
            return replace(reply, card=replace(reply.card, brief=parse(text)), stored=json.dumps(found, indent=2))
        return reply

    def _exported(self, found: Mapping[str, Any], register: Register) -> Iterator[str]:
        """Yield what is stored in words, line by line; the exact record follows."""
        texts = self._composer.markdown
        tone = found["tone"]
        if tone:
            yield texts("export-tone", register, wording=self._composer.text(f"wording-{tone}", register))
        else:
            yield texts("export-no-tone", register)
        if found["met"]:
            yield texts("export-met", register)
        yield from self._places(found, register)
        if any("emergency" in context for context in found["contexts"]):
            yield texts("export-emergency", register)
        for kind in ("messages", "questions", "unmatched"):
            if found.get(kind):
                yield texts(f"export-{kind}", register, **{kind: found[kind]})
        yield texts("export-not", register)
        yield texts("export-exact", register)

    def _places(self, found: Mapping[str, Any], register: Register) -> Iterator[str]:
        texts = self._composer.markdown
        if found["conversations"]:
            yield texts("export-places", register, conversations=found["conversations"])
        for nodes in filter(None, found["trails"]):
            titles = [self._title(node, register) for node in nodes]
            yield texts("export-trail", register, titles="; ".join(titles))

    def _title(self, node: str, register: Register) -> str:
        known = self._library.resolve(node)
        return self._composer.card(known, register).title if known else node

    def _notice(self, register: Register, title: str, text: str) -> Notice:
        texts = self._composer.text
        card = self._composer.notice(
            self._node, register, texts(title, register), self._composer.markdown(text, register)
        )
        return replace(card, buttons=(self._composer.start_over(register),))

    def _button(self, key: str, register: Register, word: str, role: str) -> Button:
        return Button(self._composer.text(key, register), payloads.payload(self._node, word=word), role)

    def _cancel(self, register: Register) -> Button:
        return Button(self._composer.text("forget-cancel", register), payloads.payload(self._node), "none")

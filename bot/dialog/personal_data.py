"""What is stored about a person: asking before it is deleted, showing it in words, what can be set, what they report as
wrong. What identifies people is masked in words by one rule, for all channels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from bot.content.library import Library
from bot.content.markdown import parse
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.turn import (
    Button,
    Effect,
    Incoming,
    Matcher,
    Notice,
    Outcome,
    Preferences,
    Register,
    Reply,
    Scrubber,
    State,
)

PAGE = 8
"""Countries or languages on a page of buttons."""

MAX_REPORT = 3_000
"""Characters of a report that are kept: half a page says what is wrong."""

_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_FEW_WORDS = 8
"""Words of a message that says where somebody is: a longer one tells more than that."""
NOWHERE = "ZZ"
"""The letters of a country whose numbers are not held (ISO 3166 leaves them to users)."""

MASK = "[…]"

_EMAIL = r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    r"(?<!\d)(?:"
    r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})"
    r"|\d{4}[./-]\d{1,2}[./-]\d{1,2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+\d{{4}}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
    r")(?!\d)"
)
_DIGITS = (
    r"(?<![\d.,])(?:"
    r"\d{7,}"
    r"|\+\d(?:[ ()./-]{0,2}\d){6,}"
    r"|0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,4}"
    r"|\d{3}[ -]\d{3}[ -]\d{4}"
    r"|\d{3}-\d{2}-\d{4}"
    r")(?![\d.,]*\d)(?!\s*(?:mg|mcg|µg|g|ml|iu|%))"
)
"""Seven digits in a row, or grouped as telephone, health service and social security numbers are; not dose ranges."""

_NAME = r"[A-Z][a-z][\w'-]*"
_NAMED = (
    rf"(?-i:\b(?:(?:[Pp]atient,?\s+)?(?:Mrs?|Ms|Miss)\.?\s+{_NAME}(?:\s+{_NAME})?"
    rf"|[Pp]atient\s+(?:called|named)\s+{_NAME}(?:\s+{_NAME})?|[Pp]atient,?\s+{_NAME}\s+{_NAME}))"
)
"""A name after a title or after the word patient; a doctor's name stays, for it may be an author's."""

_IDENTIFIER = re.compile(f"{_EMAIL}|{_DATE}|{_DIGITS}|{_NAMED}", re.IGNORECASE)


def mask(text: str) -> tuple[str, bool]:
    """Return the text without identifiers, and whether any was found."""
    masked, found = _IDENTIFIER.subn(MASK, text)
    return masked, found > 0


_OTHER = {Register.LAYPERSON: Register.PROFESSIONAL, Register.PROFESSIONAL: Register.LAYPERSON}


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

    def quiet(self, register: Register, *, alone: bool) -> Reply:
        """Return what is said to "be quiet" where two talk alone (nothing is said there unasked, but all can go), or
        where it is quiet already."""
        text = self._composer.markdown("quiet-private" if alone else "quiet-already", register)
        card = self._composer.notice("quiet", register, "", text, Outcome.SMALL_TALK)
        return Reply(card, choices=self.ways(register)[1:] if alone else ())

    def ways(self, register: Register) -> tuple[Button, ...]:
        """Return the buttons that show and delete what is stored."""
        show = self._button("export-button", register, "export", "navigation")
        return show, self._button("forget-button", register, "delete", "navigation")

    def settings(self, state: State, incoming: Incoming, register: Register, lead: str = "") -> Reply:
        """Return what can be set, as it is now, and the buttons that set it."""
        values = {**self._now(state.preferences, register), "wording": self._text(f"wording-{register}", register)}
        card = self._notice(register, "settings-title", "settings", Outcome.SMALL_TALK, **values)
        return Reply(card, lead, choices=tuple(self._switches(state, incoming, register)))

    def _now(self, now: Preferences, register: Register) -> dict[str, str]:
        languages = self._library.languages.languages if self._library.languages else {}
        language = languages.get(now.language)
        return {
            "country": self.country_name(now.country or self._library.country or "", register),
            "language": language.name if language else self._text("settings-english", register),
            "detail": self._text("settings-open" if now.open else "settings-folded", register),
            "speaking": self._text("settings-quiet" if now.quiet else "settings-speaking", register),
        }

    def country_name(self, country: str, register: Register) -> str:
        """Return what a country is called, or that none is set."""
        held = self._library.countries.get(country)
        return held.names[0] if held else self._text("settings-no-country", register)

    def _switches(self, state: State, incoming: Incoming, register: Register) -> Iterator[Button]:
        now, other = state.preferences, _OTHER[register]
        yield self._button(f"to-{other}", register, "set", "tone", str(other))
        yield self._button("settings-country-button", register, "country", "navigation", 1)
        if self._library.languages:
            yield self._button("settings-language-button", register, "lang", "navigation", 1)
        fold = ("settings-fold-button", "fold") if now.open else ("settings-unfold-button", "open")
        hush = ("unquiet-button", "speak") if now.quiet else ("settings-quiet-button", "quiet")
        for key, value in (fold, hush):
            yield self._button(key, register, "set", "navigation", value)
        if not incoming.group:
            yield from reversed(self.ways(register))

    def choose(self, what: str, page: int, register: Register) -> Reply:
        """Return a page of countries or languages to choose from."""
        if what == "country":
            named = sorted(self._library.countries.items(), key=lambda one: one[1].names)
            found = {f"c-{code}": one.names[0] for code, one in named}
            found[f"c-{NOWHERE}"] = self._text("country-other", register)
        else:
            languages = self._library.languages.languages if self._library.languages else {}
            found = {"l-en": self._text("settings-english", register)}
            found |= {f"l-{code}": one.name for code, one in languages.items()}
        pages = -(-len(found) // PAGE)
        page = min(max(page, 1), pages)
        shown = list(found.items())[(page - 1) * PAGE : page * PAGE]
        choices = [self._named(name, "set", "navigation", value) for value, name in shown]
        if pages > 1:
            choices.append(self._button("next-page", register, what, "navigation", page % pages + 1))
        card = self._notice(register, f"settings-{what}-title", f"settings-{what}-ask", Outcome.SMALL_TALK)
        return Reply(card, choices=tuple(choices), in_place=True, toast=card.title)

    def changed(self, value: str, now: Preferences) -> Preferences | None:
        """Return the preferences after a press, or None for a value that nothing here offers."""
        kind, _, name = value.partition("-")
        if value in ("open", "fold"):
            return replace(now, open=value == "open")
        if value in ("quiet", "speak"):
            return replace(now, quiet=value == "quiet")
        if kind == "c" and (name in self._library.countries or name == NOWHERE):
            return replace(now, country=name)
        known = self._library.languages.languages if self._library.languages else {}
        if kind == "l" and (name in known or name == "en"):
            return replace(now, language="" if name == "en" else name)
        return None

    def country_called(self, name: str) -> str:
        """Return the letters of a country by one of its names or by themselves; empty for one that is not held."""
        wanted = name.casefold().strip(" .")
        for code, one in self._library.countries.items():
            if wanted in (code.casefold(), *(called.casefold() for called in one.names)):
                return code
        return ""

    def country_in(self, text: str) -> str:
        """Return the letters of the one country that a short message names as it is written; else an empty text. What
        has few letters, such as `US`, is a name in capitals alone."""
        words: list[str] = _WORDS.findall(text)
        if len(words) > _FEW_WORDS:
            return ""
        said = f" {' '.join(words)} "
        named = {
            code
            for code, held in self._library.countries.items()
            for name in held.names
            if f" {name} " in said or (len(name) > len("USA") and f" {name.lower()} " in said.lower())
        }
        return named.pop() if len(named) == 1 else ""

    def told_country(self, preferences: Preferences, register: Register, called: str = "") -> str:
        """Return what is said once a country is set: its numbers with where and when they were seen, or that none is
        held."""
        held = self._library.countries.get(preferences.country)
        if held is None:
            return self._text("country-unknown", register, country=called or self._text("country-that", register))
        when = date.fromisoformat(f"{held.seen_in}-01")
        values = {"country": held.names[0], "where": held.seen_on, "when": f"{when:%B %Y}"}
        numbers = " · ".join(filter(None, (held.number, held.crisis_line)))
        return self._text("country-set", register, numbers=numbers, **values)

    def kept(self, register: Register) -> str:
        """Return what is said beside the finger when something was set."""
        return self._text("settings-kept", register)

    # --- what is wrong with an answer ---------------------------------------------------------------------------------

    def ask_what_is_wrong(self, node: str, incoming: Incoming, register: Register) -> Reply:
        """Return the question what is wrong; where others read along, the way to say it alone."""
        label = self._composer.card(node, register).title
        key = "report-elsewhere" if incoming.group else "report-ask"
        text = self._composer.markdown(key, register, title=label)
        card = self._composer.notice(node, register, self._text("report-title", register), text, Outcome.SMALL_TALK)
        payload = payloads.payload(node, word="report")
        own = Button(self._text("report-button", register), payload, "report")
        back = Button(self._text("report-cancel", register), payloads.payload(node, word="cancel"), "none")
        return Reply(replace(card, about_bot=True), choices=(own,) if incoming.group else (back,))

    def reported(self, node: str, words: str, register: Register) -> Reply:
        """Return the acknowledgement of a report, with what will be kept of it: without what identifies people."""
        kept, masked = mask(" ".join(words.split()))
        lines = [self._composer.markdown("reported", register)]
        if masked:
            lines.append(self._composer.markdown("reported-masked", register))
        if len(kept) > MAX_REPORT:
            kept = kept[:MAX_REPORT].rsplit(" ", 1)[0] + " …"
            lines.append(self._composer.markdown("reported-cut", register, characters=MAX_REPORT))
        title = self._text("reported-title", register)
        card = self._composer.notice(node, register, title, "\n\n".join(lines), Outcome.SMALL_TALK)
        card = replace(card, about_bot=True, buttons=(self._composer.link(node, register, "navigation"),))
        return Reply(card, effect=Effect.REPORT, report=kept, report_on=node)

    def answered(self, node: str, words: str, register: Register) -> Reply:
        """Return an editor's answer to a report."""
        text = self._composer.markdown("report-answered", register, title=self._title(node, register), words=words)
        title = self._text("report-answered-title", register)
        card = self._composer.notice(node, register, title, text, Outcome.SMALL_TALK)
        card = replace(card, about_bot=True, buttons=(self._composer.link(node, register, "navigation"),))
        return Reply(card, effect=Effect.ANSWERED)

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
        if found["settings"]:
            yield texts("export-settings", register)
        yield from self._places(found, register)
        if any("emergency" in context for context in found["contexts"]):
            yield texts("export-emergency", register)
        for kind in ("messages", "questions", "reports", "unmatched"):
            if count := found[kind] if isinstance(found[kind], int) else len(found[kind]):
                yield texts(f"export-{kind}", register, **{kind: count})
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

    def _text(self, key: str, register: Register, **values: object) -> str:
        return self._composer.text(key, register, **values)

    def _notice(
        self, register: Register, title: str, text: str, outcome: Outcome = Outcome.ANSWER, **values: object
    ) -> Notice:
        body = self._composer.markdown(text, register, **values)
        card = self._composer.notice(self._node, register, self._text(title, register), body, outcome)
        return replace(card, buttons=(self._composer.start_over(register),))

    def _button(self, key: str, register: Register, word: str, role: str, value: object = "") -> Button:
        return self._named(self._text(key, register), word, role, value)

    def _named(self, label: str, word: str, role: str, value: object = "") -> Button:
        return Button(label, payloads.payload(self._node, word=word, value=value), role)

    def _cancel(self, register: Register) -> Button:
        return Button(self._composer.text("forget-cancel", register), payloads.payload(self._node), "none")


class Keeping:
    """What is kept of questions that nothing answers, and what people are told once; nothing without a scrubber."""

    def __init__(self, matcher: Matcher | None, composer: Composer) -> None:
        self._scrubber = matcher if isinstance(matcher, Scrubber) else None
        self._composer = composer

    def kept(self, reply: Reply, incoming: Incoming) -> Reply:
        """Return the reply with what may be kept of a question that it does not answer.

        A question with an identifier in it is not kept at all: who writes one may have written more of that kind.
        """
        if self._scrubber is None or reply.card.outcome is not Outcome.NOT_COVERED or mask(incoming.text)[1]:
            return reply
        return replace(reply, unmatched=self._scrubber.scrubbed(incoming.text))

    def introduced(self, reply: Reply) -> Reply:
        """Put under the reply what everybody is told once: that there are two registers, and what is kept."""
        if reply.offer:
            return reply
        lines = (self._composer.text("welcome-offer", reply.card.register), self._told("unmatched-kept", reply))
        return replace(reply, offer=" ".join(filter(None, lines)))

    def told(self, reply: Reply) -> Reply:
        """Return the answer about privacy with what is kept of unanswered questions and how to have it removed, where
        they are kept."""
        return replace(reply, offer=" ".join(filter(None, (reply.offer, self._told("unmatched-kept-privacy", reply)))))

    def _told(self, key: str, reply: Reply) -> str:
        return self._composer.text(key, reply.card.register) if self._scrubber else ""

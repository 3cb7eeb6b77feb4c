"""What words are answered with: an answer, its neighbours, "did you mean", a second question; the record of one source;
and whom to turn to where nothing helps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.content.library import Library, Topic
from bot.content.markdown import word_count
from bot.content.models import Registers, Source
from bot.dialog import payloads
from bot.dialog.bibliography import Bibliography, cited, find, link, of_kind
from bot.dialog.composer import Composer
from bot.dialog.matching import Match
from bot.dialog.personal_data import PersonalData
from bot.dialog.turn import Button, Card, Incoming, Outcome, Preferences, Register, Reply, State, View

MAX_TOGETHER = 60
"""Words of two briefs that still fit a phone's screen together, with two titles and one fold."""

MAX_ALSO = 2
"""Further questions of one message that are offered."""

SOURCES_PAGE = 8
"""Sources on a page of their list: with its title and its buttons a phone's screen."""


class Answers:
    """Makes replies of nodes and of the matcher's decisions."""

    def __init__(self, library: Library, composer: Composer, data: PersonalData) -> None:
        self._library = library
        self._composer = composer
        self._data = data
        self._bibliography = Bibliography(library)

    def show(self, node: str, state: State, register: Register) -> Reply:
        """Return the answer of a node, with the choices that belong to it."""
        card = self._composer.card(node, register)
        if node == self._library.role("tone"):
            return Reply(card, choices=self.registers(state, register))
        if node == self._library.role("references"):
            return Reply(card, choices=(self._page_button("page-by-page", node, 1, register),))
        return Reply(card, choices=self._data.ways(register) if node == self._library.role("privacy") else ())

    def linked(self, target: str, state: State, register: Register) -> Reply:
        """Return the answer a link leads to, with one line of greeting for somebody new; an unknown one the start."""
        node = self._library.resolve(target)
        if node is None:
            return Reply(self._composer.greeting(register), self._text("foreign-start", register))
        lead = "" if state.introduced else self._text("hello-line", register)
        return replace(self.show(node, state, register), lead=lead)

    def registers(self, state: State, register: Register) -> tuple[Button, ...]:
        """Return both registers as buttons that show again the answer the reader came from."""
        tone = self._library.role("tone")
        before = next((node for node in reversed(state.history) if node != tone), self._library.start)
        return tuple(
            Button(self._text(f"to-{choice}", register), payloads.payload(before, choice), "tone")
            for choice in (Register.LAYPERSON, Register.PROFESSIONAL)
        )

    def matched(self, match: Match, state: State, register: Register) -> Reply:
        """Return the reply to words that mean `match`."""
        reasons = (*match.reasons, *(f"{node} {score:.2f}" for node, score in match.scores))
        lead = self._lead(match, register)
        if match.outcome is Outcome.CHOICES:
            choices = (*self._links(match.choices, register, "choice", "choice"), self._none_of_these(register))
            return Reply(self._composer.choices(register), lead, choices=choices, reasons=reasons)
        reply = self._with_also(self.show(match.node, state, register), match.also)
        related = self._links(self._beside(match, reply.card), register, "choice")
        return replace(reply, lead=lead or reply.lead, choices=(*reply.choices, *related), reasons=reasons)

    def _with_also(self, reply: Reply, nodes: Sequence[str]) -> Reply:
        """Return the reply with the other questions of the message: the second beside it if both are short, else first
        among the buttons."""
        others = [node for node in dict.fromkeys(nodes) if node != reply.card.node]
        if not others or reply.card.outcome is not Outcome.ANSWER:
            return reply
        register = reply.card.register
        second = self._composer.card(others[0], register)
        if word_count(reply.card.brief) + word_count(second.brief) <= MAX_TOGETHER:
            return replace(reply, second=second)
        named = "; ".join(self._composer.label(node, register) for node in others[:MAX_ALSO])
        remark = f"{self._text('also-asked', register)} {named}"
        return replace(reply, remark=remark, choices=self._links(others[:MAX_ALSO], register, "also"))

    def _lead(self, match: Match, register: Register) -> str:
        """Return what stands before the answer: a sentence in the asker's own language, or one of the bot's."""
        if match.language:
            return self._library.say_in(match.language, urgent=match.outcome is Outcome.URGENT)
        return self._text(match.note, register) if match.note else ""

    def _beside(self, match: Match, card: Card) -> Iterator[str]:
        """Yield the topics that may help and are not under the answer anyway; nothing about the bot itself."""
        shown = {button.payload for button in card.buttons}
        apart = (*self._library.always, *match.also)
        return (node for node in match.related if payloads.payload(node) not in shown and node not in apart)

    def _links(self, nodes: Iterable[str], register: Register, role: str, word: str = "") -> tuple[Button, ...]:
        return tuple(self._composer.link(node, register, role, word) for node in nodes)

    def _none_of_these(self, register: Register) -> Button:
        payload = payloads.payload(self._library.otherwise, word="choice")
        return Button(self._text("something-else", register), payload, "none")

    def _text(self, key: str, register: Register, **values: object) -> str:
        return self._composer.text(key, register, **values)

    # --- one source -------------------------------------------------------------------------------------------------

    def sources_meant(self, kind: str, named: str, state: State, register: Register) -> Reply | None:
        """Return what is held of the source that somebody names, or None where words may mean something else."""
        topics = self.topics(state)
        if kind == "source-kind":
            found = of_kind(named, self._cited(state, register), topics[0])
        else:
            found = find(named, topics, sure=kind != "source")
        if not found and kind == "source":
            return self._no_source(named, register)
        if len(found) == 1:
            return self.source(found[0][1].number, topics, register)
        return self._which_source(found, register) if found else None

    def source(self, number: int, topics: Sequence[Topic], register: Register) -> Reply:
        """Return the record of a source: to copy, what it is, how far it was read, what it is used for."""
        source = next((one for topic in topics for one in topic.sources.values() if one.number == number), None)
        if source is None:
            return self._no_source(str(number), register)
        text = self._composer.markdown
        lines = [
            text(f"source-kind-{source.kind}", register) + " " + text(f"source-check-{source.check.lower()}", register),
            text("source-supports", register, supports=self._library.plain(source.supports, register)),
        ]
        title = f"[{source.number}] {source.short or source.title or ''}".strip()
        address = link(source)
        own = (Button(self._text("source-open", register), "", "link", address),) if address else ()
        card = self._composer.notice(self._references, register, title, "\n\n".join(lines))
        return Reply(card, stored=self._bibliography.record(source, register), choices=(*own, self._all(register)))

    def sources_page(self, page: int, state: State, register: Register) -> Reply:
        """Return a page of the list: a line for each source, and the next page."""
        found = sorted(self.topics(state)[0].sources.values(), key=lambda one: one.number)
        pages = -(-len(found) // SOURCES_PAGE)
        page = min(max(page, 1), pages)
        shown = found[(page - 1) * SOURCES_PAGE : page * SOURCES_PAGE]
        lines = [self._composer.markdown("source-line", register, number=s.number, name=_name(s)) for s in shown]
        text = "\n".join([*lines, "", self._composer.markdown("source-page-hint", register)])
        title = self._text("source-page-title", register, page=page, pages=pages)
        more = self._page_button("next-page", self._references, page % pages + 1, register)
        card = self._composer.notice(self._references, register, title, text)
        return Reply(card, choices=(more, self._all(register)) if pages > 1 else (self._all(register),), in_place=True)

    def _which_source(self, found: Sequence[tuple[str, Source]], register: Register) -> Reply:
        own = tuple(self._source_button(source) for _, source in found)
        title, text = self._text("source-which", register), self._composer.markdown("did-you-mean-body", register)
        return Reply(self._composer.notice(self._references, register, title, text), choices=own)

    def _no_source(self, name: str, register: Register) -> Reply:
        title = self._text("source-none-title", register)
        text = self._composer.markdown("source-none", register, name=" ".join(name.split())[:60])
        return Reply(self._composer.notice(self._references, register, title, text), choices=(self._all(register),))

    @property
    def _references(self) -> str:
        return self._library.role("references") or self._library.otherwise

    def _source_button(self, source: Source) -> Button:
        payload = payloads.payload(self._references, word="source", value=source.number)
        return Button(f"[{source.number}] {_name(source)}"[:30], payload, "choice")

    def _page_button(self, key: str, node: str, page: int, register: Register) -> Button:
        payload = payloads.payload(node, word="page", value=page)
        return Button(self._text(key, register), payload, "navigation")

    def _all(self, register: Register) -> Button:
        return Button(self._text("all-sources", register), payloads.payload(self._references), "sources")

    def topics(self, state: State) -> list[Topic]:
        """Return the topics, first the one whose answer was shown last, or that the list of sources is about."""
        last = next((node for node in reversed(state.history) if node not in self._library.always), None)
        first = self._library.topic_of(last or self._references)
        return [first, *(topic for topic in self._library.topics.values() if topic is not first)]

    def _cited(self, state: State, register: Register) -> list[str]:
        shown = [node for node in state.history if node not in self._library.always]
        if not shown:
            return []
        topic = self._library.topic_of(shown[-1])
        return list(dict.fromkeys(cited(self._library.answer(shown[-1]), topic, register)))

    def as_set(self, reply: Reply, now: Preferences, incoming: Incoming) -> Reply:
        """Return the reply as the person set it, with the numbers to call and whom to turn to."""
        reply = self._with_people(reply, incoming.channel)
        if now.open and reply.view is View.BRIEF and not incoming.group:
            reply = replace(reply, view=View.OPEN)
        if reply.card.outcome is not Outcome.URGENT:
            return reply
        lead = reply.lead or self._library.say_in(now.language, urgent=True)
        numbers = tuple((one.label, one.number) for one in self._library.copy_numbers)
        return replace(reply, lead=lead, numbers=numbers)

    # --- a person -----------------------------------------------------------------------------------------------------

    def _with_people(self, reply: Reply, channel: str) -> Reply:
        """Return the reply with whom to turn to, where it cannot help itself and an operator named somebody."""
        register, node = reply.card.register, reply.card.node
        helpless = node in (self._library.otherwise, self._library.advice, "person")
        need = "questions" if helpless else node.removeprefix(f"{self._library.urgent}-")
        if not helpless and reply.card.outcome is not Outcome.URGENT:
            return reply
        lines, links = [], []
        for one in self._library.contacts_for(need, channel):
            name, how = _worded(one.name, register), _worded(one.how, register)
            lines.append(self._text("contact-line", register, name=name, how=how))
            links += [Button(name[:30], "", "link", one.url)] if one.url else []
        if not lines:
            return reply
        said = "\n".join(filter(None, [reply.remark, self._text("contact-lead", register), *lines]))
        return replace(reply, remark=said, choices=(*reply.choices, *links))


def _worded(said: str | Registers, register: Register) -> str:
    return said.for_register(register) if isinstance(said, Registers) else said


def _name(source: Source) -> str:
    return source.short or source.title or ""

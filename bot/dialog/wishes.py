"""What people ask for that is no answer: one source, to share or to report an answer, a setting. In words, by a command
or by a button, all three lead here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from bot.content.library import Library, Topic
from bot.content.models import Source
from bot.dialog import payloads
from bot.dialog.answers import SmallTalk
from bot.dialog.composer import Bibliography, Composer, by_name, cited, clipped, find, link
from bot.dialog.payloads import Tap
from bot.dialog.personal_data import NOWHERE, PersonalData
from bot.dialog.turn import (
    UNSURE,
    AwaitedReport,
    Button,
    Card,
    ClaimCard,
    Incoming,
    Kind,
    Match,
    Outcome,
    Register,
    Reply,
    State,
    Step,
    View,
)

# --- what words point at, and what they wish --------------------------------------------------------------------------

_LEAD = (
    r"(?:(?:and|so|ok|okay|well|then|hm+|oh|please|yes|maybe|i (?:mean|meant|choose|pick|want|take)"
    r"|what (?:about|is|was)|what's|how about|tell me(?: more)? about|show me|open|give me|explain"
    r"|let's (?:do|see|have|take)|make it|it's"
    r"|it is|take|try|go (?:with|for)|i'd like|i would like|can i (?:see|have)|could i (?:see|have)) )*"
)
_MARKER = r"(?:the|your|that|number|no|nr|num|option|choice|button|answer|item|point|#) ?"
_ORDINALS = "first second third fourth fifth sixth seventh eighth".split()  # noqa: SIM905
_CARDINALS = "one two three four five six seven eight".split()  # noqa: SIM905
_PLACE = rf"(?P<digits>\d{{1,2}})(?:st|nd|rd|th)?|(?P<ordinal>{'|'.join(_ORDINALS)})|(?P<end>last|latter|former)"
_TAIL = (
    r"(?: (?:one|option|choice|button|answer|topic|item|entry|again|then|please|pls|thanks|of|in|from|on|the|them|these"
    r"|those|your|list|you (?:gave|offered|showed|listed|mentioned|named)"
    r"|what (?:is|was|does) (?:that|it)(?: say| mean)?"
    r"|what's that|tell me(?: more)?))*"
)
_PICK = re.compile(rf"{_LEAD}(?:{_MARKER})*(?:{_PLACE}){_TAIL}")
_COUNTED = re.compile(
    rf"{_LEAD}(?:{_MARKER})*(?:number|no|nr|option|choice|button|#) ?(?P<cardinal>{'|'.join(_CARDINALS)}){_TAIL}"
)
_ALONE = re.compile(rf"(?P<cardinal>{'|'.join(_CARDINALS)})(?: please| then)?")
_OF_BUTTONS = re.compile(r"\bbuttons?\b")
_JOINTS = re.compile(r"[^\w'#]+|_")


def picked(text: str, listed: Sequence[str], buttons: Sequence[str] = ()) -> str | None:
    """Return what a message picks from the list just shown: "the third one, what is that", "no. 2", "the last".

    Of the buttons under an answer it picks only where it names them: "the second" there is of what the answer says.
    """
    said = _JOINTS.sub(" ", text.casefold().replace("’", "'")).strip()
    found = _PICK.fullmatch(said) or _COUNTED.fullmatch(said) or _ALONE.fullmatch(said)
    chosen = listed or (buttons if _OF_BUTTONS.search(said) else ())
    if found is None or not chosen:
        return None
    at = _place(found.groupdict(), len(chosen))
    return chosen[at] if 0 <= at < len(chosen) else None


def _place(found: Mapping[str, str | None], length: int) -> int:
    """Return where in a list of this length words point, from 0."""
    if digits := found.get("digits"):
        return int(digits) - 1
    if ordinal := found.get("ordinal"):
        return _ORDINALS.index(ordinal)
    if cardinal := found.get("cardinal"):
        return _CARDINALS.index(cardinal)
    return 0 if found.get("end") == "former" else length - 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, and what they name: a source, a country, what is wrong."""

    kind: str
    named: str = ""


_COURTESY = re.compile(
    r"^(?:(?:hi|hello|hey|ok|okay|and|so|please),? )+|,? (?:please|pls|plz|thanks|thx)$", re.IGNORECASE
)
_IDENTIFIER = re.compile(r"(?:10\.\d{4,}/\S+|PMC\d+|NCT\d+) ", re.IGNORECASE)
"""A DOI, the PMCID or the registry number of a source, and nothing else."""
_PIECE = re.compile(r"\([^)]*\)\??\S*|\S+")
_GROUP = re.compile(r"\(([^)]*)\)(.*)", re.DOTALL)


def wishes_in(text: str, wishes: Mapping[str, tuple[str, ...]]) -> Iterator[Wish]:
    """Yield what a whole message wishes, the first in the file first; it may turn out to name nothing that there is."""
    said = " ".join(text.replace("’", "'").split()).rstrip(" .?!")
    said = _COURTESY.sub("", said).strip() + " "
    if _IDENTIFIER.fullmatch(said):
        yield Wish("source", said.strip())
    for kind, templates in wishes.items():
        for template in templates:
            if found := _compiled(template).fullmatch(said):
                yield Wish(kind, (found.groupdict().get("named") or "").strip())


@cache
def _compiled(template: str) -> re.Pattern[str]:
    """Return the pattern of a template in content/small-talk.yaml."""
    return re.compile("".join(map(_pattern, _PIECE.findall(template))), re.IGNORECASE)


def _pattern(piece: str) -> str:
    group = _GROUP.fullmatch(piece)
    if group is None:
        return re.escape(piece).replace(r"\*", "(?P<named>.+?)") + r"\s+"
    either = "|".join(re.escape(one.strip()) for one in group[1].split("|"))
    if group[2] == "?":
        return rf"(?:(?:{either})\s+)?"
    return rf"(?:{either})" + re.escape(group[2]) + r"\s+"


# --- sources, and all other wishes ------------------------------------------------------------------------------------

REPORT_SECONDS = 900.0
"""How long after it was asked what is wrong the next words are a report: not those of somebody who comes back later."""

CALLED_OFF = frozenset({"no", "over", "quiet", "sorry"})
"""Small talk that calls a report off."""

CHOSEN = frozenset({"set", "sets", "source", "page", "report", "cancel", "country", "lang"})
"""Words of buttons that show no answer."""

COMMANDS = {"share": "share", "report": "report", "wrong": "report", "source": "source", "country": "country"}
COMMANDS |= {"language": "language", "lang": "language"}
"""Commands that are no node, and the wish each is; what it names stands behind it."""

_KINDS = {"studies": "study", "agencies": "agency"}
SOURCES_PAGE = 8
"""Sources on a page of their list: with its title and its buttons a phone's screen."""

ANSWERS_BESIDE = 2
"""Answers that rest on a source and are offered below its record."""

_PUBLISHED = frozenset({"guideline", "statement", "trial", "review", "study"})
"""Kinds of which a reader expects a DOI: that none was seen is said."""


class Sources:
    """Shows one source, or the list of them page by page."""

    def __init__(self, library: Library, composer: Composer) -> None:
        self._library = library
        self._composer = composer
        self._bibliography = Bibliography(library)

    def meant(self, kind: str, named: str, state: State, register: Register) -> Reply | None:
        """Return what is held of the source that somebody names, or None where words may mean something else."""
        topics = self.topics(state)
        held = topics[0].sources
        if kind == "source-kind":
            wanted = _KINDS.get(named.casefold(), named.casefold().removesuffix("s"))
            known = any(one.kind == wanted for one in held.values())  # most words after "what" are no kind of source
            cited_now = self._cited(state, register) if known else ()
            found = [(id_, held[id_]) for id_ in cited_now if held[id_].kind == wanted]
        elif kind in ("source-says", "source-named"):
            found = by_name(named, topics, bare=kind == "source-named")
        else:
            found = find(named, topics, sure=kind != "source")
        if not found and kind == "source":
            return self._no_source(named, register)
        if not found:
            return None
        cited_there = set(self._cited(state, register))
        found = [one for one in found if one[0] in cited_there] or found
        if len(found) == 1:
            return self._shown(found[0][1], register)
        return self._which_source(found, register)

    def record(self, number: int, topics: Sequence[Topic], register: Register) -> Reply:
        """Return the record of the source of a number, in the first topic that has it."""
        found = (one for topic in topics for one in topic.sources.values() if one.number == number)
        source = next(found, None)
        return self._shown(source, register) if source else self._no_source(str(number), register)

    def _shown(self, source: Source, register: Register) -> Reply:
        """Return a record: to copy, what it is, how far it was read, what it is used for."""
        text = self._composer.markdown
        lines = [
            text(f"source-kind-{source.kind}", register) + " " + text(f"source-check-{source.check.lower()}", register),
            text("source-supports", register, supports=self._library.plain(source.supports, register)),
        ]
        if source.doi is None and source.kind in _PUBLISHED:
            lines.append(text("source-no-doi", register))
        title = f"[{source.number}] {source.short or source.title or ''}".strip()
        address = link(source)
        own = [Button(self._text("source-open", register), "", "link", address)] if address else []
        own += [self._composer.link(node, register) for node in self._citing(source)[:ANSWERS_BESIDE]]
        card = self._composer.notice(self._references, register, title, "\n\n".join(lines))
        return Reply(card, stored=self._bibliography.record(source, register), choices=(*own, self._all(register)))

    def _citing(self, source: Source) -> list[str]:
        """Return the answers that cite a source, the one that does most often first; no card of an emergency."""
        topic = next(one for one in self._library.topics.values() if source in one.sources.values())
        id_ = next(id_ for id_, one in topic.sources.items() if one == source)
        nodes = [node for node in topic.answers if node in self._library.nodes.keys() - self._library.urgent_nodes]
        counted = {node: sum(id_ in claim.cites for claim in topic.answers[node].claims) for node in nodes}
        return sorted((node for node in nodes if counted[node]), key=lambda node: -counted[node])

    def page(self, page: int, state: State, register: Register) -> Reply:
        """Return a page of the list: a line for each source, and the next page."""
        found = list(self.topics(state)[0].sources.values())
        pages = -(-len(found) // SOURCES_PAGE)
        page = min(max(page, 1), pages)
        title = self._text("source-page-title", register, page=page, pages=pages)
        card = self._list(found, title, register, page)
        more = (self._page_button("next-page", self._references, page % pages + 1, register),) if pages > 1 else ()
        return Reply(card, choices=(*more, self._all(register)), in_place=True)

    def under_last(self, state: State, register: Register) -> Reply | None:
        """Return the sources of the answer shown last, a line for each, or None where it has none."""
        held = self.topics(state)[0].sources
        found = [held[name] for name in self._cited(state, register)]
        title = self._text("source-under-title", register)
        card = self._list(found, title, register)
        return Reply(card, choices=(self._all(register),)) if found else None

    def _list(self, found: Iterable[Source], title: str, register: Register, page: int = 0) -> Card:
        """Return a line for each source by its number, or for those of one page."""
        ordered = sorted(found, key=lambda one: one.number)
        shown = ordered[(page - 1) * SOURCES_PAGE : page * SOURCES_PAGE] if page else ordered
        lines = [self._composer.markdown("source-line", register, number=s.number, name=_name(s)) for s in shown]
        text = "\n".join([*lines, "", self._composer.markdown("source-page-hint", register)])
        return self._composer.notice(self._references, register, title, text)

    def _which_source(self, found: Sequence[tuple[str, Source]], register: Register) -> Reply:
        own = tuple(self._source_button(source) for _, source in found)
        title, text = self._text("source-which", register), self._composer.markdown("did-you-mean-body", register)
        return Reply(self._composer.notice(self._references, register, title, text), choices=own)

    def _no_source(self, name: str, register: Register) -> Reply:
        title = self._text("source-none-title", register)
        text = self._composer.markdown("source-none", register, name=clipped(name, 60))
        return Reply(self._composer.notice(self._references, register, title, text), choices=(self._all(register),))

    @property
    def _references(self) -> str:
        return self._library.role("references") or self._library.otherwise

    def _source_button(self, source: Source) -> Button:
        payload = payloads.payload(self._references, word="source", value=source.number)
        return Button(clipped(f"[{source.number}] {_name(source)}"), payload, "choice")

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

    def _text(self, key: str, register: Register, **values: object) -> str:
        return self._composer.text(key, register, **values)


def _name(source: Source) -> str:
    return source.short or source.title or ""


class Wishes:
    """Grants them."""

    def __init__(self, library: Library, composer: Composer, data: PersonalData, small_talk: SmallTalk) -> None:
        self._library = library
        self._composer = composer
        self._sources = Sources(library, composer)
        self._data = data
        self._small_talk = small_talk

    @staticmethod
    def awaited(match: Match, state: State, incoming: Incoming) -> str | None:
        """Return the answer that these words say is wrong, if that was just asked and they do not call it off."""
        if state.report is None or not 0 <= incoming.at - state.report.at <= REPORT_SECONDS:
            return None
        called_off = match.outcome is Outcome.SMALL_TALK and match.node in CALLED_OFF
        return None if called_off else state.report.node

    def in_words(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return the answer to a message that is a wish as a whole, else None; a name alone if `UNSURE`."""
        words = incoming.text.strip(" .?!\n")
        if words.isdecimal() and len(words) < 4 and state.node == self._library.role("references"):
            return self._granted(Wish("source", words), state, incoming, register)
        for wish in wishes_in(incoming.text, self._library.wishes):
            if wish.kind in ("source-says", "source-named") and match.outcome not in UNSURE:
                continue
            if granted := self._granted(wish, state, incoming, register):
                return granted
        return None

    def command(self, name: str, named: str, state: State, incoming: Incoming, register: Register) -> Step:
        """Answer one of `COMMANDS`."""
        granted = self._granted(Wish(COMMANDS[name], named), state, incoming, register)
        return granted or (self._nothing_yet(register), state)

    @staticmethod
    def reporting(name: str, state: State, incoming: Incoming) -> State:
        """Return the state in which the words of a command are a report, if it is that command."""
        node = incoming.context or state.node
        reports = COMMANDS.get(name) == "report" and node is not None
        return replace(state, report=AwaitedReport(node, incoming.at)) if reports and node else state

    def chosen(self, tap: Tap, node: str, state: State, incoming: Incoming, register: Register) -> Step:
        """Answer a press of one of `CHOSEN`."""
        number = int(tap.value) if tap.value.isdecimal() else 1
        match tap.word:
            case "set":
                return self._set(tap.value, state, incoming, register)
            case "source":
                return self._sources.record(number, self._sources.topics(state), register), state
            case "page":
                return self._sources.page(number, state, register), state
            case "report":
                return self.ask_for_report(node, state, incoming, register)
            case "cancel":
                return self._called_off(node, register), state
            case "sets":
                return self._data.settings(state, incoming, register), state
        return self._data.choose(tap.word, number, register), state

    def ask_for_report(self, node: str, state: State, incoming: Incoming, register: Register) -> Step:
        """Return the question what is wrong, whose answer is awaited; where others read along, where to say it."""
        reply = self._data.ask_what_is_wrong(node, incoming, register)
        return reply, state if incoming.group else replace(state, report=AwaitedReport(node, incoming.at))

    def answered(self, state: State, incoming: Incoming, register: Register) -> Step:
        """Pass on what an editor says to a report."""
        name, _, words = incoming.text.partition(" ")
        return self._data.answered(self._library.resolve(name) or self._library.start, words, register), state

    def _granted(self, wish: Wish, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return what a wish is answered with, or None where it names nothing that there is here."""
        if wish.kind.startswith("source"):
            if not wish.named:
                own = self._sources.under_last(state, register) if wish.kind == "source-shown" else None
                return own or self._sources.page(1, state, register), state
            reply = self._sources.meant(wish.kind, wish.named, state, register)
            return (reply, state) if reply else None
        if wish.kind in tuple(Register):
            chosen = Register(wish.kind)
            if chosen is Register.LAYPERSON is register and "not-understood" in self._library.small_talk:
                return self._small_talk.answer("not-understood", state, incoming, register), state
            return self._small_talk.reworded(self._last(state, incoming), chosen), replace(state, register=chosen)
        if wish.kind in ("unfold", "fold"):
            return self._set("open" if wish.kind == "unfold" else "fold", state, incoming, register)
        if wish.kind.startswith("country"):
            return self._country(wish, state, incoming, register)
        if wish.kind == "language":
            return self._data.choose("lang", 1, register), state
        if wish.kind == "settings":
            return self._data.settings(state, incoming, register), state
        return self._about(last, wish, state, incoming, register) if (last := self._last(state, incoming)) else None

    def _last(self, state: State, incoming: Incoming) -> str | None:
        """Return the answer that is meant: the one replied to, or the last that is not about the bot."""
        shown = (node for node in reversed(state.history) if node not in self._library.always)
        return incoming.context or next(shown, None)

    def _about(self, last: str, wish: Wish, state: State, incoming: Incoming, register: Register) -> Step:
        """Share the answer shown last, or report what is wrong with it, which may have been said already."""
        if wish.kind == "share":
            return self._share(last, register), state
        if wish.named and not incoming.group:
            return self._data.reported(last, wish.named, register), state
        return self.ask_for_report(last, state, incoming, register)

    def _share(self, node: str, register: Register) -> Reply:
        """Return the answer in its short form, to be forwarded, and the button that shares it where there is one."""
        card = self._composer.card(node, register)
        if not isinstance(card, ClaimCard):
            title, text = "", self._composer.markdown("share-nothing", register)
            return Reply(self._composer.notice(node, register, title, text, Outcome.SMALL_TALK))
        own = self._composer.share(node, register)
        return Reply(card, self._composer.text("share-lead", register), view=View.SHORT, choices=(own,))

    def _called_off(self, node: str, register: Register) -> Reply:
        """Return what is said to somebody who will not report an answer after all, with the way back to it."""
        card = self._composer.small_talk("no", register)
        return Reply(replace(card, buttons=(self._composer.link(node, register, "navigation"),)))

    def _nothing_yet(self, register: Register) -> Reply:
        """Return what is said to somebody who wants something of an answer before there is one."""
        text = self._composer.markdown("nothing-shown-yet", register)
        return Reply(self._composer.notice(self._library.otherwise, register, "", text, Outcome.SMALL_TALK))

    def _country(self, wish: Wish, state: State, incoming: Incoming, register: Register) -> Step | None:
        if not wish.named:
            return self._data.choose("country", 1, register), state
        code = self._data.country_called(wish.named)
        if not code and wish.kind == "country-if-known":
            return None
        return self._set(f"c-{code or NOWHERE}", state, incoming, register, wish.named)

    def _set(self, value: str, state: State, incoming: Incoming, register: Register, called: str = "") -> Step:
        """Set something and show how everything is set now."""
        if value in tuple(Register):
            register = Register(value)
            after = replace(state, register=register)
        else:
            after = replace(state, preferences=self._data.changed(value, state.preferences) or state.preferences)
        lead = self._data.told_country(after.preferences, register, called) if value.startswith("c-") else ""
        reply = self._data.settings(after, incoming, register, lead)
        return replace(reply, in_place=incoming.kind is Kind.TAP, toast=self._data.kept(register)), after

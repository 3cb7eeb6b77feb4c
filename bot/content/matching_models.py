"""The shapes of the files that tell the matcher what people mean, and of those on emergencies and whom to turn to.

Lists of words may be one text (separated by commas or lines), lists of phrases one with a phrase per line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bot.content import models
from bot.content.models import Id, Link, Name, Registers, model
from bot.content.validation import counted

# --- subjects, aspects, advice ----------------------------------------------------------------------------------------


def _split(pattern: str) -> BeforeValidator:
    def split(value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(filter(None, map(str.strip, re.split(pattern, value))))

    return BeforeValidator(split, json_schema_input_type=str | tuple[str, ...])


Key = TypeVar("Key", bound=str)

Words = Annotated[tuple[str, ...], _split(r"[,\n]"), AfterValidator(counted)]
Lines = Annotated[tuple[str, ...], _split(r"\n")]
Nodes = Annotated[tuple[str, ...], _split(r",")]


SubjectKind = Literal[
    "condition", "cause", "signs", "low", "test", "measure", "medicine", "drug", "remedy", "therapy", "care", "plan",
    "elsewhere",
]  # fmt: skip
"""What a subject can be. Nobody is told to take a `medicine`, `drug` or `remedy`: the rules of advice name those."""


class MatchingModel(BaseModel):
    """Immutable, and strict about keys nobody knows: a typing error in a file is reported, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Concept(MatchingModel):
    """One thing people mean and all the ways they write it; naming it also means everything in `implies`.

    `(a|b)` in a wording stands for both, `(a|b)?` for both and for neither. `range` names numbers by size, ends
    included; with `after` those that stand behind one of these words, whatever they count.
    """

    words: Words
    implies: Nodes = ()
    range: tuple[float, float] | None = None
    after: Words = ()


class Rule(MatchingModel):
    """Fires when every group of `all` has one of its concepts within `near` words (0: anywhere), `none` not beside.

    `ordered` asks for the groups in the given order. `score` is what the rule adds, from 0 to 1.
    """

    id: str
    all: tuple[Nodes, ...] = Field(min_length=1)
    none: Nodes = ()
    near: int = 0
    ordered: bool = False
    score: float = 1.0
    reason: str = ""


class AdviceRules(MatchingModel):
    """What makes a question one about a person's own treatment: concepts, and rules whose scores add up.

    `facts` are the concepts that decide for one person, so that the remark that names one is no mere remark.
    """

    concepts: dict[str, Concept] = {}
    facts: Nodes = ()
    rules: tuple[Rule, ...] = ()


class Subject(MatchingModel):
    """What a question can be about.

    `general` answers what no other answer holds. A part inherits the answers of its whole. A `leaning` name is a word
    everyone uses, which counts only beside a telling one or in the topic's own thread. `together` names the subjects
    that make up this one where a question names them all.
    """

    kind: SubjectKind
    general: str
    names: Words = ()
    part_of: str = Field("", alias="part-of")
    leaning: bool = False
    together: Nodes = ()


class TopicSubjects(MatchingModel):
    """What one topic holds: its subjects, which answer holds which aspects of each, and what `it` means after one.

    In `answers`, `any` is the row every subject inherits; the answer `self` is the one last shown, and `none` says
    that the topic does not hold the aspect. `harms` are the answers that say what may harm: one of them stands beside
    the refusal to decide for one person, where it is what that person's question is about.
    """

    subjects: dict[str, Subject]
    answers: dict[str, dict[str, Nodes]]
    it: dict[str, str] = {}
    harms: Nodes = ()


class Aspects(MatchingModel):
    """What can be asked of anything, each with lessons: how people ask it, placeholders for what it is asked of."""

    aspects: dict[str, Lines] = {}


class Courtesies(MatchingModel):
    """What stands around a question: remarks before and after it, frames that lead into it, openers of a short one.

    `words` are mere courtesy, such as thanks, which says nothing at either end of any message; `discourse_markers`
    say nothing where one begins, such as "well", which at the end may say much.
    """

    words: Lines = ()
    discourse_markers: Lines = ()
    before: Lines = ()
    after: Lines = ()
    frames: Lines = ()
    openers: Lines = ()
    asides: Lines = ()


class Foreign(MatchingModel):
    """Names of one kind of thing that a topic may not hold."""

    kind: str
    names: Words


class World(MatchingModel):
    """What exists beside the topics. A name that a loaded topic holds is not foreign."""

    foreign: dict[str, Foreign] = {}


class SharedWords(MatchingModel):
    """The words every topic shares.

    `medicines` are further names that are never repaired into another; `common` are real words that need no repair;
    `shorthand` stands for words, in capitals or with a slash (`CAN`, `s/e`); `irregular` maps inflected forms to their
    base; `kin` holds words of one kind; `languages` holds the telling little words of other languages.
    """

    concepts: dict[str, Concept] = {}
    medicines: Words = ()
    common: Words = ()
    shorthand: dict[str, str] = {}
    irregular: dict[str, str] = {}
    kin: dict[str, Words] = {}
    languages: dict[str, Words] = {}


class Matching(MatchingModel):
    """Everything about words that lies in content/matching/ and in each topic's subjects.yaml."""

    words: SharedWords
    aspects: Aspects
    courtesies: Courtesies
    world: World
    topics: dict[str, TopicSubjects] = {}


# --- urgent.yaml, urgent-examples.yaml, languages.yaml and their messages, emergency.yaml, contacts.yaml, in content/


Act = Literal["call", "treat", "visit"]
"""What a card says first: to call an ambulance, to treat it at once, to see somebody the same day."""


class Sign(MatchingModel):
    """A kind of emergency and the node of the card that answers it; of several signs the first in the file is told.

    `passes` is false where the card says to get help though it feels better: then only help that is there ends it.
    `any_other` is what is none of the others, such as a faint: any sign takes its place. `holds` are further signs that
    do not take the place of this one, but are offered beside it. `ends` are concepts that end this one alone, such as a
    reading in range after low sugar. `act` is what its card says first: no sign takes the place of one whose act comes
    before its own.

    A graver sign is `grown_from` smaller ones: it takes the place of one where its rules, or a sign of `beside`, are
    told in the same message, or (`alone`) after its card, or where the smaller one is told after the card of one that
    it `follows`; it never gives way back to it.
    """

    card: str
    act: Act = "call"
    passes: bool = True
    any_other: bool = False
    holds: Nodes = ()
    ends: Nodes = ()
    grown_from: Nodes = ()
    beside: Nodes = ()
    follows: Nodes = ()
    alone: bool = True

    def gives_way(self, held: Sign) -> bool:
        """Return whether what is `held` says first what is more urgent."""
        acts = get_args(Act)
        return acts.index(self.act) > acts.index(held.act)

    @property
    def smaller(self) -> Nodes:
        """Return the signs that are said with this one's card once it is shown."""
        return (*self.grown_from, *self.beside)

    def grows(self, sign: str, other: str) -> bool:
        """Return whether two signs told together make this one."""
        return (sign in self.grown_from and other in self.beside) or (sign in self.beside and other in self.grown_from)


class UrgentRule(MatchingModel):
    """Fires where every group of `all` has one of its concepts within `near` words (0: the words of one concept).

    A group is one concept or several with `|` between. `ordered` asks for the groups in this order, `none` are concepts
    that may not stand beside. `firm`: neither the past nor a general question excuses it, only a denial.
    """

    id: str
    sign: str
    all: tuple[str, ...] = Field(min_length=1)
    near: int = 0
    ordered: bool = False
    none: Nodes = ()
    firm: bool = False


class Composed(MatchingModel):
    """A concept made of others that stand near one another: `can ... cause`."""

    all: tuple[str, ...] = Field(min_length=1)
    near: int
    ordered: bool = False


class Excusing(MatchingModel):
    """The concepts that make a sign no emergency, each in its own sentence, and those that overrule them.

    `denied` stands before what it denies and reaches over a list, `denied_list` over one of anything (`denies chest
    pain, SOB`), `not` before the next word or two; all three deny any sign but the `parts` of a body and their kind.
    `past` stands anywhere, `past_before` and `past_after` beside the sign. `general` asks or tells about people at
    large before the sign, `general_after` behind it; `if` supposes it; `avoid` wants to prevent it; `study` speaks of
    trials. `present` overrules the past and what is general, `ongoing` and `personal` only what is general; `owning`
    says of a sign that was excused that it is one's own now, `showing` (`he has the signs of`) that somebody has it
    whatever is general. `document` are words of quoted print, `leaflet` of printed advice, `exposition` of a text that
    lists signs, which counts while the message speaks of nobody. `framed` opens a story, an exam or hearsay and covers
    what follows in its sentence, but for the teller's `own` words. `stating` are words that say how it is; `had` those
    that say how it was; `question` those that begin one, whose past is its own. `harmless` are idioms.
    """

    harmless: Nodes = ()
    denied: Nodes = ()
    denied_list: Nodes = ()
    not_: Nodes = Field((), alias="not")
    past: Nodes = ()
    past_before: Nodes = ()
    past_after: Nodes = ()
    general: Nodes = ()
    general_after: Nodes = ()
    if_: Nodes = Field((), alias="if")
    avoid: Nodes = ()
    study: Nodes = ()
    present: Nodes = ()
    ongoing: Nodes = ()
    personal: Nodes = ()
    owning: Nodes = ()
    showing: Nodes = ()
    document: Nodes = ()
    leaflet: Nodes = ()
    exposition: Nodes = ()
    stating: Nodes = ()
    had: Nodes = ()
    question: Nodes = ()
    framed: Nodes = ()
    own: Nodes = ()
    parts: Nodes = ()


class UrgentRules(MatchingModel):
    """content/urgent.yaml: what makes a message urgent.

    `little` are words that may stand between the words of a wording. A number followed by one of `units` (or after one
    of `counted`) is no reading of a meter. `known` are ordinary words that look like a misspelt sign. After a card, one
    of `over` says that it is over where no `not_over` stands beside it, nor one of `denies_over`, which only examples
    of help or of a mistake may hold; `after` are the other things people say then, the first in the file being heard.
    What `beside` names makes no sign less urgent. After answers `spoken_of` what is told is read behind their words.
    """

    signs: dict[str, Sign] = Field(default_factory=dict)
    little: Words = ()
    units: Words = ()
    counted: Words = ()
    known: Words = ()
    concepts: dict[str, Concept] = Field(default_factory=dict)
    composed: dict[str, Composed] = Field(default_factory=dict)
    rules: tuple[UrgentRule, ...] = ()
    beside: Nodes = ()
    over: Nodes = ()
    not_over: Nodes = ()
    denies_over: Nodes = ()
    after: dict[str, Nodes] = Field(default_factory=dict)
    spoken_of: dict[str, Nodes] = Field(default_factory=dict)
    excuses: Excusing = Excusing()


def _joined(one: Mapping[Key, Lines], other: Mapping[Key, Lines]) -> dict[Key, Lines]:
    return {name: (*one.get(name, ()), *other.get(name, ())) for name in dict.fromkeys((*one, *other))}


class UrgentMessages(MatchingModel):
    """content/urgent-messages.yaml, calm-messages.yaml: whole messages as somebody wrote them, by sign, and those that
    only sound so.

    `after_messages` are typed after a card: help is there, it was nothing, it feels better, or it goes on still.
    """

    messages: dict[str, Lines] = Field(default_factory=dict)
    calm_messages: Lines = ()
    after_messages: dict[Literal["in-care", "let-off", "better", "still"], Lines] = Field(default_factory=dict)

    def with_messages(self, more: UrgentMessages) -> Self:
        """Return the same with the messages of another file too."""
        messages = _joined(self.messages, more.messages)
        after = _joined(self.after_messages, more.after_messages)
        calm = (*self.calm_messages, *more.calm_messages)
        return self.model_copy(update={"messages": messages, "calm_messages": calm, "after_messages": after})


class UrgentExamples(UrgentMessages):
    """content/urgent-examples.yaml: what a model learns emergencies from, for the wordings that no rule holds.

    `words` are kinds of words, such as parts of the body and what happens to them; those of `framing` (who, when,
    asked, denied) never make a sign by themselves, and those of `ordinary` not that one sign: a dose taken, a foot that
    hurts. `signs` holds what people say by sign, `calm` what only sounds so; messages may stand here, too.
    """

    words: dict[str, Concept] = Field(default_factory=dict)
    framing: Nodes = ()
    ordinary: dict[str, Nodes] = Field(default_factory=dict)
    signs: dict[str, Lines] = Field(default_factory=dict)
    calm: Lines = ()


class Language(UrgentMessages):
    """One language other than English: how to know it, what to say in it, and how its speakers name each sign.

    `checked_by` stays empty until a native speaker has read it. `script` is the first and last letter of its own
    letters, `letters` are those that no other of these languages has, `never` (letters and ranges of them) those it has
    not, as Chinese has no kana; `words` are what its questions are made of, with
    their accents. `signs` holds wordings per sign: words in any order within a few words of one another, `*` for any
    ending, `(a|b)` for either, `#` for a low sugar. `calm` are wordings that speak of the past, deny or ask in general.
    `kinds` is a glossary, its words by the kinds of urgent-examples.yaml; models learn from `messages`, whole messages
    by sign, and `calm_messages`, which only sound so.
    """

    name: str
    checked_by: str | None = None
    script: str = ""
    letters: str = ""
    never: str = Field(default="", pattern=r"^[^\[\]\\^]*$")
    words: Words
    emergency: str
    only_english: str
    signs: dict[str, Words] = Field(default_factory=dict)
    calm: Words = ()
    kinds: dict[str, Words] = Field(default_factory=dict)


class LanguagesFile(MatchingModel):
    """content/languages.yaml; `others` are ordinary messages in languages that are none of these."""

    languages: dict[str, Language] = Field(default_factory=dict)
    others: Lines = ()

    def with_messages(self, more: LanguageMessages) -> LanguagesFile:
        """Return the same with the messages of the other file too."""
        told = {
            code: one.with_messages(more.languages.get(code, UrgentMessages())) for code, one in self.languages.items()
        }
        return self.model_copy(update={"languages": told})


class LanguageMessages(MatchingModel):
    """content/language-messages.yaml and calm-language-messages.yaml: the same in each of the languages."""

    languages: dict[str, UrgentMessages] = Field(default_factory=dict)


PhoneNumber = Annotated[str, StringConstraints(strict=True, pattern=models.PHONE)]
"""A number as it is dialled; in quotes, or YAML would drop a leading zero."""

Country = Annotated[str, StringConstraints(strict=True, pattern=models.COUNTRY)]
"""Two capital letters (ISO 3166); `NO` in quotes, or YAML would read a No."""


@model
class CopyNumber:
    """A telephone number offered for copying under the urgent answer."""

    label: models.Words
    number: PhoneNumber


@model
class CountryNumbers:
    """The numbers of one country, as far as a public body or the line itself was seen to give them."""

    name: models.Words
    """What its people call it in English; other names follow after commas."""
    number: PhoneNumber | None = None
    """For an ambulance; null where none was seen on such a page: the general words then stay."""
    crisis: PhoneNumber | None = None
    """A line for people who want to die; null where none was seen on its own page."""
    crisis_name: models.Words | None = None
    seen_on: models.Words
    """Where the numbers were read."""
    seen_in: Annotated[str, StringConstraints(strict=True, pattern=r"^20\d\d-\d\d$")] = "2026-11"
    """When: year and month. Nobody rang a number then."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return what it may be called, the usual name first."""
        return tuple(one.strip() for one in self.name.split(","))

    @property
    def crisis_line(self) -> str:
        """Return the crisis line with its name, empty where none is known."""
        if not self.crisis or self.crisis_name == self.crisis:
            return self.crisis or ""
        return f"{self.crisis_name or ''} {self.crisis}".strip()


@model
class EmergencyFile:
    """content/emergency.yaml: what an operator edits. A plain text serves both registers."""

    emergency: dict[Name, models.Words | Registers]
    copy_numbers: tuple[CopyNumber, ...] = Field((), max_length=3)
    country: Country | None = None
    """Where all readers live; one of `countries`, whose numbers then stand in the texts and are offered to copy."""
    countries: dict[Country, CountryNumbers] = Field(default_factory=dict)

    def lines(self, country: str | None) -> Mapping[str, str | Registers]:
        """Return the emergency lines, those of a country in place of the general ones."""
        chosen = self.countries.get(country or "")
        found = {"number": chosen.number, "crisis": chosen.crisis_line} if chosen else {}
        return {**self.emergency, **{name: line for name, line in found.items() if line}}

    def numbers(self, country: str | None) -> tuple[CopyNumber, ...]:
        """Return the numbers offered to call or copy: the operator's own, else those of a country."""
        chosen = self.countries.get(country or "")
        if (self.copy_numbers and country == self.country) or chosen is None:
            return self.copy_numbers if country == self.country else ()
        found = {}
        if chosen.number:
            found[chosen.number] = CopyNumber(label=chosen.number, number=chosen.number)
        if chosen.crisis:
            found.setdefault(chosen.crisis, CopyNumber(label=chosen.crisis_name or chosen.crisis, number=chosen.crisis))
        return tuple(found.values())


@model
class Contact:
    """Whom people can turn to where the bot cannot help. Only an operator knows: none comes with the program."""

    name: models.Words | Registers
    how: models.Words | Registers
    """How one reaches them, and when: a number, a room, hours."""
    url: Link | None = None
    channel: models.Words | None = None
    """The one channel whose readers they are for; null for all."""
    country: Country | None = None
    """The one country whose readers they are for; null for all."""
    help_with: Id = "questions"
    """`questions` that the bot cannot answer, or a sign of an emergency, such as `crisis`, on whose card they stand."""


@model
class ContactsFile:
    """content/contacts.yaml: whom readers turn to, and who reads their reports; an operator edits it."""

    contacts: tuple[Contact, ...] = ()
    editors: dict[Id, models.Words] = Field(default_factory=dict)
    """By topic, who looks after what readers report as wrong."""

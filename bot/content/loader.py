"""Both folders, file by file in a fixed order, into the parts of a Library."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bot.content.diagnostics import Diagnostic, LoadError, nearest
from bot.content.files import ContentPaths, FileReader, Inspector, diagnostic_at, page_of, visible
from bot.content.library import Library, Topic, facts_of
from bot.content.matching_models import (
    AdviceRules,
    Aspects,
    ContactsFile,
    Courtesies,
    EmergencyFile,
    LanguageMessages,
    LanguagesFile,
    Matching,
    SharedWords,
    TopicSubjects,
    UrgentExamples,
    UrgentMessages,
    UrgentRules,
    World,
)
from bot.content.models import (
    Answer,
    ApprovalRules,
    Dialog,
    FactsFile,
    HandoutFile,
    InterfaceFile,
    MessagesFile,
    Node,
    NotesFile,
    PhrasesFile,
    PicturesFile,
    Registers,
    Review,
    SmallTalkFile,
    SourcesFile,
    TermsFile,
    TopicFile,
    is_id,
)
from bot.content.references import citation_diagnostics, reference_diagnostics, template_diagnostics
from bot.content.templates import values_for

Model = TypeVar("Model")

_WORD_FILES = ("vocabulary.yaml", "aspects.yaml", "courtesies.yaml", "world.yaml")
_MATCHING_FILES = ("advice.yaml", "urgent.yaml", *(f"matching/{name}" for name in _WORD_FILES))
_OPERATOR_FILES = ("emergency.yaml", "contacts.yaml")
_URGENT_MESSAGES = ("urgent-messages.yaml", "calm-messages.yaml")
_LANGUAGE_MESSAGES = ("language-messages.yaml", "calm-language-messages.yaml")
_URGENT_FILES = ("languages.yaml", "urgent-examples.yaml", *_URGENT_MESSAGES, *_LANGUAGE_MESSAGES)
_SINGLE_FILES = ("interface.yaml", *_OPERATOR_FILES, *_URGENT_FILES, "small-talk.yaml")
_SHARED_FILES = (*_SINGLE_FILES, *_MATCHING_FILES)
_HELD = {"facts": FactsFile, "sources": SourcesFile, "notes": NotesFile, "terms": TermsFile, "pictures": PicturesFile}
_TOPIC_FILES = tuple(f"{name}.yaml" for name in ("topic", "subjects", "handout", *_HELD))
_PLACES = {"topic": "folder to `{}`", "answer": "file to `{}.yaml`", "dialog": "file to `{}.yaml`"}
_NOT_TOPICS = frozenset({"layout", "schema", "matching"})


_Phrases = dict[str, tuple[str, ...]]

_NOWHERE = Dialog(dialog="none", start="none", nodes={"none": Node()})  # type: ignore[call-arg]
"""Stands for dialogs that cannot be read, so that the answers can be looked at; such a library is never served."""
_UNREAD = Review(status="submitted")


class ContentLoader:
    """Reads everything once; `files` holds the faults met on the way."""

    def __init__(self, home: ContentPaths, inspect: Inspector | None = None) -> None:
        self.home = home
        self.files = FileReader(inspect)

    def library(self) -> Library | None:
        """Return the library as far as it can be built, or None where every dialog or every topic is missing."""
        dialogs, (phrases, after), topics = self._dialogs(), self._phrases(), self._topics()
        messages, messages_after, talk = self._messages()
        shared = self.home.content
        interface = self.files.model(shared / "interface.yaml", InterfaceFile)
        emergency = self._emergency(shared / "emergency.yaml")
        contacts = self._model(shared / "contacts.yaml", ContactsFile)
        small_talk = self._model(self.home.small_talk, SmallTalkFile)
        layout = {path.stem: self.files.text(path) for path in visible(shared / "layout", "*.j2")}
        matching = self._matching(shared)
        advice_rules = self._model(shared / "advice.yaml", AdviceRules)
        urgent_rules = self._model(shared / "urgent.yaml", UrgentRules)
        urgent_examples, languages = self._urgent_examples(shared), self._languages(shared)
        self._all_or_none([shared / name for name in _MATCHING_FILES])
        for folder in (self.home.dialogs, self.home.content):
            self.files.unread(folder, (*_SHARED_FILES, *_TOPIC_FILES))
        if dialogs is None or not topics:
            return None
        return Library(
            home=self.home,
            dialogs=dialogs,
            topics=topics,
            nodes={name: node for dialog in dialogs.values() for name, node in dialog.nodes.items()},
            renamed={old: new for dialog in dialogs.values() for old, new in dialog.renamed.items()},
            phrases=phrases,
            after=after,
            messages=messages,
            messages_after=messages_after,
            talk_messages=talk,
            interface=interface.interface if interface else {},
            emergency=emergency,
            country=emergency.country if emergency else None,
            contacts=contacts or ContactsFile(),
            small_talk=small_talk.small_talk if small_talk else {},
            wishes={str(kind): asks for kind, asks in small_talk.wishes.items()} if small_talk else {},
            layout=layout,
            matching=matching,
            advice_rules=advice_rules,
            urgent_rules=urgent_rules,
            urgent_examples=urgent_examples,
            languages=languages,
            main=_main(dialogs),
            version=self.files.version,
            _topic_of={answer: topic.id for topic in topics.values() for answer in topic.answers},
            _values=values_for(facts_of(topics), emergency.lines(emergency.country) if emergency else {}),
        )

    def _urgent_examples(self, folder: Path) -> UrgentExamples | None:
        """Return what emergencies are learned from, with the messages of the files of these."""
        examples = self._model(folder / "urgent-examples.yaml", UrgentExamples)
        for name in _URGENT_MESSAGES:
            messages = self._model(folder / name, UrgentMessages)
            examples = examples.with_messages(messages) if examples and messages else examples
        return examples

    def _languages(self, folder: Path) -> LanguagesFile | None:
        """Return the other languages, with the messages of the files of these."""
        languages = self._model(folder / "languages.yaml", LanguagesFile)
        for name in _LANGUAGE_MESSAGES:
            messages = self._model(folder / name, LanguageMessages)
            languages = languages.with_messages(messages) if languages and messages else languages
        return languages

    def _emergency(self, path: Path) -> EmergencyFile | None:
        """Return the operator's lines; a country that the file does not hold is a fault."""
        read = self.files.model(path, EmergencyFile)
        if read and read.country and read.country not in read.countries:
            message = f"`{read.country}` is none of the countries below"
            near = nearest(read.country, read.countries) or "write it below, with its numbers"
            self.files.diagnostics.append(diagnostic_at(path, ("country",), "F08", message, near))
        return read

    def _dialogs(self) -> dict[str, Dialog] | None:
        """Return the dialogs that can be read, or None where there is none at all."""
        folder, found = self.home.dialogs, dict[str, Dialog]()
        paths = visible(folder, "*.yaml")
        for path in paths:
            if dialog := self.files.model(path, Dialog):
                found[path.stem] = dialog
                self._same_name(path, "dialog", dialog.id, path.stem)
        if not paths:
            self.files.note(folder, "F07", "no dialog was found here", "write a file such as dialogs/neuropathy.yaml")
        return found if paths else None

    def _phrases(self) -> tuple[_Phrases, dict[str, _Phrases]]:
        """Return how people ask for each node, and how they ask after each node."""
        alone, after = _Phrases(), dict[str, _Phrases]()
        for path in self.home.phrases():
            if read := self.files.model(path, PhrasesFile):
                _gather(alone, read.phrases)
                for context, phrases in read.after.items():
                    _gather(after.setdefault(context, {}), phrases)
        return alone, after

    def _messages(self) -> tuple[_Phrases, dict[str, _Phrases], _Phrases]:
        """Return the whole messages that want each node, those after each node, and those that are small talk."""
        alone, after, talk = _Phrases(), dict[str, _Phrases](), _Phrases()
        for path in self.home.messages():
            if read := self.files.model(path, MessagesFile):
                _gather(alone, read.messages)
                _gather(talk, read.small_talk)
                for context, messages in read.after.items():
                    _gather(after.setdefault(context, {}), messages)
        return alone, after, talk

    def _topics(self) -> dict[str, Topic]:
        folders = {
            path.parent for name in ("topic.yaml", "answers") for path in visible(self.home.content, f"*/{name}")
        }
        chosen = sorted(folder for folder in folders if folder.name not in _NOT_TOPICS)
        if not chosen:
            remedy = "a topic is a folder with topic.yaml and answers/"
            self.files.note(self.home.content, "F07", "no topic was found here", remedy)
        return {folder.name: self._topic(folder) for folder in chosen}

    def _topic(self, folder: Path) -> Topic:
        head = self.files.model(folder / "topic.yaml", TopicFile)
        answers = self._answers(folder / "answers")
        if head:
            self._same_name(folder / "topic.yaml", "topic", head.topic, folder.name)
        return Topic(
            id=folder.name,
            title=head.title if head else Registers(professional=folder.name, layperson=folder.name),
            article=head.article if head else None,
            review=head.review if head else _UNREAD,
            approval=head.approval if head else ApprovalRules(),
            **{name: self._held(folder, name, model) for name, model in _HELD.items()},
            answers=answers,
            handout=self._held(folder, "handout", HandoutFile) or None,
        )

    def _held(self, folder: Path, name: str, model: type[Any]) -> Any:
        """Return what one of a topic's files holds under its own name; nothing where there is no such file."""
        read = self._model(folder / f"{name}.yaml", model)
        return getattr(read, name) if read else {}

    def _answers(self, folder: Path) -> dict[str, Answer]:
        found = {}
        paths = visible(folder, "*.yaml")
        for path in sorted(paths, key=lambda path: not is_id(path.stem)):
            if answer := self.files.model(path, Answer):
                name = path.stem if is_id(path.stem) else answer.id
                if name in found:
                    self.files.note(path, "F08", f"`{name}` has another file already", "keep one of the two")
                    continue
                found[name] = answer
                if name != path.stem:
                    self.home.misnamed[folder.parent.name, name] = path
                self._same_name(path, "answer", answer.id, path.stem)
        if not paths:
            self.files.note(folder, "F07", "no answer was found here", "write one file per answer")
        return found

    def _model(self, path: Path, model: type[Model]) -> Model | None:
        """Return an optional file as its model; a missing file is no fault."""
        return self.files.model(path, model) if path.exists() else None

    def _matching(self, shared: Path) -> Matching | None:
        """Return the words of all topics, or None where a shared file of them is missing or broken."""
        folder = shared / "matching"
        paths = sorted(shared.glob("*/subjects.yaml"))
        found = {path.parent.name: self.files.model(path, TopicSubjects) for path in paths}
        words = self._model(folder / "vocabulary.yaml", SharedWords)
        aspects = self._model(folder / "aspects.yaml", Aspects)
        courtesies = self._model(folder / "courtesies.yaml", Courtesies)
        world = self._model(folder / "world.yaml", World)
        if not (words and aspects and courtesies and world):
            return None
        topics = {name: held for name, held in found.items() if held}
        return Matching(words=words, aspects=aspects, courtesies=courtesies, world=world, topics=topics)

    def _all_or_none(self, paths: list[Path]) -> None:
        """Add a fault for each missing file of a set that only works whole."""
        if any(path.exists() for path in paths):
            for path in paths:
                if not path.exists():
                    self.files.note(path, "F01", "this file is missing", "the matcher needs all of its files")

    def _same_name(self, path: Path, key: str, written: str, stem: str) -> None:
        if written != stem:
            message = f"`{written}` stands in a place named `{stem}`"
            remedy = f"name both `{stem}`" if is_id(stem) else f"rename the {_PLACES[key].format(written)}"
            self.files.diagnostics.append(diagnostic_at(path, (key,), "F08", message, remedy))


def _main(dialogs: Mapping[str, Dialog]) -> Dialog:
    """Return the dialog that says so; where none or several do, the one with most of its duties, then the first."""
    return max(dialogs.values(), key=lambda one: (one.default, len(one.duties)), default=_NOWHERE)


def _gather(found: _Phrases, written: Mapping[str, str | tuple[str, ...]]) -> None:
    for node, phrases in written.items():
        found[node] = found.get(node, ()) + (tuple(phrases.splitlines()) if isinstance(phrases, str) else phrases)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What reading gave: the library as far as it could be built (None when nothing could), and all faults.

    `broken` are the files of which nothing, or not all, could be read.
    """

    library: Library | None
    diagnostics: tuple[Diagnostic, ...]
    broken: frozenset[Path] = frozenset()


def load(dialogs: Path, content: Path, *, templates: bool = True) -> Library:
    """Return the library of the two folders; raises LoadError with every fault found.

    `templates=False` leaves out rendering every text once (about a millisecond each); a text is then rendered at first
    use, where a fault raises jinja2.TemplateError.
    """
    tried = attempt(dialogs, content, templates=templates)
    if tried.diagnostics or tried.library is None:
        raise LoadError(tried.diagnostics)
    return tried.library


def attempt(dialogs: Path, content: Path, *, templates: bool = True, inspect: Inspector | None = None) -> Attempt:
    """Return whatever can be built and every fault; never raises for what the files hold."""
    page_of.cache_clear()
    with no_collection():
        reader = ContentLoader(ContentPaths(dialogs, content), inspect)
        library, broken = reader.library(), reader.files.broken
        diagnostics = set(reader.files.diagnostics)
        if library is not None:
            if not any(path.parent == dialogs for path in broken):  # else nobody knows which nodes exist
                diagnostics.update(reference_diagnostics(library, broken))
            diagnostics.update(citation_diagnostics(library, broken))
            doubled = {Path(one.path) for one in diagnostics if one.code == "F09"}
            if templates and not _hides_values(broken | doubled):
                diagnostics.update(template_diagnostics(library))
    return Attempt(library, tuple(sorted(diagnostics)), frozenset(broken))


def _hides_values(broken: set[Path]) -> bool:
    """Tell whether a broken file keeps us from knowing which values exist."""
    return any(path.name in ("facts.yaml", "emergency.yaml") for path in broken)


@contextmanager
def no_collection() -> Iterator[None]:
    """Pause the garbage collector: loading makes only objects that stay, and scanning them triples the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

"""Names and values that must exist elsewhere: a library with a dangling one is refused.

Follow-ups, answers and old ids are looked up; every authored text with a Jinja2 mark in it is rendered once, so that a
missing figure stops the load, not a reader.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.content import templates
from bot.content.diagnostics import Diagnostic, Location, Place, nearest
from bot.content.files import diagnostic_at, page_of
from bot.content.library import Library, Topic, missing_of
from bot.content.matching_models import TopicSubjects, UrgentRule
from bot.content.models import ApprovalRules, Claim, Dialog, Note, Register, Registers, Review
from bot.content.templates import TemplateProblem
from bot.content.yaml_reader import YamlFile

# --- names ------------------------------------------------------------------------------------------------------------


def reference_diagnostics(library: Library, broken: set[Path]) -> Iterator[Diagnostic]:
    """Yield every dangling or ambiguous name of the dialogs. What only a broken file could settle is left alone."""
    homes = dict[str, str]()
    for name, dialog in library.dialogs.items():
        path = library.home.dialog(name)
        yield from _dangling(library, dialog, path)
        yield from _renamed(library, dialog, path)
        yield from _unanswered(library, dialog, path, broken)
        for node in dialog.nodes:
            if homes.setdefault(node, name) != name:
                message = f"the node `{node}` is already in the dialog `{homes[node]}`"
                yield diagnostic_at(path, ("nodes", node), "F09", message, "give it another id", key=True)
    yield from _unassigned(library)
    yield from _phrases(library)
    yield from _messages(library)
    yield from _subjects(library)
    yield from _small_talk(library)
    yield from _cards(library)
    yield from _languages(library)


def _dangling(library: Library, dialog: Dialog, path: Path) -> Iterator[Diagnostic]:
    for location, target in _targets(dialog):
        if target not in library.nodes:
            yield diagnostic_at(path, location, "D01", f"`{target}` is not a node", nearest(target, library.nodes))


def _targets(dialog: Dialog) -> Iterator[tuple[Location, str]]:
    """Yield every place of a dialog that names a node."""
    for name in ("start", "urgent", "advice", "otherwise"):
        if target := getattr(dialog, name):
            yield (name,), target
    for number, target in enumerate(dialog.always):
        yield ("always", number), target
    for role, target in dialog.roles.items():
        yield ("roles", role), target
    for node, body in dialog.nodes.items():
        for way, targets in (("next", body.next), ("listed", body.listed)):
            for number, target in enumerate(targets):
                yield ("nodes", node, way, number), target


def _renamed(library: Library, dialog: Dialog, path: Path) -> Iterator[Diagnostic]:
    for old, new in dialog.renamed.items():
        place = ("renamed", old)
        if old in library.nodes:
            yield diagnostic_at(path, place, "D05", f"the old id `{old}` is a node again", "drop this line", key=True)
        elif _circular(library, old):
            yield diagnostic_at(
                path, place, "D05", f"`{old}` is renamed in a circle", "name a node that exists", key=True
            )
        elif new not in library.nodes and new not in library.renamed:
            yield diagnostic_at(path, place, "D05", f"`{new}` is not a node", nearest(new, library.nodes))


def _circular(library: Library, node: str) -> bool:
    seen = set[str]()
    while node in library.renamed and node not in library.nodes:
        if node in seen:
            return True
        seen.add(node)
        node = library.renamed[node]
    return False


def _unanswered(library: Library, dialog: Dialog, path: Path, broken: set[Path]) -> Iterator[Diagnostic]:
    answers = {answer for topic in library.topics.values() for answer in topic.answers}
    unread = {file.stem.casefold() for file in broken if file.parent.name == "answers"}
    unread |= {answer.casefold() for answer in answers}  # a name with capitals is told by its file
    if any(folder.name == "answers" for folder in broken):
        return
    for node in dialog.nodes:
        if node not in answers and node not in unread:
            remedy = nearest(node, answers, alike=85) or f"write answers/{node}.yaml"
            yield diagnostic_at(path, ("nodes", node), "D06", f"the node `{node}` has no answer", remedy, key=True)


def _unassigned(library: Library) -> Iterator[Diagnostic]:
    """Yield a fault for each duty that no node of the main dialog has."""
    name = next(name for name, dialog in library.dialogs.items() if dialog is library.main)
    for duty in ("urgent", "advice", "otherwise"):
        if getattr(library.main, duty) is None:
            message = f"the main dialog does not say which node is `{duty}`"
            other = next((one for one, dialog in library.dialogs.items() if getattr(dialog, duty)), None)
            remedy = f"add `{duty}:`" + (
                f", or `default: true` to the dialog `{other}`, which says it" if other else ""
            )
            yield diagnostic_at(library.home.dialog(name), (), "D09", message, remedy)


def _phrases(library: Library) -> Iterator[Diagnostic]:
    named: list[tuple[Location, str]] = [(("phrases", node), node) for node in library.phrases]
    for context, phrases in library.after.items():
        named += [(("after", context), context), *((("after", context, node), node) for node in phrases)]
    yield from _unheld(library, library.home.phrases(), named)


def _unheld(library: Library, paths: Sequence[Path], named: Sequence[tuple[Location, str]]) -> Iterator[Diagnostic]:
    """Yield a fault at every name of these in one of the files that is no node."""
    for path in paths:
        for location, node in named:
            if node not in library.nodes and location in page_of(path).source_map:
                remedy = nearest(node, library.nodes)
                yield diagnostic_at(path, location, "D07", f"`{node}` is not a node", remedy, key=True)


def _messages(library: Library) -> Iterator[Diagnostic]:
    named: list[tuple[Location, str]] = [(("messages", node), node) for node in library.messages]
    for context, messages in library.messages_after.items():
        named += [(("after", context), context), *((("after", context, node), node) for node in messages)]
    yield from _unheld(library, library.home.messages(), named)
    for path in library.home.messages():
        for kind in library.talk_messages:
            if kind not in library.small_talk and ("small_talk", kind) in page_of(path).source_map:
                message, near = f"`{kind}` is no kind of small talk", nearest(kind, library.small_talk)
                yield diagnostic_at(path, ("small_talk", kind), "F08", message, near, key=True)


def _cards(library: Library) -> Iterator[Diagnostic]:
    """Yield every card that urgent.yaml names and no dialog holds, and every name in it that stands for nothing."""
    rules, path = library.urgent_rules, library.home.content / "urgent.yaml"
    if rules is None:
        return
    for sign, card in rules.signs.items():
        if card.card not in library.nodes:
            message, near = f"`{card.card}` is not a node", nearest(card.card, library.nodes)
            yield diagnostic_at(path, ("signs", sign, "card"), "D01", message, near)
        named = (
            ("holds", card.holds),
            ("grown_from", card.grown_from),
            ("beside", card.beside),
            ("follows", card.follows),
        )
        for place, held in ((place, one) for place, names in named for one in names if one not in rules.signs):
            message, near = f"`{held}` is not a sign", nearest(held, rules.signs)
            yield diagnostic_at(path, ("signs", sign, place), "F08", message, near)
    known = {*rules.concepts, *rules.composed}
    for number, rule in enumerate(rules.rules):
        if rule.sign not in rules.signs:
            message, near = f"`{rule.sign}` is not a sign", nearest(rule.sign, rules.signs)
            yield diagnostic_at(path, ("rules", number, "sign"), "F08", message, near)
        for place, name in _concepts(rule):
            if name not in known:
                message, near = f"`{name}` is not a concept", nearest(name, known)
                yield diagnostic_at(path, ("rules", number, place), "F08", message, near)


def _concepts(rule: UrgentRule) -> Iterator[tuple[str, str]]:
    yield from (("all", name) for group in rule.all for name in group.split("|"))
    yield from (("none", name) for name in rule.none)


def _languages(library: Library) -> Iterator[Diagnostic]:
    """Yield every sign that languages.yaml names and urgent.yaml does not hold."""
    if library.urgent_rules is None or library.languages is None:
        return
    signs, languages = library.urgent_rules.signs, library.languages.languages
    for code, language in languages.items():
        for sign in language.signs:
            if sign not in signs:
                path, message = library.home.content / "languages.yaml", f"`{sign}` is not a sign"
                place = ("languages", code, "signs", sign)
                yield diagnostic_at(path, place, "F08", message, nearest(sign, signs), key=True)


def _subjects(library: Library) -> Iterator[Diagnostic]:
    """Yield every answer that a topic's subjects name and no dialog holds, and what they name that is not there."""
    for topic, held in library.matching.topics.items() if library.matching else ():
        path = library.home.of_topic(topic, "subjects")
        for location, target in _subject_targets(held):
            if target not in library.nodes:
                yield diagnostic_at(path, location, "D01", f"`{target}` is not a node", nearest(target, library.nodes))
        aspects = library.matching.aspects.aspects if library.matching else {}
        for location, name, known in _subject_names(held, aspects):
            if name not in known:
                remedy = nearest(name, known, alike=75) or f"one of: {', '.join(sorted(known))}"
                yield diagnostic_at(path, location, "D01", f"`{name}` is not known here", remedy)


def _subject_targets(held: TopicSubjects) -> Iterator[tuple[Location, str]]:
    for name, subject in held.subjects.items():
        yield ("subjects", name, "general"), subject.general
    for name, row in held.answers.items():
        yield from ((("answers", name, node), node) for node in row if node not in ("self", "none"))
    yield from ((("it", node), node) for node in held.it)
    yield from ((("harms",), node) for node in held.harms)


def _subject_names(
    held: TopicSubjects, aspects: Mapping[str, object]
) -> Iterator[tuple[Location, str, Mapping[str, object]]]:
    """Yield every subject and aspect that a topic's table names, with the names there are."""
    subjects = held.subjects
    yield from ((("it", node), name, subjects) for node, name in held.it.items())
    for name, subject in subjects.items():
        if subject.part_of:
            yield ("subjects", name, "part-of"), subject.part_of, subjects
        yield from ((("subjects", name, "together"), one, subjects) for one in subject.together)
    for name, row in held.answers.items():
        if name != "any":
            yield ("answers", name), name, subjects
        for node, held_aspects in row.items():
            yield from ((("answers", name, node), aspect, aspects) for aspect in held_aspects)


def _small_talk(library: Library) -> Iterator[Diagnostic]:
    """Yield every node that small talk offers and no dialog holds."""
    for kind, talk in library.small_talk.items():
        for number, target in enumerate(talk.next):
            if target not in library.nodes:
                place = ("small_talk", kind, "next", number)
                remedy = nearest(target, library.nodes)
                yield diagnostic_at(library.home.small_talk, place, "D01", f"`{target}` is not a node", remedy)


def citation_diagnostics(library: Library, broken: set[Path]) -> Iterator[Diagnostic]:
    """Yield every unknown source or note, every clash of ids, figures or numbers, every unsigned approval."""
    for name, topic in library.topics.items():
        sources_known = library.home.of_topic(name, "sources") not in broken
        notes_known = library.home.of_topic(name, "notes") not in broken
        for use in _uses(library, topic):
            kind, used = use[2:]
            readable = sources_known if kind == "source" else notes_known
            if readable and used not in _entries(topic, kind):
                yield _unknown(library, topic, use)
        yield from _numbers(library, topic)
        yield from _approvals(library, topic)
        yield from _repeated_claims(library, topic)
    yield from _clashes(library)


def _entries(topic: Topic, kind: str) -> Collection[str]:
    return topic.sources if kind == "source" else topic.notes


def _unknown(library: Library, topic: Topic, use: tuple[Path, Location, str, str]) -> Diagnostic:
    """Return the fault of a source or note that a topic names and does not hold; another topic may."""
    path, location, kind, used = use
    message, remedy = f"`{used}` is not a {kind}", nearest(used, _entries(topic, kind))
    holder = next((name for name, one in library.topics.items() if used in _entries(one, kind)), None)
    if holder:
        message = f"`{used}` is a {kind} of the topic `{holder}`, and a topic names its own"
        held, own = (library.home.of_topic(one, f"{kind}s").as_posix() for one in (holder, topic.id))
        remedy = f"copy its entry from {held} to {own}, under the next free number there"
    return diagnostic_at(path, location, "C03" if kind == "source" else "C07", message, remedy)


def _uses(library: Library, topic: Topic) -> Iterator[tuple[Path, Location, str, str]]:
    """Yield each place that names a source or a note: file, location, which of the two, the name."""
    for name, answer in topic.answers.items():
        path = library.home.answer(topic.id, name)
        for number, claim in enumerate(answer.claims):
            for index, source in enumerate(claim.cites):
                yield path, ("claims", number, "cites", index), "source", source
        for index, note in enumerate(answer.notes):
            yield path, ("notes", index), "note", note
    for name, entry in topic.notes.items():
        for index, source in enumerate(entry.cites):
            yield library.home.of_topic(topic.id, "notes"), ("notes", name, "cites", index), "source", source


def _numbers(library: Library, topic: Topic) -> Iterator[Diagnostic]:
    """Yield a fault for each citation or note number used twice."""
    for file, entries in (("sources", topic.sources), ("notes", topic.notes)):
        taken = dict[object, str]()
        for name, entry in entries.items():
            if taken.setdefault(entry.number, name) != name:
                remedy = "give it the next free number"
                message = f"the number {entry.number} already belongs to `{taken[entry.number]}`"
                yield diagnostic_at(
                    library.home.of_topic(topic.id, file), (file, name, "number"), "C08", message, remedy
                )


def _approvals(library: Library, topic: Topic) -> Iterator[Diagnostic]:
    if diagnostic := _unsigned(library.home.of_topic(topic.id, "topic"), topic.review, topic.approval):
        yield diagnostic
    for name, answer in topic.answers.items():
        path = library.home.answer(topic.id, name)
        if answer.review and (diagnostic := _unsigned(path, answer.review, topic.approval)):
            yield diagnostic


def _unsigned(path: Path, review: Review, rules: ApprovalRules) -> Diagnostic | None:
    absent = missing_of(review, rules)
    if review.status != "approved" or not absent:
        return None
    message = f"approved, but {_listed(absent)} missing: only `footnote review record` writes an approval"
    return diagnostic_at(path, ("review",), "R01", message, "take the status back to submitted", key=True)


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] + " is" if len(quoted) == 1 else ", ".join(quoted[:-1]) + f" and {quoted[-1]} are"


def _repeated_claims(library: Library, topic: Topic) -> Iterator[Diagnostic]:
    for name, answer in topic.answers.items():
        seen = set[str]()
        for number, claim in enumerate(answer.claims):
            if claim.id in seen:
                place = ("claims", number, "id")
                message = f"the claim id `{claim.id}` stands twice in this answer"
                yield diagnostic_at(library.home.answer(topic.id, name), place, "F09", message, "give it another id")
            seen.add(claim.id)


def _clashes(library: Library) -> Iterator[Diagnostic]:
    """Yield a fault for each answer id or figure that two topics claim."""
    answers, figures = dict[str, str](), dict[str, str]()
    for name, topic in library.topics.items():
        for answer in topic.answers:
            if answers.setdefault(answer, name) != name:
                yield _clash(library.home.answer(name, answer), ("answer",), answer, answers[answer])
        for figure in topic.facts:
            if (other := figures.setdefault(figure, name)) != name:
                for one, owner in ((name, other), (other, name)):  # nobody knows which was there first
                    yield _clash(library.home.of_topic(one, "facts"), ("facts", figure), f"facts.{figure}", owner)


def _clash(path: Path, location: Location, name: str, owner: str) -> Diagnostic:
    return diagnostic_at(path, location, "F09", f"`{name}` is already in the topic `{owner}`", "give it another name")


# --- what texts insert ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """One authored text: its file, its place in the file, its register and what it says before figures are inserted."""

    path: Path
    location: Location
    register: Register
    raw: str

    def for_register(self, register: Register) -> str:
        """Return what it says, if this is its register."""
        return self.raw if register is self.register else ""


def texts(library: Library) -> Iterator[Text]:
    """Yield every authored text about a topic, answer by answer, then notes and sources; then the small talk."""
    for name, topic in library.topics.items():
        yield from _pair(library.home.of_topic(name, "topic"), ("title",), topic.title)
        for node, answer in topic.answers.items():
            path = library.home.answer(name, node)
            yield from _pair(path, ("label",), answer.label)
            yield from _pair(path, ("title",), answer.title)
            for number, claim in enumerate(answer.claims):
                yield from _pair(path, ("claims", number), claim)
                if claim.section:
                    yield from _pair(path, ("claims", number, "section"), claim.section)
        yield from _drawn(library, topic)
        for note_id, note in topic.notes.items():
            yield from _pair(library.home.of_topic(name, "notes"), ("notes", note_id), note)
        for source_id, source in topic.sources.items():
            path = library.home.of_topic(name, "sources")
            yield from _pair(path, ("sources", source_id, "supports"), source.supports)
            if source.as_printed:
                yield from _pair(path, ("sources", source_id, "as_printed"), source.as_printed)
    for kind, talk in library.small_talk.items():
        yield from _pair(library.home.small_talk, ("small_talk", kind, "says"), talk.says)


def interface_texts(library: Library) -> Iterator[Text]:
    """Yield the bot's own sentences."""
    path = library.home.content / "interface.yaml"
    for key, pair in library.interface.items():
        yield from _pair(path, ("interface", key), pair)


def _drawn(library: Library, topic: Topic) -> Iterator[Text]:
    """Yield the words of pictures and of the page to take along."""
    path = library.home.of_topic(topic.id, "pictures")
    for key, picture in topic.pictures.items():
        for name in ("label", "title", "alt"):
            yield from _pair(path, ("pictures", key, name), getattr(picture, name))
        for number, part in enumerate(picture.parts):
            place = ("pictures", key, "parts", number)
            yield from _pair(path, place, part)
            for name in ("head", "then"):
                if words := getattr(part, name):
                    yield from _pair(path, (*place, name), words)
            if part.lasted:
                yield Text(path, (*place, "lasted"), Register.PROFESSIONAL, part.lasted)
    if topic.handout:
        path = library.home.of_topic(topic.id, "handout")
        for name in ("title", "lead"):
            yield from _pair(path, ("handout", name), getattr(topic.handout, name))
        for name in ("questions", "tell"):
            for number, line in enumerate(getattr(topic.handout, name)):
                yield from _pair(path, ("handout", name, number), line)
        for number, row in enumerate(topic.handout.evidence):
            yield Text(path, ("handout", "evidence", number, "says"), Register.PROFESSIONAL, row.says)


def template_diagnostics(library: Library) -> Iterator[Diagnostic]:
    """Yield what Jinja2 cannot render with today's figures; layouts and own sentences get further values later."""
    for text in texts(library):
        for trouble in templates.troubles(text.raw, library.values(text.register)):
            yield _located(page_of(text.path), text.location, trouble)
    for text in interface_texts(library):
        for trouble in templates.troubles(text.raw, library.values(text.register), open_ended=True):
            yield _located(page_of(text.path), text.location, trouble)
    for name, source in library.layout.items():
        page = YamlFile((library.home.content / "layout" / f"{name}.j2").as_posix(), source)
        for trouble in templates.troubles(source, library.values(Register.PROFESSIONAL), open_ended=True):
            yield _diagnostic(page, (trouble.line - 1, 0), trouble)


def _pair(path: Path, location: tuple[str | int, ...], worded: Registers | Claim | Note) -> Iterator[Text]:
    for register in Register:
        if raw := worded.for_register(register):
            yield Text(path, (*location, register.value), register, raw)


def _located(page: YamlFile, location: Location, trouble: TemplateProblem) -> Diagnostic:
    """Return the fault at the name itself where the file shows it, else at the template's line."""
    source_range = page.source_map.source_range(location)
    for line in range(source_range.start[0], min(source_range.end[0] + 1, len(page.lines))):
        if trouble.name and (column := page.lines[line].find(trouble.name)) >= 0:
            return _diagnostic(page, (line, column), trouble)
    first, column = source_range.start
    return _diagnostic(
        page, (first + trouble.line, 0) if source_range.block else (first + trouble.line - 1, column), trouble
    )


def _diagnostic(page: YamlFile, place: Place, trouble: TemplateProblem) -> Diagnostic:
    return page.diagnostic(place, "F10", trouble.message, trouble.suggestion)

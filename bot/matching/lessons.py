"""What the models are trained from: shared lessons, a topic's own lines, and both in the wrappings of real messages."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from random import Random

from bot.content.matching_models import Courtesies
from bot.matching.build import TALK, Parts
from bot.matching.classifier import SLIGHT, Classifier, Unnamed, Values, slot
from bot.matching.parser import Message, joined
from bot.matching.subjects import HOLDER, NONE, PLACEHOLDERS, SELF, Named
from bot.matching.text import STOP, sampled

LESSON_FORMS = 16
"""Wordings one shared lesson may add."""
LINE_FORMS = 4
"""Wordings one line of a topic may add."""
COMPOSED, COMPOSED_FOR_PART = 8, 3
"""Shared lessons with the names of one subject in them, for each of its aspects: the plainest, and some others."""
_NAMES = 12
"""Names of a subject that lessons are composed with; the first ones are what it is mostly called."""
_WORN = 3
"""One of so many whole messages, questions in threads and own lines that teach what is asked is also shown wrapped or
with a slip; all of them took a fourth more of the time and told no more questions apart (measured 2026-11)."""
_THREADS = 2
"""Subjects each short question is shown with, as if asked after an answer about them."""
_LIKELY = 0.15
"""How likely an aspect must be before a line that could be asked for it teaches it."""
_HOLDER = re.compile(HOLDER + r"([a-z]+)")

Asked = tuple[str, str]
"""A label and a wording."""
_Seen = tuple[Message, Named, Unnamed]
"""A message, what it names, and what it asks."""
SAME = "@same"
"""The label of a question that wants the answer again that it follows."""
LEANS, ALONE, REMARK, ASKS = "leans", "alone", "remark", "asks"
_SEVERAL = re.compile(r"[.,;?!]")
_MARKS = " .,;:?!-\n"
"""What may stand after a piece of a text."""


Row = tuple[str, Values]


class Rows:
    """Rows to learn from, kept as checksums and strengths: their names would take many times the memory."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.labels: list[str] = []
        self.sizes: list[int] = []
        self.keys, self.strengths, self.worths = array("I"), array("f"), array("f")
        for label, values in rows:
            self.add(label, values)

    def add(self, label: str, values: Values, worth: float = 1.0) -> None:
        """Add one row; one of twice the worth teaches as two do."""
        self.labels.append(label)
        self.sizes.append(len(values.keys))
        self.keys.extend(values.keys)
        self.strengths.extend(values.strengths)
        self.worths.append(worth)

    def add_all(self, labels: Sequence[str], several: Sequence[Collection[str]], strength: float) -> None:
        """Add many small rows, whose features are all of one strength."""
        self.labels += labels
        self.sizes += map(len, several)
        together = Values((name for one in several for name in one), strength)
        self.keys.extend(together.keys)
        self.strengths.extend(together.strengths)
        self.worths.extend([1.0] * len(labels))

    def __len__(self) -> int:
        return len(self.labels)


def with_holders(lesson: str) -> str:
    """Return a lesson whose placeholders are words the reader knows."""
    for key in sorted(PLACEHOLDERS, key=len, reverse=True):
        lesson = lesson.replace(f"@{key}", HOLDER + key.lower())
    return lesson


class Lessons:
    """The rows for each of the models, from one library's words."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._subjects, self._features = parts.subjects, parts.features
        data = parts.data
        self._roles = data.roles
        self._wrapper = Wrapper(data.matching.courtesies)
        self._read: dict[str, Message] = {}
        self._known: dict[str, _Seen] = {}
        aspects = data.matching.aspects.aspects
        self._lessons = [
            (name, with_holders(form)) for name, lines in aspects.items() for form in _forms(lines, LESSON_FORMS)
        ]
        self._few = self._subjects.few_lined(data.lines)
        self._lines = [
            asked for asked in _asked(data.phrases) if asked[0] != self._roles.otherwise or self._is_ours(*asked)
        ]
        self._lines += [
            (TALK + kind, form) for kind, asks in data.small_talk.items() for form in asks if parts.key(form)
        ]
        self._messages = [asked for asked in _whole(data.messages) if self._is_ours(*asked)]
        told = [asked for asked in _following(data.messages_after, _whole) if self._is_ours(*asked[1:])]
        self._after = [*_following(data.after, _asked), *told]
        self._after = [asked for asked in self._after if asked[1] in data.nodes]

    def aspects(self, first: Classifier | None = None) -> Rows:
        """Return the rows that tell what is asked; with a `first` model, also from the topics' own lines. A shared
        lesson is always shown wrapped, too."""
        draw = Random(3)
        asked = [*self._lessons, *(dict.fromkeys(self._through(first)) if first else ())]
        if first is None:
            return Rows((label, self._aspect(form)) for label, form in asked)
        rows, shared = Rows(), len(self._lessons)
        for at, (label, form) in enumerate(asked):
            rows.add(label, self._aspect(form))
            if at < shared or at % _WORN == 0:
                rows.add(label, self._features.aspect(self._of(self._wrapped(form, draw))[2]))
        return rows

    def lines(self) -> tuple[Rows, Rows]:
        """Return the rows that tell which answer is asked for: with names, and with placeholders and the subject."""
        names, about = Rows(), Rows()
        for node, (message, named, asked) in self._shown(Random(11)):
            names.add(node, self._features.names(message, named, asked))
            about.add(node, self._features.about(asked, named, named.subject))
        for node, values in self._threaded():
            about.add(node, values)
        return names, about

    def siblings(self) -> Rows:
        """Return the rows that tell answers with few lines from each other: by all that was written for these alone,
        their lines and texts, whole messages, and what is asked in threads."""
        written = (*self._lines, *self._messages, *(asked[1:] for asked in self._after))
        asked = [*((node, form) for node, form in written if node in self.parts.data.texts), *self._told()]
        return Rows((node, self._features.names(*self._seen(form))) for node, form in asked)

    def whole(self) -> Rows:
        """Return the rows of whole messages: what each wants, after an answer also that answer again (SAME)."""
        rows = Rows()
        for context, node, seen in self._followed():
            values = self._features.after(self._features.names(*seen), seen[2], context, self._subjects.it(context))
            rows.add(SAME if node == context else node, values)
        for node, form in self._messages:
            rows.add(node, self._features.names(*self._seen(form)))
        return rows

    def standing(self) -> Rows:
        """Return the rows that tell whether a question stands by itself or leans on what was said before."""
        rows = [(ALONE, form) for _, form in self._lines[::3]]
        rows += [(ALONE if HOLDER in form else LEANS, form) for _, form in self._lessons]
        rows += [(LEANS if self._follows(*asked[:2]) else ALONE, asked[2]) for asked in self._after]
        return Rows((label, self._standing(*self._seen(form))) for label, form in rows)

    def words(self) -> Rows:
        """Return a row for each word of many wrapped lines: part of a remark, or of what asks."""
        draw, rows = Random(5), Rows()
        single = [form for _, form in self._lines if not _SEVERAL.search(form)]
        for form in (*single[::2], *(form for _, form in self._lessons[::3])):
            for one in (self._wrapper.parts(form, draw), self._wrapper.parts(form, draw)):
                rows.add_all(*self._worded(one), SLIGHT)
        return rows

    def _worded(self, parts: Sequence[tuple[str, bool]]) -> tuple[list[str], list[list[str]]]:
        """Return for each word of several pieces of one text whether its piece stands aside, and its features."""
        message = self._together(parts)
        pieces = ((one, aside) for text, aside in parts for one in _parted(text))
        told = [aside for one, aside in pieces for word in self._message(one).words if word != STOP]
        words = [features for features in self._features.words(message) if features]
        labels = [REMARK if aside else ASKS for aside in told]
        return (labels, words) if len(words) == len(labels) else ([], [])

    # --- the parts ------------------------------------------------------------------------------------------------

    def _is_ours(self, node: str, said: str) -> bool:
        """Tell whether a message teaches its answer. One that names nothing but subjects of another, small topic wants
        that topic's answers, of which whoever wrote or labelled it knew nothing."""
        held = self._seen(said)[1].held
        small = bool(held) and self._few.issuperset(held)
        own = node in self._roles.shared - {self._roles.otherwise} or node.startswith(TALK)
        return own or not small or any(node in self._subjects.family(subject) for subject in held)

    def _seen(self, form: str) -> _Seen:
        found = self._known.get(form)
        if found is None:
            message, named, asked = self._of(self._message(form))
            found = self._known[form] = message, named, asked.unnamed()
        return found

    def _of(self, message: Message) -> _Seen:
        named = self._subjects.named(message)
        return message, named, self._features.asked(message, named)

    def _message(self, form: str) -> Message:
        message = self._read.get(form)
        if message is None:
            message = self._read[form] = self.parts.reader.read(form)
        return message

    def _wrapped(self, form: str, draw: Random) -> Message:
        return self._together(self._wrapper.parts(form, draw))

    def _together(self, parts: Sequence[tuple[str, bool]]) -> Message:
        """Return the pieces of a text as one message; each is read once, for the same remarks stand around many."""
        return joined([self._message(one) for text, _ in parts for one in _parted(text)], pausing=False)

    def _aspect(self, form: str) -> Values:
        return self._features.aspect(self._seen(form)[2])

    def _standing(self, message: Message, named: Named, asked: Unnamed) -> Values:
        return self._features.standing(message, named, self._features.aspect(asked))

    def _shown(self, draw: Random) -> Iterator[tuple[str, _Seen]]:
        """Yield every line as it is, and wrapped or with a slip; composed lessons one way or the other, and of whole
        messages, which people wrapped themselves, only each third."""
        for node, form in (*self._lines, *self._told()):
            yield node, self._seen(form)
            yield node, self._of(self._worn(form, draw))
        for at, (node, form) in enumerate(self._messages):
            yield node, self._seen(form)
            if at % _WORN == 0:
                yield node, self._of(self._worn(form, draw))
        for at, (node, form) in enumerate(self._composed(draw)):
            yield node, self._of(self._worn(form, draw) if at % 2 else self._message(form))
        yield from (
            (node, self._seen(form)) for context, node, form in self._after if not self._reachable(context, node)
        )

    def _told(self) -> Iterator[Asked]:
        """Yield what answers with few lines say, as if it were asked for: who asks mostly uses the answer's words."""
        yield from ((node, said) for node, texts in self.parts.data.texts.items() for said in texts)

    def _worn(self, form: str, draw: Random) -> Message:
        """Return a line as people write it: with remarks around it, a slip of the pen, or both."""
        kind = draw.randrange(3)
        if kind == 2:
            whole = "".join(text for text, _ in self._wrapper.parts(form, draw))
            return self.parts.reader.read(slipped(whole, draw))
        return self._wrapped(form, draw) if kind else self._message(slipped(form, draw))

    def _composed(self, draw: Random) -> Iterator[Asked]:
        """Yield shared lessons with the names of a topic's subjects in them, under the answers its table gives."""
        lessons: dict[str, list[str]] = {}
        for aspect, form in self._lessons:
            lessons.setdefault(aspect, []).append(form)
        for name, subject in self._subjects.each():
            names = [one for one in subject.names if one.replace(" ", "").isalnum()][:_NAMES]
            holders = _holders(subject.kind)
            for aspect, node in self._subjects.row(name).items() if names and not subject.leaning else ():
                fit = [form for form in lessons.get(aspect, ()) if any(holder in form for holder in holders)]
                most = COMPOSED_FOR_PART if subject.part_of else COMPOSED
                for form in _plain_and_others(fit, most, draw) if node not in (SELF, NONE) else ():
                    yield node, self._filled(form, holders, names, draw)

    def _filled(self, form: str, holders: Sequence[str], names: Sequence[str], draw: Random) -> str:
        def name(found: re.Match[str]) -> str:
            if found[0] in holders:
                return draw.choice(names)
            kind = PLACEHOLDERS[found[1].upper()]
            alike = (one for _, one in self._subjects.each() if one.kind == kind and not one.leaning)
            return draw.choice([telling for one in alike for telling in one.names[:6]] or names)

        return _HOLDER.sub(name, form)

    def _followed(self) -> Iterator[tuple[str, str, _Seen]]:
        """Yield what is asked after answers, with these, as it is and some with a slip: the same slip each time, so
        that it is read once for all that is learned from it."""
        draw = Random(4)
        for at, (context, node, form) in enumerate(self._after):
            yield context, node, self._seen(form)
            if at % _WORN == 0:
                yield context, node, self._seen(slipped(form, draw))

    def _threaded(self) -> Iterator[Row]:
        """Yield what is asked in threads, as asked about the thread's subject."""
        for context, node, (_, named, asked) in self._followed():
            lent = self._subjects.it(context)
            about = self._subjects.with_lent(named, lent) if lent else named.subject
            yield node, self._features.about(asked, named, about)
        subjects = sorted({subject for one in self._subjects.contexts() if (subject := self._subjects.it(one))})
        for at, (aspect, form) in enumerate(self._lessons):
            _, named, asked = self._seen(form)
            for step in range(_THREADS if subjects and named.nothing and HOLDER not in form else 0):
                subject = subjects[(at * 7 + step * 5) % len(subjects)]
                node = self._subjects.row(subject).get(aspect, SELF)
                if node not in (SELF, NONE):
                    yield node, self._features.about(asked, named, subject)

    def _reachable(self, context: str, node: str) -> bool:
        subject = self._subjects.it(context)
        return subject is not None and node in self._subjects.answers_of(subject)

    def _follows(self, context: str, node: str) -> bool:
        return self._reachable(context, node) or node == self._roles.advice

    def _through(self, first: Classifier) -> Iterator[Asked]:
        """Yield the topics' own lines, each under the likeliest aspect that leads to its answer."""
        asked = [*((None, node, form) for node, form in (*self._lines, *self._messages)), *self._after]
        for context, node, form in asked:
            _, named, seen = self._seen(form)
            subject = named.subject or self._subjects.it(context)
            if subject and not named.foreign and node not in (self._roles.advice, self._roles.otherwise):
                shares = first.probabilities(self._features.aspect(seen))
                leads = self._subjects.row(subject)
                wanted = (node, SELF) if node == context else (node,)
                likely = ((-share, one) for one, share in shares.items() if share >= _LIKELY)
                aspect = next((one for _, one in sorted(likely) if leads.get(one) in wanted), None)
                if aspect:
                    yield aspect, form


def _parted(text: str) -> tuple[str, str]:
    """Return a text without the marks at its end, and these."""
    bare = text.rstrip(_MARKS)
    return bare, text[len(bare) :]


def _holders(kind: str) -> list[str]:
    """Return the words that stand in lessons for a name of this kind; what has none of its own is a remedy there."""
    own = [HOLDER + key.lower() for key, held in PLACEHOLDERS.items() if slot(held) == slot(kind)]
    return own or [f"{HOLDER}x"]


def _plain_and_others(forms: Sequence[str], most: int, draw: Random) -> list[str]:
    """Return the shortest forms and as many others."""
    by_length = sorted(forms, key=lambda form: (len(form.split()), form))
    plain, others = by_length[: most // 2], by_length[most // 2 :]
    return [*plain, *draw.sample(others, min(most - len(plain), len(others)))]


def _forms(lines: Iterable[str], most: int) -> list[str]:
    return [form for line in lines for form in sampled(line, most)]


def _asked(phrases: Mapping[str, Sequence[str]]) -> list[Asked]:
    return [(node, form) for node, lines in phrases.items() for form in _forms(lines, LINE_FORMS) if form]


def _whole(messages: Mapping[str, Sequence[str]]) -> list[Asked]:
    return [(node, said) for node, several in messages.items() for said in several]


def _following(
    after: Mapping[str, Mapping[str, Sequence[str]]], forms: Callable[[Mapping[str, Sequence[str]]], list[Asked]]
) -> list[tuple[str, str, str]]:
    return [(context, node, form) for context, asked in after.items() for node, form in forms(asked)]


# --- wrappings and slips ---

_NEIGHBOURS = {
    "a": "sqz", "b": "vgn", "c": "xvd", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok",
    "j": "hku", "k": "jli", "l": "ko", "m": "n", "n": "bm", "o": "ipl", "p": "o", "q": "wa", "r": "etf",
    "s": "adw", "t": "ryg", "u": "yij", "v": "cb", "w": "qes", "x": "zc", "y": "tuh", "z": "xa",
}  # fmt: skip
_SHORTEST = 4
_COMMON = 0.35
"""How often a remark is no more than a courtesy."""
_FORMS = 12
"""Wordings one line of courtesies may add."""


def slipped(line: str, draw: Random) -> str:
    """Return the line with one slip of the pen in a word of four letters or more, where it has one."""
    words = line.split()
    places = [
        at for at, word in enumerate(words) if len(word) >= _SHORTEST and word.isalpha() and not word.startswith(HOLDER)
    ]
    if not places:
        return line
    at = draw.choice(places)
    words[at] = _slip(words[at], draw)
    return " ".join(words)


def _slip(word: str, draw: Random) -> str:
    at = draw.randrange(1, len(word) - 1)
    kind = draw.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + draw.choice(_NEIGHBOURS.get(word[at].lower(), "e")) + word[at + 1 :]


class Wrapper:
    """The remarks, frames and openers of a library, put around lines."""

    def __init__(self, courtesies: Courtesies) -> None:
        self._words = _expanded((*courtesies.words, *courtesies.discourse_markers))
        aside = [*courtesies.asides, *courtesies.openers]
        self._before = [*aside, *_expanded(courtesies.before)]
        self._after = [*courtesies.asides, *_expanded(courtesies.after)]
        self._frames = _expanded(courtesies.frames)

    def parts(self, line: str, draw: Random) -> list[tuple[str, bool]]:
        """Return the line and the one or two random remarks beside it in order, each with whether it is one."""
        if not self._before or not self._after:
            return [(line, False)]
        kind = draw.randrange(5)
        if kind == 0 and self._frames:
            return [(f"{draw.choice(self._frames)}{draw.choice((' ', ', ', ': '))}", True), (line, False)]
        found = [(line, False)]
        if kind in (1, 4):
            found = [
                (f"{self._remark(self._before, draw)}{draw.choice((', ', '. ', ' ', ' ', ' - ', '! '))}", True),
                *found,
            ]
        if kind != 1:
            found[-1] = (f"{line}{draw.choice(('? ', '. ', ' ', ' ', ' ', ', ', '? ', ' - '))}", False)
            found.append((self._remark(self._after, draw), True))
        return found

    def _remark(self, longer: Sequence[str], draw: Random) -> str:
        """Return a remark: often one of the few words that most people use, such as `thanks` and `ok so`."""
        return draw.choice(self._words) if self._words and draw.random() < _COMMON else draw.choice(longer)


def _expanded(lines: Sequence[str]) -> list[str]:
    return [form for line in lines for form in sampled(line, _FORMS)]

"""Trains the matcher's models from what was authored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from bot.matching.build import Parts
from bot.matching.classifier import Classifier, Row, train
from bot.matching.parser import Message
from bot.matching.subjects import with_placeholders
from bot.matching.text import sampled
from bot.matching.wrapping import slipped, wrapped

LESSON_FORMS = 24
"""Wordings one shared lesson may add."""
LINE_FORMS = 12
"""Wordings one line of a topic may add."""

Asked = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Models:
    """`aspects` tells what is asked, `names` and `about` which answer, `standing` and `remark` what a clause is."""

    aspects: Classifier
    names: Classifier
    about: Classifier
    standing: Classifier
    remark: Classifier


class Lessons:
    """The rows of every model."""

    def __init__(self, parts: Parts, courtesies: Mapping[str, Sequence[str]], roles: tuple[str, str, str]) -> None:
        self.p = parts
        self._cache: dict[str, Message] = {}
        self.urgent, self.advice, self.otherwise = roles
        asp = parts.data.aspects
        self.before = [*asp.asides, *asp.openers, *_forms(courtesies["before"], 40)]
        self.after = [*asp.asides, *_forms(courtesies["after"], 40)]
        self.frames = _forms(courtesies["frames"], 40)
        self.lessons = [(name, with_placeholders(form)) for name, lines in asp.aspects.items() for form in _forms(lines, LESSON_FORMS)]
        self.lines = [(n, f) for n, f in _asked(parts.data.phrases) if n != self.urgent]
        self.thread = [(c, n, f) for c, nodes in parts.data.after.items() for n, f in _asked(nodes) if n != self.urgent]

    def read(self, form: str) -> Message:
        known = self._cache.get(form)
        if known is None:
            known = self._cache[form] = self.p.reader.read(form)
        return known

    def wrap(self, line: str, draw: Random) -> str:
        return wrapped(line, self.before, self.after, self.frames, draw)

    def aspects(self, extra: Iterable[Asked] = ()) -> list[Row]:
        draw = Random(3)
        rows: list[Row] = []
        for label, form in (*self.lessons, *extra):
            rows.append((label, self.seen(form, "aspect")))
            rows.append((label, self.seen(self.wrap(form, draw), "aspect")))
        return rows

    def seen(self, form: str, view: str) -> Mapping[str, float]:
        m = self.read(form)
        n = self.p.subjects.named(m)
        f = self.p.features
        if view == "aspect": return f.aspect(m, n)
        if view == "names": return f.names(m, n)
        if view == "about": return f.about(m, n, n.subject)
        return f.standing(m, n)

    def line_rows(self, view: str, seed: int) -> list[Row]:
        draw = Random(seed)
        rows: list[Row] = []
        for label, form in self.lines:
            rows.append((label, self.seen(form, view)))
            w = self.wrap(form, draw)
            rows.append((label, self.seen(slipped(w, draw) if draw.random() < 0.5 else w, view)))
            rows.append((label, self.seen(slipped(form, draw), view)))
        for context, node, form in self.thread:
            if not self.reachable(context, node):
                rows.append((node, self.seen(form, view)))
        if view == "about":
            rows += self.threaded(draw)
        return rows

    def reachable(self, context, node):
        S = self.p.subjects
        it = S.it(context)
        return it is not None and node in S.answers_of(it)

    def threaded(self, draw) -> Iterator[Row]:
        S, f = self.p.subjects, self.p.features
        for context, node, form in self.thread:
            for one in (form, slipped(form, draw)):
                m = self.read(one); n = S.named(m)
                yield node, f.about(m, n, n.subject or S.it(context))
        subjects = sorted({S.it(c) for c in S.contexts()})
        for at, (aspect, form) in enumerate(self.lessons):
            if "holder" in form: continue
            m = self.read(form); n = S.named(m)
            if n.subject: continue
            for step in range(3):
                subject = subjects[(at * 7 + step * 5) % len(subjects)]
                node = S.answer(subject, aspect)
                if node and node not in ("self", "none"):
                    yield node, f.about(m, n, subject)

    def standing(self) -> list[Row]:
        rows = [("alone", self.seen(f, "standing")) for n, f in self.lines[::3]]
        rows += [("alone", self.seen(f, "standing")) for a, f in self.lessons[::5] if "holder" in f]
        rows += [("leans", self.seen(f, "standing")) for a, f in self.lessons if "holder" not in f]
        rows += [("leans" if self.reachable(c, n) or n == self.advice else "alone", self.seen(f, "standing")) for c, n, f in self.thread]
        return rows

    def remark(self) -> list[Row]:
        rows = [("remark", self.seen(f, "standing")) for f in (*self.before, *self.after, *self.frames)]
        draw = Random(5)
        rows += [("remark", self.seen(slipped(f, draw), "standing")) for f in (*self.before[::3], *self.after[::3])]
        single = [f for _, f in self.lines if not any(c in f for c in ".,;?!")]
        rows += [("asks", self.seen(f, "standing")) for f in single[::2]]
        rows += [("asks", self.seen(f, "standing")) for a, f in self.lessons[::3]]
        return rows

    def through(self, first: Classifier) -> Iterator[Asked]:
        """Each own line under the likeliest aspect whose answer it has."""
        S = self.p.subjects
        for context, node, form in [(None, n, f) for n, f in self.lines] + self.thread:
            if node in (self.advice, self.otherwise): continue
            m = self.read(form); n = S.named(m)
            subject = n.subject or S.it(context)
            if subject is None or n.foreign: continue
            probs = first.probabilities(self.p.features.aspect(m, n))
            for label in sorted(probs, key=lambda one: (-probs[one], one))[:12]:
                if (S.answer(subject, label) if True else "") in (node, "self" if node == context else node):
                    yield label, form
                    break


def learn(lessons: Lessons, say: Callable[[str], None] = print) -> Models:
    import time
    t = time.time()
    a1 = train(lessons.aspects(), 5); say(f"aspects {time.time()-t:.1f}")
    extra = list(dict.fromkeys(lessons.through(a1)))
    say(f"through {len(extra)} {time.time()-t:.1f}")
    a = train(lessons.aspects(extra), 8); say(f"aspects {time.time()-t:.1f}")
    names = train(lessons.line_rows("names", 11), 7); say(f"names {time.time()-t:.1f}")
    about = train(lessons.line_rows("about", 11), 7); say(f"about {time.time()-t:.1f}")
    st = train(lessons.standing(), 6); rm = train(lessons.remark(), 6); say(f"all {time.time()-t:.1f}")
    return Models(a, names, about, st, rm)


def _forms(lines: Iterable[str], most: int) -> list[str]:
    return [form for line in lines for form in sampled(line, most)]


def _asked(phrases: Mapping[str, Sequence[str]]) -> list[Asked]:
    return [(node, form) for node, lines in phrases.items() for form in _forms(lines, LINE_FORMS) if form]

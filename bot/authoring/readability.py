"""How hard a plain-language text is to read: its sentences, and the Flesch-Kincaid grade.

The grade (Kincaid et al. 1975) is 0.39 x words per sentence + 11.8 x syllables per word - 15.59. It is reported twice:
`raw` counts a listed medical term with its true syllables; `adjusted` counts a term that the text explains as one easy
word of one syllable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from bot.content.markdown import Block, Document, ListBlock, Quote, Runs, Table, text_of
from bot.content.models import Term

_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?<=[^aeiouy])e$(?<![^aeiouy]le)"  # made, but not table
    r"|(?<=[^aeiouysxzcg])e(?=s$)(?<!she)(?<!che)(?<![^aeiouy]le)"  # times, but not boxes, changes, tables
    r"|(?<=[^aeiouytd])e(?=d$)(?<![^aeiouyrl]le)"  # used, but not treated, handled
    r"|(?<=[^aeiouylr])e(?=(?:ly|ness|ment|less|ful)s?$)"  # safely, statement
    r"|(?<=(?:som|tim|lif|sid|hom|lik|saf|nam|lin|her))e(?=[bcdfhjklmnpqstvw])"  # something, lifestyle
    r"|(?<=guid)e|(?<=^ev)e(?=r.)"  # guideline, every
)
_APART = re.compile(
    r"(?<![cgstx])i(?=a)|(?<![cglnstx])i(?=o)|(?<=[cgst])i(?=at)"  # diabetes, period, associated
    r"|(?<![cst])i(?=um|us|et|er$|ers$|est$|ent)|(?<=s)i(?=et)"  # sodium, quiet, earlier, society
    r"|(?<!p)e(?=o)|(?<![qg])u(?=a)|u(?=ou)|(?<![qbg])u(?=i(?:t[iy]|ng?$))"  # video, usual, strenuous, ruin
    r"|(?<=cr)e(?=at)|e(?=a$)|[aeiouy](?=ing)|[iy](?=able)"  # create, idea, being, variable
    r"|^re(?=act|app|ass|ele|ent|i[nm]|op|us)|^co(?=op|or)"  # reuse, cooperate
    r"|(?<=[^aeiouy])n(?='t$)|s(?=m$)"  # didn't, organism
)


@cache
def syllables(word: str) -> int:
    """Return the syllables of one word; a number counts one, an abbreviation in capitals one per letter."""
    letters = re.sub(r"[^a-z']", "", word.lower().replace("’", "'"))
    if word.isupper() and 1 < len(letters) <= 5:
        return len(letters)
    spoken = _SILENT.sub("", letters)
    return max(1, len(_VOWELS.findall(spoken)) + len(_APART.findall(spoken)))


_CITATION = re.compile(r"\s?\[\d+\]")
_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")
_END = re.compile(r"(?<=[.!?])(?<!\bDr\.)(?<!\be\.g\.)(?<!\bvs\.)[\"'”’)]*\s+(?=[\"'“‘(]*[A-Z0-9])")


@dataclass(frozen=True, slots=True)
class Grade:
    """How hard one text is; `longest` counts the words of its longest sentence, `hardest` is its hardest sentence."""

    words: int
    sentences: int
    raw: float
    adjusted: float
    longest: int
    hardest: str


def grade(sentences: Sequence[str], terms: Mapping[str, Term]) -> Grade:
    """Return the grade of a text, given as its sentences."""
    whole = " ".join(sentences)
    terms = {name: term for name, term in terms.items() if occurs(name, whole)}
    known = {name: term for name, term in terms.items() if explains(whole, term)}
    words = sum(map(word_count, sentences))
    raw = sum(_syllables(sentence, terms) for sentence in sentences)
    easy_words, easy = 0, 0
    for sentence in sentences:
        rest, found = _without(sentence, known)
        easy_words += found + word_count(rest)
        easy += found + _syllables(rest, terms)
    return Grade(
        words=words,
        sentences=len(sentences),
        raw=_kincaid(words, len(sentences), raw),
        adjusted=_kincaid(easy_words, len(sentences), easy),
        longest=max(map(word_count, sentences), default=0),
        hardest=max(
            sentences, key=lambda sentence: _kincaid(word_count(sentence), 1, _syllables(sentence, terms)), default=""
        ),
    )


def sentences_of(document: Document) -> list[str]:
    """Return the sentences a reader meets; a heading, a list item and a table cell are each their own."""
    return [sentence for block in document for text in _texts(block) for sentence in split(text)]


def split(text: str) -> list[str]:
    """Return the sentences of one paragraph, without citation marks."""
    plain = _CITATION.sub("", text).strip()
    return [sentence for sentence in _END.split(plain) if word_count(sentence)]


def word_count(text: str) -> int:
    """Return how many words a reader counts; a hyphenated word or a number is one."""
    return len(_WORD.findall(text))


def explains(text: str, term: Term) -> bool:
    """Tell whether `text` holds one of the plain wordings that explain the term."""
    return any(occurs(words, text) for words in term.explained_by)


def occurs(name: str, text: str) -> re.Match[str] | None:
    """Return where `text` names the term `name` first, if it does."""
    return _pattern(name).search(text) if _may_occur(name, text) else None


def _may_occur(name: str, text: str) -> bool:
    """Tell whether the letters of a term stand in the text at all: most do not, and a pattern takes its time."""
    return _folded(_stem(name)) in _folded(text)


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, ListBlock):
        yield from (text_of(item.runs) for item in block.items)
    elif isinstance(block, Table):
        rows: tuple[tuple[Runs, ...], ...] = (block.header, *block.rows)
        yield from (text_of(cell) for row in rows for cell in row)
    elif isinstance(block, Quote):
        for inner in block.blocks:
            yield from _texts(inner)
    else:
        yield text_of(block.runs)


def _kincaid(words: int, sentences: int, spoken: int) -> float:
    if not words:
        return 0.0
    return round(0.39 * words / sentences + 11.8 * spoken / words - 15.59, 1)


def _syllables(text: str, terms: Mapping[str, Term]) -> int:
    """Return the syllables of `text`, listed terms with their true number."""
    total = 0
    for name in _longest_first(terms):
        text, found = _taken_out(name, text)
        total += found * terms[name].syllables
    return total + sum(syllables(part) for word in _WORD.findall(text) for part in re.split("[-.,]", word) if part)


def _without(text: str, terms: Mapping[str, Term]) -> tuple[str, int]:
    """Return `text` without the listed terms, and how many there were."""
    count = 0
    for name in _longest_first(terms):
        text, found = _taken_out(name, text)
        count += found
    return text, count


def _taken_out(name: str, text: str) -> tuple[str, int]:
    return _pattern(name).subn(" ", text) if _may_occur(name, text) else (text, 0)


def _longest_first(terms: Mapping[str, Term]) -> list[str]:
    return sorted(terms, key=len, reverse=True)


@lru_cache(1 << 12)
def _folded(text: str) -> str:
    return text.casefold()


@cache
def _stem(words: str) -> str:
    return words.removesuffix("s") if len(words) > 4 else words


@cache
def _pattern(words: str) -> re.Pattern[str]:
    """Return the pattern of `words` as whole words, in any case, singular or plural."""
    return re.compile(rf"(?<![\w-]){re.escape(_stem(words))}(?:s|es)?(?!\w)", re.IGNORECASE)

"""From anything a person can type to plain lower-case words and their stems, in bounded time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import product
from random import Random
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

from bot.content.validation import MOST_WORDINGS, alternatives, wordings

if TYPE_CHECKING:
    from bot.matching.parser import Message

Found = TypeVar("Found")

STOP, ASKED, COMMA = ".", "?", ","
"""The end of a sentence, of one that asks, and a pause inside one."""
_ENDS = (STOP, ASKED)
_MARKS = ".!?;\n,:()-"
LONGEST = 10_000
"""Characters read of one message; of a longer one the first 7,000 and the last 3,000 (the question is often last)."""

_HEAD, _TAIL = 7_000, 3_000
_SAME_LOOK = str.maketrans(
    "аеорсухіјѕԁһкмтвнАЕОРСУХІЈЅКМТВНΑΒΕΖΗΙΚΜΝΟΡΤΥΧο’‘`´ʼ–—‐‑−",
    "aeopcyxijsdhkmtbhAEOPCYXIJSKMTBHABEZHIKMNOPTYXo'''''-----",
)
_CONTROLS = {code: " " if chr(code) in "\t\r" else "" for code in (*range(10), *range(11, 32), 127)}
_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_CODE = re.compile(r"\{[^{}]*\}")
"""A template's insertion or an object of JSON."""
_NO_WORDS = re.compile(
    r"<(?:https?://|mailto:)[^<>|\s]*(?:\|[^<>]*)?>|(?:https?://|www\.)\S+|<[@#!][^<>]*>|(?<![\w.])@\w+|(?<!\S)[^\s@]+@\S+\.\w+"
    r"|(?<!\S):(?!sos:|ambulance:)[a-z0-9_+'-]+(?:::[a-z0-9_-]+)?:"
)
"""Links, addresses, mentions of users and names of emoji: they stand in a message and say nothing in words."""
_MAY_BE_NO_WORDS = re.compile(r"[<@:]|www\.")
_ELLIPSIS = re.compile(r"\.{2,}|…")
_WRAPPED = re.compile(r"(?<![.!?:;\s])[^\S\n]*\n(?!\s*(?:\n|[-*•]|\d+[.)]\s))")
"""A line break inside a sentence, as in texts that were copied from mails: no end of it."""
_BEGINNING = re.compile(r"(?<![^\W_])([^\W_]+) (?=([A-Z][a-z']+) [a-z])")
"""Where a sentence may begin though no mark ends the one before: `is k2 safe My niece asked`."""
_LEADS_ON = frozenset("a an the my our your his her their of for with in on at to from by and or is are was".split())  # noqa: SIM905
"""Words after which none begins: `my Mum`."""
_SIGNS = {"α": " alpha ", "β": " beta ", "µ": "u", "μ": "u", "≥": " over ", "≤": " under ", "½": " half "}
_SPACED_OUT = re.compile(r"\b(?:[a-z] ){3,}[a-z]\b")
_LETTER_CODE = re.compile(r"\b(mk|[bcdktp])[-_. ]?(\d{1,2})(?![\d.])\b")
_THREE_OR_MORE = re.compile(r"([a-z])\1{2,}")
_PLAIN = re.compile(r"[a-z]+(?: [a-z]+)*")
_ABBREVIATION = re.compile(r"\b(pt|pts|dr|mr|mrs|ms|vs|approx|incl|eg|ie|st|no)\.(?=\s)")
_POSSESSIVE = re.compile(r"\b(?!(?:it|that|what|who|how|there|here|where|he|she|let|when|why)')([a-z]{2,})'s\b")
_UNIT = re.compile(r"(?<=\d)(?=(?:mgs?|mcgs?|ug|gm?|kgs?|ml|mmol|iu|m|f|y|yo|yrs?|hrs?|h|x|wks?|mo|days?|ish)\b)")
_SHORTHAND = re.compile(r"\b(?:[A-Z]{2,6}s?|[A-Za-z]/[A-Za-z]{1,2})\b")
"""What may stand for words: in capitals, or with a slash after its first letter."""
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[a-z]+\d+[a-z]*\b|[a-z]+|\d+(?:[.,/]\d+)*|[.!?;\n]+|[,:()]|(?<=\s)-+(?=\s)|[%&+]")
FUNCTION = frozenset({
    "a", "an", "the", "and", "or", "but", "not", "no", "if", "than", "then", "so", "as", "of", "for", "with",
    "without", "in", "on", "at", "to", "from", "by", "into", "after", "before", "during", "between", "about",
    "against", "is", "are", "was", "be", "been", "being", "do", "does", "did", "can", "could", "should",
    "would", "has", "have", "had", "there", "it", "its", "this", "that", "these", "those", "what", "which",
    "who", "when", "where", "why", "how", "any", "some", "more", "most", "less", "much", "many", "all", "every",
    "each", "other", "only", "also", "too", "very",
})  # fmt: skip
"""Words of grammar, a closed class; `will` and `may` are left out, for they are names too."""
ASKING = frozenset(
    ("what", "which", "who", "when", "where", "why", "how", "more", "most", "less", "much", "many", "other")
)
"""Those that can ask something by themselves, after an answer."""
QUESTION_WORDS = frozenset({"what", "which", "who", "when", "where", "why", "how", "whether", "wonder", "wondering"})
"""Words with which somebody asks, wherever in a sentence they stand."""
ASKS = frozenset(
    {
        *("what", "whats", "how", "hows", "who", "whos", "when", "where", "wheres", "which", "why", "any"),
        *("does", "do", "did", "is", "are", "was", "can", "could", "should", "would", "will", "has", "have", "am"),
    }
)
"""Words with which a question begins."""
PERSONS = frozenset({
    "i", "im", "ive", "id", "me", "my", "mine", "myself", "we", "us", "our", "ours", "you", "your", "yours",
    "he", "him", "his", "she", "her", "hers", "they", "them", "their", "theirs",
    "mr", "mrs", "ms", "miss", "mister", "dr", "doctor", "prof", "professor", "sir", "madam", "called", "named",
})  # fmt: skip
"""Pronouns and titles: with one of them a question may tell of somebody."""

GOING_ON = frozenset("and or so then also too ok okay what about how same for with".split())  # noqa: SIM905
"""Words that go on from what was said, and ask nothing themselves."""
TAKEN_BESIDE = frozenset("on with plus too also already add added take takes taking well".split())  # noqa: SIM905
"""Words that say of what is named that somebody takes it beside something else."""

SAYS_NOTHING = (FUNCTION | PERSONS | {STOP}) - ASKING
"""What a message that holds nothing else says nothing with: "and but or if"."""


LITTLE = frozenset({
    "actual", "again", "already", "also", "always", "anyon", "anyth", "ask", "back", "bad", "best", "better", "bit",
    "bring", "chang", "clinical", "come", "danger", "dangerous", "day", "different", "down", "else", "even", "ever",
    "feel", "felt", "find", "first", "found", "get", "giv", "go", "going", "good", "got", "half", "happen", "happi",
    "hav", "hear", "heard", "hello", "home", "just", "keep", "kept", "kind", "know", "last", "least", "leav", "leg",
    "legs", "let", "like", "long", "look", "lot", "mak", "mayb", "mcg", "mean", "mg", "month", "mov", "need", "never",
    "new",
    "next", "noth", "now", "number", "nurs", "off", "offer", "often", "ok", "old", "once", "one", "out", "over",
    "pleas", "put", "ran", "read", "right", "risk", "riski", "run", "saf", "safe", "same", "say", "since", "someon",
    "sometimes", "sort", "start", "stay", "still", "such", "sur", "surely", "take", "tell", "thank", "thing",
    "think", "thought", "three", "time", "today", "tomorrow", "tonight", "try", "turn", "twic", "two", "type", "up",
    "want", "way", "week", "well", "whol", "will", "work", "worse", "worth", "wrong", "year", "yes", "yesterday",
})  # fmt: skip
"""Stems of words that say little by themselves, whatever they stand beside."""

_TIMES = r"(?:minute|hour|day|week|month|year)s?"
_NUMBER = r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|several|some|few|many)"
_FIGURES: Mapping[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    name: (re.compile(rf"\b(?:{asks})\b"), re.compile(rf"\b(?:{tells})\b"))
    for name, asks, tells in (
        ("often", r"how (?:often|regularly|frequently|many times)|frequency|interval",
         rf"once|twice|times|every|daily|weekly|monthly|yearly|annually|an? {_TIMES}"),
        ("long", r"how (?:long|soon|fast|quickly)|when|duration|onset", rf"{_NUMBER} {_TIMES}|for (?:years|months)"),
        ("much", r"how (?:much|many (?:mg|mcg|milligrams|tablets|pills|capsules))|dose|dosage",
         r"\d[\d.,]* (?:mgs?|mcgs?|micrograms?|milligrams?|grams?|g|iu|ml|units|tablets?|capsules?)"),
        ("many", r"how (?:many|common|likely|rare|big)|numbers?|figures|percent|percentage|proportion|incidence|n",
         r"\d[\d.,]* (?:%|people|patients|adults|trials|studies|of \d+|in \d+)|\d%|n \d+"),
        ("why", r"why|how come|what for|reason", r"because|so that|therefore"),
    )
}  # fmt: skip
"""By what it is called: how somebody asks for a figure or a reason, and how a line begins that has one."""


def asked_for(words: str) -> frozenset[str]:
    """Return which figures words ask for: `often`, `long`, `much`, `many`, `why`."""
    return frozenset(name for name, (asks, _) in _FIGURES.items() if asks.search(words))


def answered(words: str) -> frozenset[str]:
    """Return which figures a line has."""
    return frozenset(name for name, (_, tells) in _FIGURES.items() if tells.search(words))


def is_grammar(word: str) -> bool:
    """Tell whether a word names nothing by itself."""
    return word in FUNCTION or word in PERSONS


_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_MASHED = 4


def is_mashed(word: str) -> bool:
    """Tell whether a word is one row of keys, stroked either way, or one key held down."""
    return len(word) >= _MASHED and (len({*word}) == 1 or any(word in row or word in row[::-1] for row in _KEYS))


def words_only(text: str, openers: Collection[str] = ()) -> str:
    """Return `text` capped, without what is no words, with line breaks only where a sentence or an item ends, and with
    a full stop before a capital with which one of the `openers` begins a sentence."""
    text = _capped(text).replace("\r\n", "\n")
    if "`" in text:
        text = _BLOCK.sub(" ", text) if _BLOCK.sub("", text).strip() else text.replace("`", " ")
    if "{" in text:
        text = _CODE.sub(" ", text)
    if _MAY_BE_NO_WORDS.search(text):
        text = _NO_WORDS.sub(" ", text)
    text = _ELLIPSIS.sub(" ", text)
    text = _WRAPPED.sub(" ", text) if "\n" in text else text
    return _parted(text, openers) if openers else text


def spelled_out(text: str, shorthand: Mapping[str, str]) -> str:
    """Return `text` with the `shorthand` in it spelled out, unless all is in capitals."""
    text = _capped(text)
    if not shorthand or text.upper() == text:
        return text
    return _SHORTHAND.sub(lambda word: shorthand.get(word[0], word[0]), text)


def _parted(text: str, openers: Collection[str]) -> str:
    """Return `text` with a full stop before a capital with which one of the `openers` begins a sentence."""

    def ended(found: re.Match[str]) -> str:
        begins = found[2].lower() in openers and found[1].lower() not in _LEADS_ON
        return f"{found[1]}{STOP if begins else ''} "

    return _BEGINNING.sub(ended, text)


def _capped(text: str) -> str:
    return text if len(text) <= LONGEST else text[:_HEAD] + "\n" + text[-_TAIL:]


def clean(text: str) -> str:
    """Return `text` capped, in lower case, without control characters, accents or letters that only look Latin."""
    if text.isascii():
        return _capped(text).translate(_CONTROLS).lower()
    text = _capped(unicodedata.normalize("NFKC", _capped(text))).translate(_SAME_LOOK).lower()
    for sign, words in _SIGNS.items():
        text = text.replace(sign, words)
    return "".join(_plain(letter) for letter in unicodedata.normalize("NFD", text))


def is_plain(wording: str) -> bool:
    """Return whether an authored wording is nothing but words as they are; most are, and there are very many."""
    return _PLAIN.fullmatch(wording) is not None and not _THREE_OR_MORE.search(wording)


def every_word(lines: Iterable[str]) -> set[str]:
    """Return the words of many authored lines, read together, since one by one they take seconds."""
    plain, other = list[str](), list[str]()
    for line in lines:
        (plain if line.isascii() else other).append(line)
    found = set(split("\n".join(plain).lower()))
    return found.union(*(split(clean(line)) for line in other))


def _plain(letter: str) -> str:
    if letter.isascii() and letter.isprintable():
        return letter
    if letter in "\n\t\r":
        return "\n" if letter == "\n" else " "
    return "" if unicodedata.category(letter) in ("Mn", "Cf", "Cc") else letter


def split(cleaned: str) -> list[str]:
    """Return the words, numbers and sentence ends (each as `.`) of a cleaned text, in order."""
    return [STOP if token in _ENDS else token for token in tokens(cleaned) if token != COMMA]


def tokens(cleaned: str) -> list[str]:
    """Return the words, numbers, sentence ends (`.` or `?`) and pauses (`,`) of a cleaned text, in order."""
    text = _POSSESSIVE.sub(r"\1", cleaned).replace("'", "") if "'" in cleaned else cleaned
    text = _SPACED_OUT.sub(lambda found: found[0].replace(" ", ""), text)
    if "." in text:
        text = _ABBREVIATION.sub(r"\1", text)
    if _DIGIT.search(text):
        text = _UNIT.sub(" ", _THREE_OR_MORE.sub(r"\1\1", _LETTER_CODE.sub(r"\1\2", text)))
    else:
        text = _THREE_OR_MORE.sub(r"\1\1", text)
    return [_mark(token) if token[0] in _MARKS else token for token in _WORD.findall(text)]


def key_of(text: str, stem: Callable[[str], str], shorthand: Mapping[str, str]) -> str:
    """Return what two messages share that differ in nothing but form, case and punctuation."""
    if is_plain(text):
        return " ".join(map(stem, text.split()))
    cleaned = clean(spelled_out(words_only(text), shorthand))
    return " ".join(stem(word) for word in split(cleaned) if word != STOP)


def _mark(token: str) -> str:
    if token[0] in ",:()-":
        return COMMA
    return ASKED if "?" in token else STOP


# --- what is known of words ---


class Kept(dict[str, Found]):
    """What was once found out about words, up to some thousands: the same words come again and again."""

    def __init__(self, find: Callable[[str], Found], known: Mapping[str, Found] | None = None) -> None:
        super().__init__(known or {})
        self._find, self._most = find, len(self) + _MOST_KEPT

    def __missing__(self, word: str) -> Found:
        found = self._find(word)
        if len(self) < self._most:
            self[word] = found
        return found


_MOST_KEPT = 20_000

# --- stems ---

_VOWEL = re.compile(r"[aeiouy]")
_SPELLINGS: tuple[tuple[str, str], ...] = (
    ("aemia", "emia"),
    ("aem", "em"),
    ("aesth", "esth"),
    ("oed", "ed"),
    ("oes", "es"),
    ("yse", "yze"),
)
_ENDINGS = (("isation", "ization"), ("ise", "ize"), ("ising", "izing"), ("our", "or"), ("ours", "ors"))
_NEEDS_E = re.compile(r"[^aeiou]?[aeiou][^aeiouwxy]")
"""What is left of `taking` and `used`: such a short base had an e."""
_SHORTEST = 4
"""Words below this length are abbreviations or little words, and stay as they are."""


class Stemmer:
    """Stems words, remembering what it has seen; `irregular` maps forms that no rule covers, `known` holds stems."""

    def __init__(self, irregular: Mapping[str, str], known: Mapping[str, str]) -> None:
        own = {form: base if base == form else _stem(base) for form, base in irregular.items()}
        self._known = Kept(_stem, {**known, **own})

    def __call__(self, word: str) -> str:
        """Return the stem of a lower-case word."""
        return self._known[word]


def _stem(word: str) -> str:
    if len(word) < _SHORTEST or not word.isalpha():
        return word
    for british, american in _SPELLINGS:
        word = word.replace(british, american)
    for british, american in _ENDINGS:
        if word.endswith(british) and len(word) > len(british) + 2:
            word = word[: -len(british)] + american
            break
    return _without_e(_without_tense(_without_plural(word)))


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > _SHORTEST:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_tense(word: str) -> str:
    for ending in ("ing", "ed"):
        base = word[: -len(ending)]
        if word.endswith(ending) and len(base) > 2 and _VOWEL.search(base) and not word.endswith("eed"):
            return _base(base)
    return word


def _base(base: str) -> str:
    if base[-1] == base[-2] and base[-1] not in "lsze":
        return base[:-1]
    return base + "e" if _NEEDS_E.fullmatch(base) else base


def _without_e(word: str) -> str:
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST else word


# --- authored wordings ---


def sampled(wording: str, most: int) -> list[str]:
    """Return some of the plain wordings `wording` stands for, always the same: `most`, or one for each alternative."""
    if wordings(wording) <= most:
        return expand(wording)
    parts = alternatives(wording)
    draw = Random(crc32(wording.encode()))
    decks = [draw.sample(part, len(part)) for part in parts]
    number = max(most, *map(len, parts))
    forms = (" ".join("".join(deck[at % len(deck)] for deck in decks).split()) for at in _steps(number, decks, draw))
    return list(dict.fromkeys(forms))


def _steps(number: int, decks: list[list[str]], draw: Random) -> Iterator[int]:
    """Yield numbers to deal by, shuffling every deck after each full round so that no two walk in step."""
    for at in range(number):
        for deck in decks:
            if at % len(deck) == 0:
                draw.shuffle(deck)
        yield at


def expand(wording: str) -> list[str]:
    """Return every plain wording `wording` stands for; raises ValueError when they are too many."""
    if "(" not in wording:
        return [" ".join(wording.split())]
    if (count := wordings(wording)) > MOST_WORDINGS:
        raise ValueError(f"stands for {count} wordings, {MOST_WORDINGS} at most: {wording!r}")
    return [" ".join("".join(choice).split()) for choice in product(*alternatives(wording))]


_INITIALS = re.compile(r"\b[A-Z]{2,5}s?\b")
_SHOUTED = 5
"""Letters from which a text in capitals alone shouts, and is no abbreviation."""


def without_abbreviations(text: str) -> str:
    """Return a text without what only stands for words in it, as `SEs` does, which is no French; what shouts whole."""
    left = _INITIALS.sub("", text)
    return left if any(map(str.islower, left)) or len(text.strip(" ?!.")) <= _SHOUTED else text


# --- how a word sounds ---

_SAID_AS: tuple[tuple[str, str], ...] = (
    (r"^wh", "w"), (r"^kn", "n"), (r"^wr", "r"), (r"ph", "f"), (r"ould", "ud"), (r"ou(gh)$", "uf"), (r"augh$", "af"),
    (r"igh", "Y"), (r"tch", "ch"), (r"ck|q", "k"), (r"x", "ks"), (r"c(?!h)", "k"), (r"dge", "j"),
    (r"mb$", "m"), (r"z", "s"), (r"[eiu]r", "R"), (r"a[iy]|e[iy]", "A"), (r"ee|ea|ie", "E"), (r"oa|oe", "O"),
    (r"ou|ow", "W"), (r"oo|ew|ue|ui|eu", "U"), (r"(?<=.)[yi]$", "E"), (r"(.)\1+", r"\1"),
)  # fmt: skip
"""How English spells one sound in several ways, in the order in which they are read."""
_SOUND = tuple((re.compile(spelling), sound) for spelling, sound in _SAID_AS)
_SHORTEST_SAID = 3
_SOFT = re.compile(r"c(?=[eiy])")
_LENGTHENED = re.compile(r"([aeiou])([b-df-hj-np-tv-z])e$")


def sounds(word: str) -> frozenset[str]:
    """Return the one or two ways a word may be said, in a spelling of sounds: an `e` at its end lengthens the vowel
    before it, or is silent (`wife`, `live`)."""
    word = _SOFT.sub("s", word)
    said = {word.removesuffix("e") if len(word) > _SHORTEST_SAID else word}
    if long := _LENGTHENED.search(word):
        said.add(word[: long.start()] + ("Y" if long[1] == "i" else long[1].upper()) + long[2])
    return frozenset(map(_sound, said))


def _sound(word: str) -> str:
    for spelling, sound in _SOUND:
        word = spelling.sub(sound, word)
    return word


# --- what may be kept of a question that found no answer: nothing that could tell who asked ---

GONE = "…"
LEAST_WORDS, LEAST_SHARE = 3, 0.6
"""Fewer words than these, or a smaller share of them, are no question an editor could use."""
_PERSONAL = frozenset({"i", "my", "relative"})
"""Concepts of content/matching/vocabulary.yaml that stand for a person."""
_CAPITALISED = re.compile(r"(?<=[\w,] )[A-Z][a-z]+")
"""A word with a capital inside a sentence: the name of somebody, of a place or of a thing, it cannot be told which."""


def scrubbed(text: str, message: Message, ordinary: Collection[str]) -> str:
    """Return what of a message is named in the vocabulary, is grammar or an `ordinary` word, and a mark for the rest.

    Nothing is recognised as a name, a place or a number: what is not known to be none is not kept. The whole is empty
    where it is personal or too little is left. `message` is what was read of `text`.
    """
    written = {*message.words, *(word for word, _ in message.repairs)}
    if not PERSONS.isdisjoint(written) or not _PERSONAL.isdisjoint(message.concepts):
        return ""
    doubtful = {word.lower() for word in _CAPITALISED.findall(text)} | {mended for _, mended in message.repairs}
    kept = [GONE if word in doubtful else word for word in _kept(message, ordinary)]
    left = [word for word in kept if word != GONE]
    grammar = all(word in FUNCTION or word in ASKS for word in left)
    return " ".join(kept) if not grammar and len(left) >= max(LEAST_WORDS, LEAST_SHARE * len(kept)) else ""


def _kept(message: Message, ordinary: Collection[str]) -> Iterator[str]:
    named = {at for mention in message.mentions for at in range(mention.start, mention.end)}
    for at, word in enumerate(message.words):
        if word != STOP:
            lone = len(word) == 1 and named.isdisjoint((at - 1, at + 1))  # a letter of an id, and no `R` of `R-ALA`
            known = (at in named and not lone) or word in FUNCTION or word in ordinary
            yield word if known and not word[0].isdigit() else GONE

"""The matcher: reads a message once, asks in a fixed order what it is, and decides; every decision has its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.dialog.turn import UNSURE, Match, Outcome, Register
from bot.matching.build import TALK, Parts, Roles
from bot.matching.classifier import Ranked
from bot.matching.concepts import Advice
from bot.matching.decisions import ASPECT_MISSING, LIMITS, Decisions, Limits, Thread
from bot.matching.foreign import Languages
from bot.matching.parser import Known, Message
from bot.matching.questions import (
    FIRST,
    IN_THREAD,
    MOST_SEAMS,
    SECOND,
    Background,
    Clause,
    Parted,
    Remarks,
    Wanted,
    seams,
)
from bot.matching.ranking import Heard, Ranker, Reading
from bot.matching.talk import TOLD, announced, beside, is_like_talk, pointed, speaking, told_names, told_of
from bot.matching.text import ASKS, PERSONS, SAYS_NOTHING, STOP, is_grammar, is_mashed, scrubbed
from bot.matching.urgency import SURELY_ELSE, Urgency, told_after, urgent

AUTHORED = "an authored line"
"""The reason of what is found word for word; the key of the words stands behind it."""
OTHER_LANGUAGE = "other-language"
"""The interface sentence that leads the answer to a message in another language."""
OTHER_ONE = "other-one"
"""The aspect that "and the other one?" asks."""
_FRAGMENT = 4
"""Words of a question so short that it may be the rest of one: "is it safe"."""
_REPEATED = 4
"""Times from which a word said over and over means nothing, whatever it names."""
PART_MISSING = "part-missing"
"""The interface sentence for a message of which one question is answered and another is not covered."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A message or a part of one in its thread while it is decided, and what the models said of any words in it, and
    was made of that: each is asked once."""

    message: Message
    context: str | None
    heard: dict[tuple[object, ...], Heard] = field(default_factory=dict)
    weighed: dict[tuple[object, ...], tuple[Reading, Ranked]] = field(default_factory=dict)

    def of(self, part: Message) -> Inquiry:
        """Return the same of a part of the message."""
        return replace(self, message=part)

    def alone(self, question: Message) -> Inquiry:
        """Return a question of the message as if it were all there is, in no thread."""
        return replace(self, message=question, context=None)


@dataclass(frozen=True, slots=True)
class SubjectMatcher:
    """A deterministic matcher on subject and aspect. It keeps nothing between messages."""

    parts: Parts
    thread: Thread
    urgency: Urgency
    languages: Languages
    advice: Advice
    remarks: Remarks
    ranker: Ranker
    known: Known
    limits: Limits = LIMITS
    decisions: Decisions = field(init=False)
    background: Background = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decisions", Decisions(self.parts.subjects, self.roles, self.ranker, self.limits))
        object.__setattr__(self, "background", Background(self.parts, self.limits))

    @property
    def roles(self) -> Roles:
        """The nodes with a part of their own."""
        return self.parts.data.roles

    def match(self, text: str, context: str | None, register: Register) -> Match:  # noqa: ARG002 (one interface for all)
        """Return the decision for `text` asked after node `context`; never raises."""
        found, excused = self.urgency.explain(text)
        held = self._held(context)
        found = (held and self.urgency.grown(text, held)) or found
        if found and (held or not found.is_faint):
            return told_after(self.parts.data.urgent.signs, held, found) if held else urgent(found)
        message = self.parts.reader.read(text)
        match = self._said(message, self.parts.key(text), context)  # as written: `thnx` is no slip of another word
        tells_on = bool(held) and (told_of(message) or not self.urgency.asks_else(text))
        own = self.known.node(message.key, context) != self.known.node(message.key, None)  # a line of this thread
        match = match or (self._line(message, text, context) if own or not tells_on else None)
        match = match or self._listed(text, context)
        match = match or (None if self._asks_on(message, context) else self._unreadable(message, text))
        match = match or self._weighty(Inquiry(message, context), text)
        if excused and match.outcome is Outcome.SMALL_TALK and match.scores:  # "no chest pain" is no mere "no"
            match = self.decisions.uncovered("like small talk, but with a sign", scores=dict(match.scores))
        if found and not (self._is_sure(match, SURELY_ELSE) and match.node not in self.roles.shared):
            return urgent(found)
        read = excused and context not in self.parts.data.cards
        perhaps = found.card if found else self.urgency.perhaps(text) if read else ""
        reasons = (*match.reasons, *(f"not urgent: {reason}" for reason in excused))
        return replace(match, reasons=reasons, perhaps="" if match.outcome is Outcome.SMALL_TALK else perhaps)

    def is_urgent(self, text: str) -> bool:
        """Return whether a sign of an emergency is named that nothing excuses."""
        return self.urgency.detect(text) is not None

    def scrubbed(self, text: str) -> str:
        """Return what may be kept of an unanswered question; empty where nothing may."""
        return scrubbed(text, self.parts.reader.read(text), self.parts.ordinary)

    def other(self, text: str, shown: Sequence[str]) -> str | None:
        """Return what is said of the other subject where words ask for it and two were spoken of."""
        reading = self.ranker.rank(self.remarks.question(self.parts.reader.read(text)), shown[-1] if shown else None)
        asked = reading.named.nothing and reading.aspects.get(OTHER_ONE, 0.0) >= self.limits.other
        return self.parts.subjects.other(shown) if asked else None

    def select(self, text: str, lines: Sequence[str], shown: Sequence[str]) -> int | None:
        """Return which of some lines speaks of what words ask about and what is shown does not, or None."""
        return self.thread.said.select(self.remarks.question(self.parts.reader.read(text)), lines, shown)

    def unsaid(self, text: str, lines: Sequence[str], *, together: bool = False) -> tuple[str, bool]:
        """Return the words of which none of some lines speaks, and whether they were read."""
        question = self.remarks.question(self.parts.reader.read(text))
        return self.thread.said.unsaid(question, lines, self._proves_nothing, together=together)

    def told(self, text: str) -> dict[str, bool]:
        """Return the names of what words tell of somebody that matters for what is taken, and whether it is so."""
        return dict(told_names(self.parts.reader.read(text), self.parts.subjects))

    def beside(self, node: str, told: str) -> str | None:
        """Return the answer on what an answer is about together with what was told."""
        return beside(node, self.parts.subjects.named(self.parts.reader.read(told)), self.parts.subjects)

    def speaking(self, told: str, lines: Sequence[str]) -> int | None:
        """Return which of some lines speaks of what was told by its own words."""
        speak = speaking(self.parts.reader.read(told), lines, self.thread.said)
        return lines.index(speak[self.select(told, speak, ()) or 0]) if speak else None

    def is_over(self, text: str, card: str = "") -> bool:
        """Return whether words say that the emergency of a card is over."""
        return self.urgency.is_over(text, card)

    def heard(self, text: str, card: str = "") -> str:
        """Return what words after the card of an emergency say, such as `worse`; empty where it is nothing known."""
        return self.urgency.heard(text, card)

    def is_news(self, text: str, *, plainly: bool = False) -> bool:
        """Return whether words tell or ask how an emergency goes on, though something else was said meanwhile."""
        return self.urgency.is_news(text, plainly=plainly)

    def closest(self, text: str, lines: Sequence[str]) -> int | None:
        """Return which of some lines speaks of what words speak of, or None."""
        return self.urgency.closest(text, lines)

    def _listed(self, text: str, context: str | None) -> Match | None:
        """Return the decision about one of the things the last answer lists: "the second one, is it safe?"."""
        found = pointed(text, self.parts.data.listed.get(context or "", ()))
        if found is None:
            return None
        rest, node = found
        match = self._weighty(Inquiry(self.parts.reader.read(rest), node), rest)
        at = replace(Match(Outcome.ANSWER, node), scores=match.scores, reasons=(f"listed in {context}",))
        return match if match.outcome is Outcome.ANSWER and match.node not in self.roles.shared else at

    # --- what needs no weighing ------------------------------------------------------------------------------------

    def _line(self, message: Message, text: str, context: str | None) -> Match | None:
        """Return the decision about a message that is an authored line; a few are in a language no answer is in."""
        match = self._exact(message, context)
        return match and replace(match, language=self.languages.code(text) or "")

    def _exact(self, message: Message, context: str | None) -> Match | None:
        """Return the decision about an authored line, which leads to its node at once, before any model."""
        key = message.key
        node = self.known.node(key, context)
        if node is None or (context and self._leaves_open(node, message, context)):
            return self._said(message, key, context)
        reason = f"{AUTHORED}: {key}"
        if node == self.roles.otherwise:
            return self.decisions.uncovered(reason)
        return Match(Outcome.ANSWER, node, scores=((node, 1.0),), reasons=(reason,))

    def _leaves_open(self, node: str, message: Message, context: str) -> bool:
        """Tell whether an authored line asks something else after an answer: "what now?", or what it asks of a subject
        of another topic, though it names none: "what counts as low?"."""
        own = node != self.known.node(message.key, None)
        another = not own and self.thread.is_of_another(node, message, context)
        return another or (node in self.roles.shared and self._asks_on(message, context))

    def _said(self, message: Message, key: str, context: str | None) -> Match | None:
        """Return the decision about authored small talk; "stop it?" only asks, so does "test?" of what was shown."""
        kind = self.known.kind(key, context)
        tells = kind in self.parts.data.exact_talk or not self.remarks.talk.asks(kind or "")
        if kind is None or (message.asked and (tells or self._asks_held(message, context))):
            return None
        return Match(Outcome.SMALL_TALK, kind, reasons=("small talk",))

    def _unreadable(self, message: Message, text: str) -> Match | None:
        """Return the decision about what holds no English words to go by."""
        code = self.languages.code(text) or self.urgency.language(text)
        if not any(word != STOP for word in message.words):
            language = code or self.languages.other(text, ())
            kind = "" if language else self.known.signs.kind_of(text)
            if kind:
                return Match(Outcome.SMALL_TALK, kind, reasons=("signs alone",))
            note = OTHER_LANGUAGE if language else ""
            return self.decisions.uncovered(f"in {language}" if language else "no words", note=note, language=code)
        language = code or self.languages.other(message.text, message.words)
        letters = [word for word in message.words if word.isalpha() and len(word) > 1]
        if letters and all(map(is_mashed, letters)):
            return Match(Outcome.SMALL_TALK, "test", reasons=("keys struck at random",))
        strange = [one for one in letters if one in message.unknown or not (one in self.parts.english or len(one) > 3)]
        if not message.mentions and (not letters or 2 * len(strange) > len(letters)):
            alien = language or (len(strange) > 1 and not any(map(is_grammar, letters)))  # `dus it wrk` is English
            note = OTHER_LANGUAGE if alien else ""
            reason = f"in {language}" if language else "no known words"
            return self.decisions.uncovered(reason, note=note, language=code)
        return self.decisions.uncovered(f"in {language}", note=OTHER_LANGUAGE, language=code) if language else None

    def _asks_on(self, message: Message, context: str | None) -> bool:
        """Tell whether a message is authored, word for word, as what is asked of whatever was talked about: "CI?"."""
        return self.parts.subjects.it(context) is not None and message.key in self.parts.index.aspects

    def _asks_held(self, message: Message, context: str | None) -> bool:
        """Tell whether a message is authored as asking what an answer holds of whatever was talked about."""
        it, aspect = self.parts.subjects.it(context), self.parts.index.aspects.get(message.key, "")
        return it is not None and aspect in self.parts.subjects.row(it)

    def _bare(self, asked: Inquiry, text: str) -> Match | None:
        """Return the decision about a message less courtesies and idle clauses at its ends, if the rest surely asks, or
        tells of somebody and is no small talk: "ok thanks. I took six" is no mere thanks."""
        bare = self.remarks.telling(self.remarks.without_courtesies(asked.message), partial(self._means, asked))
        if bare is asked.message:
            return None
        match = self._line(bare, text, asked.context) or self._asked(asked.of(bare))
        talk = self.background.talk(self._heard(bare, asked)) >= self.limits.courteous
        told = not talk and told_of(bare) and match.outcome in UNSURE
        return match if told or self._is_sure(match, self.limits.bare) else None

    def _is_sure(self, match: Match, least: float) -> bool:
        """Tell whether a decision is an answer that is at least so likely."""
        return match.outcome is Outcome.ANSWER and bool(match.scores) and match.scores[0][1] >= least

    def _weighty(self, asked: Inquiry, text: str) -> Match:
        """Return the decision about words that must be weighed."""
        if asked.context in self.parts.data.cards:
            return self._within(asked, text, asked.context)
        bare, whole = self._bare(asked, text), self._asked(asked)
        further = whole.also and bare and bare.node == whole.node and not bare.also  # what was left out asks too
        both = further or (bare and asked.message.words[0] in ASKS and bare.node in whole.also)
        match = whole if bare is None or both else bare
        return self._idle(asked) or self._focused(match, asked)

    def _idle(self, asked: Inquiry) -> Match | None:
        """Return the decision about a message that is surely small talk, whatever thread it is in."""
        heard, tells = partial(self._heard, asked=asked), told_of(self.remarks.without_courtesies(asked.message))
        return self.background.idle(asked.message, heard, in_thread=asked.context is not None, tells=tells)

    def _focused(self, match: Match, asked: Inquiry) -> Match:
        """Return the decision about what a message asks, where the rest of it is only told: "My feet burn. Does ALA
        help?". That of the whole stays where it refuses advice for what is told, where what asks leans on that, and
        where its answer is about both: "I take warfarin. Is K2 safe?"."""
        apart = self.remarks.apart(asked.message)
        of_bot = match.also and match.node in self.roles.shared  # nobody only tells of the bot
        if apart is None or of_bot or (match.node == self.roles.advice and self.background.matters(apart)):
            return match
        answer = self._exact(apart.asking, asked.context) or self._asked(asked.of(apart.asking))
        if (match.also and answer.also) or answer.outcome is not Outcome.ANSWER or answer.node == self.roles.advice:
            return match
        stands = answer.node in match.also or self.background.stands(self._heard(apart.asking, asked), answer)
        leans = self.background.decides(apart, answer) or not stands
        if leans or self.background.is_about_both(apart, match, answer):
            return match
        told = [node for node in (match.node, *match.also) if match.outcome is Outcome.ANSWER and node != answer.node]
        return replace(answer, related=tuple(dict.fromkeys((*answer.related, *told))))

    def _held(self, context: str | None) -> str:
        """Return the sign whose card a message is typed after, or an empty text."""
        return next((name for name, sign in self.parts.data.urgent.signs.items() if sign.card == context), "")

    def _within(self, asked: Inquiry, text: str, card: str) -> Match:
        """Return the decision about words after the card of an emergency: the card, unless they are small talk, say
        nothing, or plainly ask something else whatever was talked of before, as "is it getting worse?" does not."""
        match = self._weighty(asked.alone(asked.message), text)
        question = self.remarks.question(asked.message)
        reading = self.ranker.rank(question, None, self._heard(question, asked))
        plain = self._is_plain(match, text, asked.message, question, named=not reading.named.nothing)
        plain = plain and (match.outcome is Outcome.SMALL_TALK or not reading.rests)
        if plain or self._says_nothing(question, reading, None):
            return match
        reasons = (*match.reasons, f"nothing else is plainly asked after {card}")
        return Match(Outcome.ANSWER, card, scores=match.scores, reasons=reasons)

    def _is_plain(self, match: Match, text: str, message: Message, question: Message, *, named: bool) -> bool:
        """Tell whether a decision about words as if they stood alone is sure, and its answer one to something else than
        the emergency whose card was shown."""
        talk, answered = match.outcome is Outcome.SMALL_TALK, match.outcome is Outcome.ANSWER
        score = match.scores[0][1] if match.scores else 1.0
        if not answered:
            sure = score >= (self.limits.talk_after_card if talk else self.limits.alone)
            return sure and (talk or (match.outcome is Outcome.NOT_COVERED and bool(question.unknown)))
        else_asked = self.urgency.asks_else(text, score, named=named, tells=told_of(message))
        return else_asked and match.node != self.roles.advice

    def _means(self, asked: Inquiry, clause: Clause, tells: bool) -> bool:
        """Tell whether a clause by itself wants something."""
        return self.background.means(clause, self._heard(clause.message, asked), tells=tells)

    # --- what is weighed ----------------------------------------------------------------------------------------------

    def _asked(self, asked: Inquiry) -> Match:
        question = self.remarks.question(asked.message)
        match = self._read(question, asked)
        if match.outcome is not Outcome.CHOICES and not self._doubted(match):
            return match
        core = announced(self.remarks.question(asked.message, self.limits.aside))
        if len(core.words) == len(question.words):
            return match
        again = self._read(core, asked)
        offers = (match.outcome, again.outcome) == (Outcome.NOT_COVERED, Outcome.CHOICES)
        return again if offers or (again.outcome is Outcome.ANSWER and not self._doubted(again)) else match

    def _doubted(self, match: Match) -> bool:
        """Tell whether an answer is only its family's, or `not covered` only because nothing is likely."""
        several = match.also or match.note == PART_MISSING
        return not several and bool(match.scores) and match.scores[0][1] < self.limits.answer

    def _read(self, question: Message, asked: Inquiry) -> Match:
        """Return the decision about the words that ask, in a message and a thread."""
        exact = self._exact(question, asked.context) if len(question.words) < len(asked.message.words) else None
        if exact and exact.node not in self.parts.data.exact_talk:  # what ends something is the whole of a message
            return exact
        reading, ranked = self._weighed(question, asked)
        scores = ranked.shares
        if self._says_nothing(question, reading, asked.context):
            return self.decisions.unsaid(question, scores, in_thread=asked.context is not None)
        wanted = self.ranker.without_talk(ranked)
        open_to_talk, never = reading.named.nothing and not reading.authored, self.parts.data.exact_talk
        talk = self.background.small_talk(scores, question, never) if open_to_talk else None
        heavy = talk and talk.node == "sad" and self.urgency.despairs(question.text)  # in whatever words
        if talk and not (heavy or self.remarks.talk.accounts(talk.node, scores[TALK + talk.node], question)):
            talk = None
        match = talk or self.decisions.decided(wanted.shares, reading)
        if self.remarks.found(match, reading, scores, asked.context, self.limits):
            match = Match(Outcome.SMALL_TALK, TOLD, scores=match.scores, reasons=("a mere remark",))
        lacking = match.note == ASPECT_MISSING or (match.outcome is Outcome.CHOICES and self.decisions.lacking(reading))
        if match.outcome is Outcome.NOT_COVERED or lacking:
            match = replace(match, missing=reading.missing)
        match = self.decisions.refused(self._with_others(match, Wanted(question, wanted), asked), scores, reading)
        if asked.context:
            match = self._in_thread(match, question, reading, asked)
        if match.node == asked.context or self.parts.subjects.it(asked.context) or len(question.words) > _FRAGMENT:
            return match
        return self.decisions.of_what(match, reading, self._heard(question, asked).leans)

    def _in_thread(self, match: Match, question: Message, reading: Reading, asked: Inquiry) -> Match:
        """Return the decision in a thread: the sure one about the words alone, or what the thread makes of them."""
        if paired := self.thread.paired(match, question, reading, asked.context or ""):
            return paired
        answered = match.outcome not in UNSURE
        doubted = bool(match.scores) and match.scores[0][1] < self.limits.in_thread and match.node != self.roles.advice
        rests = reading.rests and self.parts.subjects.it(asked.context) is not None
        if not rests and (not answered or (doubted and not match.also)):
            alone_scores = self.ranker.without_talk(self._weighed(question, asked.alone(question))[1]).shares
            node, share = next(iter(alone_scores.items()))
            least = self.limits.alone_unnamed if answered or reading.named.nothing else self.limits.alone
            strays = self.thread.is_of_another(node, question, asked.context or "")
            if share >= least and not strays and node not in (self.roles.advice, self.roles.otherwise):
                return self.decisions.decided(alone_scores, reading)
        resolved = self.thread.resolved(match, question, reading, asked.context)
        if self.thread.speaks_alone(resolved, reading):
            alone, enough = reading.alone.of(resolved.node), self.limits.thread_alone
            reason = f"only the thread speaks for {resolved.node}: by the words it has {alone:.3f}, {enough} is enough"
            return self.decisions.uncovered(reason, scores=dict(resolved.scores))
        return self.decisions.with_last(resolved, reading, asked.context or "")

    def _weighed(self, question: Message, asked: Inquiry) -> tuple[Reading, Ranked]:
        """Return what was read, and the likelihoods with what the advice rules say of the whole message."""
        of = question.words, question.mentions, asked.message.words, asked.context
        if of not in asked.weighed:
            reading = self.ranker.rank(question, asked.context, self._heard(question, asked))
            in_thread = self.parts.subjects.it(asked.context) is not None
            by = self.limits.rule * self.advice.weigh(asked.message, in_thread=in_thread) - self.limits.rule_doubt
            asked.weighed[of] = reading, self.ranker.shifted(reading.ranked, self.roles.advice, by)
        return asked.weighed[of]

    def _heard(self, question: Message, asked: Inquiry) -> Heard:
        words = question.words, question.mentions
        return asked.heard.get(words) or asked.heard.setdefault(words, self.ranker.heard(question))

    def _says_nothing(self, question: Message, reading: Reading, context: str | None) -> bool:
        """Tell whether a message says neither what it is about nor what is asked, whatever thread it is in.

        Small talk of one word is authored: what is only like it is none."""
        words = [word for word in question.words if word != STOP]
        idle = reading.named.nothing and SAYS_NOTHING.issuperset(words)
        if idle and not is_like_talk(words, reading.alone.shares, self.limits.talk_grammar):
            return True
        if reading.authored or not words:
            return False
        repeated = len(words) >= _REPEATED and len({*words}) == 1
        if repeated or all(self._proves_nothing(word, question) for word in words):
            return True
        return reading.named.nothing and self._says_too_little({*words}, reading, context)

    def _says_too_little(self, words: Collection[str], reading: Reading, context: str | None) -> bool:
        """Tell whether a message is one word, or two of grammar, that neither means one answer nor surely asks the
        thread for something."""
        lone, pair = len(words) == 1, len(words) == 2 and all(map(is_grammar, words))
        answers = (share for node, share in reading.alone.shares.items() if not node.startswith(TALK))
        if not (lone or pair) or max(answers, default=0.0) >= self.limits.lone_answer:
            return False
        limit = self.limits.lone_aspect if lone else self.limits.grammar_aspect
        return context is None or self.thread.surely_asked(reading, context) < limit

    def _proves_nothing(self, word: str, question: Message) -> bool:
        """Tell whether a word is only guessed, or names nothing, stands in no authored line and is of no kind."""
        named = any(word in question.words[one.start : one.end] for one in question.mentions)
        known = named or word in self.parts.asked or word in self.parts.ordinary
        return not is_grammar(word) and (word in question.guessed or not known)

    # --- several questions --------------------------------------------------------------------------------------------

    def _with_others(self, match: Match, whole: Wanted, asked: Inquiry) -> Match:
        """Return the decision with the answer to each question of a message that falls into several; what it only
        perhaps asks stands among the buttons."""
        offers = match.outcome is Outcome.ANSWER and match.node != self.roles.advice
        talk = match.outcome is Outcome.SMALL_TALK
        parted = None if talk else self._parted(whole, asked, self.limits.perhaps if offers else 0.0)
        if parted is None:
            return match
        found = set(nodes := list(dict.fromkeys(self._each(parted, asked))))
        nodes = [node for node in nodes if node != self.roles.otherwise]
        if parted.odds < 0:
            others = dict.fromkeys((*nodes, *match.related))
            return replace(match, related=tuple(node for node in others if node != match.node))
        return self._answering(match, nodes, uncovered=self.roles.otherwise in found)

    def _answering(self, match: Match, nodes: Sequence[str], *, uncovered: bool) -> Match:
        """Return the decision to give these answers in the order asked, a refusal to advise on the whole first."""
        refused = [match.node] if match.node == self.roles.advice else []
        first, *also = dict.fromkeys((*refused, *nodes))
        note = PART_MISSING if uncovered else match.note if first == match.node else ""
        perhaps = {match.node} - {first, *also} if match.outcome is Outcome.ANSWER else ()
        reasons = (f"{len(nodes) + uncovered} questions", *match.reasons)
        answer = replace(match, outcome=Outcome.ANSWER, node=first, choices=(), note=note)
        return replace(answer, related=(*also, *perhaps), reasons=reasons, also=tuple(also))

    def _each(self, parted: Parted, asked: Inquiry) -> Iterator[str]:
        """Yield the answer of each question, in the order asked, before what is only told; a half may be two again."""
        halves = ((parted.first, asked), (parted.second, self._on(parted.first, asked)))
        for half, inquiry in reversed(halves) if parted.told else halves:
            if again := self._parted(half, inquiry, 0.0):
                yield from self._each(again, inquiry)
            else:
                yield self.known.node(half.message.key, inquiry.context) or half.node

    def _parted(self, whole: Wanted, asked: Inquiry, least: float) -> Parted | None:
        """Return the likeliest two questions that some words may be, with an answer each; None where none is as likely
        as the `least`, in log-odds. The second is read as if it were asked after the answer to the first; nothing is
        read that cannot make two."""
        in_thread = IN_THREAD * (asked.context is not None)
        found, least, most = None, least + in_thread, whole.most
        for seam in sorted(seams(whole.message), key=lambda seam: -seam.odds)[:MOST_SEAMS]:
            if seam.odds + most <= least:
                break
            first = self._part(seam.first, asked)
            odds = seam.odds + whole.odds_of(first, FIRST) - first.against(self.roles)
            remarks = first.node == self.roles.otherwise and not seam.asks
            if remarks or odds + most * (first.node == whole.node) <= least:
                continue
            second = self._part(seam.second, self._on(first, asked))
            if second.node == first.node and odds + whole.uncovered(self.roles) > least:
                alone = self._part(seam.second, asked.alone(seam.second))  # it asks nothing new, unless of what is none
                second = alone if alone.node == self.roles.otherwise else second
            odds += whole.odds_of(second, SECOND) - second.against(self.roles)
            if odds > least and first.node != second.node:
                told = whole.node == second.node and not (seam.asks or PERSONS.isdisjoint(seam.first.words))
                found, least = Parted(first, second, odds - in_thread, told), odds
        return found

    def _on(self, part: Wanted, asked: Inquiry) -> Inquiry:
        """Return the thread in which what follows some words is read: after their answer, if they have one."""
        return asked if part.node == self.roles.otherwise else replace(asked, context=part.node)

    def _part(self, message: Message, asked: Inquiry) -> Wanted:
        """Return some words with how likely each answer is."""
        return Wanted(message, self.ranker.without_talk(self._weighed(message, asked.of(message))[1]))

"""What is said while an emergency is spoken of.

It lasts: the whole card is shown again where somebody asks for it or it got worse; anything else is met with a short
reminder in the words of the sign, until it is over or something else is asked; for an hour after it comes back with
news of it. After a wish to die every reply says whom to call, also to questions about something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.content.library import Library
from bot.content.matching_models import TopicSubjects
from bot.content.models import Answer
from bot.dialog import payloads
from bot.dialog.answers import LINE, Answers, part
from bot.dialog.composer import Composer, clipped
from bot.dialog.turn import (
    Alarm,
    Button,
    Card,
    Emergency,
    Incoming,
    Match,
    Matcher,
    Outcome,
    Register,
    Reply,
    SentenceSelector,
    State,
    Step,
    View,
)

HOLD_SECONDS = 3600.0
"""How long after it was last spoken of an emergency is what "what should I do" means."""

OVER = "over"
"""The kind of small talk that says so; its button says the same."""

_TALK = {"again": "again", "longer": "again", "before": "again", "not-understood": "do", "person": "nobody"}
_TALK |= {"will-ask": "will", "sad": "", "wrong": "", "remark": ""} | dict.fromkeys(
    ("who-are-you", "robot", "how-are-you"), "talk"
)
"""What small talk means within an emergency: nothing new, or a sign of life, like "ok", where it is of another kind."""

_CLAIMS = {"do": ("call", "meanwhile"), "closed": ("closed",)}
_CLAIMS |= dict.fromkeys(("coming", "will"), ("meanwhile",)) | dict.fromkeys(
    ("call", "alone", "nobody", "wait"), ("call",)
)
"""Which claims of the card answer what is heard; all else is met with the one that is authored to remind of it."""

_DIED = "died"
"""What is heard where somebody died: then no claim of the card is said."""

_IN_CARE, _LET_OFF, _PERHAPS = "in-care", "let-off", "perhaps"
"""What is heard where help is there, where it was nothing, and where it may be so: then it is said how to end it."""

_HELPED = (_IN_CARE, _LET_OFF)
"""What is heard where it is over whatever a card says of feeling better."""

_APART = "apart"
"""What is heard where somebody is told of who is elsewhere."""

_DENIED = "denied"
"""What is heard where somebody says that they were misunderstood: it ends a card that no rule saw a sign for."""

_OTHERWISE = {"else": "same", "same": "do", "ok": "else", "denied": "perhaps"}
"""What a card with words of its own says instead of saying the same twice in a row; where nothing is named, `else`."""

_TOLD = frozenset({"worse", "back", "coming"})
"""What is heard as news of the emergency, whoever in a group tells it."""

_WHOLE = frozenset({"worse", "back", "again"})
"""What is heard where the whole card is said."""

_STEPS = frozenset({"", "do", "same"})
"""What is heard where a claim of the card may speak of just what was said."""

_EASED = frozenset({"steady", "woke", _PERHAPS})
"""What is heard where it got better: a card may hold what to do then."""

_ALIKE = _STEPS | {"ok", "steady", _PERHAPS}
"""What is heard where the same may be said again and again."""

_NO_NEWS = frozenset({"do", "call", "again", _PERHAPS, *_HELPED})
"""What is heard in words that tell nothing new of an emergency: they ask, or say that it is over."""

_FEW = 4
"""Words of an answer to the bot's own question that means yes though nothing holds it: "nothing matters" is no no."""

_SHORT = 9
"""Words of a message that only goes on from the answer last shown."""
_SIGN = "sign"
"""The small talk that asks which sign is meant."""

_SURE = 0.7
"""How sure an answer must be that is given though words may tell how an emergency goes on."""


class Emergencies:
    """Keeps to the card of an emergency; the card itself is an answer like any other."""

    def __init__(
        self,
        library: Library,
        composer: Composer,
        answers: Answers,
        matcher: Matcher,
        alarm: Alarm | None,
        selector: SentenceSelector | None,
    ) -> None:
        self._library = library
        self._composer = composer
        self._answers = answers
        self._matcher = matcher
        self._alarm, self._selector = alarm, selector
        self._always = frozenset(library.always)
        signs = tuple(library.urgent_rules.signs.values()) if library.urgent_rules else ()
        unnamed = {sign.card for sign in signs if sign.any_other}
        self._offered = library.urgent_nodes - unnamed
        self._lasting = frozenset(sign.card for sign in signs if not sign.passes)
        topics = library.matching.topics.values() if library.matching else ()
        self._harms = frozenset(node for topic in topics for node in (*topic.harms, *_amounts(topic)))

    def current(self, state: State, incoming: Incoming) -> str | None:
        """Return the card this conversation is about, if it is an emergency still."""
        found = state.emergency
        if found is None or incoming.at - found.at > HOLD_SECONDS:
            return None
        return self._library.resolve(found.node)

    def named(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step:
        """Return what is said to a sign: its card; where it is named once more a reminder, unless it got worse."""
        current = self.current(state, incoming)
        cry = current is not None and match.node == self._library.urgent  # a cry for help names no other sign
        node = current if cry and current else match.node
        whole, after = self._answers.matched(match, state, register), self.begin(state, incoming, node)
        if node != current or incoming.group or incoming.edited or match.language:
            said = self._apart(whole, incoming.text, node, register)
            return said, replace(after, emergency=Emergency(node, incoming.at, guessed=match.guessed))
        heard = self._heard(incoming.text, node)
        known = cry or heard in ("worse", "back", "again", "coming") or (match.guessed and heard in _EASED)
        unsure = heard in _HELPED and not self._stays(node)
        heard = heard if known else _PERHAPS if unsure else "same"
        said, after = self._met(heard, node, state, incoming, register)
        return replace(said, reasons=whole.reasons), after

    def _apart(self, reply: Reply, text: str, node: str, register: Register) -> Reply:
        """Return a card; above it what to do for somebody elsewhere, where it is told of one and has words on that."""
        if self._heard(text, node) != _APART or not (key := self._key(_APART, node)).endswith(_APART):
            return reply
        return replace(reply, lead="\n".join(filter(None, (self._composer.text(key, register), reply.lead))))

    def answer(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return what is said to words within an emergency: that it ends, an answer to what is plainly something else,
        or a reminder; None where there is none."""
        node = self.current(state, incoming)
        if node is None:
            return self._back(match, state, incoming, register) if state.ended else None
        heard, over = self._heard(incoming.text, node), self._is_over(match, incoming.text, node)
        ends = self._ends(node, heard, state, over=over and not (heard == _DENIED and match.related))
        left = state.emergency is not None and state.emergency.left
        if left and self._goes_on(match, incoming.text, node, state.node, left=left):
            state = self.begin(state, incoming, node)
        elif not over and (self._is_else(match, node) or self._is_released(match, heard, state)):
            return self._aside(match, node, ended(state, left=not ends), state, incoming.text, register)
        if ends:
            return self._end(node, register), ended(state)
        if heard in ("", _PERHAPS) and not over and match.outcome is Outcome.SMALL_TALK:
            heard = _TALK.get(match.node, "ok")
        if over or heard in (*_HELPED, _DENIED):
            heard = self._doubted(heard, node, over=over)
        if heard == _PERHAPS and match.related:  # another sign is no end
            heard = ""
        if heard == "talk" and not self._stays(node):
            said = self._library.plain(self._library.small_talk[match.node].says, register)
            reply, after = self._met("ok", node, state, incoming, register)
            return replace(reply, lead=said), after
        asked = register is Register.PROFESSIONAL and "?" in incoming.text and heard in ("", "do", _PERHAPS)
        related = () if match.guessed else match.related
        reply, after = self._met("do" if asked else heard, node, state, incoming, register, related)
        lead = self._not_held(incoming.text, node, register) if asked and not self._stays(node) else ""
        return replace(reply, lead=lead or reply.lead), after

    def _not_held(self, text: str, node: str, register: Register) -> str:
        """Return what is said of a question about a card that no line of it speaks of; empty where one does."""
        if self._selector is None:
            return ""
        unsaid, read = self._selector.unsaid(text, self._composer.told(node, register))
        key = "not-held" if read else "not-read"
        return self._composer.text(key, register, words=clipped(unsaid, LINE)) if unsaid else ""

    def answered(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return what is said to an answer to the bot's own question whether help is needed: the card, or that it is
        well so; None where that was not asked, or something else is said."""
        asked = payloads.parse(state.question[0]) if state.question else None
        if asked is None or asked.node not in self._library.urgent_nodes or "?" in incoming.text:
            return None
        if match.outcome is Outcome.ANSWER and not self._stays(asked.node):  # "yes, tell me about K2"
            return None
        said = self._yes_or_no(match, incoming.text, asked.node)
        if said == "yes":
            return self._answers.show(asked.node, state, register), self.begin(state, incoming, asked.node)
        text = self._composer.markdown(self._key("not-needed", asked.node), register)
        card = self._composer.notice(asked.node, register, "", text, Outcome.SMALL_TALK)
        return (Reply(replace(card, about_bot=True)), state) if said == "no" else None

    def _yes_or_no(self, match: Match, text: str, node: str) -> str:
        """Return what somebody answers: also by a first word that is the plainest of its kind ("no I will not", but not
        "nothing matters"), and after a question of a heavy heart in any few words that nothing else is known by."""
        words = text.split()
        plainest = {self._library.small_talk[kind].asks[0]: kind for kind in ("yes", "no")}
        if match.outcome is Outcome.SMALL_TALK and match.node in plainest.values():
            return match.node
        if words and (said := plainest.get(words[0].strip(",.!").lower())):
            return said
        unsure = match.outcome is Outcome.NOT_COVERED or match.node == self._library.role("help")
        return "yes" if self._stays(node) and unsure and len(words) <= _FEW else ""

    def of_last(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return what is said to words that only go on from an answer that names signs: the card of the sign they tell
        when they are read as being of that, or the question which one they mean. None where they ask, or tell none."""
        rules, text = self._library.urgent_rules, incoming.text
        frames = rules.spoken_of.get(state.node or "") if rules else None
        if frames is None or self._alarm is None or len(text.split()) > _SHORT or "?" in text:
            return None
        told = (self._matcher.match(f"{frame} {text}", None, register) for frame in frames)
        found = next((one for one in told if one.outcome is Outcome.URGENT), None)
        if found and not found.guessed:
            return self.named(replace(found, guessed=True), state, incoming, register)
        if match.outcome is Outcome.SMALL_TALK:
            told_one = match.node == "remark" and (self._alarm.is_news(text) or not any(frames))
            mere = told_one or (match.node == "yes" and not (state.question or state.offered))
            return self._which_sign(state, register) if mere else None
        perhaps = found.node if found else self._library.urgent
        unsure = match.outcome is not Outcome.ANSWER and self._alarm.is_news(text)
        reply = self._answers.matched(replace(match, perhaps=perhaps), state, register)
        return (reply, state) if found or unsure else None

    def _which_sign(self, state: State, register: Register) -> Step | None:
        """Return the question which sign somebody means, if the library asks it."""
        talk = self._library.small_talk.get(_SIGN)
        if talk is None or talk.yes is None:
            return None
        return Reply(self._composer.small_talk(_SIGN, register), asks=payloads.payload(talk.yes)), state

    def whom_to_call(self, node: str, state: State, incoming: Incoming, register: Register) -> Step:
        """Return the reminder whom to call."""
        return self._met("call", node, state, replace(incoming, text=""), register)

    def tapped(self, node: str, word: str, state: State, incoming: Incoming, register: Register) -> Step:
        """Return what a button of a card does: it ends the emergency, or says what to do now that it got worse."""
        if word == OVER:
            return self._end(node, register), ended(state)
        return self._met("worse", node, state, incoming, register)

    def leads(self, state: State, incoming: Incoming) -> str | None:
        """Return the card that words are read after: none where it was left for a question that it stays beside."""
        return None if state.emergency and state.emergency.left else self.current(state, incoming)

    def _heard(self, text: str, node: str) -> str:
        return self._alarm.heard(text, node) if self._alarm is not None else ""

    def _is_over(self, match: Match, text: str, node: str) -> bool:
        """Tell whether somebody says that it is over, in an authored line or in other words."""
        said = match.outcome is Outcome.SMALL_TALK and match.node == OVER
        return said or (self._alarm is not None and self._alarm.is_over(text, node))

    def _ends(self, node: str, heard: str, state: State, *, over: bool) -> bool:
        """Tell whether what sounds as if it were over ends it. A plain wish to die ends by its button alone; where a
        card says to get help though it feels better, only help that is there ends it, or that it was nothing."""
        guessed = state.emergency is not None and state.emergency.guessed
        if guessed and heard == _DENIED:
            return True
        if self._stays(node):
            return over and heard == _LET_OFF and guessed
        return over and (node not in self._lasting or heard in (*_HELPED, _DENIED))

    def _doubted(self, heard: str, node: str, *, over: bool) -> str:
        """Return what is heard where it may be over but does not end: how to end it is said, or that it is not yet."""
        if self._stays(node):
            return heard if heard == _DENIED else _PERHAPS
        if heard in (_DENIED, _LET_OFF):
            return _PERHAPS
        return "steady" if over else "ok"

    def _back(self, match: Match, state: State, incoming: Incoming, register: Register) -> Step | None:
        """Return the card of an emergency that was over or left for a question, where it came back, got worse or goes
        on; None where words say nothing of that, or plainly speak of something else."""
        node = self.current(replace(state, emergency=state.ended), incoming)
        left = state.ended is not None and state.ended.left
        if node is None or not self._goes_on(match, incoming.text, node, state.node, left=left):
            return None
        again = self._matcher.match(incoming.text, node, register)
        if self._is_else(again, node):
            return None
        if again.outcome is Outcome.URGENT and again.node != node:  # the graver card of its kind
            return self.named(again, state, incoming, register)
        heard = self._heard(incoming.text, node)
        return self._met(heard if heard in _CLAIMS else "back", node, state, incoming, register)

    def _goes_on(self, match: Match, text: str, node: str, shown: str | None, *, left: bool) -> bool:
        """Tell whether words say that an emergency came back, or are of one that was `left` for a question: plainly,
        or as news that ask nothing and to which no sure answer is found."""
        heard = self._heard(text, node)
        if heard in ("back", "worse"):
            return True
        nothing = match.outcome is not Outcome.ANSWER or match.node in (shown, self._library.role("help"))
        if left and heard == "do" and nothing:
            return True  # "what do I do" after a question aside
        if left and self._alarm is not None and self._alarm.is_news(text, plainly=True):
            return True  # "can I drive"
        found = match.outcome in (Outcome.ANSWER, Outcome.SMALL_TALK) and match.node != shown
        sure = found and match.node != self._library.advice and (not match.scores or match.scores[0][1] >= _SURE)
        return left and heard not in _NO_NEWS and not sure and self._alarm is not None and self._alarm.is_news(text)

    @staticmethod
    def _is_released(match: Match, heard: str, state: State) -> bool:
        """Tell whether somebody who said that they were misunderstood goes on to ask something."""
        denied = state.emergency is not None and _DENIED in state.emergency.told
        return denied and heard in ("", "do") and match.outcome is not Outcome.SMALL_TALK

    def _is_else(self, match: Match, node: str) -> bool:
        """Tell whether words after a card were found to ask something else: no list of signs, no way to ask on."""
        apart = {node, self._library.advice, self._library.urgent, self._library.role("help")}
        if self._stays(node):  # what harms, and how much, is not told to somebody who spoke of dying
            apart |= self._harms
        return match.outcome is Outcome.ANSWER and match.node not in apart

    def begin(self, state: State, incoming: Incoming, node: str) -> State:
        """Return the state in which `node` is what the conversation is about."""
        return replace(state, emergency=Emergency(node, incoming.at), ended=None)

    def _met(
        self, heard: str, node: str, state: State, incoming: Incoming, register: Register, related: Sequence[str] = ()
    ) -> Step:
        """Return what is said to what was heard and the state after it, which holds what was said."""
        before = state.emergency if state.emergency and state.emergency.node == node else Emergency(node, incoming.at)
        steps = self._steps(heard, node, register, incoming.text, before.told)
        told = steps if self._stays(node) or set(steps) <= set(before.told) else (*before.told, *steps)
        told = () if heard in _WHOLE else told
        left = before.left and heard not in (*_TOLD, "same")
        emergency = replace(before, at=incoming.at, told=tuple(dict.fromkeys(told)), left=left)
        return self._said(heard, node, register, steps, related), replace(state, emergency=emergency, ended=None)

    def _aside(self, match: Match, node: str, over: State, state: State, text: str, register: Register) -> Step:
        """Return the answer to something else after a word on the emergency, which ends unless it is a wish to die, or
        what is answered is about the bot."""
        sign = self._library.plain(self._library.answer(node).label, register)
        done = over.ended is not None and not over.ended.left
        eased = self._alarm is not None and any(self._alarm.is_over(one, node) for one in text.split(". "))
        key = self._key("steady" if eased and not self._stays(node) else "first", node)
        lead = "" if done else self._composer.text(key, register, sign=sign)
        reply = self._answers.matched(match, over, register)
        reply = replace(reply, lead="\n".join(filter(None, (lead, reply.lead))))
        if match.node in self._always:
            return reply, state
        denied = state.emergency is not None and _DENIED in state.emergency.told
        kept = state.emergency if self._stays(node) and not (done or denied) else None
        return reply, replace(state, emergency=replace(kept, left=True)) if kept else over

    def _stays(self, node: str) -> bool:
        """Tell whether a card has words of its own for all that follows it: it stays with the person."""
        own = node.removeprefix(f"{self._library.urgent}-")  # the card of no sign has none, and says what all say
        return own != node and f"{own}-first" in self._library.interface

    def _said(
        self, heard: str, node: str, register: Register, steps: Sequence[str], related: Sequence[str] = ()
    ) -> Reply:
        """Return what is said to what was heard: the whole card where that is wanted, else a reminder with the card's
        ways to say that it got worse or is over, and the ways to `related` cards and to the whole card."""
        if heard in _WHOLE:
            lead = self._composer.text("urgent-again" if heard == "again" else "urgent-worse-answer", register)
            view = View.BRIEF if heard == "again" else View.SHORT
            return Reply(self._composer.card(node, register), lead, view=view, again=heard == "again")
        kept = [one for one in self._composer.card(node, register).buttons if "!" in one.payload]  # worse, over
        others = [self._composer.link(one, register) for one in related if one in self._offered]
        whole = Button(self._composer.text("urgent-whole", register), payloads.payload(node))
        card = replace(self._reminder(heard, node, register, steps), buttons=(*kept, *others, whole))
        return Reply(card, view=View.SHORT, again=heard not in _TOLD)

    def _steps(self, heard: str, node: str, register: Register, text: str, told: Sequence[str]) -> tuple[str, ...]:
        """Return which claims of the card are said: those that answer what was heard or speak of it, and where all of
        them were said before one that was not yet; of a card with words of its own the one that is said."""
        if self._stays(node) or heard == _DIED:
            said = heard or "else"
            return (_OTHERWISE.get(said, "else") if said in told and said != _DIED else said,)
        answer = self._library.answer(node)
        eased = answer.eased if heard in _EASED else None
        named = _CLAIMS.get(heard) or (eased or answer.reminder or answer.brief[0],)
        if heard in _STEPS and (asked := self._claim_on(text, answer, register)):
            named = (*named, asked)
        steps = [one.id for one in answer.claims if one.kind == "action" and one.id not in (*told, *named)]
        again = heard in _ALIKE and set(named) <= set(told)
        return (*named, *steps[:1]) if again else named

    def _reminder(self, heard: str, node: str, register: Register, steps: Sequence[str]) -> Card:
        """Return the card's own words, or the card cut down to what answers what was heard, under its sign's name."""
        answer = self._library.answer(node)
        if self._stays(node) or heard == _DIED:
            sign = self._library.plain(answer.label, register)
            said = self._composer.markdown(self._key(steps[0], node), register, sign=sign)
            return self._composer.notice(node, register, "", said, Outcome.URGENT)
        key = self._key(heard or "else", node)
        card = part(self._composer, answer, steps, node, register)
        return replace(card, title=self._composer.text(key, register, sign=self._library.plain(answer.label, register)))

    def _claim_on(self, text: str, answer: Answer, register: Register) -> str | None:
        """Return the step of a card that speaks of what words speak of: to drive, a fever, to lie down."""
        if self._alarm is None:
            return None
        steps = [one for one in answer.claims if one.kind == "action"]
        texts = [self._library.inserted(one.for_register(register), register) for one in steps]
        at = self._alarm.closest(text, texts)
        return None if at is None else steps[at].id

    def _key(self, heard: str, node: str) -> str:
        """Return the key of what is said: the card's own where it has words of its own, such as `crisis-alone`."""
        own = node.removeprefix(self._library.urgent + "-")
        keys = (f"{own}-{heard}", f"{own}-else", f"urgent-{heard}")
        return next((one for one in keys if one in self._library.interface), "urgent-else")

    def _end(self, node: str, register: Register) -> Reply:
        """Return what is said when it is over: short, with the way back to the card and to the start."""
        way_back = self._composer.link(node, register, "navigation")
        if self._stays(node):  # its name is what nobody should have to press after it
            way_back = replace(way_back, label=self._composer.text("urgent-whole", register))
        said = self._composer.markdown(self._key("over-answer", node), register)
        card = self._composer.notice(node, register, "", said, Outcome.SMALL_TALK)
        return Reply(replace(card, buttons=(way_back, self._composer.start_over(register)), about_bot=True))


def ended(state: State, *, left: bool = False) -> State:
    """Return the state in which no emergency is spoken of, but one that may come back, with more words where it was
    only `left` for a question."""
    return replace(state, emergency=None, ended=state.emergency and replace(state.emergency, left=left))


def _amounts(topic: TopicSubjects) -> Iterable[str]:
    """Return the answers of a topic's table that say how much of a medicine is taken, or is too much."""
    medicines = [name for name, subject in topic.subjects.items() if subject.kind in ("drug", "medicine")]
    rows = (topic.answers.get(name, {}) for name in medicines)
    return (node for row in rows for node, aspects in row.items() if {"dose", "excess"} & {*aspects})

"""Fifteen languages: known by letters and little words, their signs seen, none mistaken for another or for English."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from itertools import islice, product
from pathlib import Path

import pytest
import yaml

from bot.content.loader import load
from bot.content.matching_models import Language, LanguagesFile
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, State
from bot.matching import data_of, languages_of
from bot.matching.build import Parts
from bot.matching.foreign import Languages
from bot.matching.text import expand
from bot.matching.urgency import Urgency
from tests.urgency.seeds import calm, read, recogniser

ROOT = Path(__file__).parents[2]
ENGLISH = ("plain", "real", "follow-ups", "small-talk", "not-covered", "two-questions", "most-asked", "b12")


@cache
def languages() -> dict[str, Language]:
    text = (ROOT / "content" / "languages.yaml").read_text(encoding="utf-8")
    return LanguagesFile.model_validate(yaml.load(text, yaml.CSafeLoader)).languages


@cache
def told() -> Languages:
    """Return what tells the language of a message, over the shipped content."""
    return languages_of(Parts(data_of(load(ROOT / "dialogs", ROOT / "content", templates=False))))


def questions() -> Iterator[str]:
    """Yield every English question there is a label for."""
    for name, fresh in product(ENGLISH, ("", "-fresh")):
        file = ROOT / "tests" / "questions" / f"{name}{fresh}.jsonl"
        for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
            yield json.loads(line).get("text", "")


CODES = sorted(languages())


def test_there_are_fifteen_and_nobody_is_said_to_have_checked_one() -> None:
    assert len(CODES) == 15
    assert {language.checked_by for language in languages().values()} == {None}


@pytest.mark.parametrize("code", CODES)
def test_its_own_sentences_are_known_as_its_own_and_are_no_emergency(code: str) -> None:
    language = languages()[code]
    for sentence in (language.emergency, language.only_english):
        assert told().code(sentence) == code
        assert recogniser().detect(sentence) is None


@pytest.mark.parametrize("code", CODES)
def test_each_of_its_wordings_is_seen_as_its_sign(code: str) -> None:
    for sign, wordings in languages()[code].signs.items():
        for wording in (plain for written in wordings for plain in expand(written)):
            found = recogniser().detect(wording.replace("*", "").replace("#", "2.9"))
            assert found is not None, wording
            assert found.sign == sign or (sign == "cold-foot" and found.sign == "foot"), wording


@pytest.mark.parametrize("code", CODES)
def test_a_sign_is_seen_beside_an_english_question(code: str) -> None:
    wording = languages()[code].signs["chest"][0].replace("*", "")
    for message in (f"Is vitamin K2 any good? {wording}", f"{wording}. How much ALA was tested?"):
        found = recogniser().detect(message)
        assert found is not None
        assert found.card == "urgent-chest"


def test_no_english_message_is_taken_for_another_language() -> None:
    messages = [*read("ordinary")["questions"], *(message for _, message in islice(calm(), 0, None, 3))]
    assert [message for message in messages if told().code(message)] == []
    assert [found for found in map(recogniser().detect, messages) if found and found.language] == []


def test_no_english_question_is_taken_for_another_language() -> None:
    asked = [text for text in questions() if text]
    assert len(asked) > 2_000
    assert [(text, told().code(text)) for text in asked if told().code(text)] == []


@pytest.mark.parametrize("code", CODES)
def test_a_short_question_is_known_by_one_telling_word(code: str) -> None:
    short = read("short")
    asked = [form.format(s=subject) for form, subject in product(short["forms"][code], short["subjects"])]
    assert len(asked) >= 70
    assert [(text, told().code(text)) for text in asked if told().code(text) != code] == []


@pytest.mark.parametrize("code", CODES)
def test_a_short_question_is_answered_with_the_sentence_of_its_language_first(code: str, engine: Engine) -> None:
    for form in read("short")["forms"][code]:
        reply, _ = engine.respond(State(), Incoming(Kind.TEXT, form.format(s="ALA"), "telegram"))
        assert reply.lead == languages()[code].only_english, form


UNKNOWN_SCRIPTS = {
    "Thai": "กขคงจฉชซญดตถทธนบปผพ",
    "Korean": "가나다라마바사아자차카타파하",
    "Japanese": "あいうえおかきくけこアイウエオ",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "Greek": "βγδζθλξπσφψω",  # none that looks like a Latin letter: those are read as one
    "Georgian": "აბგდევზთიკლმნოპჟრსტ",
    "Armenian": "աբգդեզէըթժիլխծկհձղճմ",
    "Tamil": "அஆஇஈஉஊஎஏகஙசஞடணதந",
    "Telugu": "అఆఇఈఉఊఎఏకఖగఘచఛజ",
    "Gujarati": "અઆઇઈઉઊકખગઘચછજઝ",
    "Amharic": "ሀለሐመሠረሰሸቀበተቸ",
    "Khmer": "កខគឃងចឆជឈញដឋ",
    "Burmese": "ကခဂဃငစဆဇဈညတထ",
}


@pytest.mark.parametrize("script", UNKNOWN_SCRIPTS)
@pytest.mark.parametrize("name", ["", " ALA", " 112"])
def test_in_any_other_script_the_emergency_number_stands_first(script: str, name: str, engine: Engine) -> None:
    chance = random.Random(script)
    for _ in range(5):
        words = ["".join(chance.choices(UNKNOWN_SCRIPTS[script], k=chance.randint(3, 6))) for _ in range(3)]
        for register in Register:
            words_and_name = Incoming(Kind.TEXT, " ".join(words) + name, "telegram")
            reply, _ = engine.respond(State(register), words_and_name)
            assert reply.lead.startswith("In an emergency, call"), words
            assert "112" in reply.lead


@pytest.mark.parametrize(
    "text", ["ik wil dood", "jeg vil dø", "mellkasi fájdalmam van", "tengo", "jag har ont i bröstet"]
)
def test_where_hardly_a_word_is_known_the_emergency_number_stands_first(text: str, engine: Engine) -> None:
    reply, _ = engine.respond(State(), Incoming(Kind.TEXT, text, "telegram"))
    assert "112" in reply.lead or reply.lead in {one.only_english for one in languages().values()}


@pytest.mark.parametrize(
    "text", ["ALA", "K2?", "naïve patients", "Sjögren", "yoga or tai chi", "la la la", "wat is ala", ""]
)
def test_a_name_or_a_slip_is_no_other_language(text: str) -> None:
    assert told().code(text) is None


def test_the_sentence_of_a_language_is_taken_from_the_file() -> None:
    assert isinstance(recogniser(), Urgency)
    found = recogniser().detect("у меня болит грудь")
    assert found is not None
    assert (found.sign, found.language) == ("chest", "ru")


@pytest.mark.parametrize("code", CODES)
def test_a_black_or_a_cold_pale_foot_gets_its_card(code: str) -> None:
    told = {said: recogniser().detect(said) for said in read("kinds")["languages"][code]}
    assert [said for said, found in told.items() if found is None or found.card != "urgent-cold-foot"] == []
    assert {found.language for found in told.values() if found} <= {code, "es", "pt", "ru", "uk", ""}


@pytest.mark.parametrize("code", sorted(read("kinds")["calm_languages"]))
def test_socks_a_burning_foot_and_questions_are_calm(code: str) -> None:
    messages = read("kinds")["calm_languages"][code]
    assert [said for said in messages if recogniser().detect(said)] == []


@pytest.mark.parametrize("code", CODES)
def test_a_word_of_a_language_is_no_slip_of_an_english_wish(code: str) -> None:
    words = [word for word in languages()[code].words if len(word) > 3 and word.isascii()]
    alarms = {word: found.rule for word in words if (found := recogniser().detect(f"{word} die")) is not None}
    assert not {word: rule for word, rule in alarms.items() if rule == "wish-to-die"}

"""Fifteen languages: known by letters and little words, their signs seen, none mistaken for another or for English."""

from __future__ import annotations

from itertools import islice

import pytest

from bot.content.urgent_models import Language, LanguagesFile
from bot.matching.text import expand
from bot.matching.urgency import Urgency
from tests.urgency.seeds import calm, read, recogniser


def languages() -> dict[str, Language]:
    return LanguagesFile.model_validate(_file()).languages


def _file() -> object:
    from pathlib import Path

    import yaml

    return yaml.safe_load((Path(__file__).parents[2] / "content" / "languages.yaml").read_text(encoding="utf-8"))


CODES = sorted(languages())


def test_there_are_fifteen_and_nobody_is_said_to_have_checked_one() -> None:
    assert len(CODES) == 15
    assert {language.checked_by for language in languages().values()} == {None}


@pytest.mark.parametrize("code", CODES)
def test_its_own_sentences_are_known_as_its_own_and_are_no_emergency(code: str) -> None:
    language = languages()[code]
    for sentence in (language.emergency, language.only_english):
        assert recogniser().language(sentence) == code
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
    assert [message for message in messages if recogniser().language(message)] == []
    assert [found for found in map(recogniser().detect, messages) if found and found.language] == []


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

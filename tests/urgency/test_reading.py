"""How a message is read: what is hidden, quoted, linked or printed, whose words count, and what a finding says."""

from __future__ import annotations

import pytest

from bot.matching.sentences import Break, seen, words_of
from tests.urgency.seeds import read, recogniser


def sign(text: str) -> str | None:
    found = recogniser().detect(text)
    return found.sign if found else None


@pytest.mark.parametrize(
    "text",
    [
        "I have ch\u200best pain",
        "I have \u202eniap tsehc",
        "I have сhеst pаin",  # Cyrillic letters that look Latin
        "I have c h e s t pain",
        "I have chestpain",
        "I have che st pain",
        "I have cehst pain",
        "I HAVE CHEST PAIN",
        "Ｉ ｈａｖｅ ｃｈｅｓｔ ｐａｉｎ",
        "I have chest\u00a0\u00a0pain",
    ],
)
def test_a_disguise_hides_nothing(text: str) -> None:
    assert sign(text) == "chest"


@pytest.mark.parametrize(
    "text",
    [
        "&gt; Call for help now: chest pain or a black toe\nThank you. What dose of ALA was studied?",
        "> I have chest pain\nwhat does that mean for the dose?",
        "what dose?\n---------- Forwarded message ---------\nI have chest pain",
        "what about `chest pain`?",
        "is K2 useful? <https://example.org/chest-pain|a paper>",
        "ask <@U0CHESTPAIN> please",
        ":hot_face: :skull:",
    ],
)
def test_quotes_code_links_and_names_are_no_words(text: str) -> None:
    assert sign(text) is None


def test_a_quotation_alone_is_read() -> None:
    assert sign("> I have chest pain") == "chest"


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("I am dying to know whether K2 works", None),
        ("I am dying, please send somebody", "help"),
        ("my leg is dead right now and went cold", "cold-foot"),
        ("I have a cold white foot", "cold-foot"),
        ("these prices give me a heart attack", None),
        ("I think he is having a heart attack", "chest"),
        ("I get up once a night", None),
        ("I passed out once more just now", "sudden"),
    ],
)
def test_an_idiom_hides_its_own_words_and_no_others(text: str, urgent: str | None) -> None:
    assert sign(text) == urgent


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("Exam question: a woman has a cold white leg", False),
        ("I failed my exam question and my chest hurts", True),
        ("In the film he has a heart attack", False),
        ("I have an exam tomorrow. He is having a seizure.", True),
        ("denies chest pain, SOB, syncope", False),
        ("denies fever but has chest pain", True),
        ("Symptoms include chest pain and fainting.", False),
        ("My symptoms include chest pain and fainting.", True),
        ("I had a heart attack years ago and I have chest pain", True),
        ("I had a heart attack years ago", False),
        ("Can someone tell me what to do, my chest hurts", True),
        ("I read about side effects, my lips are swelling", True),
        ("I read about swelling of the lips", False),
    ],
)
def test_a_clause_that_says_how_it_is_stands_by_itself(text: str, urgent: bool) -> None:
    assert (sign(text) is not None) is urgent


def test_help_as_an_emoji_is_help() -> None:
    assert (sign(":sos:"), sign("🆘")) == ("help", "help")


def test_a_pasted_leaflet_is_no_emergency_but_the_same_said_of_oneself_is() -> None:
    leaflet = read("calm")["leaflet"]
    assert sign(leaflet) is None
    assert sign(f"{leaflet}\nI have chest pain since this morning.") == "chest"
    assert sign(f"My toe turned black.\n{leaflet}") == "cold-foot"


def test_the_gravest_of_several_signs_is_answered() -> None:
    assert sign("my foot is hot and swollen and I have chest pain") == "chest"
    assert sign("I took all my pills. I want to die.") == "crisis-act"


def test_a_sign_in_the_middle_of_ten_thousand_characters_is_seen() -> None:
    filler = "What is the dose of alpha lipoic acid in the trial? " * 96
    assert sign(f"{filler}My toe turned black yesterday. {filler}") == "cold-foot"


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("Does pregabalin cause suicidal thoughts?", False),
        ("Does pregabalin cause suicidal thoughts? I have them now.", True),
        ("no chest pain, no fever", False),
        ("no, I have chest pain", True),
        ("no fever but my toe is black", True),
        ("I had a stroke in 2015", False),
        ("I had a stroke in 2015 and now my face is drooping", True),
        ("what if I get chest pain", False),
        ("what should I do, my chest hurts", True),
        ("my sugar is 6.2", False),
        ("my sugar is 2.1", True),
        ("meter says LO", True),
        ("took 600 mg of ALA", False),
        ("took 30 tablets of gabapentin", True),
    ],
)
def test_an_excuse_counts_in_its_own_sentence_only(text: str, urgent: bool) -> None:
    assert (sign(text) is not None) is urgent


def test_a_finding_names_the_sentence_and_the_rule() -> None:
    found = recogniser().detect("Is K2 any good? By the way, I have chest pain. Thanks!")
    assert found is not None
    assert (found.card, found.rule, found.language) == ("urgent-chest", "chest-pain", "")
    assert found.sentence == "By the way, I have chest pain"


def test_an_excused_sign_is_explained() -> None:
    assert recogniser().explain("I never had chest pain") == (None, ("chest-pain: denied",))


def test_words_keep_what_stands_before_them() -> None:
    words = words_of("My toe... is black. Really, now")
    assert [word.before for word in words if word.before] == [Break.DASH, Break.STOP, Break.PAUSE]


def test_own_words_stand_apart_from_quoted_ones() -> None:
    found = seen("> theirs\nmine")
    assert (found.own, found.quoted, found.text) == ("mine", "theirs", "mine")


_PERSONS = ["gran", "my dad", "the neighbour", "my wife", "a colleague"]


@pytest.mark.parametrize("person", _PERSONS)
@pytest.mark.parametrize("said", ["passed out", "has passed out on the floor", "lost consciousness in the kitchen"])
def test_a_word_of_the_sign_is_no_excuse_for_it(person: str, said: str) -> None:
    assert sign(f"{person} {said}") == "sudden"


@pytest.mark.parametrize("text", ["my gran passed away", "my gran had chest pain", "my uncle died of a stroke"])
def test_what_became_of_somebody_once_excuses_still(text: str) -> None:
    assert sign(f"{text}. What is ALA?") is None


@pytest.mark.parametrize("intent", ["he will", "she'll", "they will", "he is going to", "she's going to"])
@pytest.mark.parametrize(
    "act", ["end it tonight", "hang himself", "hurt herself", "take their own life", "end everything"]
)
def test_what_another_person_means_to_do_to_themselves_is_a_crisis(intent: str, act: str) -> None:
    assert sign(f"{intent} {act}") == "crisis-other"
    assert sign(f"{intent} take the bus tonight") is None


@pytest.mark.parametrize("verb", ["move", "lift", "raise"])
@pytest.mark.parametrize("limb", ["my legs", "his leg", "either leg", "both feet", "her foot"])
def test_a_limb_that_fails_since_today_is_seen_whatever_the_verb(verb: str, limb: str) -> None:
    assert sign(f"can't {verb} {limb} since this morning") == "spine"

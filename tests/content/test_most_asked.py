"""The questions asked most: the brief of the answer they lead to holds what was asked, in both registers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.content.library import Library
from bot.content.models import Register

QUESTIONS = Path(__file__).resolve().parents[1] / "questions" / "most-asked.jsonl"
HOLDS = {  # rank of the question: the answer, what a clinician must find in its brief, what a layperson must
    1: ("ala-evidence", ("probably had little or no effect",), ("probably does little or nothing",)),
    2: ("ala-dose", ("600 mg twice daily", "no guideline"), ("600 mg twice a day", "No right amount")),
    3: ("ala-r-form", ("Not shown",), ("Nobody knows", "Do not pay more")),
    4: ("outlook", ("cannot be reversed",), ("Nothing known today undoes",)),
    5: ("ala-safety", ("severe hypoglycaemia", "mostly short"), ("blood sugar very low", "mostly short")),
    6: ("what-it-is", ("nerve damage", "tingling"), ("harms nerves", "tingle")),
    7: ("drug-side-effects", ("Pregabalin", "gabapentin", "duloxetine"), ("dizzy", "sleepy", "sick")),
    8: ("ala-interactions", ("insulin",), ("insulin", "diabetes tablets")),
    9: ("other-supplements", ("None is proven",), ("None is proven",)),
    10: ("other-supplements", ("benfotiamine",), ("benfotiamine",)),
    11: ("b12-metformin", ("Commonly",), ("often leaves", "too little vitamin B12")),
    12: ("ala-how", ("3-5 weeks",), ("3 to 5 weeks",)),
    13: ("ala-how", ("empty stomach", "before breakfast"), ("empty stomach", "before breakfast")),
    14: ("ala-interactions", ("levothyroxine",), ("levothyroxine", "too little is known")),
    15: ("k2-blood-thinners", ("Not with a vitamin K antagonist", "INR"), ("Not with warfarin", "INR")),
    16: ("k2", ("no good-quality", "No dose"), ("no good proof", "No right amount")),
    17: ("first-line", ("12 weeks",), ("12 weeks",)),
    18: ("first-line", ("rank none", "not known beforehand"), ("None comes first", "nobody knows")),
    19: ("stopping-medicines", ("None of them should be stopped abruptly",), ("Never all at once", "in steps")),
    20: ("other-causes", ("diagnosis of exclusion",), ("Other things can harm nerves",)),
    21: ("second-line", ("capsaicin", "lidocaine"), ("capsaicin", "lidocaine")),
    22: ("without-medicine", ("Exercise", "TENS", "acupuncture"), ("Exercise", "TENS", "acupuncture")),
    23: ("other-supplements", ("acetyl-L-carnitine",), ("acetyl-L-carnitine",)),
    24: ("buying", ("without approval",), ("nobody approves",)),
    25: ("feet-daily", ("inspect both feet", "fitting shoes"), ("Look at both feet", "shoes that fit")),
}


@pytest.mark.parametrize("rank", HOLDS)
@pytest.mark.parametrize("register", Register)
def test_the_brief_holds_what_was_asked(library: Library, rank: int, register: Register) -> None:
    node, professional, layperson = HOLDS[rank]
    answer = library.answer(node)
    brief = " ".join(library.plain(claim, register) for claim in answer.claims if claim.id in answer.brief)
    wanted = professional if register is Register.PROFESSIONAL else layperson
    assert not [words for words in wanted if words not in brief], brief


def test_every_question_asked_most_has_its_answer_here() -> None:
    asked = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    assert {one["rank"] for one in asked} == set(HOLDS)
    assert not [one["id"] for one in asked if HOLDS[one["rank"]][0] not in one["expect"]]

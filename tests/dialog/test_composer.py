"""Labels that are too long for their place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.dialog.composer import clipped


def test_a_text_is_cut_at_a_word_and_marked() -> None:
    assert clipped("one  two\nthree", 20) == "one two three"
    assert clipped("one two three", 9) == clipped("one two three", 8) == "one two…"
    assert clipped("one, two three", 8) == "one…"
    assert clipped("abcdefghij", 5) == "abcd…"


@given(text=st.text(max_size=80), limit=st.integers(2, 40))
def test_a_cut_text_fits_and_holds_whole_words(text: str, limit: int) -> None:
    cut = clipped(text, limit)
    assert len(cut) <= limit
    whole = " ".join(text.split())
    assert cut == whole or (cut.endswith("…") and whole.startswith(cut[:-1]))

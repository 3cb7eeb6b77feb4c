"""Names are hashed with the installation's secret, words are sealed with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.common import DIGEST_BYTES, DecryptionError, Identity
from tests.inbox.support import IDENTITY, SECRET


def test_a_name_is_the_same_every_time_and_in_every_process() -> None:
    assert IDENTITY.person("telegram:42") == Identity(SECRET).person("telegram:42")
    assert IDENTITY.person("telegram:42").hex() == "f298d1d5ded47520c9c3919870b30b55"


def test_names_differ_by_kind_by_person_and_by_secret() -> None:
    names = {
        IDENTITY.person("telegram:42"),
        IDENTITY.person("telegram:43"),
        IDENTITY.conversation("telegram:42"),
        IDENTITY.event("telegram:42"),
        Identity("another secret").person("telegram:42"),
    }
    assert len(names) == 5
    assert {len(name) for name in names} == {DIGEST_BYTES}


@given(st.binary(max_size=300))
def test_what_is_sealed_comes_back_and_shows_nothing(clear: bytes) -> None:
    sealed = IDENTITY.seal(clear)
    assert IDENTITY.unseal(sealed) == clear
    assert len(clear) < 4 or clear not in sealed
    assert sealed != IDENTITY.seal(clear)


@pytest.mark.parametrize("spoil", [lambda s: s[:-1] + bytes([s[-1] ^ 1]), lambda s: s[:5], lambda s: b""])
def test_what_was_altered_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(DecryptionError):
        IDENTITY.unseal(spoil(IDENTITY.seal(b"a question")))


def test_what_another_secret_sealed_is_refused() -> None:
    with pytest.raises(DecryptionError, match="another FOOTNOTE_SECRET"):
        Identity("another secret").unseal(IDENTITY.seal(b"a question"))

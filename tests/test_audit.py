"""The audit's verdict: only what was looked up is called sound."""

from __future__ import annotations

from tests.audit import verdict

SOUND = {"name": "a", "version": "1", "vulns": []}


def test_a_known_vulnerability_fails() -> None:
    code, words = verdict([SOUND, {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}]}])
    assert code == 1
    assert "b 2: PYSEC-1" in words


def test_what_was_skipped_is_not_called_sound() -> None:
    code, words = verdict([SOUND, {"name": "b", "skip_reason": "not found"}])
    assert code == 0
    assert "NOT DONE for 1 of 2" in words


def test_all_sound() -> None:
    assert verdict([SOUND]) == (0, "dependency audit: no known vulnerability in 1 packages")

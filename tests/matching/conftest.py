"""What reads the shipped words, and the matcher of them, made once for all tests of matching."""

from __future__ import annotations

import pytest

from bot.content.library import Library
from bot.matching import build_matcher, data_of
from bot.matching.build import Data, Parts
from bot.matching.matcher import SubjectMatcher


@pytest.fixture(scope="session")
def data(library: Library) -> Data:
    return data_of(library)


@pytest.fixture(scope="session")
def parts(data: Data) -> Parts:
    return Parts(data)


@pytest.fixture(scope="session")
def matcher(library: Library) -> SubjectMatcher:
    return build_matcher(library)

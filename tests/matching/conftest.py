"""What reads the shipped words, made once for all tests of matching."""

from __future__ import annotations

import pytest

from bot.content.library import Library
from bot.matching import data_of
from bot.matching.build import Data, Parts


@pytest.fixture(scope="session")
def data(library: Library) -> Data:
    return data_of(library)


@pytest.fixture(scope="session")
def parts(data: Data) -> Parts:
    return Parts(data)

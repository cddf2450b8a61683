"""The list of guards fits the code, so that ``make proof-guards`` can take each one out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.guard import Guard
from tests.faults.guard_list import GUARDS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_guard_stands_once_in_the_code_and_its_tests_are_there(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text(encoding="utf-8").count(guard.text) == 1
    assert guard.without != guard.text
    for test in guard.tests:
        assert (ROOT / test.partition("::")[0]).exists(), test


def test_no_two_guards_bear_one_name() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)

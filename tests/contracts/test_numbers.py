"""What bears a number bears it alone: migrations of one service, and decisions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.contracts.services_known import ROOT

NUMBERED = {
    **{
        folder.relative_to(ROOT).as_posix(): "[0-9]*.sql"
        for folder in sorted([*ROOT.glob("services/*/migrations"), *ROOT.glob("shared/**/migrations")])
    },
    "docs/decisions": "[0-9]*.md",
}


def twice(names: list[str]) -> dict[str, list[str]]:
    """The names of each number that more than one has."""
    often = Counter(name[:4] for name in names)
    return {number: [name for name in names if name[:4] == number] for number in often if often[number] > 1}


@pytest.mark.parametrize(("folder", "pattern"), NUMBERED.items(), ids=NUMBERED)
def test_no_two_files_have_one_number(folder: str, pattern: str) -> None:
    names = sorted(each.name for each in Path(ROOT / folder).glob(pattern))
    assert names, f"{folder} has nothing that is numbered"
    assert all(name[:4].isdigit() and name[4] in "_-" for name in names), f"{folder}: a number has four digits"
    assert not twice(names), f"{folder}: renumber the one that came later: {twice(names)}"


def test_a_number_that_was_given_twice_is_named() -> None:
    assert twice(["0001_a.sql", "0002_b.sql", "0002_c.sql"]) == {"0002": ["0002_b.sql", "0002_c.sql"]}

"""A folder is read at a glance: what grew beyond that is cut by subject."""

from __future__ import annotations

from collections import Counter

from tests.contracts.services_known import ROOT

MOST_FILES = 25
CODE = ("services", "shared", "deploy", "tests")


def test_no_folder_holds_more_than_one_sees_at_a_glance() -> None:
    files = Counter(file.parent.relative_to(ROOT).as_posix() for top in CODE for file in (ROOT / top).rglob("*.py"))
    assert {folder: count for folder, count in files.items() if count > MOST_FILES} == {}

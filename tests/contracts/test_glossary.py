"""The glossary is whole: each table of each service is in it, and no word stands for two things."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tests.contracts.services_known import ROOT

PAGE = (ROOT / "docs" / "glossary.md").read_text()
MIGRATIONS = (*ROOT.glob("services/*/migrations/*.sql"), *ROOT.glob("shared/db/**/*.sql"))
MADE_BY_THE_RUNNER = {"schema_migrations"}


def rows() -> Iterator[tuple[str, str]]:
    """English with its code, and Chinese, of each thing."""
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 3 and not cells[0].startswith("English"):
            yield cells[0], cells[1]


def test_no_word_stands_for_two_things() -> None:
    english = Counter(word.strip() for said, _ in rows() for word in re.split(r"[,:]", re.sub(r"\([^)]*\)", "", said)))
    chinese = Counter(word for _, said in rows() for word in re.split(r"[、：]", said))

    assert [word for word, count in (*english.items(), *chinese.items()) if count > 1] == []
    assert len(english) > 100


def test_each_table_is_in_it() -> None:
    tables = {
        name
        for file in MIGRATIONS
        for name in re.findall(r"^CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)", file.read_text(), re.MULTILINE)
    }
    named = {name for said, _ in rows() for name in re.findall(r"`([a-z_]+)`", said)}

    assert sorted((tables | MADE_BY_THE_RUNNER) - named) == []

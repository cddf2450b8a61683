"""SQL stands in stores alone, and each table is written by the store of one wing."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("enrollment", "fraud_detection", "payout")
STATEMENT = re.compile(
    r"^\s*(?:SELECT\b.*\bFROM\b|WITH\b.*\bAS\b|INSERT INTO\b|UPDATE\b.*\bSET\b|DELETE FROM\b|COPY\b)", re.DOTALL
)
WRITES = re.compile(r"\b(?:INSERT INTO|DELETE FROM|UPDATE(?= \w+(?: \w+)? SET\b)|COPY(?= \w+ \())\s+(\w+)")


def texts(file: Path) -> Iterator[str]:
    """The texts of a module; of one with places for names, what stands around them."""
    tree = ast.parse(file.read_text())
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))


def modules(service: str) -> list[Path]:
    return sorted((ROOT / "services" / service).rglob("*.py"))


def in_store(file: Path) -> bool:
    return file.parent.name == "store"


@pytest.mark.parametrize("service", SERVICES)
def test_no_sql_stands_outside_the_stores(service: str) -> None:
    assert [
        f"{file.relative_to(ROOT)}: {' '.join(text.split())[:60]}"
        for file in modules(service)
        if not in_store(file)
        for text in texts(file)
        if STATEMENT.match(text)
    ] == []


@pytest.mark.parametrize("service", SERVICES)
def test_each_table_is_written_by_the_store_of_one_wing(service: str) -> None:
    writers = defaultdict(set)
    for file in filter(in_store, modules(service)):
        for text in texts(file):
            for table in WRITES.findall(text):
                writers[table].add(str(file.parent.parent.relative_to(ROOT)))
    assert len(writers) > 5, "the stores' SQL was not found"
    assert {table: sorted(wings) for table, wings in writers.items() if len(wings) > 1} == {}

"""docs/enrolling.md says what the code does: every column with its names, and every code of a rejected row."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from services.enrollment.files.intake.column_names import SYNONYMS

ROOT = Path(__file__).parents[3]
SERVICE = ROOT / "services" / "enrollment"
PAGE = (ROOT / "docs" / "enrolling.md").read_text()
RULES = (
    "policies/domain/rows.py",
    "people/domain/consents.py",
    "files/domain/removals.py",
    "policies/domain/renewals.py",
    "files/intake/line_faults.py",
)
FIELDS = {"document_type", "document_number", "consent_text_version", "consent_channel"}
"""What stands for ``field`` in a code that is made of a field's name."""


def section(title: str) -> list[list[str]]:
    """The rows of the first table under a heading, cell by cell."""
    text = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def texts(node: ast.expr) -> Iterator[str]:
    """What an expression may be, where it is written out."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from texts(body)
            yield from texts(other)
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(ending))]):
            yield from (field + ending for field in FIELDS)


def codes_in(module: str) -> Iterator[str]:
    """The second argument of each fault, the keys of each table of sentences, and the constants of line faults."""
    tree = ast.parse((SERVICE / module).read_text())
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Fault" | "NotRegistered"), args=[_, code, *_]):
                yield from texts(code)
            case ast.AnnAssign(target=ast.Name(id="_SENTENCES"), value=ast.Dict(keys=keys)):
                yield from (text for key in keys if isinstance(key, ast.Constant) for text in texts(key))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(code))) if name.isupper():
                if module == "files/intake/line_faults.py" and code.isidentifier():
                    yield code


def test_the_table_of_codes_is_that_of_the_code() -> None:
    written = [row[0].strip("`") for row in section("Codes of rejected rows")]
    found = {code for module in RULES for code in codes_in(module) if re.fullmatch(r"[a-z][a-z_0-9]+", code)}
    found -= {
        f"{field}_{ending}" for field in ("document_type", "document_number") for ending in ("missing", "is_personal")
    }
    assert len(written) == len(set(written))
    assert set(written) == found


def test_the_table_of_columns_has_every_name() -> None:
    rows = {row[0].strip("`"): tuple(row[1].split("、")) for row in section("Columns")}
    assert rows == dict(SYNONYMS)

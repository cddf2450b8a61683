"""Within a service a name means one thing: no two of its classes are called the same."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("service", ["enrollment", "fraud_detection", "payout"])
def test_no_two_classes_of_a_service_have_one_name(service: str) -> None:
    places = defaultdict(list)
    for file in sorted((ROOT / "services" / service).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(file.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}

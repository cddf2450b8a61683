"""The suite passes on every day: tests read the date in one place, which can be set to any day to come."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pytest

from deploy.local.places import CHECKOUT
from shared.process.clock import FURTHEST
from tests import hard_days
from tests.dated import reads_a_date
from tests.running import running
from tests.sandbox_bank.bank_process import RunningBank
from tests.services.enrollment.builders import row
from tests.services.enrollment.policies.lifecycle import Office

MACHINE: Final = ("datetime.now", "datetime.utcnow", "date.today", "time.time", "wall_now", "SystemClock")
LAST: Final = {name.rpartition(".")[2] for name in MACHINE}
ALLOWED: Final = {
    "tests/clock.py": "the one place",
    "tests/shared/process": "tests of the clocks themselves",
    "tests/shared/db/test_sandbox_clock.py": "tests of the sandbox's clock against real time",
    "tests/shared/web/test_operations.py": "tests of the sandbox's clock against real time",
    "tests/services/enrollment/files/pickup_builders.py": "files have the machine's time",
    "tests/shared/web/builders.py": "tokens expire by the machine's time",
    "tests/load": "measures",
    "tests/faults": "seeds",
}
FILES: Final = sorted(each.relative_to(CHECKOUT) for each in (CHECKOUT / "tests").rglob("*.py"))
TODAYS: Final = [date(2026, 11, 30) + timedelta(days=days) for days in range(0, 3000, 97)]


def allowed(file: Path) -> bool:
    return any(file.is_relative_to(place) for place in ALLOWED)


def readings(tree: ast.AST) -> Iterator[str]:
    """Each name in the code that means the machine's date, with its line."""
    for node in ast.walk(tree):
        if (isinstance(node, ast.Name) and node.id in MACHINE) or (
            isinstance(node, ast.Attribute) and node.attr in LAST
        ):
            text = ast.unparse(node)
            if any(text == name or text.endswith(f".{name}") for name in MACHINE):
                yield f"{text} in line {node.lineno}"


def read_while_loading(tree: ast.Module) -> Iterator[str]:
    """Calls of tests/clock.py outside of functions: they would have the date of another test, or none's."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"clock.now", "clock.real_now", "CLOCK.now"}:
            yield f"{ast.unparse(node)} in line {node.lineno}"
        waiting.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("file", [each for each in FILES if not allowed(each)], ids=str)
def test_a_test_reads_the_date_from_the_clock_of_the_tests(file: Path) -> None:
    tree = ast.parse((CHECKOUT / file).read_text())
    assert list(readings(tree)) == [], "use now(), or real_now() for what no sandbox moves, of tests/clock.py"
    assert list(read_while_loading(tree)) == []


def test_the_machines_date_is_seen_however_it_is_read() -> None:
    code = (
        "x = datetime.now(UTC), dt.datetime.now(), date.today(), time.time(), wall_now(), clock.wall_now(), f(wall_now)"
    )
    assert len(list(readings(ast.parse(code)))) == 7
    assert len(list(read_while_loading(ast.parse("NOW = clock.now()\ndef f():\n    return clock.now()")))) == 1


def test_each_exception_is_needed() -> None:
    for place in ALLOWED:
        files = [each for each in FILES if each.is_relative_to(place)]
        assert any(list(readings(ast.parse((CHECKOUT / each).read_text()))) for each in files), place


def test_which_tests_read_a_date_is_found_in_what_they_call() -> None:
    assert reads_a_date(running)
    assert reads_a_date(RunningBank)
    assert reads_a_date(lambda: [running for _ in range(2)])
    assert not reads_a_date(row)
    assert not reads_a_date(Office)


def test_hard_days_lie_ahead_on_every_day_and_leave_room_to_go_on() -> None:
    for today in TODAYS:
        ahead = [each.starts_at.date() - today for each in hard_days.after(today)]
        assert timedelta(days=2) <= min(ahead) < max(ahead) < FURTHEST / 2


def test_each_hard_day_has_its_turn() -> None:
    number = len(hard_days.after(TODAYS[0]))
    turns = {hard_days.of(TODAYS[0] + timedelta(days=days)).name for days in range(number)}
    assert len(turns) == number


def test_people_worked_on_the_saturday_after_the_free_week() -> None:
    friday, saturday = hard_days.after(date(2025, 11, 30))[-2:]
    assert (f"{friday.starts_at:%Y-%m-%d}", f"{saturday.starts_at:%Y-%m-%d}") == ("2026-10-09", "2026-10-10")

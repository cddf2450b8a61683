"""Invariants of a running service, checked and reported. What holds is said by each service's checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from shared.db.invariants import Finder, Invariant
from shared.db.pool import Database

MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant. ``run`` reads, and gives one sentence for each thing that breaks it; none if it holds."""

    number: int
    """Its number in docs/invariants.md; the same in every service."""
    name: str
    run: Callable[[], list[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check came out."""

    number: int
    name: str
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults


def checks_in(database: Database, invariants: Sequence[Invariant]) -> tuple[Check, ...]:
    """Checks of what ``database`` can prove of itself, each in a transaction of its own."""

    def run(find: Finder) -> list[str]:
        with database.transaction() as tx:
            return find(tx)

    return tuple(Check(each.number, each.name, partial(run, each.find)) for each in invariants)


def verify(checks: Sequence[Check]) -> list[Finding]:
    """Run all checks, in the order of their numbers."""
    ordered = sorted(checks, key=lambda check: check.number)
    return [Finding(check.number, check.name, tuple(check.run())) for check in ordered]


def lines(findings: Sequence[Finding]) -> list[str]:
    """The findings for people: one line each, and the first faults of those that do not hold."""
    text: list[str] = []
    for finding in findings:
        text.append(f"{'holds ' if finding.holds else 'BROKEN'}  {finding.number:>2}  {finding.name}")
        text += [f"            {fault}" for fault in finding.faults[:MAX_SHOWN]]
        if len(finding.faults) > MAX_SHOWN:
            text.append(f"            and {len(finding.faults) - MAX_SHOWN} more")
    return text

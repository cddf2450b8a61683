"""What the police gave a claimant: three different papers, and what they say of the type of scam."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Protocol, TypeAlias

from shared.values.scam_types import ScamType

PaperKind: TypeAlias = Literal["receipt", "filing_notice", "refusal_notice"]
"""The report was taken (受案回执); a case was opened (立案告知书); none was (不予立案通知书)."""

PROVE_THE_REPORT: Final[frozenset[PaperKind]] = frozenset({"receipt", "filing_notice"})
"""Where a product asks for the police's receipt, either will do."""
RANK: Final[dict[PaperKind, int]] = {"receipt": 0, "filing_notice": 1, "refusal_notice": 1}
"""Of papers of one day, what was found out counts before what was told at the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPaper:
    """One paper as it is told. ``scam_type`` is the police's word, where the paper has one."""

    kind: PaperKind
    number: str
    unit: str
    officer: str | None
    issued_on: date
    scam_type: ScamType | None = None


class Paper(Protocol):
    @property
    def kind(self) -> PaperKind: ...
    @property
    def issued_on(self) -> date: ...
    @property
    def scam_type(self) -> ScamType | None: ...


def scam_type_of(papers: Iterable[Paper]) -> ScamType | None:
    """What kind of scam it was by the police's newest word; None if they say none."""
    saying = [each for each in papers if each.scam_type is not None]
    return max(saying, key=lambda each: (each.issued_on, RANK[each.kind])).scam_type if saying else None

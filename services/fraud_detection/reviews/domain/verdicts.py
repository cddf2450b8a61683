"""What a person says of a claim that waits for one. Whether a refusal may be so is refusals' question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

STILL_OPEN: Final = "still_open"
"""Stands where a transfer that is refused has its ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A person found that an exclusion holds: its code, and what was found, in both languages."""

    exclusion: str
    found_zh: str
    found_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTransfer:
    """What a person says of one transfer, by its line. One that is not accepted has what a refusal has; or it stays
    ``open``, with reasons and no ground, and a claim of its own is split off for it.
    """

    line: int
    accepted: bool
    open: bool = False
    clause: str | None = None
    finding: Finding | None = None
    reasons_zh: str | None = None
    reasons_en: str | None = None

    @property
    def as_refusal(self) -> Verdict:
        """What is said against it, as of a claim."""
        return Verdict(
            outcome="refuse",
            clause=self.clause,
            reasons_zh=self.reasons_zh,
            reasons_en=self.reasons_en,
            finding=self.finding,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person says of a claim. A refusal gives its reasons in both languages, and a clause or a finding.

    An approval may say of each transfer whether it is accepted, refused or stays open; where it says nothing, all are
    accepted.
    """

    outcome: Literal["approve", "refuse"]
    clause: str | None
    reasons_zh: str | None
    reasons_en: str | None
    finding: Finding | None
    transfers: tuple[OfTransfer, ...] = ()

    @property
    def refused_lines(self) -> frozenset[int]:
        return frozenset(each.line for each in self.transfers if not (each.accepted or each.open))

    @property
    def open_lines(self) -> frozenset[int]:
        return frozenset(each.line for each in self.transfers if each.open)

    @property
    def ground(self) -> str | None:
        """The clause or code that a refusal stands on."""
        return self.finding.exclusion if self.finding else self.clause

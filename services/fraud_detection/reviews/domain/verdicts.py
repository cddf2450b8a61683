"""What a person says of a claim that waits for one. Whether a refusal may be so is refusals' question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A person found that an exclusion holds: its code, and what was found, in both languages."""

    exclusion: str
    found_zh: str
    found_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person says of a claim. A refusal gives its reasons in both languages, and a clause or a finding."""

    outcome: Literal["approve", "refuse"]
    clause: str | None
    reasons_zh: str | None
    reasons_en: str | None
    finding: Finding | None

    @property
    def ground(self) -> str | None:
        """The clause or code that a refusal stands on."""
        return self.finding.exclusion if self.finding else self.clause

"""How a feature is declared: once, with all that people and processes need to know. The list is ``features``'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, expm1
from typing import Final, Literal, TypeAlias

from services.fraud_detection.models.domain.snapshot import Snapshot

Kind: TypeAlias = Literal["amount", "span", "share", "count", "flag", "hour", "year"]
AsOf: TypeAlias = Literal["told", "submitted", "first_had", "scored"]
Use: TypeAlias = Literal["scoring", "monitoring"]

AS_OF: Final[dict[AsOf, str]] = {
    "told": "as the claim and its policy stood when it was scored",
    "submitted": "other claims that were submitted no later than this one",
    "first_had": "other claims that had the document no later than this one did",
    "scored": "what had been approved when the claim was scored",
}


@dataclass(frozen=True, slots=True)
class FeatureWords:
    """What a feature is called to people."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One feature.

    ``missing`` says when it has no value, which is another thing than 0. ``direction`` is 1 where more of it never
    makes a claim look more honest, -1 where less never does, None where a model is free. ``log`` where the vector holds
    the logarithm of one more, with sign; people are told the value in its ``unit``. ``none`` is the value at which
    there is nothing of it, where that is the innocent state: as little a reason for suspicion as a missing value.
    """

    name: str
    kind: Kind
    unit: str
    source: str
    as_of: AsOf
    missing: str
    words: FeatureWords
    value: Callable[[Snapshot], float | None]
    direction: Literal[-1, 1] | None = None
    use: Use = "scoring"
    log: bool = False
    none: float | None = None

    def in_unit(self, value: float) -> float | None:
        """An entry of a vector as people read it; None if it is missing."""
        if value != value:  # noqa: PLR0124  NaN alone is not itself
            return None
        return float(f"{copysign(expm1(abs(value)), value):.9g}") if self.log else value

    def says_nothing(self, value: float) -> bool:
        """Whether this entry of a vector is missing, or nothing where that is the innocent state."""
        return value != value or value == self.none  # noqa: PLR0124  as above

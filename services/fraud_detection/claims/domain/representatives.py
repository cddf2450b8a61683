"""Who acts for an insured: a guardian by law, an agent by a mandate. Whether the mandate holds a person says.

Source: the Civil Code of the PRC, art. 27, 28 and 32 (guardians, who may be an office or a committee), 161 to 165
(agents, and what a mandate says).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from shared.values.ids import TokenHex

Role: TypeAlias = Literal["guardian", "agent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRepresentative:
    """Who acts, as a filing tells it. ``mandate_sha256`` is one of the claim's documents; ``valid_until`` is the last
    day on which the mandate holds.
    """

    role: Role
    name: str
    document_type: str
    document_number: str
    phone: str | None = None
    mandate_sha256: str | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Representative:
    """Who acts, as far as decisions need it. ``mandate_holds`` is a person's newest word, None before the first."""

    role: Role
    name_token: TokenHex
    mandate_holds: bool | None = None

    @property
    def may_act(self) -> bool:
        """Whether a person found that the mandate holds."""
        return self.mandate_holds is True

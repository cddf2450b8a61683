"""Who acts for an insured: a guardian by law, an agent by a mandate. Whether the mandate holds a person says.

Source: the Civil Code of the PRC, art. 27, 28 and 32 (guardians, who may be an office or a committee), 161 to 165
(agents, and what a mandate says).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import TokenHex

ZONE: Final = ZoneInfo("Asia/Shanghai")
MANDATE: EvidenceKind = "mandate"

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
    """Who acts, as far as decisions need it. ``mandate_holds`` is a person's newest word, None before the first.

    ``account_seen``: the account was not named anew after that word, so that who said it could see whose it is.
    """

    role: Role
    name_token: TokenHex
    valid_until: date | None = None
    mandate_holds: bool | None = None
    account_seen: bool = True

    @property
    def may_act(self) -> bool:
        """Whether a person found that the mandate holds."""
        return self.mandate_holds is True

    def mandate_ended(self, now: datetime) -> bool:
        """Whether its last day is past; what that means for the claim a person judges."""
        return is_past(self.valid_until, now)


def is_past(last_day: date | None, now: datetime) -> bool:
    """Whether a mandate's last day, in Shanghai, is over."""
    return last_day is not None and last_day < now.astimezone(ZONE).date()

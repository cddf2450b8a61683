"""What a backend's server may be told of its claims: a code, a date, what is missing. No words and nobody's data.

What the resident reads, the backend fetches: ``GET /v1/claims/{claim_id}``.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

FactType = Literal["claim.status_changed", "endpoint.disabled"]


class ClaimStatusChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A claim reached another state. ``version`` is the claim's and grows: keep the newest."""

    TYPE: ClassVar[FactType] = "claim.status_changed"

    claim_id: str
    version: int
    state: str
    needs: tuple[str, ...]
    """Codes of what was asked for, as ``status.missing`` of the claim has them."""
    by: datetime | None
    """By when whoever is waited for must act, or from when on the money may be sent; null where there is no date."""

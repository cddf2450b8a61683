"""Whether an opt-out keeps a person from being covered. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.values.ids import TokenHex


@dataclass(frozen=True, slots=True)
class OptOut:
    """That a person opted out, and since when; ``lifted`` by a consent given later, or not."""

    person_token: TokenHex
    opted_out_at: datetime
    lifted: bool

    def refuses(self, consent_given_at: datetime) -> bool:
        """Whether a consent given then does not count: none does until it is lifted, and no older one ever again."""
        return not self.lifted or consent_given_at <= self.opted_out_at

"""What payout refuses to do. The status of each stands in api/problems.py."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class UnknownPayout(FangzhaError):
    """There is no payout {payout_id}; list a claim's by GET /v1/payouts?claim_id=…."""

    payout_id: str


@dataclass(frozen=True)
class HolderDiffers(FangzhaError):
    """This account is registered under another holder's name; an account is paid under one name alone."""


@dataclass(frozen=True)
class BankAway(FangzhaError):
    """The bank's book cannot be read now ({cause}); try again shortly."""

    cause: str
    retry_after: int = 5

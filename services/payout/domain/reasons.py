"""Why a payout is not paid, as stable codes. A bank's own codes are kept as it gave them, after ``bank_``."""

from __future__ import annotations

from typing import Final

PAYEE_UNKNOWN: Final = "payee_unknown"
OVER_COVER_LIMIT: Final = "over_cover_limit"
CLAIM_REFUSED: Final = "claim_refused"
BANK_SILENT: Final = "bank_silent"
"""Sent as often as the policy allows; each time the bank answered nothing and later knew of nothing."""


def of_bank(code: str | None) -> str:
    """A bank's code as ours: ``account_closed`` is ``bank_account_closed``."""
    kept = "".join(character for character in (code or "")[:60].lower() if character.isalnum() or character == "_")
    return f"bank_{kept or 'rejected'}"

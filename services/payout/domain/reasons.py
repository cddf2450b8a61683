"""Why a payout is not paid, as stable codes. A bank's own codes are kept, after ``bank_``."""

from __future__ import annotations

import re
from typing import Final

_CODE: Final = re.compile(r"[A-Za-z][A-Za-z_]{0,39}[0-9]{0,4}")

PAYEE_UNKNOWN: Final = "payee_unknown"
OVER_COVER_LIMIT: Final = "over_cover_limit"
CLAIM_STOPPED: Final = "claim_stopped"
"""The approval was taken back before it was heard of: nothing was ever owed by it."""
CLAIM_REFUSED: Final = "claim_refused"
"""A later decision approves the claim no more."""
APPROVAL_TAKEN_BACK: Final = "approval_taken_back"
"""Before the money left: the claim was withdrawn, is decided anew or closed, and nobody refused it."""
BANK_SILENT: Final = "bank_silent"
"""Sent as often as the policy allows; each time the bank answered nothing and later knew of nothing."""


def of_bank(code: str | None) -> str:
    """A bank's code as ours: ``account_closed`` is ``bank_account_closed``, ISO 20022's ``AC04`` is ``bank_ac04``.

    What has not the form of a code is ``bank_other``: a text may name a person or an account.
    """
    return f"bank_{code.lower()}" if code and _CODE.fullmatch(code) else "bank_other"

"""The guards within statements: what each names of an old state, a version, a lease or an order, and who notices."""

from __future__ import annotations

from typing import Final

from tests.faults.statement_guards import (
    enrollment,
    evidence,
    fraud_detection,
    in_part,
    mandates,
    partners,
    payees,
    payout,
    shared,
    split,
    two_persons,
)

STATEMENTS: Final = (
    *shared.GUARDS,
    *enrollment.GUARDS,
    *partners.GUARDS,
    *fraud_detection.GUARDS,
    *evidence.GUARDS,
    *payout.GUARDS,
    *payees.GUARDS,
    *two_persons.GUARDS,
    *in_part.GUARDS,
    *mandates.GUARDS,
    *split.GUARDS,
)

"""Our book against the bank's: which transfers differ, and how. Reading both is the use case's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from services.payout.domain.states import MONEY_MOVED, OPEN_AT_THE_BANK, State
from shared.values.money import Currency, Fen

Difference: TypeAlias = Literal["missing", "extra", "amount_mismatch"]
BankStatus: TypeAlias = Literal["accepted", "done", "rejected", "returned"]


@dataclass(frozen=True, slots=True)
class OurTransfer:
    """A payout as reconciliation sees it."""

    reference: str
    state: State
    amount_fen: Fen
    currency: Currency


@dataclass(frozen=True, slots=True)
class BankTransfer:
    """A transfer in the bank's book."""

    reference: str
    status: BankStatus
    amount_fen: Fen
    currency: Currency

    @property
    def moved(self) -> bool:
        return self.status in ("done", "returned")


@dataclass(frozen=True, slots=True)
class Finding:
    """One transfer on which the books differ. ``missing`` at the bank, or ``extra`` at the bank."""

    kind: Difference
    reference: str
    our_state: State | None
    bank_status: BankStatus | None
    our_amount_fen: Fen | None
    bank_amount_fen: Fen | None


def differences(
    before: Mapping[str, OurTransfer], bank: Mapping[str, BankTransfer], after: Mapping[str, OurTransfer]
) -> list[Finding]:
    """What differs for good, with payments going on meanwhile.

    ``before`` is our book read before the bank's, ``after`` the same read after it: what we held for paid before must
    be in the bank's book, and what is in the bank's book must be known to us afterwards.
    """
    findings = []
    for reference, ours in before.items():
        theirs = bank.get(reference)
        if ours.state in MONEY_MOVED and (theirs is None or not theirs.moved):
            findings.append(_finding("missing", ours, theirs))
        elif ours.state == "returned" and theirs is not None and theirs.status != "returned":
            findings.append(_finding("extra", ours, theirs))
    for reference, theirs in bank.items():
        known = after.get(reference)
        if theirs.moved and (known is None or known.state not in MONEY_MOVED | OPEN_AT_THE_BANK):
            findings.append(_finding("extra", known, theirs))
        elif known is not None and (known.amount_fen, known.currency) != (theirs.amount_fen, theirs.currency):
            findings.append(_finding("amount_mismatch", known, theirs))
    return sorted(findings, key=lambda finding: (finding.reference, finding.kind))


def _finding(kind: Difference, ours: OurTransfer | None, theirs: BankTransfer | None) -> Finding:
    return Finding(
        kind=kind,
        reference=ours.reference if ours is not None else theirs.reference if theirs is not None else "",
        our_state=ours.state if ours is not None else None,
        bank_status=theirs.status if theirs is not None else None,
        our_amount_fen=ours.amount_fen if ours is not None else None,
        bank_amount_fen=theirs.amount_fen if theirs is not None else None,
    )

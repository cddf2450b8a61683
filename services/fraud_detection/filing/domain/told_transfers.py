"""What a claim tells of its transfers, and whether that fits together. Which claim holds each is asked later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Final

from services.fraud_detection.claims.domain.transfers import SAME_WITHIN, Channel, normal_form
from services.fraud_detection.coverage.domain.cover import NO_FEN
from shared.values.errors import InvalidField
from shared.values.money import Fen

MOST: Final = 50
"""Transfers of one claim; a victim who was made to send more has several losses or adds them up by day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTransfer:
    """One transfer as it is told. Amounts in fen, times zone-aware.

    ``reference`` is the bank's or wallet's, ``payee_account`` the account or wallet that it went to.
    """

    occurred_at: datetime
    amount_fen: Fen
    channel: Channel
    reference: str | None = None
    payee_account: str | None = None
    payee_name: str | None = None
    refunded_fen: Fen = NO_FEN
    frozen_fen: Fen = NO_FEN


def loss_fen(amount_fen: Fen | None, transfers: Sequence[ToldTransfer]) -> Fen:
    """What was lost: the transfers' sum, or the one amount where none is told; 0 where neither is."""
    return Fen(sum(each.amount_fen for each in transfers)) if transfers else amount_fen or NO_FEN


def faults(
    transfers: Sequence[ToldTransfer],
    *,
    amount_fen: Fen | None,
    occurred_at: datetime | None,
    reported_at: datetime | None,
) -> Iterator[InvalidField]:
    """What contradicts itself among them, or the rest of the loss."""
    if not transfers and amount_fen is None:
        yield InvalidField("/loss/amount_fen", "No amount is told.", "Send it, or the transfers one by one.")
    total = loss_fen(amount_fen, transfers)
    if amount_fen is not None and amount_fen != total:
        fault = f"The transfers add up to {total} fen."
        yield InvalidField("/loss/amount_fen", fault, "Send their sum, or leave it out.")
    for index, each in enumerate(transfers):
        yield from transfer_faults(each, f"/loss/transfers/{index}", occurred_at, reported_at)
    for (first, one), (second, other) in combinations(enumerate(transfers), 2):
        if _is_same(one, other):
            yield InvalidField(
                f"/loss/transfers/{second}",
                f"This looks like transfer {first}.",
                "Leave it out; or, if both were made, send each one's own reference.",
            )


def transfer_faults(
    transfer: ToldTransfer, pointer: str, occurred_at: datetime | None, reported_at: datetime | None
) -> Iterator[InvalidField]:
    """What contradicts itself in one of them, or the times of the loss."""
    if occurred_at is not None and transfer.occurred_at < occurred_at:
        fix = "Send the first transfer's time as loss.occurred_at."
        yield InvalidField(f"{pointer}/occurred_at", "This transfer was made before the loss began.", fix)
    if reported_at is not None and transfer.occurred_at > reported_at:
        fix = "Leave out what was paid afterwards."
        yield InvalidField(f"{pointer}/occurred_at", "This transfer was made after the loss was reported.", fix)
    if transfer.refunded_fen + transfer.frozen_fen > transfer.amount_fen:
        fix = "Send what of this transfer came back, and what of the rest is frozen."
        yield InvalidField(f"{pointer}/refunded_fen", "More came back or is frozen than was transferred.", fix)
    for name, text in (("reference", transfer.reference), ("payee_account", transfer.payee_account)):
        if text is not None and not normal_form(text):
            yield InvalidField(f"{pointer}/{name}", "This holds no letter and no digit.", "Send it, or leave it out.")


def _is_same(one: ToldTransfer, other: ToldTransfer) -> bool:
    """As claims.domain.transfers.is_same says it of transfers that are kept."""
    if one.reference is not None and other.reference is not None:
        return normal_form(one.reference) == normal_form(other.reference)
    payees = {None if each is None else normal_form(each) for each in (one.payee_account, other.payee_account)}
    return (
        one.amount_fen == other.amount_fen
        and abs(one.occurred_at - other.occurred_at) <= SAME_WITHIN
        and (len(payees) == 1 or None in payees)
    )

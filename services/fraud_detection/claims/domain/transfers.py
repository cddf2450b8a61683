"""What a loss consists of: transfers, each a payment that is claimed once. The database keeps them so; see the store.

A loss is known by its transfers and by no coincidence of amount, time and type of scam, which whoever tells it chooses.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from shared.values.ids import ClaimId, PolicyId, TokenHex
from shared.values.money import Fen

Channel: TypeAlias = Literal["bank", "card", "wallet", "other"]
Place: TypeAlias = Literal["own", "apart", "share", "released"]
"""own: the claim holds the transfer; apart: a person said that it is another one than it looks like; share: it pays its
part of a loss beside the claim that holds it; released: the claim was given up. None: another claim holds it.
"""

SAME_WITHIN: Final = timedelta(minutes=5)
"""A bank's slip and a wallet's list differ by a minute or two in when a payment was made, and who tells it by heart
rounds to five; two payments of one amount to one account within so little are told apart by their references."""

_LEFT_OUT: Final = re.compile(r"[\s\-_./:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One transfer as it is kept. Amounts in fen; persons and accounts are tokens.

    ``told`` is False for the one that stands for a claim in which nobody told any. ``payee_token`` is the account it
    went to, the scammer's. What is frozen there is not back yet.
    """

    claim_id: ClaimId
    line: int
    person_token: TokenHex
    told: bool
    occurred_at: datetime
    amount_fen: Fen
    channel: Channel
    reference_token: TokenHex | None
    payee_token: TokenHex | None
    refunded_fen: Fen
    frozen_fen: Fen
    place: Place | None = "own"
    refused: bool = False
    """The claim's newest approval is not for it; the claim holds it still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldElsewhere:
    """One of a claim's transfers that another claim holds."""

    line: int
    holder: ClaimId
    policy_id: PolicyId
    approved: bool
    """Whether money was promised for the other claim, and for this transfer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFacts:
    """What is known of a claim's transfers beside other claims, at one moment.

    ``told``: the claimant told them. ``both_told`` are the person's other claims that tell theirs, ``same_payee`` those
    with a transfer to the same account, ``same_transfer`` those that tell one of its transfers, ``told_apart`` those
    of which a person said that their transfers are others, ``given_up`` those that were withdrawn or lapsed.
    ``reference_of_another``: another person claims a transfer by the same reference. ``refused``: the lines that a
    person did not accept.
    """

    told: bool = False
    held: tuple[HeldElsewhere, ...] = ()
    both_told: frozenset[ClaimId] = frozenset()
    same_payee: frozenset[ClaimId] = frozenset()
    same_transfer: frozenset[ClaimId] = frozenset()
    told_apart: frozenset[ClaimId] = frozenset()
    given_up: frozenset[ClaimId] = frozenset()
    reference_of_another: bool = False
    refused: frozenset[int] = frozenset()


NO_TRANSFERS: Final = TransferFacts()


def is_same(one: Transfer, other: Transfer) -> bool:
    """Whether both tell of one transfer of one person.

    Where both tell a reference, it alone decides. Else it is one if time and amount are alike; a payee that one of them
    does not tell parts no two.
    """
    if one.person_token != other.person_token:
        return False
    if one.reference_token is not None and other.reference_token is not None:
        return one.reference_token == other.reference_token
    payees = {one.payee_token, other.payee_token}
    return (
        one.amount_fen == other.amount_fen
        and abs(one.occurred_at - other.occurred_at) <= SAME_WITHIN
        and (len(payees) == 1 or None in payees)
    )


def normal_form(reference: str) -> str:
    """One form of a bank's reference or an account, however it is copied: half-width capitals, nothing in between."""
    return _LEFT_OUT.sub("", unicodedata.normalize("NFKC", reference)).upper()

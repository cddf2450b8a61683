"""A claim that is not handed in yet: anything may be missing, and what is told is held against the same rules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.fraud_detection.claims.domain.claims import Evidence, OtherCover
from services.fraud_detection.claims.domain.police import ToldPaper, scam_type_of
from services.fraud_detection.claims.domain.representatives import ToldRepresentative
from services.fraud_detection.coverage.domain.cover import Product
from services.fraud_detection.filing.domain import filing, representing
from services.fraud_detection.filing.domain.told_transfers import ToldTransfer
from shared.values.documents import Document, normalize_document, normalize_phone
from shared.values.errors import InvalidField
from shared.values.ids import PolicyId
from shared.values.money import Fen
from shared.values.scam_types import ScamType


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSoFar:
    """What a draft tells. Lists hold what is complete of them; one that holds something else is left out as a whole, so
    that pointers into it fit. So is a representative that is not complete.
    """

    policy_id: PolicyId | None = None
    document_type: str | None = None
    document_number: str | None = None
    phone: str | None = None
    liability: str | None = None
    scam_type: ScamType | None = None
    occurred_at: datetime | None = None
    discovered_at: datetime | None = None
    reported_at: datetime | None = None
    amount_fen: Fen | None = None
    transfers: tuple[ToldTransfer, ...] = ()
    police: tuple[ToldPaper, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    other_insurance_fen: Fen | None = None
    other_covers: tuple[OtherCover, ...] = ()
    event_reference: str | None = None
    item_reference: str | None = None
    representative: ToldRepresentative | None = None

    @property
    def known_scam_type(self) -> ScamType | None:
        return scam_type_of(self.police) or self.scam_type

    def document(self, *, sandbox: bool) -> Document | None:
        """The claimant's document, where both its fields are told.

        Raises:
            InvalidField: there is no such number.
        """
        if self.document_type is None or self.document_number is None:
            return None
        return normalize_document(
            self.document_type, self.document_number, sandbox=sandbox, pointer="/claimant/document_number"
        )


def faults(told: ToldSoFar, product: Product | None, *, sandbox: bool, now: datetime) -> Iterator[InvalidField]:
    """All that would keep the claim from being filed as it is told now, but for fields that every claim has.

    ``product`` is None where policy or terms are not known.
    """
    yield from filing.faults(told, now=now)
    yield from _raised(told.document, sandbox=sandbox)
    if told.phone is not None:
        yield from _raised(normalize_phone, told.phone, sandbox=sandbox, pointer="/claimant/phone")
    yield from _representative(told, sandbox=sandbox, now=now)
    if product is not None:
        yield from _raised(filing.liability_of, told, product)
        yield from _raised(filing.require_item, told, product)
        if product.insured_kind != "person":
            yield from _raised(filing.require_no_transfers, told)


def _representative(told: ToldSoFar, *, sandbox: bool, now: datetime) -> Iterator[InvalidField]:
    acts = told.representative
    if acts is None:
        return
    yield from representing.faults(acts, claimant_type=told.document_type, evidence=told.evidence, now=now)
    try:
        if representing.document_of(acts, sandbox=sandbox) == told.document(sandbox=sandbox):
            yield representing.is_the_insured()
    except InvalidField as fault:
        if fault.pointer.startswith("/representative"):
            yield fault
    if acts.phone is not None:
        yield from _raised(normalize_phone, acts.phone, sandbox=sandbox, pointer="/representative/phone")


def _raised(check: Callable[..., object], *values: Any, **named: Any) -> Iterator[InvalidField]:
    try:
        check(*values, **named)
    except InvalidField as fault:
        yield fault

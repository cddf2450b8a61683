"""What a claim must say to be taken at all. Whether it is covered is cover_rules' question, asked later."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from services.fraud_detection.claims.domain.claims import HOME, Evidence, OtherCover
from services.fraud_detection.claims.domain.police import ToldPaper, scam_type_of
from services.fraud_detection.claims.domain.representatives import ToldRepresentative
from services.fraud_detection.coverage.domain.cover import Product, depends_on_scam_type, liability_codes
from services.fraud_detection.filing.domain import representing, told_transfers
from services.fraud_detection.filing.domain.told_transfers import ToldTransfer, loss_fen
from shared.values.documents import holder_kind
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import PolicyId, TokenHex
from shared.values.money import Fen
from shared.values.scam_types import SCAM_TYPES, ScamType

EARLIEST: Final = timedelta(days=366 * 20)
"""No loss is older: the limitation of claims ends at 20 years (Civil Code of the PRC, art. 188)."""
LARGEST_LOSS_FEN: Final = 100_000_000_000
"""A billion yuan. Whoever claims more has mistaken the unit."""
CLOCKS_APART: Final = timedelta(minutes=5)
"""A channel's clock may be ahead of ours by this much."""
_PERSONAL_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])([0-9]{17}[0-9Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    document_type: str
    document_number: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One claim as a channel hands it in. Amounts in fen, times zone-aware.

    ``liability`` is None for the product's only one, ``scam_type`` where the liability does not depend on it.
    ``amount_fen`` is None where it is the sum of ``transfers``; without these it is one transfer, of a person's claim.
    ``event_reference`` is the same for all losses of one event; ``item_reference`` names a thing that the policy lists.
    ``other_insurance_fen`` is None where it is what the ``other_covers`` paid.
    """

    policy_id: PolicyId
    claimant: Claimant
    scam_type: ScamType | None
    occurred_at: datetime
    discovered_at: datetime
    reported_at: datetime
    amount_fen: Fen | None
    recovered_fen: Fen
    other_insurance_fen: Fen | None
    description: str | None
    evidence: tuple[Evidence, ...]
    payee_token: TokenHex
    device_id: str | None
    handler_id: str | None
    liability: str | None = None
    territory: str = HOME
    event_reference: str | None = None
    item_reference: str | None = None
    transfers: tuple[ToldTransfer, ...] = ()
    police: tuple[ToldPaper, ...] = ()
    representative: ToldRepresentative | None = None
    """Who acts for the insured, who is the ``claimant`` all the same."""
    other_covers: tuple[OtherCover, ...] = ()

    @property
    def known_scam_type(self) -> ScamType | None:
        """What kind of scam it was: by the police, or else as told."""
        return scam_type_of(self.police) or self.scam_type


class Told(Protocol):
    """What a claim tells so far: a filing, or a draft of one in which anything may be missing still."""

    @property
    def liability(self) -> str | None: ...
    @property
    def known_scam_type(self) -> ScamType | None: ...
    @property
    def occurred_at(self) -> datetime | None: ...
    @property
    def discovered_at(self) -> datetime | None: ...
    @property
    def reported_at(self) -> datetime | None: ...
    @property
    def amount_fen(self) -> Fen | None: ...
    @property
    def transfers(self) -> tuple[ToldTransfer, ...]: ...
    @property
    def police(self) -> tuple[ToldPaper, ...]: ...
    @property
    def evidence(self) -> tuple[Evidence, ...]: ...
    @property
    def other_insurance_fen(self) -> Fen | None: ...
    @property
    def other_covers(self) -> tuple[OtherCover, ...]: ...
    @property
    def event_reference(self) -> str | None: ...
    @property
    def item_reference(self) -> str | None: ...


def check(filing: Filing, *, now: datetime) -> None:
    """Refuse a claim that contradicts itself.

    Raises:
        InvalidFields: each with a pointer into the body.
    """
    acting = representing.faults(
        filing.representative, claimant_type=filing.claimant.document_type, evidence=filing.evidence, now=now
    )
    if found := (*faults(filing, now=now), *acting):
        raise InvalidFields(found)


def faults(told: Told, *, now: datetime) -> Iterator[InvalidField]:
    """All in which it contradicts itself, as far as it is told."""
    yield from _times(told, now)
    yield from told_transfers.faults(
        told.transfers, amount_fen=told.amount_fen, occurred_at=told.occurred_at, reported_at=told.reported_at
    )
    yield from _amount(told)
    yield from paper_faults(told.police, "/police", now)
    yield from evidence_faults(told.evidence, now)
    yield from _other_insurance(told)
    yield from reference_faults(told.event_reference, "/event_reference")
    yield from reference_faults(told.item_reference, "/item_reference")


def liability_of(filing: Told, product: Product) -> str:
    """The code of the liability that the claim is made under.

    Raises:
        InvalidField: the product has several and the claim names none, or names one that it does not have; or the
            liability depends on a scam type and the claim names none.
    """
    known = liability_codes(product)
    code = filing.liability or known[0]
    if code not in known or (filing.liability is None and product.liabilities):
        fault = "This product has no such liability." if filing.liability else "This product has several liabilities."
        raise InvalidField("/liability", fault, f"Send one of: {', '.join(known)}.")
    if filing.known_scam_type is None and depends_on_scam_type(product, code):
        raise InvalidField(
            "/loss/scam_type", "This cover depends on the type of scam.", f"Send one of: {', '.join(SCAM_TYPES)}."
        )
    return code


def require_item(filing: Told, product: Product) -> None:
    """A claim says which thing it is about where, and only where, the product's policies list things.

    Raises:
        InvalidField: it names none, or one where nothing is listed.
    """
    listed = product.scheduled_items
    if listed is None and filing.item_reference is not None:
        raise InvalidField("/item_reference", "This product lists nothing one by one.", "Leave it out.")
    if listed is not None and filing.item_reference is None:
        raise InvalidField(
            "/item_reference",
            "This product covers what the policy lists one by one.",
            f"Send the reference of the one that the claim is about ({listed.name_en}), as the policy lists it.",
        )


def is_of_transfers(filing: Filing, product: Product | None) -> bool:
    """Whether the loss is a person's and so consists of transfers; an organization's may be anything.

    Where the terms have not come, who claims tells it.

    Raises:
        InvalidField: the claim tells transfers, and the product insures organizations.
    """
    claimant = holder_kind(filing.claimant.document_type)
    if (claimant if product is None else product.insured_kind) == "person":
        return True
    require_no_transfers(filing)
    return False


def require_no_transfers(filing: Told) -> None:
    """Of an organization's loss.

    Raises:
        InvalidField: the claim tells transfers.
    """
    if filing.transfers:
        raise InvalidField("/loss/transfers", "An organization's loss is told by its amount.", "Leave them out.")


def recovered_fen(filing: Filing) -> Fen:
    """What came back: what the claim says, and at least what its transfers say was refunded."""
    return Fen(max(filing.recovered_fen, sum(each.refunded_fen for each in filing.transfers)))


def paid_elsewhere(covers: Sequence[OtherCover]) -> Fen:
    """What other insurers paid by their covers."""
    return Fen(sum(each.paid_fen for each in covers))


def cover_faults(covers: Sequence[OtherCover]) -> Iterator[InvalidField]:
    """Covers by which more was paid than they insure."""
    for index, each in enumerate(covers):
        if each.paid_fen > each.sum_insured_fen:
            yield InvalidField(
                f"/other_covers/{index}/paid_fen",
                f"This is more than the sum insured of {each.sum_insured_fen} fen.",
                "Send what it paid for this loss, and as sum_insured_fen the most that it pays for it.",
            )


def _other_insurance(told: Told) -> Iterator[InvalidField]:
    """Where covers are told, the amount is what they paid."""
    yield from cover_faults(told.other_covers)
    paid = paid_elsewhere(told.other_covers)
    if told.other_covers and told.other_insurance_fen not in (None, paid):
        yield InvalidField(
            "/other_insurance_fen",
            f"The other covers paid {paid} fen together.",
            "Leave it out, or correct paid_fen of other_covers.",
        )


def _amount(filing: Told) -> Iterator[InvalidField]:
    if loss_fen(filing.amount_fen, filing.transfers) > LARGEST_LOSS_FEN:
        yield InvalidField("/loss/amount_fen", "This is more than a billion yuan.", "Send fen, not another unit.")


def _times(told: Told, now: datetime) -> Iterator[InvalidField]:
    occurred_at, discovered_at, reported_at = told.occurred_at, told.discovered_at, told.reported_at
    if occurred_at is not None and occurred_at < now - EARLIEST:
        yield InvalidField("/loss/occurred_at", "The loss is more than 20 years old.", "Check the year.")
    if occurred_at is not None and discovered_at is not None and discovered_at < occurred_at:
        yield InvalidField(
            "/loss/discovered_at", "The loss was discovered before it happened.", "Send a time after occurred_at."
        )
    if discovered_at is not None and reported_at is not None and reported_at < discovered_at:
        yield InvalidField(
            "/loss/reported_at", "The loss was reported before it was discovered.", "Send the later time."
        )
    if reported_at is not None and reported_at > now + CLOCKS_APART:
        yield InvalidField("/loss/reported_at", "This is in the future.", "Send the time of the report, with its zone.")


def reference_faults(reference: str | None, pointer: str) -> Iterator[InvalidField]:
    """A reference that holds what looks like a phone or identity number: it is stored in clear."""
    if reference is not None and _PERSONAL_NUMBER.search(reference):
        yield InvalidField(
            pointer,
            "This holds what looks like a phone or identity number, and references are stored in clear.",
            "Leave the number out.",
        )


def paper_faults(papers: Sequence[ToldPaper], pointer: str, now: datetime) -> Iterator[InvalidField]:
    """Papers of the police that were issued in the future: a day may have begun where they are."""
    for index, each in enumerate(papers):
        if each.issued_on > (now + timedelta(days=1)).date():
            yield InvalidField(f"{pointer}/{index}/issued_on", "This is in the future.", "Send the day on the paper.")


def evidence_faults(evidence: Sequence[Evidence], now: datetime) -> Iterator[InvalidField]:
    """Documents captured in the future, or before there were such documents."""
    for index, each in enumerate(evidence):
        if each.captured_at is not None and each.captured_at < now - EARLIEST:
            yield InvalidField(f"/evidence/{index}/captured_at", "This is more than 20 years ago.", "Check the year.")
        if each.captured_at is not None and each.captured_at > now + CLOCKS_APART:
            yield InvalidField(
                f"/evidence/{index}/captured_at", "This is in the future.", "Send when it was taken, with its zone."
            )

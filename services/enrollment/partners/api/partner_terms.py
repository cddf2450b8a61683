"""What a contract says, as it is sent, shown and filed: the one place of its fields and their ranges.

What of it contradicts itself is the domain's to say.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from pydantic import Field, StringConstraints

from services.enrollment.partners.domain.file_keys import FileKey, read_public_key
from services.enrollment.partners.domain.partners import (
    MOST_COMPENSATION,
    ConsentTexts,
    Contract,
    ContractState,
    PartnerTerms,
    Quota,
)
from services.enrollment.products.domain.compensation import CompensationKind
from shared.values.clear_text import TextKind
from shared.values.ids import PartnerId
from shared.web.models import Day, ProductSlug, RequestModel


class CompensationTerms(RequestModel):
    """What the partner keeps of each policy's premium."""

    kind: CompensationKind
    """`commission` on the premium without tax, a `service_fee` for each policy, or `none`."""
    value: Annotated[int, Field(ge=0, le=MOST_COMPENSATION)]
    """Of a commission: hundredths of a percent, up to 10000. Of a service fee: fen. Else 0."""


class QuotaTerms(RequestModel):
    """How much the partner may send; null: as much as it likes."""

    enrollments_a_minute: Annotated[int | None, Field(gt=0, le=1_000_000)] = None
    """Single enrollments, by the minutes of the clock."""
    rows_a_day: Annotated[int | None, Field(gt=0, le=1_000_000_000)] = None
    """Rows of files, by the days of Shanghai."""


class FileKeyTerms(RequestModel):
    """An Ed25519 key with which the partner's files may be signed."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"), TextKind.LABEL]
    public_key: Annotated[str, StringConstraints(min_length=44, max_length=44), TextKind.OURS]
    """Its 32 bytes in base64."""


class ContractTerms(RequestModel):
    """All that a contract says."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    first_day: Day
    last_day: Day
    back_dating_days: Annotated[int, Field(ge=0, le=366)] = 0
    """How many days before today cover may begin, because files come late."""
    products: Annotated[list[ProductSlug], Field(max_length=200)]
    """Codes of what may be sold."""
    compensation: CompensationTerms = CompensationTerms(kind="none", value=0)
    settlement_day: Annotated[int, Field(ge=1, le=28)] = 10
    """Of the month after the one that is settled."""
    contact: Annotated[str, StringConstraints(max_length=200)] = ""
    """Whom the insurer turns to: an office and its address, rather than a person."""
    quota: QuotaTerms = QuotaTerms()
    file_keys: list[FileKeyTerms] = Field(default_factory=list, max_length=20)
    """Where there are any, a file delivered to a folder is taken only with a signature by one of them."""
    consent_texts: ConsentTexts = "any"
    """`registered`: people must have agreed to a text that is published at /v1/consent-texts."""


def terms_of(partner_id: PartnerId, body: ContractTerms, *, state: ContractState = "active") -> PartnerTerms:
    """The contract that is asked for; over HTTP its state is active where it is new.

    Raises:
        InvalidField: a key cannot be read.
    """
    said = body.model_dump()
    contract = msgspec.convert(said | {"partner_no": 0, "partner_id": partner_id, "state": state}, Contract)
    keys = [
        FileKey(key.name, read_public_key(key.public_key, pointer=f"/file_keys/{place}/public_key"))
        for place, key in enumerate(body.file_keys)
    ]
    quota = msgspec.convert(said["quota"], Quota)
    return PartnerTerms(contract, quota, tuple(sorted(keys, key=lambda key: key.name)))


def terms_view(terms: PartnerTerms) -> dict[str, Any]:
    """The fields of a model that extends ContractTerms."""
    keys = [{"name": key.name, "public_key": base64.b64encode(key.public_key).decode()} for key in terms.file_keys]
    said = asdict(terms.contract) | {
        "products": sorted(terms.contract.products),
        "quota": asdict(terms.quota),
        "file_keys": keys,
    }
    return {name: said[name] for name in ContractTerms.model_fields}

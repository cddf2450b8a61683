"""Reads the operator's file of contracts. Storing what it says is follow_contracts'."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from services.enrollment.partners.domain.file_keys import FileKey, read_public_key
from services.enrollment.partners.domain.partners import (
    LAST_SETTLEMENT_DAY,
    LONGEST_CONTACT,
    LONGEST_GRACE,
    LONGEST_NAME,
    MOST_COMPENSATION,
    MOST_ENROLLMENTS_A_MINUTE,
    MOST_FILE_KEYS,
    MOST_PRODUCTS,
    MOST_ROWS_A_DAY,
    ConsentTexts,
    Contract,
    ContractEntry,
    ContractState,
    PartnerTerms,
    Quota,
    SuspensionReason,
)
from services.enrollment.products.domain.compensation import Compensation, CompensationKind
from shared.values import slugs
from shared.values.clear_text import PERSONAL, WITHOUT, TextKind, is_personal
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId, ProductCode

SIMULATED_CONTRACTS: Final = Path(__file__).parents[1] / "simulated.json"


class _Compensation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: CompensationKind
    value: Annotated[int, Meta(ge=0, le=MOST_COMPENSATION)]


class _FileKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z")]
    public_key: str


class _Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same as a contract over HTTP (api/partner_terms), with the partner, its state, and the quota's two alone."""

    partner_id: Annotated[str, Meta(pattern=rf"^{slugs.PARTNER_ID}\Z")]
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    first_day: date
    last_day: date
    back_dating_days: Annotated[int, Meta(ge=0, le=LONGEST_GRACE)]
    state: ContractState
    products: Annotated[list[str], Meta(max_length=MOST_PRODUCTS)]
    suspension_reason: SuspensionReason = "other"
    compensation: _Compensation = _Compensation("none", 0)
    settlement_day: Annotated[int, Meta(ge=1, le=LAST_SETTLEMENT_DAY)] = 10
    contact: Annotated[str, Meta(max_length=LONGEST_CONTACT)] = ""
    consent_texts: ConsentTexts = "any"
    enrollments_a_minute: Annotated[int, Meta(ge=1, le=MOST_ENROLLMENTS_A_MINUTE)] | None = None
    rows_a_day: Annotated[int, Meta(ge=1, le=MOST_ROWS_A_DAY)] | None = None
    file_keys: Annotated[list[_FileKey], Meta(max_length=MOST_FILE_KEYS)] = []


def contracts(file: Path = SIMULATED_CONTRACTS) -> list[ContractEntry]:
    """The contracts in ``file``, field by field. What they contradict is the use case's to say.

    Raises:
        msgspec.DecodeError: the file is not a list of contracts; it names entry and field, e.g. ``$[1].contact``.
    """
    return [
        ContractEntry(_terms(each, place), each.suspension_reason)
        for place, each in enumerate(msgspec.json.decode(file.read_bytes(), type=list[_Contract]))
    ]


def _terms(each: _Contract, place: int) -> PartnerTerms:
    for field in ("partner_id", "name", "contact"):
        if is_personal(TextKind.SENTENCE, getattr(each, field)):
            raise msgspec.ValidationError(f"{PERSONAL} {WITHOUT} - at `$[{place}].{field}`")
    contract = Contract(
        partner_no=0,
        partner_id=PartnerId(each.partner_id),
        name=each.name,
        first_day=each.first_day,
        last_day=each.last_day,
        back_dating_days=each.back_dating_days,
        state=each.state,
        products=frozenset(ProductCode(code) for code in each.products),
        compensation=Compensation(each.compensation.kind, each.compensation.value),
        settlement_day=each.settlement_day,
        contact=each.contact,
        consent_texts=each.consent_texts,
    )
    keys = [_file_key(key, f"$[{place}].file_keys[{number}].public_key") for number, key in enumerate(each.file_keys)]
    return PartnerTerms(
        contract, Quota(each.enrollments_a_minute, each.rows_a_day), tuple(sorted(keys, key=lambda key: key.name))
    )


def _file_key(key: _FileKey, where: str) -> FileKey:
    try:
        return FileKey(key.name, read_public_key(key.public_key, pointer=""))
    except InvalidField as error:
        raise msgspec.ValidationError(f"{error.detail} {error.fix} - at `{where}`") from error

"""Reads the products that the service ships with, and the operator's file of contracts. Storing them is install's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from services.enrollment.domain.compensation import Compensation, CompensationKind
from services.enrollment.domain.file_keys import FileKey, read_public_key
from services.enrollment.domain.partners import ConsentTexts, Contract, ContractState, PartnerTerms, Quota
from shared.events.products import ProductPublished
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import PartnerId, ProductCode

SERVICE: Final = Path(__file__).parent.parent
PRODUCTS: Final = SERVICE / "products"
SIMULATED_CONTRACTS: Final = SERVICE / "partners" / "simulated.json"


class _Compensation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: CompensationKind
    value: int


class _FileKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    public_key: str


class _Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    partner_id: str
    name: str
    first_day: date
    last_day: date
    back_dating_days: int
    state: ContractState
    products: list[str]
    compensation: _Compensation = _Compensation("none", 0)
    settlement_day: int = 10
    contact: str = ""
    consent_texts: ConsentTexts = "any"
    enrollments_a_minute: int | None = None
    rows_a_day: int | None = None
    file_keys: list[_FileKey] = []


def products(folder: Path = PRODUCTS) -> list[ProductPublished]:
    """Every product version that stands in ``folder`` as a JSON file.

    Raises:
        msgspec.DecodeError: a file is not what a product looks like.
        InvalidFields: a file has terms that there are not.
    """
    return [product(path) for path in sorted(folder.glob("*.json"))]


def product(file: Path) -> ProductPublished:
    """One product version from its file. Whether its terms are acceptable is the domain's to say.

    Raises:
        msgspec.DecodeError: it is not what a product looks like.
        InvalidFields: it has terms that there are not, e.g. one that is misspelled and would be left out in silence.
    """
    data = file.read_bytes()
    terms = msgspec.json.decode(data, type=ProductPublished)
    unknown = tuple(_unknown(msgspec.json.decode(data), msgspec.to_builtins(terms), ""))
    if unknown:
        raise InvalidFields(unknown)
    return terms


def _unknown(written: object, known: object, pointer: str) -> Iterator[InvalidField]:
    if isinstance(written, dict) and isinstance(known, dict):
        for name, value in written.items():
            if name in known:
                yield from _unknown(value, known[name], f"{pointer}/{name}")
            else:
                yield InvalidField(f"{pointer}/{name}", "There is no such term.", "Remove it, or mend its name.")
    elif isinstance(written, list) and isinstance(known, list):
        for place, (each_written, each_known) in enumerate(zip(written, known, strict=True)):
            yield from _unknown(each_written, each_known, f"{pointer}/{place}")


def contracts(file: Path = SIMULATED_CONTRACTS) -> list[PartnerTerms]:
    """The contracts in ``file``; their ``partner_no`` is the database's to give, and 0 here.

    Raises:
        msgspec.DecodeError: the file is not a list of contracts.
        InvalidField: a file key is no Ed25519 public key.
    """
    return [_terms(each) for each in msgspec.json.decode(file.read_bytes(), type=list[_Contract])]


def _terms(each: _Contract) -> PartnerTerms:
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
    keys = sorted(
        (FileKey(key.name, read_public_key(key.public_key, pointer="/file_keys")) for key in each.file_keys),
        key=lambda key: key.name,
    )
    return PartnerTerms(contract, Quota(each.enrollments_a_minute, each.rows_a_day), tuple(keys))

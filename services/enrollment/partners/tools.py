"""The operator's file of contracts, whose entries are those of HTTP with the partner and its state. For ``migrate``.

Storing what it says is follow_contracts'.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from services.enrollment.partners.api.partner_terms import ContractTerms, terms_of
from services.enrollment.partners.domain.partners import ContractEntry, ContractState, SuspensionReason
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId
from shared.web import clear_fields, field_faults
from shared.web.models import PartnerSlug

SIMULATED_CONTRACTS: Final = Path(__file__).parent / "simulated.json"


class FiledContract(ContractTerms):
    """What the file says of one partner."""

    partner_id: PartnerSlug
    state: ContractState
    suspension_reason: SuspensionReason = "other"


_FILE: Final = TypeAdapter(list[FiledContract])


def contracts(file: Path = SIMULATED_CONTRACTS) -> list[ContractEntry]:
    """The contracts in ``file``, field by field. What they contradict is the use case's to say.

    Raises:
        InvalidField: the file is no list of contracts; its sentence names entry and field, e.g. ``/1/contact``.
    """
    try:
        entries = _FILE.validate_json(file.read_bytes())
    except ValidationError as error:
        first, *_ = field_faults.faults_in(error, FiledContract, "body")
        raise _refused(first.pointer, first.detail, first.fix) from None
    return [_entry(each, f"/{place}") for place, each in enumerate(entries)]


def _entry(said: FiledContract, at: str) -> ContractEntry:
    for fault in clear_fields.faults(said, "body"):
        raise _refused(at + fault.pointer, fault.detail, fault.fix)
    try:
        terms = terms_of(PartnerId(said.partner_id), said, state=said.state)
    except InvalidField as error:
        raise _refused(at + error.pointer, error.detail, error.fix) from error
    return ContractEntry(terms, said.suspension_reason)


def _refused(pointer: str, detail: str, fix: str) -> InvalidField:
    return InvalidField(pointer, f"The file of contracts, at {pointer or 'its beginning'}: {detail}", fix)

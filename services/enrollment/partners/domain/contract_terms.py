"""What makes a contract acceptable, whether it comes over HTTP or from the operator's file. Pure.

Whether its products exist, and what they cost, the database knows: keep_partner asks it.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from services.enrollment.partners.domain.partners import MOST_COMPENSATION, PartnerTerms
from services.enrollment.products.domain.compensation import WHOLE, Compensation
from shared.values.errors import InvalidField
from shared.values.ids import INSURER

_DAYS: Final = date(1900, 1, 1), date(2199, 12, 31)


def check_contract(terms: PartnerTerms) -> None:
    """Refuse a contract that contradicts itself.

    Raises:
        InvalidField: with a pointer into the body, or into the file's entry.
    """
    contract = terms.contract
    if contract.partner_id == INSURER:
        raise InvalidField("/partner_id", "This is the insurer's own code.", "Choose another one for the partner.")
    for pointer, day in (("/first_day", contract.first_day), ("/last_day", contract.last_day)):
        if not _DAYS[0] <= day <= _DAYS[1]:
            raise InvalidField(pointer, "This is no day of a contract.", f"Send {_DAYS[0]} to {_DAYS[1]}.")
    if contract.last_day < contract.first_day:
        raise InvalidField("/last_day", "The contract ends before it begins.", "Send first_day or a later day.")
    _check_compensation(contract.compensation)
    keys = {key.public_key for key in terms.file_keys}
    names = {key.name for key in terms.file_keys}
    if min(len(keys), len(names)) < len(terms.file_keys):
        raise InvalidField("/file_keys", "A key or a key's name stands there twice.", "Send each once.")


def _check_compensation(asked: Compensation) -> None:
    most = {"none": 0, "commission": WHOLE, "service_fee": MOST_COMPENSATION}[asked.kind]
    if asked.value > most:
        raise InvalidField("/compensation/value", f"With {asked.kind} it is at most {most}.", f"Send 0 to {most}.")

"""Makes stored contracts say what the operator's file says, by the same rules and with the same trail as over HTTP.

A partner that was ever changed over HTTP is left alone, and so is one that the file does not name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.enrollment.partners.domain.errors import PartnerEnds, StillTakesOver
from services.enrollment.partners.domain.partners import ContractEntry, ContractState, PartnerRecord
from services.enrollment.partners.usecases.keep_partner import (
    changes,
    hold_partner,
    keep_partner,
    resume_partner,
    suspend_partner,
)
from services.enrollment.partners.usecases.wind_down import wind_down
from shared.db.transaction import Tx
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId


def follow_contracts(tx: Tx, entries: Iterable[ContractEntry], *, actor: str, now: datetime) -> None:
    """Enter, change, suspend, resume and end partners as the entries say.

    Raises:
        InvalidField: an entry is not acceptable; its sentence names the entry and the field.
    """
    named: set[PartnerId] = set()
    for place, entry in enumerate(entries):
        partner_id = entry.terms.contract.partner_id
        try:
            _follow(tx, entry, named, actor=actor, now=now)
        except InvalidField as error:
            pointer = f"/{place}{error.pointer}"
            detail = f"The file of contracts, at {pointer} ({partner_id}): {error.detail}"
            raise InvalidField(pointer, detail, error.fix) from error
        named.add(partner_id)


def _follow(tx: Tx, entry: ContractEntry, named: set[PartnerId], *, actor: str, now: datetime) -> None:
    partner_id = entry.terms.contract.partner_id
    if partner_id in named:
        raise InvalidField("/partner_id", "The partner stands in the file twice.", "Leave one entry.")
    stored = hold_partner(tx, partner_id)
    if stored is not None and stored.managed_by == "http":
        return
    if stored is None or any(changes(stored.terms, entry.terms)):
        stored = keep_partner(tx, entry.terms, stored, managed_by="file", actor=actor, now=now)
    if not _stands(stored, entry):
        try:
            _bring_to(tx, entry, entry.terms.contract.state, actor=actor, now=now)
        except (PartnerEnds, StillTakesOver) as error:
            raise InvalidField("/state", str(error), "Say in the file what is so.") from error


def _stands(stored: PartnerRecord, entry: ContractEntry) -> bool:
    """Whether the contract is in the state that the entry says, for the reason that it says."""
    state = stored.terms.contract.state
    if state != entry.terms.contract.state:
        return False
    return state != "suspended" or stored.suspension_reason == entry.suspension_reason


def _bring_to(tx: Tx, entry: ContractEntry, state: ContractState, *, actor: str, now: datetime) -> None:
    partner_id = entry.terms.contract.partner_id
    match state:
        case "active":
            resume_partner(tx, partner_id, managed_by="file", actor=actor, now=now)
        case "suspended":
            suspend_partner(tx, partner_id, entry.suspension_reason, managed_by="file", actor=actor, now=now)
        case "wind_down":
            wind_down(tx, partner_id, None, managed_by="file", actor=actor, now=now)

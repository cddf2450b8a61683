"""Amend what a claim rests on before anybody decided: keep what it was, and have it decided anew on what it is now."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import AmendedTooLate, PolicyErased
from services.fraud_detection.claims.domain.police import Paper, scam_type_of
from services.fraud_detection.claims.domain.states import State
from services.fraud_detection.claims.domain.transfers import Transfer
from services.fraud_detection.claims.store import amendments, claims, police, recoveries, transfers
from services.fraud_detection.claims.store.amendments import AmendmentRow
from services.fraud_detection.claims.store.claims import Amended
from services.fraud_detection.claims.store.police import PaperRow
from services.fraud_detection.claims.store.transfers import KeptTransfer
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.claims.usecases.submit import file_anew
from services.fraud_detection.coverage.domain.cover import Coverage
from services.fraud_detection.coverage.store import coverage, erased_policies
from services.fraud_detection.decisions.store import decisions, reviews
from services.fraud_detection.decisions.usecases.before_the_split import before_the_split
from services.fraud_detection.filing.domain import amending
from services.fraud_detection.filing.domain.amending import Amendment, ToldLater
from services.fraud_detection.filing.domain.told_transfers import ToldTransfer
from services.fraud_detection.filing.usecases.complete_claim import own
from services.fraud_detection.filing.usecases.keep_papers import sealed_papers
from services.fraud_detection.filing.usecases.keep_transfers import Line, sealed_lines, transfer_of
from shared.db.transaction import Tx
from shared.values.documents import normalize_phone
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import ClaimId, TokenHex

_WHY: Final = "amended"
_MAY_BE_AMENDED: Final[tuple[State, ...]] = (
    "filed",
    "waiting_for_policy",
    "waiting_for_payee",
    "documents_requested",
    "waiting_for_police",
    "in_review",
)
_APPEAL: Final = "Appeal the refusal by POST …/appeals, and say there what is otherwise."
_DOCUMENTS: Final = "Send what was asked for by POST …/documents: then it goes on, and may be amended."
_PERSON: Final = "Send documents or papers of the police: who decides the appeal sees them."
_NEW_CLAIM: Final = "File a new claim for what it does not tell; it may be withdrawn before it is paid."
_INSTEAD: Final[dict[State, str]] = {
    "refused": _APPEAL,
    "lapsed": _DOCUMENTS,
    "appealed": _PERSON,
    "in_review": _PERSON,
}


@dataclass(frozen=True, slots=True)
class Amends:
    """Who amends, and with what the claim's words are kept."""

    tenant: str
    personal_data: PersonalData
    sandbox: bool


def amend_claim(
    tx: Tx,
    claim_id: ClaimId,
    amendment: Amendment,
    who: Amends,
    *,
    require_match: Callable[[int], None],
    now: datetime,
) -> None:
    """The old values stay, as a row. A claim that waits to be decided is decided on the new facts; any other one is
    decided anew, from the start. What was with a person stays with one. Where something was asked for, a corrected
    phone or time does not end the waiting for it.

    Raises:
        UnknownClaim: it is none of this tenant's.
        VersionMismatch: by ``require_match``: it changed since it was read.
        AmendedTooLate: it was decided, or is over.
        PolicyErased: the insured asked to be forgotten.
        InvalidFields: the claim would contradict itself.
    """
    claim = own(tx, claim_id, who.tenant)
    require_match(claim.version)
    # What was decided may be of the claim that this one was split off.
    decided = {each.outcome for each in (*decisions.of_claim(tx, claim_id), *before_the_split(tx, claim_id))}
    if claim.state not in _MAY_BE_AMENDED or decided & {"approved", "refused"}:
        raise AmendedTooLate(claim_id, claim.state, _INSTEAD.get(claim.state, _NEW_CLAIM))
    cover = coverage.find(tx, claim.policy_id)
    if erased_policies.is_over(tx, claim.policy_id) or (cover is not None and cover.erased):
        raise PolicyErased(claim.policy_id)
    amended = _amend(tx, claim, amendment, who, cover, passed_on=_was_passed_on(claim, decided), now=now)
    if amended.state in ("documents_requested", "waiting_for_police") and amendment.tells_more:
        file_anew(tx, amended, by=who.tenant, why=_WHY, now=now)
    elif amended.state == "in_review" and coverage.is_with_terms(tx, claim.policy_id):
        reviews.close(tx, claim_id, now=now)
        file_anew(tx, amended, by=who.tenant, why=_WHY, now=now)


def _was_passed_on(claim: Claim, decided: set[Any]) -> bool:
    return claim.state == "in_review" or bool(decided & {"review", "refusal_proposed"})


def _amend(
    tx: Tx,
    claim: Claim,
    amendment: Amendment,
    who: Amends,
    cover: Coverage | None,
    *,
    passed_on: bool,
    now: datetime,
) -> Claim:
    """The claim with its new facts, and the row of the old ones."""
    kept, papers = transfers.of_claim(tx, claim.claim_id), police.of_claim(tx, claim.claim_id)
    before = [each.transfer for each in kept]
    lines = _lines(claim, amendment, before)
    anew = {each.line for each in lines}
    stays = [each for each in amending.stays(amendment, before) if each.line not in anew]
    after = sorted([*stays, *(transfer_of(each, who.personal_data) for each in lines)], key=lambda each: each.line)
    found = list(amending.faults(claim, amendment, before, after, papers=len(papers), now=now))
    phone_token = _phone(claim, amendment, who, cover, found)
    if found:
        raise InvalidFields(tuple(found))
    later = _told_later(tx, claim, before)
    changed = claims.amend(
        tx,
        claim,
        Amended(
            occurred_at=amendment.occurred_at or claim.occurred_at,
            amount_fen=amending.amount_after(claim, amendment, after),
            recovered_fen=amending.recovered_after(claim, amendment, later, before, after),
            other_insurance_fen=amending.paid_elsewhere_after(claim, amendment, later),
            other_covers=amending.covers_after(claim, amendment),
            phone_token=phone_token,
            amended_in_review=claim.amended_in_review or passed_on,
        ),
    )
    gone = {each.line for each in before} - {each.line for each in stays}
    if gone or lines:
        transfers.amend(tx, claim.claim_id, gone, sealed_lines(tx, lines, who.personal_data))
    claims.add_evidence(tx, {claim.claim_id: amendment.evidence}, now=now)
    if amendment.police_added or amendment.police_corrected:
        changed = _papers(tx, changed, amendment, len(papers), who, now=now)

    def opened(sealed: bytes | None, field: str) -> str | None:
        return who.personal_data.open(tx, sealed, claim.claim_id, field) if sealed else None

    was = json.dumps(_was(claim, amendment, kept, papers, opened), ensure_ascii=False)
    amendments.add(
        tx,
        AmendmentRow(
            claim_id=claim.claim_id,
            version=changed.version,
            fields=amendment.fields,
            amount_before_fen=claim.amount_fen,
            amount_after_fen=changed.amount_fen,
            before=who.personal_data.seal(tx, was, claim.claim_id, f"amendment:{changed.version}"),
            amended_at=now,
            amended_by=who.tenant,
        ),
    )
    return changed


def _told_later(tx: Tx, claim: Claim, before: Sequence[Transfer]) -> ToldLater:
    told = recoveries.of_claim(tx, claim.claim_id)
    elsewhere = sum(each.amount_fen for each in told if each.kind == "other_insurance")
    if claim.split_from is not None:
        return amending.told_later_of_part(claim, elsewhere, before)
    return ToldLater(sum(each.amount_fen for each in told) - elsewhere, elsewhere)


def _lines(claim: Claim, amendment: Amendment, before: Sequence[Transfer]) -> list[Line]:
    """The transfers that are told anew; where none is told at all, the one that stands for the whole loss."""
    if not before:
        return []
    person = before[0].person_token
    lines = amending.lines_of(amendment, before)
    if lines or any(each.told for each in before):
        return [Line(claim.claim_id, person, line, True, paid) for line, paid in sorted(lines.items())]
    if amendment.amount_fen is None and amendment.occurred_at is None:
        return []
    whole = ToldTransfer(
        occurred_at=amendment.occurred_at or claim.occurred_at,
        amount_fen=amendment.amount_fen or claim.amount_fen,
        channel="other",
    )
    return [Line(claim.claim_id, person, 0, False, whole)]


def _phone(
    claim: Claim, amendment: Amendment, who: Amends, cover: Coverage | None, found: list[InvalidField]
) -> TokenHex:
    if amendment.phone is None:
        return claim.phone_token
    try:
        phone = normalize_phone(amendment.phone, sandbox=who.sandbox, pointer="/phone")
    except InvalidField as fault:
        found.append(fault)
        return claim.phone_token
    return who.personal_data.phone(phone, None if cover is None else cover.phone_token)


def _papers(tx: Tx, claim: Claim, amendment: Amendment, known: int, who: Amends, *, now: datetime) -> Claim:
    """The claim with its papers as they are now, and the type of scam by the newest word of the police."""
    added = [(claim.claim_id, line, each) for line, each in enumerate(amendment.police_added, start=known)]
    corrected = [(claim.claim_id, each.line, each.paper) for each in amendment.police_corrected]
    police.add(tx, sealed_papers(tx, added, who.personal_data, now=now))
    police.correct(tx, sealed_papers(tx, corrected, who.personal_data, now=now))
    papers: list[Paper] = list(police.of_claim(tx, claim.claim_id))
    told = claim.told_scam_type or claim.scam_type
    return claims.correct_scam_type(tx, claim, scam_type_of(papers) or told)


def _was(
    claim: Claim,
    amendment: Amendment,
    kept: Sequence[KeptTransfer],
    papers: Sequence[PaperRow],
    opened: Callable[[bytes | None, str], str | None],
) -> dict[str, Any]:
    """What the amended parts of the claim were, all their lines. Of documents, which are only added, nothing."""
    values: dict[str, Any] = {
        "occurred_at": claim.occurred_at.isoformat(),
        "amount_fen": claim.amount_fen,
        "phone": claim.phone_token,
        "other_covers": [asdict(each) for each in claim.other_covers],
        "other_insurance_fen": claim.other_insurance_fen,
    }
    if "transfers" in amendment.fields:
        values["transfers"] = [
            {
                "line": each.transfer.line,
                "occurred_at": each.transfer.occurred_at.isoformat(),
                "amount_fen": each.transfer.amount_fen,
                "channel": each.transfer.channel,
                "reference": opened(each.reference, f"reference:{each.transfer.line}"),
                "payee_account": each.transfer.payee_token,
                "payee_name": opened(each.payee_name, f"payee_name:{each.transfer.line}"),
                "refunded_fen": each.transfer.refunded_fen,
                "frozen_fen": each.transfer.frozen_fen,
                "place": each.transfer.place,
            }
            for each in kept
        ]
    if "police" in amendment.fields:
        values["police"] = [
            {
                "line": each.line,
                "kind": each.kind,
                "number": opened(each.number, f"police:number:{each.line}"),
                "unit": opened(each.unit, f"police:unit:{each.line}"),
                "officer": opened(each.officer, f"police:officer:{each.line}"),
                "issued_on": each.issued_on.isoformat(),
                "scam_type": each.scam_type,
            }
            for each in papers
        ]
    along = ("other_insurance_fen",) if "other_covers" in amendment.fields else ()
    return {name: values[name] for name in (*amendment.fields, *along) if name in values}

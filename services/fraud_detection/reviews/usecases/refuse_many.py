"""A person confirms many proposed refusals at once, where the rule is certain: each is decided as if it were alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.store import limits
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.usecases.case_file import collect, hold
from services.fraud_detection.reviews.domain.bulk import (
    MOST,
    PREVIEWED_FOR,
    CertainRule,
    Confirmed,
    Pinned,
    digest,
    left_out,
)
from services.fraud_detection.reviews.domain.errors import BulkOver, CaseChanged, UnknownBulk
from services.fraud_detection.reviews.domain.refusals import reason_faults
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.store import bulks
from services.fraud_detection.reviews.store.bulks import Asked, BulkRow
from services.fraud_detection.reviews.usecases.act import Actor
from services.fraud_detection.reviews.usecases.undo_decision import act
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError, InvalidField, InvalidFields
from shared.values.ids import ClaimId


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """``matching``: how many cases there are, with those that did not fit."""

    bulk: BulkRow
    matching: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkVerdict:
    """What a person says of all cases of a preview."""

    bulk_id: str
    digest: str
    verdict: Verdict


def preview(tx: Tx, rule: CertainRule, liability: str | None, *, by: Actor, now: datetime) -> Previewed:
    """Keep which cases the person sees, and at which versions: those whose refusal the machine proposes by ``rule`` and
    that the person could decide now. Appeals, and what a person was asked for, are looked at one by one.
    """
    asked = Asked(
        failing=msgspec.json.encode([{"code": rule}]).decode(),
        liability=liability,
        reviewer=by.reviewer,
        now=now,
        limit=MOST,
    )
    found = bulks.find(tx, asked)
    cases = tuple(each.pinned for each in found)
    bulk = BulkRow(
        bulk_id=new_id(),
        rule=rule,
        digest=digest(rule, cases),
        cases=cases,
        previewed_by=by.reviewer,
        previewed_at=now,
        confirmed_at=None,
        confirmed=None,
    )
    bulks.add(tx, bulk)
    return Previewed(bulk=bulk, matching=found[0].matching if found else 0)


def confirm(
    tx: Tx,
    said: BulkVerdict,
    *,
    by: Actor,
    undo_for: timedelta,
    personal_data: PersonalData,
    now: datetime,
) -> BulkRow:
    """Refuse each case of the preview, or say why not; confirmed once more, it tells what it told.

    Raises:
        UnknownBulk: the person has no such preview, or the digest is another's.
        BulkOver: it is too old.
        InvalidFields: the clause is not the rule, or the reasons are missing or in the wrong language.
    """
    bulk = bulks.lock(tx, said.bulk_id, by.reviewer)
    if bulk is None or bulk.digest != said.digest:
        raise UnknownBulk(said.bulk_id)
    if bulk.confirmed is not None:
        return bulk
    if now > bulk.previewed_at + PREVIEWED_FOR:
        raise BulkOver(said.bulk_id)
    _require_words(bulk, said.verdict)
    standing = _standing(tx, bulk)
    confirmed = tuple(
        _refuse(tx, bulk, case, said.verdict, standing, by=by, undo_for=undo_for, personal_data=personal_data, now=now)
        for case in bulk.cases
    )
    bulks.confirm(tx, bulk, confirmed, now=now)
    refused = sum(each.outcome == "refused" for each in confirmed)
    details = {"rule": bulk.rule, "cases": len(confirmed), "refused": refused, "digest": bulk.digest}
    audit.record(tx, actor=by.reviewer, action="bulk.confirmed", subject=bulk.bulk_id, details=details, now=now)
    return replace(bulk, confirmed=confirmed, confirmed_at=now)


def _require_words(bulk: BulkRow, verdict: Verdict) -> None:
    faults = [*reason_faults(verdict)]
    if verdict.clause != bulk.rule:
        faults.append(InvalidField("/clause", "The preview is of another rule.", f"Send {bulk.rule}."))
    if faults:
        raise InvalidFields(tuple(faults))


def _standing(tx: Tx, bulk: BulkRow) -> Mapping[ClaimId, Claim]:
    """The claims that are as they were previewed and against which the rule stands now; all are locked, then their
    persons, in the order in which the machine locks them.
    """
    pinned = {each.claim_id: each.version for each in bulk.cases}
    found = claims.lock_many(tx, list(pinned))
    same = [claim for claim in found.values() if claim.version == pinned[claim.claim_id]]
    if not same:
        return {}
    cases, use = collect(tx, hold(tx, same), Terms()), limits.use(tx, same)
    return {
        claim.claim_id: claim
        for claim in same
        if any(each.code == bulk.rule for each in cases[claim.claim_id].failed_rules(use[claim.claim_id]))
    }


def _refuse(
    tx: Tx,
    bulk: BulkRow,
    case: Pinned,
    verdict: Verdict,
    standing: Mapping[ClaimId, Claim],
    *,
    by: Actor,
    undo_for: timedelta,
    personal_data: PersonalData,
    now: datetime,
) -> Confirmed:
    """One case, by the same code as alone; what speaks against it leaves the others as they are."""
    if case.claim_id not in standing:
        return left_out(case.claim_id, CaseChanged(case.claim_id))
    try:
        with tx.attempt():
            acted = act(
                tx,
                case.claim_id,
                verdict,
                by=by,
                undo_for=undo_for,
                show=lambda row: row.decision_id if isinstance(row, DecisionRow) else row.proposal_id,
                require_match=lambda _: None,
                personal_data=personal_data,
                now=now,
            )
    except FangzhaError as error:
        return left_out(case.claim_id, error)
    details = {"bulk_id": bulk.bulk_id, "rule": bulk.rule, "decision_id": acted.shown}
    audit.record(tx, actor=by.reviewer, action="claim.bulk_refused", subject=case.claim_id, details=details, now=now)
    return Confirmed(claim_id=case.claim_id, outcome="refused", decision_id=acted.shown)

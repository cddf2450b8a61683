"""Everything that happened to a claim, each with its time and where it was heard of, oldest first. Persons are tokens.

Put together from what this service holds: its own steps and decisions, and what the events of the others told it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import (
    amendments,
    appeals,
    claims,
    payouts,
    police,
    recoveries,
    representatives,
    splits,
    transfers,
)
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.decisions.store import decisions
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.reviews.store import proposals
from shared.db.transaction import Tx

Detail: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class Happened:
    """``source`` is who told it: a topic, a channel, or this service. ``what`` is a stable code."""

    at: datetime
    source: str
    what: str
    by: str | None
    details: Mapping[str, Detail]


def trace_claim(tx: Tx, claim: Claim) -> tuple[Happened, ...]:
    """All of it in time's order; what happened at one moment in the order of a claim's life."""
    return tuple(sorted(_all(tx, claim), key=lambda each: each.at))


def _all(tx: Tx, claim: Claim) -> Iterator[Happened]:
    yield from _cover(tx, claim)
    yield from _loss(claim)
    yield from _transfers(tx, claim)
    yield from _acting(tx, claim)
    for paper in police.of_claim(tx, claim.claim_id):
        said: dict[str, Detail] = {"issued_on": paper.issued_on.isoformat(), "scam_type": paper.scam_type}
        yield Happened(paper.added_at, "claims", f"police_paper:{paper.kind}", claim.tenant, said)
    for kept in claims.evidence(tx, [claim.claim_id])[claim.claim_id]:
        details: dict[str, Detail] = {"kind": kept.evidence.kind, "sha256": kept.evidence.sha256}
        yield Happened(
            kept.added_at, "claims", "evidence_added", claim.tenant, {**details, "elsewhere": kept.other_claims}
        )
    yield from _judged(tx, claim)
    for appeal in appeals.of_claim(tx, claim.claim_id):
        yield Happened(appeal.filed_at, "claims", "appealed", claim.tenant, {"round": appeal.round})
    for made in amendments.of_claim(tx, claim.claim_id):
        amended: dict[str, Detail] = {
            "fields": ", ".join(made.fields),
            "amount_before_fen": made.amount_before_fen,
            "amount_after_fen": made.amount_after_fen,
        }
        yield Happened(made.amended_at, "claims", "amended", made.amended_by, amended)
    for back in recoveries.of_claim(tx, claim.claim_id):
        told: dict[str, Detail] = {"kind": back.kind, "amount_fen": back.amount_fen, "insurers_fen": back.insurers_fen}
        yield Happened(back.told_at, "claims", "money_recovered", back.told_by, told)
    yield from _proposed(tx, claim)
    yield from _split(tx, claim)
    for payout in payouts.of_claim(tx, claim.claim_id):
        paid: dict[str, Detail] = {
            "payout_id": payout.payout_id,
            "amount_fen": payout.amount_fen,
            "reason": payout.reason,
        }
        yield Happened(payout.changed_at, "payout.payouts.v1", f"payout_{payout.state}", None, paid)
    for step in claims.steps(tx, claim.claim_id):
        moved: dict[str, Detail] = {"from": step.from_state, "to": step.to_state, "why": step.why}
        yield Happened(step.at, "claims", "step", step.by_whom, moved)


def _cover(tx: Tx, claim: Claim) -> Iterator[Happened]:
    found = coverage.find(tx, claim.policy_id)
    if found is None:
        return
    of_policy: dict[str, Detail] = {
        "policy_id": found.policy_id,
        "partner_id": found.partner_id,
        "product": f"{found.product_code} v{found.product_version}",
    }
    yield Happened(found.effective_from, "enrollment.policies.v1", "cover_begins", None, of_policy)
    if found.canceled:
        yield Happened(found.effective_to, "enrollment.policies.v1", "cover_canceled", None, of_policy)


def _loss(claim: Claim) -> Iterator[Happened]:
    lost: dict[str, Detail] = {
        "amount_fen": claim.amount_fen,
        "scam_type": claim.scam_type,
        "liability": claim.liability,
    }
    if claim.other_covers:
        lost["insured_elsewhere_fen"] = sum(each.sum_insured_fen for each in claim.other_covers)
        lost["paid_elsewhere_fen"] = claim.other_insurance_fen
    yield Happened(claim.occurred_at, "claimant", "loss_happened", None, lost)
    yield Happened(claim.discovered_at, "claimant", "loss_discovered", None, {})
    yield Happened(claim.reported_at, "claimant", "loss_reported", None, {})


def _transfers(tx: Tx, claim: Claim) -> Iterator[Happened]:
    """Those that were told; ``place`` is whether this claim holds it, or another one does (none)."""
    for kept in transfers.of_claim(tx, claim.claim_id):
        each = kept.transfer
        if each.told:
            made: dict[str, Detail] = {
                "line": each.line,
                "amount_fen": each.amount_fen,
                "channel": each.channel,
                "refunded_fen": each.refunded_fen,
                "frozen_fen": each.frozen_fen,
                "place": each.place,
            }
            yield Happened(each.occurred_at, "claimant", "transfer_made", None, made)


def _acting(tx: Tx, claim: Claim) -> Iterator[Happened]:
    """Who acts for the insured, by role alone, and who said what of the mandate."""
    acting = representatives.many(tx, [claim.claim_id]).get(claim.claim_id)
    if acting is None:
        return
    until: dict[str, Detail] = {"valid_until": acting.valid_until.isoformat() if acting.valid_until else None}
    yield Happened(claim.submitted_at, "claims", f"represented:{acting.role}", claim.tenant, until)
    for check in representatives.checks(tx, claim.claim_id):
        what = "mandate_holds" if check.holds else "mandate_does_not_hold"
        looked_at: dict[str, Detail] = {"sha256": check.document_sha256}
        yield Happened(check.checked_at, "claims", what, check.checked_by, looked_at)


def _proposed(tx: Tx, claim: Claim) -> Iterator[Happened]:
    """What waited for a second person, and what that one did."""
    for proposal in proposals.of_claim(tx, claim.claim_id):
        details: dict[str, Detail] = {"decision_id": proposal.proposal_id, "amount_fen": proposal.amount_fen}
        yield Happened(proposal.proposed_at, "claims", "approval_proposed", proposal.proposed_by, details)
        if proposal.ending is not None and proposal.ended_at is not None:
            yield Happened(proposal.ended_at, "claims", f"proposal_{proposal.ending}", proposal.ended_by, details)


def _split(tx: Tx, claim: Claim) -> Iterator[Happened]:
    """That transfers were split off the claim, or it off another one."""
    made = {
        row.decision_id: row
        for each in (claim.claim_id, claim.split_from)
        if each
        for row in decisions.of_claim(tx, each)
    }
    for part in splits.off(tx, [claim.claim_id]).get(claim.claim_id, ()):
        into: dict[str, Detail] = {"claim_id": part.claim_id, "amount_fen": part.amount_fen}
        yield Happened(made[part.split_by].decided_at, "claims", "split_into", made[part.split_by].decided_by, into)
    if claim.split_by is not None:
        by = made[claim.split_by]
        yield Happened(by.decided_at, "claims", "split_from", by.decided_by, {"claim_id": claim.split_from})


def _judged(tx: Tx, claim: Claim) -> Iterator[Happened]:
    """The features and the score of each round, the rules that failed, and who decided what."""
    for known in decisions.features(tx, claim.claim_id):
        yield Happened(known.computed_at, "claims", "features_computed", None, {"round": known.round, **known.values})
    for row in decisions.of_claim(tx, claim.claim_id):
        for failed in row.failures if not row.by_person else ():
            rule: dict[str, Detail] = {"clause": failed.clause, "text": failed.text_en, "rules": row.rule_version}
            yield Happened(row.decided_at, "claims", f"rule_failed:{failed.code}", None, rule)
        if row.score is not None and not row.by_person:
            scored: dict[str, Detail] = {"score": row.score, "model_id": row.model_id, **_why(row)}
            yield Happened(row.decided_at, "claims", "scored", None, scored)
        decided: dict[str, Detail] = {"amount_fen": row.amount_fen, "clause": row.clause, "why": row.why}
        yield Happened(row.decided_at, "claims", f"decided:{row.outcome}", row.decided_by, decided)


def _why(row: DecisionRow) -> dict[str, Detail]:
    """What adds up to the raw score: the base, what single features added, and all others."""
    if row.explanation is None:
        return dict(row.score_reasons)
    why = row.explanation
    added: dict[str, Detail] = {reason.feature: reason.contribution for reason in why.reasons}
    return {"raw_score": why.raw, "base": why.base, **added, "all_others": why.others}

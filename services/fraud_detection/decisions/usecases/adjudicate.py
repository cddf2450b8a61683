"""Decide submitted claims together: rules, features, the model's opinions, limits. Which decision is domain's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.domain.states import TO_BE_DECIDED
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.store.claims import Step
from services.fraud_detection.coverage.domain.cover import LimitUse
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.cover_rules import RULE_VERSION, FailedRule
from services.fraud_detection.decisions.domain.decision_policy import (
    Approve,
    AskDocuments,
    AwaitPayee,
    Decision,
    NoOpinion,
    Opinion,
    ProposeRefusal,
    Review,
    Settled,
    decide,
)
from services.fraud_detection.decisions.domain.payable import NOTHING_PAYABLE, Payable
from services.fraud_detection.decisions.domain.resembling import repeated
from services.fraud_detection.decisions.domain.waves import waves
from services.fraud_detection.decisions.store import decisions, limits
from services.fraud_detection.decisions.store.decisions import MACHINE, DecisionRow, KnownRow
from services.fraud_detection.decisions.store.limits import Taking
from services.fraud_detection.decisions.usecases.case_file import CaseFile, Held, collect, hold, snapshots
from services.fraud_detection.decisions.usecases.opinions import FindChampion, ask
from services.fraud_detection.decisions.usecases.record_decision import payable_from, record
from services.fraud_detection.models.domain import features
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted, Outcome
from shared.process import metrics
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId, DecisionId

_TRIES: Final = 3
"""Each try but the first means that another claim took of the same limit in between; a third such is no coincidence."""


@dataclass(frozen=True, slots=True)
class Adjudicator:
    """What decisions are made by. ``terms`` are those that the process has read."""

    find_champion: FindChampion
    terms: Terms


def adjudicate(
    tx: Tx,
    submitted: Sequence[ClaimSubmitted],
    *,
    by: Adjudicator,
    now: datetime,
    traces: Mapping[ClaimId, Mapping[str, str]] | None = None,
) -> dict[ClaimId, Outcome]:
    """Decide the present round of each of these claims once; those that are not left out.

    A claim is left out that is decided already, or of which a newer round came, or whose account is waited for. Claims
    that bear on each other are decided in the order in which they were submitted, each with the decisions before it.

    Raises:
        UnknownClaim: an event names none of ours.
        Unready: a fact that a decision needs has not arrived.
    """
    asked = {ClaimId(each.claim_id): each for each in submitted}
    locked = claims.lock_many(tx, list(asked))
    if unknown := [claim_id for claim_id in asked if claim_id not in locked]:
        raise UnknownClaim(unknown[0])
    rounds = {(each.claim_id, each.round) for each in submitted}
    due = [claim for claim in map(locked.__getitem__, asked) if _is_due(claim, rounds)]
    if not due:
        return {}
    held = hold(tx, due)
    outcomes: dict[ClaimId, Outcome] = {}
    for wave in waves(due, held.persons()):
        outcomes |= _adjudicate(tx, held.part(wave), by, now=now, traces=traces)
    for claim_id in outcomes:
        # In business time, as both ends are; a sandbox that is moved in between shows it.
        metrics.DECISION_SECONDS.observe(max(0.0, (now - asked[claim_id].submitted_at).total_seconds()))
    return outcomes


def _is_due(claim: Claim, rounds: Iterable[tuple[str, int]]) -> bool:
    return claim.state in TO_BE_DECIDED and (claim.claim_id, claim.round) in rounds


def _adjudicate(
    tx: Tx, held: Held, by: Adjudicator, *, now: datetime, traces: Mapping[ClaimId, Mapping[str, str]] | None
) -> dict[ClaimId, Outcome]:
    """Decide claims that do not bear on each other."""
    cases = collect(tx, held, by.terms)
    uses = limits.use(tx, held.claims)
    known = snapshots(tx, cases, uses)
    vectors = {claim_id: features.compute(snapshot) for claim_id, snapshot in known.items()}
    opinions = _opinions(tx, cases, by.find_champion, vectors)
    decided = _decide(tx, cases, opinions, uses, now=now)
    settled = {
        claim_id: each.decision for claim_id, each in decided.items() if not isinstance(each.decision, AwaitPayee)
    }
    waiting = [case.claim for claim_id, case in cases.items() if claim_id not in settled]
    if waiting:
        claims.step_many(tx, [Step(claim, "waiting_for_payee", MACHINE, "payee_unknown") for claim in waiting], now=now)
    if not settled:
        return {}
    decisions.add_features(
        tx,
        [KnownRow(claim_id, cases[claim_id].claim.round, known[claim_id], vectors[claim_id]) for claim_id in settled],
        now=now,
    )
    rows = [
        (cases[claim_id], _row(cases[claim_id], decided[claim_id], decision, opinions[claim_id], now=now))
        for claim_id, decision in settled.items()
    ]
    record(tx, rows, now=now, traces=traces)
    return {row.claim_id: row.outcome for _, row in rows}


def _opinions(
    tx: Tx,
    cases: Mapping[ClaimId, CaseFile],
    find_champion: FindChampion,
    vectors: Mapping[ClaimId, tuple[float, ...]],
) -> dict[ClaimId, Opinion | NoOpinion]:
    """The model is asked about residents alone: it learned from their claims."""
    opinions: dict[ClaimId, Opinion | NoOpinion] = {}
    for claim_id, case in cases.items():
        if case.coverage.erased:
            opinions[claim_id] = NoOpinion("policy_erased")
        elif case.product.insured_kind == "organization":
            opinions[claim_id] = NoOpinion("organization")
    asked = [claim_id for claim_id in cases if claim_id not in opinions]
    heard = ask(tx, find_champion, [vectors[claim_id] for claim_id in asked])
    return opinions | dict(zip(asked, heard, strict=True))


@dataclass(frozen=True, slots=True)
class _Decided:
    decision: Decision
    failed: tuple[FailedRule, ...]
    taken: Payable = NOTHING_PAYABLE


def _decide(
    tx: Tx,
    cases: Mapping[ClaimId, CaseFile],
    opinions: Mapping[ClaimId, Opinion | NoOpinion],
    uses: Mapping[ClaimId, LimitUse],
    *,
    now: datetime,
) -> dict[ClaimId, _Decided]:
    """The decisions, with the limits reserved for those that approve."""
    decided: dict[ClaimId, _Decided] = {}
    undecided = list(cases.values())
    for attempt in range(_TRIES):
        seen = limits.use(tx, [case.claim for case in undecided]) if attempt else uses
        for case in undecided:
            claim_id = case.claim.claim_id
            decided[claim_id] = _decide_one(case, opinions[claim_id], seen[claim_id], now=now)
        approved = [case for case in undecided if isinstance(decided[case.claim.claim_id].decision, Approve)]
        took = reserve(tx, [(case, decided[case.claim.claim_id].taken, seen[case.claim.claim_id]) for case in approved])
        undecided = [case for case in approved if case.claim.claim_id not in took]
        if not undecided:
            return decided
    contended = {
        case.claim.claim_id: _Decided(Review("limit_contended"), decided[case.claim.claim_id].failed)
        for case in undecided
    }
    return decided | contended


def _decide_one(case: CaseFile, opinion: Opinion | NoOpinion, use: LimitUse, *, now: datetime) -> _Decided:
    failed = case.failed_rules(use)
    taken = case.payable(use)
    decision = decide(
        case.product,
        case.claim,
        failed,
        taken.amount_fen,
        opinion,
        related=case.related,
        payee_doubts=case.payee_doubts,
        repeats=repeated(case.claim, case.others, case.transfers),
        partly_refused=bool(case.transfers.refused),
        passed_on=case.passed_on,
        mandate_open=case.mandate_open or case.mandate_ended(now),
    )
    return _Decided(decision, failed, taken if isinstance(decision, Approve) else NOTHING_PAYABLE)


def reserve(tx: Tx, approved: Iterable[tuple[CaseFile, Payable, LimitUse]]) -> set[ClaimId]:
    """Take the amounts of the annual limits; those claims, whose policies nobody took of since the use was read."""
    return limits.reserve(tx, [Taking(case.claim, case.product, taken, use) for case, taken, use in approved])


def _outcome(decision: Settled) -> tuple[Outcome, str | None, tuple[FailedRule, ...]]:
    """The outcome, why a person looks, and the rules that the resident is told."""
    match decision:
        case Approve():
            return "approved", None, ()
        case Review(why=why):
            return "review", why, ()
        case AskDocuments(failed=failed):
            return "documents_requested", None, failed
        case ProposeRefusal(failed=failed):
            return "refusal_proposed", None, failed
    assert_never(decision)


def _row(
    case: CaseFile, decided: _Decided, decision: Settled, opinion: Opinion | NoOpinion, *, now: datetime
) -> DecisionRow:
    outcome, why, told = _outcome(decision)
    heard = opinion if isinstance(opinion, Opinion) else None
    claim = case.claim
    return DecisionRow(
        decision_id=DecisionId(new_id()),
        claim_id=claim.claim_id,
        round=claim.round,
        version=claim.version + 1,
        outcome=outcome,
        why=why,
        amount_fen=decided.taken.amount_fen,
        deductible_fen=decided.taken.deductible_fen,
        event_deductible_fen=decided.taken.event_deductible_fen,
        failures=told or decided.failed,
        rule_version=RULE_VERSION,
        model_id=heard.model_id if heard else None,
        model_sha256=heard.sha256 if heard else None,
        score=heard.probability if heard else None,
        explanation=heard.explanation if heard else None,
        sandbox_value=claim.sandbox_value,
        by_person=False,
        decided_by=MACHINE,
        clause=None,
        reasons=None,
        decided_at=now,
        payable_from=payable_from(case.product, claim.reported_at, now=now) if outcome == "approved" else None,
    )

"""The naive way to decide: one claim, one transaction, its queries one after the other, as it was done at first.

It asks the same questions and writes the same rows as services/fraud_detection/decisions, by the same rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from services.fraud_detection.claims.store import claims, police, transfers
from services.fraud_detection.coverage.store import coverage, products
from services.fraud_detection.decisions.domain.decision_policy import Approve, AwaitPayee
from services.fraud_detection.decisions.domain.sharing import share
from services.fraud_detection.decisions.store import counts, limits, other_claims, reviews, turns
from services.fraud_detection.decisions.store.decisions import DecisionRow, FeaturesRow
from services.fraud_detection.decisions.store.limits import Taking
from services.fraud_detection.decisions.usecases import adjudicate, case_file, record_decision
from services.fraud_detection.decisions.usecases.case_file import CaseFile
from services.fraud_detection.decisions.usecases.doubt_payees import doubt_payees
from services.fraud_detection.decisions.usecases.opinions import FindChampion, ask
from services.fraud_detection.models.domain import features
from shared.db.columns import Columns
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.messaging import inbox, outbox
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId, EventId

_FEATURES: Final = Columns(FeaturesRow)
_DECISION: Final = Columns(DecisionRow)
_ADD_FEATURES: Final = f"INSERT INTO claim_features (claim_id, {_FEATURES.names}) VALUES (%(of)s, {_FEATURES.places})"
_ADD_DECISION: Final = f"INSERT INTO decisions ({_DECISION.names}) VALUES ({_DECISION.places})"


def decide_all(database: Database, claim_ids: Sequence[ClaimId], find_champion: FindChampion, *, now: datetime) -> None:
    for claim_id in claim_ids:
        with database.transaction() as tx:
            inbox.receive(tx, "naive", [EventId(new_id())])
            _decide(tx, claim_id, find_champion, now=now)


def _decide(tx: Tx, claim_id: ClaimId, find_champion: FindChampion, *, now: datetime) -> None:
    case = _collect(tx, claim_id)
    claim = case.claim
    counted = counts.of_claims(tx, [claim])[claim_id]
    known = case_file._snapshot(case, limits.use(tx, [claim])[claim_id], counted)
    vector = features.compute(known)
    (opinion,) = ask(tx, find_champion, [vector])
    use = limits.use(tx, [claim])[claim_id]
    decided = adjudicate._decide_one(case, opinion, use, now=now)
    assert not isinstance(decided.decision, AwaitPayee)
    if isinstance(decided.decision, Approve):
        assert limits.reserve(tx, [Taking(claim, case.product, decided.taken, use)])
    seen = FeaturesRow(
        round=claim.round,
        computed_at=now,
        snapshot=msgspec.to_builtins(known),
        names=features.FEATURES,
        specification=features.SPECIFICATION,
        vector=vector,
    )
    tx.execute(_ADD_FEATURES, {**_FEATURES.values(seen), "of": claim_id})
    row = adjudicate._row(case, decided, decided.decision, opinion, now=now)
    claims.step(tx, claim, record_decision._STATES[row.outcome], by=row.decided_by, now=now)
    tx.execute(_ADD_DECISION, _DECISION.values(row))
    review = record_decision._review(case, row, now)
    if review is not None:
        reviews.open_reviews(tx, [review])
    outbox.add(tx, record_decision._event(case, row), subject=claim_id, now=now)


def _collect(tx: Tx, claim_id: ClaimId) -> CaseFile:
    """Of a claim on a policy that has no other beside it and lists nothing."""
    claim = claims.lock(tx, claim_id)
    assert claim is not None
    cover = coverage.find(tx, claim.policy_id)
    assert cover is not None
    for person in sorted({claim.person_token, cover.person_token}):
        turns.one_at_a_time(tx, [person])
    product = products.find(tx, cover.product_code, cover.product_version)
    assert product is not None
    evidence = claims.evidence(tx, [claim_id])[claim_id]
    others = other_claims.of_claims(tx, [claim], {claim_id: [cover.policy_id]})[claim_id]
    doubts = doubt_payees(tx, [claim], {claim.policy_id: cover}, {})[claim_id]
    known = transfers.facts(tx, [claim_id])[claim_id]
    papers = police.of_claims(tx, [claim_id]).get(claim_id, frozenset())
    return CaseFile(
        claim, product, cover, evidence, others, (), share(product, claim, (), others), doubts, known, papers
    )

"""All that bears on a decision, collected from the store: terms, cover, evidence, other claims. Judges nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.store.claims import KeptEvidence
from services.fraud_detection.coverage.domain.cover import Coverage, LimitUse, Product, Renewal, Share
from services.fraud_detection.coverage.store import coverage, coverage_items, products
from services.fraud_detection.decisions.domain.cover_rules import FailedRule, failed_rules
from services.fraud_detection.decisions.domain.one_event import may_be_one_event
from services.fraud_detection.decisions.domain.payable import Payable, annual_left, event_limit, payable
from services.fraud_detection.decisions.domain.sharing import Beside, share
from services.fraud_detection.decisions.store import history
from services.fraud_detection.models.domain.features import Snapshot
from shared.db.transaction import Tx
from shared.messaging.failures import Unready
from shared.values.shapes import reshape


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a decision rests on, as of one moment."""

    claim: Claim
    product: Product
    coverage: Coverage
    evidence: tuple[KeptEvidence, ...]
    others: tuple[OtherClaim, ...]
    beside: tuple[Beside, ...] = ()
    """The person's other policies that may pay shares of the loss."""

    @property
    def share(self) -> Share:
        return share(self.product, self.claim, self.beside, self.others)

    @property
    def related(self) -> bool:
        """Whether another claim on the policy may be of the same event."""
        return any(may_be_one_event(self.product, self.claim, other) for other in self.others)

    def payable(self, use: LimitUse) -> Payable:
        return payable(self.product, self.claim, use, self.share)

    def failed_rules(self, use: LimitUse) -> tuple[FailedRule, ...]:
        return failed_rules(
            self.product,
            self.coverage,
            self.claim,
            evidence=frozenset(each.evidence.kind for each in self.evidence),
            others=self.others,
            use=use,
            share=self.share,
        )


def collect(tx: Tx, claim: Claim) -> CaseFile:
    """The case of a locked claim. Afterwards no other claim of the same person is decided before this transaction ends.

    Raises:
        Unready: the product's terms have not arrived; they come on another topic than the policies.
    """
    cover = coverage.find(tx, claim.policy_id)
    if cover is None:
        raise Unready(f"policy {claim.policy_id}")
    one_at_a_time(tx, claim, cover)
    beside = tuple(Beside(*_under_terms(tx, claim, each)) for each in coverage.beside(tx, cover))
    policies = [cover.policy_id, *(each.coverage.policy_id for each in beside)]
    held, terms = _under_terms(tx, claim, cover)
    return CaseFile(
        claim,
        terms,
        held,
        tuple(claims.evidence(tx, claim.claim_id)),
        tuple(history.other_claims(tx, claim, policies)),
        beside,
    )


def one_at_a_time(tx: Tx, claim: Claim, cover: Coverage) -> None:
    """Wait until no other transaction decides on what bears on this claim, and let none begin."""
    # Of the claimant and of the insured, who as a rule are one; in one order, so that no two wait for each other.
    for person in sorted({claim.person_token, cover.person_token}):
        history.one_at_a_time(tx, person)


def _under_terms(tx: Tx, claim: Claim, cover: Coverage) -> tuple[Coverage, Product]:
    """The policy and its terms; with its renewals where one of them may answer for the claim in its place."""
    held, product = _with_items(tx, cover)
    if product.trigger == "occurrence" or claim.reported_at < cover.effective_to:
        return held, product
    renewals = tuple(Renewal(*_with_items(tx, each)) for each in coverage.renewals(tx, cover.policy_id))
    return replace(held, renewals=renewals), product


def _with_items(tx: Tx, cover: Coverage) -> tuple[Coverage, Product]:
    """The policy with what it lists, where its product lists things, and its terms."""
    product = products.find(tx, cover.product_code, cover.product_version)
    if product is None:
        raise Unready(f"product {cover.product_code} version {cover.product_version}")
    if product.scheduled_items is None:
        return cover, product
    return replace(cover, listings=coverage_items.of_policy(tx, cover.policy_id)), product


def snapshot(tx: Tx, case: CaseFile, use: LimitUse) -> Snapshot:
    """What the model may know of the case, at this moment."""
    claim, cover = case.claim, case.coverage
    kinds = Counter(each.evidence.kind for each in case.evidence)
    return reshape(
        claim,
        Snapshot,
        event_limit_fen=event_limit(case.product, claim),
        annual_limit_left_fen=annual_left(case.product, claim, use),
        effective_from=cover.began,
        zone=case.product.zone,
        birth_year=cover.birth_year,
        police_receipts=kinds["police_receipt"],
        transfer_records=kinds["transfer_record"],
        chat_records=kinds["chat_record"],
        identity_records=kinds["identity"],
        evidence_seen_elsewhere=sum(each.other_claims > 0 for each in case.evidence),
        evidence_captured_before_loss=sum(
            each.evidence.captured_at is not None and each.evidence.captured_at < claim.occurred_at
            for each in case.evidence
        ),
        claimant_is_insured=cover.erased or claim.person_token == cover.person_token,
        phone_is_insured=cover.erased or claim.phone_token == cover.phone_token,
        has_device=claim.device_token is not None,
        has_handler=claim.handler_token is not None,
        **asdict(history.counts(tx, claim)),
    )

"""All that bears on decisions, collected from the store for many claims at once: terms, cover, evidence, other claims.

A fact of claims has a function ``of_claims`` in the store, which asks for all of them in one query. Judges nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim, are_parts_of_one
from services.fraud_detection.claims.domain.police import PROVE_THE_REPORT, PaperKind
from services.fraud_detection.claims.domain.representatives import Representative
from services.fraud_detection.claims.domain.transfers import Transfer, TransferFacts
from services.fraud_detection.claims.store import claims as kept_claims
from services.fraud_detection.claims.store import police, representatives, transfers
from services.fraud_detection.claims.store.claims import KeptEvidence
from services.fraud_detection.coverage.domain.cover import Coverage, LimitUse, Product, Renewal, Share
from services.fraud_detection.coverage.store import coverage, coverage_items
from services.fraud_detection.coverage.store.products import Terms, Version
from services.fraud_detection.decisions.domain.accepted_part import without
from services.fraud_detection.decisions.domain.cover_rules import FailedRule, failed_rules
from services.fraud_detection.decisions.domain.one_event import may_be_one_event
from services.fraud_detection.decisions.domain.payable import (
    AmongInsurers,
    Payable,
    among_insurers,
    annual_left,
    event_limit,
    payable,
)
from services.fraud_detection.decisions.domain.sharing import Beside, share
from services.fraud_detection.decisions.store import counts, decisions, other_claims, turns
from services.fraud_detection.decisions.store.counts import Counts
from services.fraud_detection.decisions.usecases.doubt_payees import doubt_payees
from services.fraud_detection.models.domain.snapshot import Snapshot
from shared.db.transaction import Tx
from shared.messaging.failures import Unready
from shared.values.ids import ClaimId, PolicyId, TokenHex
from shared.values.money import Fen
from shared.values.payee_doubts import PayeeDoubt
from shared.values.shapes import reshape


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a decision rests on, as of one moment."""

    claim: Claim
    product: Product
    coverage: Coverage
    evidence: tuple[KeptEvidence, ...]
    others: tuple[OtherClaim, ...]
    beside: tuple[Beside, ...]
    """The person's other policies that may pay shares of the loss."""
    share: Share
    payee_doubts: tuple[PayeeDoubt, ...]
    """What speaks against the account that the claim names, the weightiest first."""
    transfers: TransferFacts
    papers: frozenset[PaperKind]
    """What the police gave the claimant, as it was told."""
    acting: Representative | None = None
    """Who acts for the insured, where somebody does."""
    passed_on: bool = False
    """Whether the claim was with a person before, for a doubt about it or for what a person asked."""

    @property
    def evidence_kinds(self) -> frozenset[str]:
        """The kinds handed in: a paper of the police that was told is one too."""
        told = {"police_receipt"} if self.papers & PROVE_THE_REPORT else set()
        return frozenset({*(each.evidence.kind for each in self.evidence), *told})

    @property
    def mandate_open(self) -> bool:
        """Whether somebody acts for the insured, and nobody found that they may."""
        return self.acting is not None and not self.acting.may_act

    def mandate_ended(self, now: datetime) -> bool:
        """Whether who acts for the insured does so by a mandate whose last day is past."""
        return self.acting is not None and self.acting.mandate_ended(now)

    @property
    def related(self) -> bool:
        """Whether another claim on the policy may be of the same event."""
        return any(may_be_one_event(self.product, self.claim, other) for other in self.others)

    @property
    def parts(self) -> tuple[OtherClaim, ...]:
        """The claims that were one with this one when it was filed."""
        return tuple(other for other in self.others if are_parts_of_one(self.claim, other))

    def without(
        self, told: Sequence[Transfer], refused: frozenset[int], still_open: frozenset[int] = frozenset()
    ) -> CaseFile:
        """As a person decides it who refuses some of the transfers that are ``told`` and leaves others open."""
        claim = without(self.claim, told, refused, still_open)
        return replace(self, claim=claim, transfers=replace(self.transfers, refused=refused | still_open))

    def payable(self, use: LimitUse) -> Payable:
        return payable(self.product, self.claim, use, self.share)

    def among_insurers(self, paid_fen: Fen) -> AmongInsurers | None:
        return among_insurers(self.product, self.claim, self.share, paid_fen)

    def failed_rules(self, use: LimitUse) -> tuple[FailedRule, ...]:
        return failed_rules(
            self.product,
            self.coverage,
            self.claim,
            evidence=self.evidence_kinds,
            others=self.others,
            use=use,
            share=self.share,
            transfers=self.transfers,
            represented=self.acting is not None,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """Locked claims whose persons nobody else decides on, and their policies."""

    claims: tuple[Claim, ...]
    covers: Mapping[PolicyId, Coverage]

    def persons(self) -> dict[ClaimId, frozenset[TokenHex]]:
        """Of each claim the claimant and the insured, who as a rule are one."""
        return {
            claim.claim_id: frozenset({claim.person_token, self.covers[claim.policy_id].person_token})
            for claim in self.claims
        }

    def part(self, claims: Iterable[Claim]) -> Held:
        return Held(tuple(claims), self.covers)


def hold(tx: Tx, claims: Sequence[Claim]) -> Held:
    """Of locked claims. Afterwards no other claim of the same persons is decided before this transaction ends.

    Raises:
        Unready: a policy has not arrived.
    """
    held = Held(tuple(claims), coverage.many(tx, {claim.policy_id for claim in claims}))
    if missing := [claim.policy_id for claim in claims if claim.policy_id not in held.covers]:
        raise Unready(f"policy {missing[0]}")
    turns.one_at_a_time(tx, (person for persons in held.persons().values() for person in persons))
    return held


def collect(tx: Tx, held: Held, terms: Terms) -> dict[ClaimId, CaseFile]:
    """The cases of these claims, in their order.

    Raises:
        Unready: a product's terms have not arrived; they come on another topic than the policies.
    """
    covers = {claim.claim_id: held.covers[claim.policy_id] for claim in held.claims}
    beside = coverage.beside(tx, covers.values())
    of_policies = _Policies(tx, held, beside, terms)
    policies = {
        claim_id: [cover.policy_id, *(each.policy_id for each in beside.get(cover.policy_id, ()))]
        for claim_id, cover in covers.items()
    }
    evidence = kept_claims.evidence(tx, [claim.claim_id for claim in held.claims])
    others = other_claims.of_claims(tx, held.claims, policies)
    passed_on = decisions.passed_on(tx, [claim.claim_id for claim in held.claims if claim.round > 1])
    acting = representatives.of_claims(tx, [claim.claim_id for claim in held.claims])
    doubts = doubt_payees(tx, held.claims, held.covers, acting)
    of_transfers = transfers.facts(tx, [claim.claim_id for claim in held.claims])
    papers = police.of_claims(tx, [claim.claim_id for claim in held.claims])
    found = {}
    for claim in held.claims:
        cover, product = of_policies.under_terms(claim, covers[claim.claim_id])
        shares = tuple(Beside(*of_policies.under_terms(claim, each)) for each in beside.get(claim.policy_id, ()))
        theirs = others[claim.claim_id]
        found[claim.claim_id] = CaseFile(
            claim,
            product,
            cover,
            evidence[claim.claim_id],
            theirs,
            shares,
            share(product, claim, shares, theirs),
            doubts[claim.claim_id],
            of_transfers[claim.claim_id],
            papers.get(claim.claim_id, frozenset()),
            acting.get(claim.claim_id),
            claim.claim_id in passed_on,
        )
    return found


class _Policies:
    """All policies that some claims ask for, with their terms, what they list and their renewals."""

    def __init__(self, tx: Tx, held: Held, beside: Mapping[PolicyId, Sequence[Coverage]], terms: Terms) -> None:
        asked = {
            (claim.claim_id, cover.policy_id): (claim, cover)
            for claim in held.claims
            for cover in (held.covers[claim.policy_id], *beside.get(claim.policy_id, ()))
        }
        self._terms: dict[Version, Product] = {}
        self._read_terms(tx, terms, [cover for _, cover in asked.values()])
        self._renewals = coverage.renewals(
            tx, (cover.policy_id for claim, cover in asked.values() if self._may_be_a_renewals(claim, cover))
        )
        later = [each for renewals in self._renewals.values() for each in renewals]
        self._read_terms(tx, terms, later)
        self._listings = coverage_items.of_policies(
            tx,
            (
                cover.policy_id
                for cover in [*(cover for _, cover in asked.values()), *later]
                if self._product(cover).scheduled_items is not None
            ),
        )

    def under_terms(self, claim: Claim, cover: Coverage) -> tuple[Coverage, Product]:
        """The policy and its terms; with its renewals where one of them may answer for the claim in its place."""
        held, product = self._with_items(cover)
        if not self._may_be_a_renewals(claim, cover):
            return held, product
        renewals = tuple(Renewal(*self._with_items(each)) for each in self._renewals.get(cover.policy_id, ()))
        return replace(held, renewals=renewals), product

    def _read_terms(self, tx: Tx, terms: Terms, covers: Sequence[Coverage]) -> None:
        asked = {(cover.product_code, cover.product_version) for cover in covers} - self._terms.keys()
        self._terms |= terms.of(tx, asked)
        for code, version in asked - self._terms.keys():
            raise Unready(f"product {code} version {version}")

    def _product(self, cover: Coverage) -> Product:
        return self._terms[cover.product_code, cover.product_version]

    def _may_be_a_renewals(self, claim: Claim, cover: Coverage) -> bool:
        return self._product(cover).trigger != "occurrence" and claim.reported_at >= cover.effective_to

    def _with_items(self, cover: Coverage) -> tuple[Coverage, Product]:
        """The policy with what it lists, where its product lists things, and its terms."""
        product = self._product(cover)
        if product.scheduled_items is None:
            return cover, product
        return replace(cover, listings=self._listings.get(cover.policy_id, ())), product


def snapshots(tx: Tx, cases: Mapping[ClaimId, CaseFile], uses: Mapping[ClaimId, LimitUse]) -> dict[ClaimId, Snapshot]:
    """What the model may know of each case, at this moment."""
    counted = counts.of_claims(tx, [case.claim for case in cases.values()])
    return {claim_id: _snapshot(case, uses[claim_id], counted[claim_id]) for claim_id, case in cases.items()}


def _snapshot(case: CaseFile, use: LimitUse, counted: Counts) -> Snapshot:
    claim, cover = case.claim, case.coverage
    kinds = Counter(each.evidence.kind for each in case.evidence)
    captured = [each.evidence.captured_at for each in case.evidence if each.evidence.captured_at is not None]
    return reshape(
        claim,
        Snapshot,
        event_limit_fen=event_limit(case.product, claim),
        annual_limit_left_fen=annual_left(case.product, claim, use),
        effective_from=cover.began,
        zone=case.product.zone,
        birth_year=cover.birth_year or None,
        police_receipts=kinds["police_receipt"],
        police_say_another_scam=_another_scam(case),
        transfer_records=kinds["transfer_record"],
        chat_records=kinds["chat_record"],
        identity_records=kinds["identity"],
        evidence_seen_elsewhere=sum(each.other_claims_before > 0 for each in case.evidence) if case.evidence else None,
        evidence_captured_before_loss=sum(at < claim.occurred_at for at in captured) if captured else None,
        claimant_is_insured=None if cover.erased else claim.person_token == cover.person_token,
        phone_is_insured=None if cover.erased else claim.phone_token == cover.phone_token,
        has_device=claim.device_token is not None,
        has_handler=claim.handler_token is not None,
        **{name: getattr(counted, name) for name in Counts.__slots__},
    )


def _another_scam(case: CaseFile) -> bool | None:
    """Whether the police call it otherwise than the claimant did; None where no paper of theirs was told."""
    if case.claim.told_scam_type is not None:
        return True
    return False if case.papers else None

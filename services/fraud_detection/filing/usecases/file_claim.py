"""File claims: check them, turn persons into tokens, store them, say that they wait to be decided. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import PolicyErased
from services.fraud_detection.claims.domain.states import WAITS
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.store.claims import Step
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.claims.usecases.submit import submit_all
from services.fraud_detection.coverage.domain.cover import FRAUD_LOSS, Coverage, Product
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.filing.domain import filing as filings
from services.fraud_detection.filing.domain.filing import Filing
from services.fraud_detection.filing.domain.sandbox_values import sandbox_value
from services.fraud_detection.filing.domain.told_transfers import loss_fen
from services.fraud_detection.filing.usecases.keep_papers import keep_papers
from services.fraud_detection.filing.usecases.keep_representatives import Acting, acting, keep_representatives
from services.fraud_detection.filing.usecases.keep_transfers import OfTransfers, keep_transfers
from shared.db.transaction import Tx
from shared.process import metrics, traces
from shared.process.new_ids import new_id
from shared.values.documents import normalize_document, normalize_phone
from shared.values.errors import FangzhaError
from shared.values.ids import ClaimId, TokenHex
from shared.values.money import CNY


@dataclass(frozen=True, slots=True)
class Begun:
    """The draft that a claim is filed from: the claim takes its id, and began when it did."""

    draft_id: ClaimId
    at: datetime


@dataclass(frozen=True, slots=True)
class Filed:
    """What a tenant files; ``trace`` is the request's, where it is not the current one."""

    filing: Filing
    tenant: str
    draft: Begun | None = None
    trace: Mapping[str, str] | None = None


def file_claims(
    tx: Tx,
    filed: Sequence[Filed],
    *,
    personal_data: PersonalData,
    terms: Terms,
    sandbox: bool,
    now: datetime,
) -> list[Claim | FangzhaError]:
    """Store the claims and publish ``claims.submitted`` of each; one whose policy is not known yet waits for it.

    One that is refused costs the others nothing; its place has the reason:
        InvalidField: the claimant's or the representative's document or phone is none, or both are one person.
        InvalidField: the product has no such liability, its liability asks for a scam type, or its policies list things
            and the claim is about none, or the other way about.
        InvalidFields: the claim contradicts itself.
        PolicyErased: the insured asked to be forgotten.
    """
    covers = coverage.hold(tx, [each.filing.policy_id for each in filed])
    known = terms.of(tx, [(cover.product_code, cover.product_version) for cover in covers.values()])
    found: list[_New | FangzhaError] = []
    for each in filed:
        cover = covers.get(each.filing.policy_id)
        product = None if cover is None else known.get((cover.product_code, cover.product_version))
        try:
            found.append(_new(each, cover, product, personal_data=personal_data, sandbox=sandbox, now=now))
        except FangzhaError as error:
            found.append(error)
    stored = iter(_store(tx, [each for each in found if isinstance(each, _New)], personal_data, now=now))
    return [each if isinstance(each, FangzhaError) else next(stored) for each in found]


@dataclass(frozen=True, slots=True)
class _New:
    """A claim as it is filed. ``person`` is the claimant as transfers know it, where the loss consists of transfers."""

    claim: Claim
    filing: Filing
    person: TokenHex | None
    acting: Acting | None
    begun: Begun | None
    trace: Mapping[str, str]

    @property
    def first(self) -> Claim:
        """As it begins: what was a draft begins as one."""
        if self.begun is None:
            return self.claim
        return replace(self.claim, state="draft", changed_at=self.begun.at, due_at=None)


def _new(
    filed: Filed,
    cover: Coverage | None,
    product: Product | None,
    *,
    personal_data: PersonalData,
    sandbox: bool,
    now: datetime,
) -> _New:
    """``cover`` is None if enrollment has not told of it yet: the claim waits for it."""
    filing = filed.filing
    filings.check(filing, now=now)
    claimant = filing.claimant
    document = normalize_document(
        claimant.document_type, claimant.document_number, sandbox=sandbox, pointer="/claimant/document_number"
    )
    phone = normalize_phone(claimant.phone, sandbox=sandbox, pointer="/claimant/phone")
    if cover is not None and cover.erased:
        raise PolicyErased(filing.policy_id)
    of_transfers = filings.is_of_transfers(filing, product)
    person = personal_data.person_under_oldest_key(document) if of_transfers else None
    known = cover is not None and product is not None
    insured = personal_data.person(document, None if cover is None else cover.person_token)
    claim = Claim(
        claim_id=ClaimId(new_id()) if filed.draft is None else filed.draft.draft_id,
        tenant=filed.tenant,
        version=1,
        round=1,
        state="filed" if known else "waiting_for_policy",
        policy_id=filing.policy_id,
        person_token=insured,
        phone_token=personal_data.phone(phone, None if cover is None else cover.phone_token),
        payee_token=filing.payee_token,
        device_token=personal_data.device(filing.device_id),
        handler_token=personal_data.handler(filing.handler_id),
        scam_type=filing.known_scam_type or "other",
        told_scam_type=filing.scam_type if filing.scam_type != filing.known_scam_type else None,
        occurred_at=filing.occurred_at,
        discovered_at=filing.discovered_at,
        reported_at=filing.reported_at,
        submitted_at=now,
        amount_fen=loss_fen(filing.amount_fen, filing.transfers),
        currency=CNY,
        recovered_fen=filings.recovered_fen(filing),
        other_insurance_fen=filing.other_insurance_fen or filings.paid_elsewhere(filing.other_covers),
        other_covers=filing.other_covers,
        description_chars=len(filing.description or ""),
        sandbox_value=sandbox_value(phone, sandbox=sandbox),
        liability=_liability(filing, product),
        territory=filing.territory,
        event_reference=filing.event_reference,
        item_reference=filing.item_reference,
        changed_at=now,
        changed_by=filed.tenant,
        due_at=None if known else now + WAITS["waiting_for_policy"],
    )
    trace = traces.carrier() if filed.trace is None else filed.trace
    acts = acting(
        filing.representative,
        personal_data,
        insured=[insured] if cover is None else [insured, cover.person_token],
        sandbox=sandbox,
    )
    return _New(claim, filing, person, acts, filed.draft, trace)


def _store(tx: Tx, new: Sequence[_New], personal_data: PersonalData, *, now: datetime) -> list[Claim]:
    """The claims as they are then, in this order."""
    if not new:
        return []
    told = {each.claim.claim_id: each.filing.description for each in new if each.filing.description}
    claims.add(tx, [each.first for each in new], descriptions=personal_data.seal_all(tx, told, "description"))
    claims.add_evidence(tx, {each.claim.claim_id: each.filing.evidence for each in new}, now=now)
    keep_papers(tx, [(each.claim, each.filing.police) for each in new], personal_data=personal_data, now=now)
    keep_representatives(tx, [(each.claim, each.acting) for each in new], personal_data)
    of_transfers = [
        OfTransfers(each.claim, each.filing.transfers, each.person) for each in new if each.person is not None
    ]
    keep_transfers(tx, of_transfers, personal_data)
    handed_in = [Step(each.first, each.claim.state, each.claim.tenant) for each in new if each.begun is not None]
    stepped = {each.claim_id: each for each in claims.step_many(tx, handed_in, now=now)} if handed_in else {}
    stored = [stepped.get(each.claim.claim_id, each.claim) for each in new]
    carriers = {each.claim.claim_id: each.trace for each in new}
    waiting = [each for each in stored if each.state == "filed"]
    submit_all(tx, waiting, now=now, carriers=[carriers[each.claim_id] for each in waiting])
    metrics.CLAIMS_SUBMITTED.inc(len(new))
    return stored


def _liability(filing: Filing, product: Product | None) -> str:
    if product is None:
        # Terms come on a topic of their own. Until they are here the claim waits; cover_rules say what does not fit.
        return filing.liability or FRAUD_LOSS
    liability = filings.liability_of(filing, product)
    filings.require_item(filing, product)
    return liability

"""Claims over HTTP: file, look up, add documents, appeal. A channel sees its own claims alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.fraud_detection.claims.domain import claims as domain
from services.fraud_detection.claims.domain import errors
from services.fraud_detection.claims.store import claims as store
from services.fraud_detection.claims.store.recoveries import RecoveryKind
from services.fraud_detection.filing.api.claim_view import ClaimView, view, views
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.filing.api.loss_report import LossReport, OtherCovers, Papers, told_papers
from services.fraud_detection.filing.api.representatives import RepresentativePerson, told_representative
from services.fraud_detection.filing.domain.filing import Filing
from services.fraud_detection.filing.usecases.change_claim import (
    CameBack,
    name_payee,
    tell_recovery,
    want_person,
    withdraw,
)
from services.fraud_detection.filing.usecases.complete_claim import add_documents, appeal
from services.fraud_detection.filing.usecases.file_claim import Filed, file_claims
from services.fraud_detection.filing.usecases.keep_papers import add_papers
from shared.values.clear_text import TextKind
from shared.values.documents import DocumentType
from shared.values.errors import FangzhaError
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import ClaimId, TokenHex
from shared.values.shapes import reshape
from shared.web import paging
from shared.web.call import Asked, CallTogether
from shared.web.clear_fields import NOT_IN_CLEAR
from shared.web.models import AmountFen, Identifier, Moment, PositiveFen, RequestModel, SealedText, Sha256Hex, TermsSlug
from shared.web.resource import Call, Callers, Reply, Resource

claims = Resource("claims", "Claims that residents file")

MAX_EVIDENCE = 50
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$"), TextKind.REFERENCE]
PayeeToken = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{34}$"), TextKind.OURS]
Opaque = Annotated[str, StringConstraints(min_length=1, max_length=200), NOT_IN_CLEAR]


class ClaimantPerson(RequestModel):
    """The person or the organization that claims, as on the document."""

    document_type: DocumentType
    document_number: Annotated[str, StringConstraints(min_length=1, max_length=40), NOT_IN_CLEAR]
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40), NOT_IN_CLEAR]
    """A mobile number of mainland China."""


class EvidenceItem(RequestModel):
    """One document; its SHA-256 says which. You keep the file, or send it by `POST /v1/evidence`."""

    kind: EvidenceKind
    sha256: Sha256Hex
    captured_at: Moment | None = None


EvidenceList = Annotated[list[EvidenceItem], Field(max_length=MAX_EVIDENCE)]


class ClaimRequest(RequestModel):
    """A claim."""

    policy_id: Identifier
    liability: TermsSlug | None = None
    """Which of the product's liabilities it is made under; needed where the product has several."""
    claimant: ClaimantPerson
    """The insured, also where somebody acts for them."""
    representative: RepresentativePerson | None = None
    """Who acts for the insured, where somebody does. Told at the filing, and not amended later."""
    loss: LossReport
    evidence: EvidenceList
    police: Papers | None = None
    """What the police gave the claimant."""
    payee_token: PayeeToken
    """The account to pay to, as the payout service's `POST /v1/payees` named it."""
    device_id: Opaque | None = None
    """The device that the claim was made on; kept as a token."""
    handler_id: Opaque | None = None
    """Who helped to file it, if somebody did; kept as a token."""
    item_reference: Reference | None = None
    """Which of the things that the policy lists it is about, by its reference; needed where the product has
    `scheduled_items`."""
    event_reference: Reference | None = None
    """Your word for the event, where it caused several losses: claims with the same one share its limits."""
    recovered_fen: AmountFen = 0
    """What came back already; at least what the transfers say was refunded."""
    other_insurance_fen: AmountFen | None = None
    """What other insurers pay; with `other_covers` it is the sum of their `paid_fen`, and may be left out."""
    other_covers: OtherCovers = Field(default_factory=list)
    """Other insurers' covers of the same loss. Where the product's `other_insurance` is `pro_rata`, each insurer bears
    its part by the sums insured."""


class Documents(RequestModel):
    """Further documents."""

    evidence: Annotated[list[EvidenceItem], Field(min_length=1, max_length=MAX_EVIDENCE)]


class PoliceDocuments(RequestModel):
    """Further papers of the police."""

    papers: Papers


class Appeal(RequestModel):
    """Why the refusal is wrong; kept sealed."""

    reason: SealedText


class MoneyBack(RequestModel):
    """Money of the loss that came back."""

    kind: RecoveryKind
    """From whom: the police, the bank (frozen or refunded), the payee, another insurance, another way. Of a claim
    that was split, what an insurer of `other_covers` paid is told once, of any part: it is parted among all."""
    amount_fen: PositiveFen
    """What came back this time, not the sum."""
    came_at: Moment


class AnotherPayee(RequestModel):
    """Another account to be paid to."""

    payee_token: PayeeToken


class ClaimPath(RequestModel):
    claim_id: Identifier


@claims.post(
    "/v1/claims",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=ClaimView,
    about="claim_id",
    problems=(errors.PolicyErased,),
)
def submit_claim(
    call: CallTogether[Deps], asked: Sequence[Asked[ClaimRequest]]
) -> list[Reply[ClaimView] | FangzhaError]:
    """File a claim. It is decided within moments; ask for it again, or read the event."""
    deps = call.deps
    found = file_claims(
        call.tx,
        [Filed(filing_of(each.body), each.caller.tenant, trace=each.trace) for each in asked],
        personal_data=deps.personal_data,
        terms=deps.terms,
        sandbox=deps.sandbox,
        now=call.now,
    )
    shown = iter(views(call.tx, [each for each in found if isinstance(each, domain.Claim)], deps.personal_data))
    return [each if isinstance(each, FangzhaError) else reply(each, next(shown)) for each in found]


@claims.get(
    "/v1/claims/<claim_id>",
    scope="claims:read",
    callers=Callers.PARTNERS,
    reply=ClaimView,
    problems=(errors.UnknownClaim,),
)
def show_claim(call: Call[Deps], path: ClaimPath) -> Reply[ClaimView]:
    """One of your claims."""
    claim = own_claim(call, path)
    return Reply(view(call.tx, claim, call.deps.personal_data), version=claim.version)


@claims.get("/v1/claims", scope="claims:read", callers=Callers.PARTNERS, reply=paging.Page[ClaimView])
def list_claims(call: Call[Deps], query: paging.PageQuery) -> Reply[paging.Page[ClaimView]]:
    """Your claims, newest first."""
    found = store.of_tenant(call.tx, call.caller.tenant, before=query.after(UUID), limit=query.limit + 1)
    shown, cursor = paging.page(found, query.limit, lambda last: (last.claim_id,))
    items = views(call.tx, shown, call.deps.personal_data)
    return Reply(paging.Page[ClaimView](items=items, next_cursor=cursor))


@claims.post(
    "/v1/claims/<claim_id>/documents",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=ClaimView,
    about="claim_id",
    problems=(errors.UnknownClaim, errors.ClaimClosed, errors.PolicyErased),
)
def add_claim_documents(call: Call[Deps], path: ClaimPath, body: Documents) -> Reply[ClaimView]:
    """Add documents. If they were asked for, the claim is decided anew."""
    evidence = tuple(reshape(each, domain.Evidence) for each in body.evidence)
    add_documents(call.tx, ClaimId(path.claim_id), evidence, tenant=call.caller.tenant, now=call.now)
    return _accepted(call, own_claim(call, path))


@claims.post(
    "/v1/claims/<claim_id>/police-papers",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=ClaimView,
    about="claim_id",
    problems=(errors.UnknownClaim, errors.ClaimClosed, errors.PolicyErased),
)
def add_police_papers(call: Call[Deps], path: ClaimPath, body: PoliceDocuments) -> Reply[ClaimView]:
    """Add what the police gave the claimant. Their word on the type of scam counts from now on; if a paper was waited
    for, the claim is decided anew.
    """
    add_papers(
        call.tx,
        ClaimId(path.claim_id),
        told_papers(body.papers),
        tenant=call.caller.tenant,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return _accepted(call, own_claim(call, path))


@claims.post(
    "/v1/claims/<claim_id>/appeals",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=ClaimView,
    about="claim_id",
    problems=(errors.UnknownClaim, errors.NotAppealable, errors.PolicyErased),
)
def appeal_claim(call: Call[Deps], path: ClaimPath, body: Appeal) -> Reply[ClaimView]:
    """Appeal a refusal. Another person looks at it."""
    appeal(
        call.tx,
        ClaimId(path.claim_id),
        body.reason,
        tenant=call.caller.tenant,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return _accepted(call, own_claim(call, path))


@claims.post(
    "/v1/claims/<claim_id>/withdrawal",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=ClaimView,
    about="claim_id",
    problems=(errors.UnknownClaim, errors.IllegalStep),
)
def withdraw_claim(call: Call[Deps], path: ClaimPath) -> Reply[ClaimView]:
    """Take a claim back. One that is approved and not paid yet is stopped; if the money had left, it is paid."""
    withdraw(call.tx, ClaimId(path.claim_id), tenant=call.caller.tenant, now=call.now)
    return _accepted(call, own_claim(call, path))


@claims.post(
    "/v1/claims/<claim_id>/recoveries",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=ClaimView,
    about="claim_id",
    problems=(errors.UnknownClaim, errors.PolicyErased),
)
def tell_of_recovery(call: Call[Deps], path: ClaimPath, body: MoneyBack) -> Reply[ClaimView]:
    """Tell of money that came back, at any time: before payment less is payable, afterwards it is the insurer's up to
    what it paid.
    """
    back = reshape(body, CameBack)
    tell_recovery(call.tx, ClaimId(path.claim_id), back, tenant=call.caller.tenant, now=call.now)
    return _accepted(call, own_claim(call, path))


@claims.put(
    "/v1/claims/<claim_id>/payee",
    scope="claims:write",
    callers=Callers.PARTNERS,
    reply=ClaimView,
    problems=(errors.UnknownClaim, errors.IllegalStep, errors.PolicyErased),
)
def put_payee(call: Call[Deps], path: ClaimPath, body: AnotherPayee) -> Reply[ClaimView]:
    """Name another account: before the decision, or after a payment failed, which is then decided anew."""
    payee_token = TokenHex(body.payee_token)
    name_payee(call.tx, ClaimId(path.claim_id), payee_token, tenant=call.caller.tenant, now=call.now)
    return _accepted(call, own_claim(call, path))


@claims.post(
    "/v1/claims/<claim_id>/person",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=ClaimView,
    about="claim_id",
    problems=(errors.UnknownClaim, errors.IllegalStep),
)
def ask_for_person(call: Call[Deps], path: ClaimPath) -> Reply[ClaimView]:
    """Have a person decide in place of the machine."""
    want_person(call.tx, ClaimId(path.claim_id), tenant=call.caller.tenant, now=call.now)
    return _accepted(call, own_claim(call, path))


def filing_of(body: ClaimRequest) -> Filing:
    told = vars(body.loss) | {"transfers": body.loss.transfers or ()}
    return reshape(
        body,
        Filing,
        **told,
        police=told_papers(body.police),
        representative=told_representative(body.representative),
        other_covers=tuple(reshape(each, domain.OtherCover) for each in body.other_covers),
    )


def _accepted(call: Call[Deps], claim: domain.Claim) -> Reply[ClaimView]:
    return reply(claim, view(call.tx, claim, call.deps.personal_data))


def reply(claim: domain.Claim, shown: ClaimView) -> Reply[ClaimView]:
    return Reply(shown, headers={"Location": f"/v1/claims/{claim.claim_id}"}, version=claim.version)


def own_claim(call: Call[Deps], path: ClaimPath) -> domain.Claim:
    """The claim, if it is this channel's; another's is as unknown as none."""
    claim = store.find(call.tx, ClaimId(path.claim_id))
    if claim is None or claim.tenant != call.caller.tenant:
        raise errors.UnknownClaim(path.claim_id)
    return claim

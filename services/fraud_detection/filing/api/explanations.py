"""What a decision used, over HTTP."""

from __future__ import annotations

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.store import claims as store
from services.fraud_detection.claims.store import representatives
from services.fraud_detection.decisions.store import decisions
from services.fraud_detection.filing.api.claims import ClaimPath, own_claim
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.filing.domain.explanation import Maker, explain
from services.fraud_detection.filing.usecases.change_claim import TAKES_A_PERSON
from shared.web.models import ReplyModel
from shared.web.resource import Call, Callers, Reply, Resource

explanations = Resource("explanations", "How a decision was made, for its resident")


class UsedView(ReplyModel):
    """One kind of data that the decision rested on."""

    zh: str
    en: str
    source: str
    """Where it came from: `you`, `representative`, `partner`, `earlier_claims`, `device`."""


class ExplanationView(ReplyModel):
    """How the newest decision was made, for the resident to read."""

    made_by: Maker
    by_model: bool
    """Whether a statistical model was asked."""
    zh: str
    en: str
    used: list[UsedView]


@explanations.get(
    "/v1/claims/<claim_id>/explanation",
    scope="claims:read",
    callers=Callers.PARTNERS,
    reply=ExplanationView,
    problems=(UnknownClaim,),
)
def explain_claim(call: Call[Deps], path: ClaimPath) -> Reply[ExplanationView]:
    """What the newest decision used. `POST /v1/claims/{claim_id}/person` has a person decide, not the machine."""
    claim = own_claim(call, path)
    newest = decisions.latest(call.tx, [claim.claim_id]).get(claim.claim_id)
    told = newest is not None and newest.outcome not in ("review", "refusal_proposed")
    made_by: Maker = "nobody" if newest is None or not told else "person" if newest.by_person else "machine"
    explained = explain(
        made_by,
        by_model=told and newest is not None and newest.model_id is not None,
        documents=bool(store.evidence_kinds(call.tx, [claim.claim_id])),
        device=claim.device_token is not None,
        represented=claim.claim_id in representatives.many(call.tx, [claim.claim_id]),
        insurers=bool(claim.other_covers),
        shared=newest.among_insurers if told and newest is not None else None,
        may_ask=claim.state in TAKES_A_PERSON,
    )
    return Reply(ExplanationView.of(explained), version=claim.version)

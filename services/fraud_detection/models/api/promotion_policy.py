"""The bounds of promotions over HTTP: data that a supervisor sets, each version kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from services.fraud_detection.models.api.deps import ModelDeps
from services.fraud_detection.models.store import promotions as store
from services.fraud_detection.models.store.promotions import NewPolicy
from services.fraud_detection.models.usecases.set_promotion_policy import set_promotion_policy
from shared.values.money import Fen
from shared.web import paging
from shared.web.models import AmountFen, ReplyModel, RequestModel, ShortText
from shared.web.resource import Call, Callers, Reply, Resource

promotion_policy = Resource("promotion-policy", "What a promotion may allow, and what a model must reach for it")

Share = Annotated[float, Field(ge=0, le=1)]


class PromotionPolicyRequest(RequestModel):
    """All bounds, for all promotions that are proposed from now on."""

    most_approve_below: Share
    """The highest score below which a model may approve alone."""
    most_auto_approve_limit_fen: AmountFen
    most_auto_approve_loss_limit_fen: AmountFen
    least_auc: Share
    """What a model's AUC on the test rows is above, less three standard errors; 0.5 is a coin."""
    logistic_margin: Share
    """By how much AUC, and average precision beyond two of its standard errors, may be below logistic regression's."""
    champion_margin: Share
    """By how much AUC may be below the champion's, at the lower end of a 95 % interval."""
    most_calibration_error: Share
    """How far probabilities may be from shares on average, beyond chance."""
    most_latency_us: Annotated[int, Field(gt=0, le=1_000_000)]
    """Microseconds for one claim with its reasons."""
    proposal_hours: Annotated[int, Field(gt=0, le=720)]
    """For which a proposal waits for a second person."""
    reason: ShortText


class PromotionPolicyView(ReplyModel):
    number: int
    most_approve_below: float
    most_auto_approve_limit_fen: int
    most_auto_approve_loss_limit_fen: int
    least_auc: float
    logistic_margin: float
    champion_margin: float
    most_calibration_error: float
    most_latency_us: int
    proposal_hours: int
    reason: str
    set_by: str
    set_at: AwareDatetime


@promotion_policy.get(
    "/v1/models/promotion-policies", scope="models:read", callers=Callers.STAFF, reply=paging.Page[PromotionPolicyView]
)
def list_policies(call: Call[ModelDeps], query: paging.PageQuery) -> Reply[paging.Page[PromotionPolicyView]]:
    """Every version, newest first: the first one is in force."""
    found = store.policies(call.tx, before=query.after(int), limit=query.limit + 1)
    page = paging.Page[PromotionPolicyView]
    return Reply(page.cut(found, query, PromotionPolicyView.of, lambda last: (last.number,)))


@promotion_policy.post(
    "/v1/models/promotion-policies", scope="models:policy", callers=Callers.STAFF, reply=PromotionPolicyView
)
def set_policy(call: Call[ModelDeps], body: PromotionPolicyRequest) -> Reply[PromotionPolicyView]:
    """Set the bounds. What was proposed under others is proposed again; what is at work stays."""
    policy = NewPolicy(
        most_approve_below=body.most_approve_below,
        most_auto_approve_limit_fen=Fen(body.most_auto_approve_limit_fen),
        most_auto_approve_loss_limit_fen=Fen(body.most_auto_approve_loss_limit_fen),
        least_auc=body.least_auc,
        logistic_margin=body.logistic_margin,
        champion_margin=body.champion_margin,
        most_calibration_error=body.most_calibration_error,
        most_latency_us=body.most_latency_us,
        proposal_hours=body.proposal_hours,
        reason=body.reason,
        set_by=call.caller.subject,
        set_at=call.now,
    )
    return Reply(PromotionPolicyView.of(set_promotion_policy(call.tx, policy)))

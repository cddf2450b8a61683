"""What a policy holds besides its insured, over HTTP."""

from __future__ import annotations

from datetime import date

from services.enrollment.partners.domain.errors import NoContract
from services.enrollment.people.domain.errors import UnknownPolicy
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.policies.api.policies import PolicyPath, visible_policy
from services.enrollment.policies.store import schedules
from services.enrollment.products.api.quotes import ScheduledItem
from shared.web.models import ReplyModel
from shared.web.resource import Call, Callers, Reply, Resource

policy_schedules = Resource("policy schedules", "What policies hold besides their insured: answers, grade, items")


class ScheduleView(ReplyModel):
    """The risk as it was told, and how it was graded; empty where the product asks for nothing."""

    policy_id: str
    answers: dict[str, str]
    points: int | None
    grade: str | None
    rate_percent: int
    scheduled_items: list[ScheduledItem]
    retroactive_date: date | None
    """With claims-made products: acts before this day are not covered."""


@policy_schedules.get(
    "/v1/policies/<policy_id>/schedule",
    scope="policies:read",
    callers=Callers.BOTH,
    reply=ScheduleView,
    problems=(NoContract, UnknownPolicy),
)
def show_schedule(call: Call[PolicyDeps], path: PolicyPath) -> Reply[ScheduleView]:
    """What one of your policies lists, as it stands now. The insurer's staff reads any partner's."""
    policy = visible_policy(call, path.policy_id)
    found = schedules.schedule(call.tx, policy.policy_id)
    items = [ScheduledItem(reference=item.reference, name=item.name) for item in found.items]
    return Reply(ScheduleView.of(found, policy_id=policy.policy_id, scheduled_items=items))

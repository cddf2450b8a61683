"""Erasure of a person over HTTP, by a named person of the insurer, with a ground."""

from __future__ import annotations

from services.enrollment.people.domain.errors import UnknownPolicy
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.policies.domain import errors
from services.enrollment.policies.domain.erasures import Ground
from services.enrollment.policies.usecases.erase_person import erase_person
from shared.values.ids import PolicyId
from shared.web.models import Identifier, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

erasures = Resource("erasures", "Persons to be forgotten")


class ErasureRequest(RequestModel):
    """Who is to be forgotten, and why that is allowed."""

    policy_id: Identifier
    """Any policy of the person; all that the person has or had are meant."""
    ground: Ground
    """`request_after_retention` asks that no cover runs and that records need not be kept any more; the others override
    both, and end cover that runs."""


class ErasureView(ReplyModel):
    """That a person was forgotten. Who it was stands nowhere."""

    erasure_id: str
    ground: Ground
    policy_ids: list[str]


@erasures.post(
    "/v1/erasures",
    scope="erasures:write",
    callers=Callers.STAFF,
    reply=ErasureView,
    problems=(
        UnknownPolicy,
        errors.PersonForgotten,
        errors.CoverStillRuns,
        errors.RecordsMustBeKept,
    ),
)
def erase(call: Call[PolicyDeps], body: ErasureRequest) -> Reply[ErasureView]:
    """Forget a person: sealed identity, tokens and references are overwritten here and by those who hear of it."""
    done = erase_person(
        call.tx,
        PolicyId(body.policy_id),
        body.ground,
        vault=call.deps.vault,
        elsewhere=call.deps.elsewhere,
        actor=call.caller.subject,
        now=call.now,
    )
    return Reply(ErasureView.of(done))

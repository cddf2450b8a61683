"""Opt-outs over HTTP: a person wants no cover, or agrees anew. Named by a document, of which no digit is stored."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from services.enrollment.partners.domain.errors import NoContract
from services.enrollment.partners.usecases.contracts import seen_by
from services.enrollment.people.domain.errors import NotOptedOut, UnknownPolicy
from services.enrollment.people.domain.policies import Consent
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.policies.domain import errors
from services.enrollment.policies.usecases.opt_out import holders_tokens, lift_opt_out, opt_out, persons_tokens
from shared.values.clear_text import TextKind
from shared.values.documents import DocumentType
from shared.values.errors import InvalidField
from shared.values.ids import PolicyId, TokenHex
from shared.values.shapes import reshape
from shared.web.clear_fields import NOT_IN_CLEAR
from shared.web.models import Identifier, Moment, ReplyModel, RequestModel, Sha256Hex
from shared.web.resource import Call, Callers, Reply, Resource

opt_outs = Resource("opt-outs", "Who wants no cover")

Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"), TextKind.LABEL]


class PersonsDocument(RequestModel):
    """By which document a person is known."""

    document_type: DocumentType
    document_number: Annotated[str, StringConstraints(min_length=1, max_length=40), NOT_IN_CLEAR]


class OptOutRequest(RequestModel):
    """A person wants no cover; named by a document, or by one of your policies."""

    document: PersonsDocument | None = None
    policy_id: Identifier | None = None
    channel: Slug
    """By which way the person said so, e.g. `hotline`."""


class NewConsent(RequestModel):
    """That the person agreed anew."""

    text_version: Slug
    given_at: Moment
    channel: Slug
    sha256: Sha256Hex
    """Of your own record of it."""


class LiftRequest(RequestModel):
    """A person who had opted out wants to be covered after all."""

    document: PersonsDocument
    consent: NewConsent


class OptOutView(ReplyModel):
    """What an opt-out did."""

    opted_out_at: datetime
    """When the person said so first."""
    policies_canceled: list[str]
    """Yours, or all of them for the insurer; the person's cover with other partners ended as well."""


class LiftView(ReplyModel):
    """That the person may be enrolled again."""

    lifted_at: datetime


@opt_outs.post(
    "/v1/opt-outs",
    scope="opt-outs:write",
    callers=Callers.BOTH,
    reply=OptOutView,
    problems=(NoContract, UnknownPolicy, errors.PersonForgotten),
)
def record_opt_out(call: Call[PolicyDeps], body: OptOutRequest) -> Reply[OptOutView]:
    """End the person's cover now, with each partner, and let nobody enroll the person again until they agree anew.

    Unused premium is given back as with any cancellation. Rows and requests that come later are refused as `opted_out`.
    """
    caller = call.caller
    seen_by(call.tx, caller.tenant)
    done = opt_out(call.tx, _tokens(call, body), channel=body.channel, actor=caller.subject, now=call.now)
    mine = [policy_id for policy_id, partner_id in done.ended if caller.is_staff or caller.tenant == partner_id]
    return Reply(OptOutView(opted_out_at=done.since, policies_canceled=mine))


@opt_outs.post(
    "/v1/opt-outs/lift",
    scope="opt-outs:write",
    callers=Callers.BOTH,
    status=200,
    reply=LiftView,
    problems=(NoContract, NotOptedOut),
)
def lift(call: Call[PolicyDeps], body: LiftRequest) -> Reply[LiftView]:
    """Allow the person to be enrolled again, by a consent that is younger than the opt-out. What ended stays ended."""
    lift_opt_out(
        call.tx,
        _persons_tokens(call, body.document),
        reshape(body.consent, Consent),
        tenant=call.caller.tenant,
        actor=call.caller.subject,
        now=call.now,
    )
    return Reply(LiftView(lifted_at=call.now))


def _tokens(call: Call[PolicyDeps], body: OptOutRequest) -> tuple[TokenHex, ...]:
    if (body.document is None) == (body.policy_id is None):
        raise InvalidField("", "It names the person in no way, or in two.", "Send either document or policy_id.")
    if body.document is not None:
        return _persons_tokens(call, body.document)
    assert body.policy_id is not None  # noqa: S101  # one of the two is there
    return holders_tokens(call.tx, PolicyId(body.policy_id), tenant=call.caller.tenant, vault=call.deps.vault)


def _persons_tokens(call: Call[PolicyDeps], document: PersonsDocument) -> tuple[TokenHex, ...]:
    return persons_tokens(
        document.document_type,
        document.document_number,
        vault=call.deps.vault,
        sandbox=call.deps.sandbox,
        pointer="/document/document_number",
    )

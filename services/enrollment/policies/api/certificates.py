"""Certificates over HTTP: the insured's page for its partner, and for anybody whether a code is true."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from services.enrollment.partners.domain.errors import NoContract
from services.enrollment.people.domain.errors import UnknownPolicy
from services.enrollment.people.domain.policies import PolicyState
from services.enrollment.policies.api import certificate_page
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.policies.domain import errors
from services.enrollment.policies.usecases.certify_policy import certify_policy, verify_certificate
from shared.values.ids import PolicyId
from shared.web.models import Identifier, ReplyModel, RequestModel
from shared.web.resource import PUBLIC, Call, Callers, RawReply, Reply, Resource

certificates = Resource("certificates", "Proof of cover on paper")


class CertificatePath(RequestModel):
    policy_id: Identifier


class CodePath(RequestModel):
    code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z -]{20,40}$")]
    """As it stands on the certificate, with or without hyphens."""


class VerifiedView(ReplyModel):
    """A certificate that is true, with the policy as it stands now."""

    product_code: str
    product_version: int
    name_zh: str
    name_en: str
    state: PolicyState
    effective_from: datetime
    effective_to: datetime
    insured_name: str | None
    """Masked; null where the person was forgotten."""
    checked_at: datetime


@certificates.get(
    "/v1/policies/<policy_id>/certificate",
    scope="policies:read",
    callers=Callers.PARTNERS,
    reply="application/pdf",
    problems=(
        NoContract,
        UnknownPolicy,
        errors.NoCertificate,
        errors.PersonForgotten,
    ),
)
def certificate(call: Call[PolicyDeps], path: CertificatePath) -> RawReply:
    """One page in Chinese and English for the insured: full name, masked document, cover, term, limits, waiting period,
    and a code by which anybody can verify it.
    """
    made = certify_policy(
        call.tx,
        PolicyId(path.policy_id),
        tenant=call.caller.tenant,
        vault=call.deps.vault,
        codes=call.deps.codes,
        now=call.now,
    )
    headers = {
        "Content-Disposition": f'inline; filename="certificate-{path.policy_id}.pdf"',
        "Cache-Control": "no-store",
    }
    return RawReply(certificate_page.draw(made), "application/pdf", headers)


@certificates.get(
    "/v1/certificates/<code>",
    scope=PUBLIC,
    reply=VerifiedView,
    problems=(errors.UnknownCertificate,),
)
def verify(call: Call[PolicyDeps], path: CodePath) -> Reply[VerifiedView]:
    """Whether a certificate is true, and the state of its policy now. No token is asked: the code cannot be guessed."""
    found = verify_certificate(call.tx, path.code, vault=call.deps.vault)
    view = VerifiedView.of(
        found.policy,
        name_zh=found.terms.name_zh,
        name_en=found.terms.name_en,
        state=found.policy.state_at(call.now),
        insured_name=found.masked_name,
        checked_at=call.now,
    )
    return Reply(view, headers={"Cache-Control": "no-store"})

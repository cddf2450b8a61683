"""Consents over HTTP: the published words that people agree to, and the proof of one policy's consent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from services.enrollment.partners.domain.errors import NoContract
from services.enrollment.partners.usecases.contracts import seen_by
from services.enrollment.people.domain import errors
from services.enrollment.people.domain.consents import ConsentText
from services.enrollment.people.domain.errors import UnknownPolicy
from services.enrollment.people.store import consent_texts as store
from services.enrollment.people.store import policy_consents
from services.enrollment.people.usecases.publish_consent_text import publish_consent_text
from shared.values.clear_text import TextKind
from shared.values.ids import PolicyId
from shared.values.shapes import reshape
from shared.web import paging
from shared.web.models import Identifier, Moment, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

consents = Resource("consents", "What people agreed to")

Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"), TextKind.LABEL]
Words = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class NewConsentText(RequestModel):
    """The words that people are to agree to."""

    text_version: Slug
    zh: Words
    en: Words
    channels: list[Slug] = Field(default_factory=list, max_length=20)
    """Where it is shown; empty: anywhere."""
    valid_from: Moment
    """A consent given before is none to this text."""


class ConsentTextView(ReplyModel):
    """One published version. It never changes."""

    text_version: str
    zh: str
    en: str
    zh_sha256: str
    """SHA-256 of the Chinese words in UTF-8."""
    en_sha256: str
    channels: list[str]
    valid_from: datetime
    published_at: datetime


class PolicyConsentPath(RequestModel):
    policy_id: Identifier


class PolicyConsentView(ReplyModel):
    """The proof that the insured agreed."""

    policy_id: str
    partner_id: str
    text_version: str
    given_at: datetime
    channel: str
    sha256: str
    """Of the partner's own record of the consent: in a dispute it must show the record with this hash."""
    text: ConsentTextView | None
    """The words, where that version is published."""


@consents.post(
    "/v1/consent-texts",
    scope="partners:write",
    callers=Callers.STAFF,
    reply=ConsentTextView,
    problems=(errors.ConsentTextExists,),
)
def publish(call: Call[object], body: NewConsentText) -> Reply[ConsentTextView]:
    """Publish a version of the words. It stays as it is for ever; other words are another version."""
    channels = tuple(sorted(set(body.channels)))
    text = reshape(body, ConsentText, channels=channels, published_at=call.now, published_by=call.caller.subject)
    return Reply(ConsentTextView.of(publish_consent_text(call.tx, text)))


@consents.get("/v1/consent-texts", scope="partners:read", callers=Callers.BOTH, reply=paging.Page[ConsentTextView])
def list_texts(call: Call[object], query: paging.PageQuery) -> Reply[paging.Page[ConsentTextView]]:
    """All published versions, by name."""
    found = store.page(call.tx, after=query.after(str, first=""), limit=query.limit + 1)
    return Reply(paging.Page[ConsentTextView].cut(found, query, ConsentTextView.of, lambda last: (last.text_version,)))


@consents.get(
    "/v1/policies/<policy_id>/consent",
    scope="policies:read",
    callers=Callers.BOTH,
    reply=PolicyConsentView,
    problems=(NoContract, UnknownPolicy),
)
def show_consent(call: Call[object], path: PolicyConsentPath) -> Reply[PolicyConsentView]:
    """By which text, when and through which channel the insured of one policy agreed, and the hash of the record."""
    only = seen_by(call.tx, call.caller.tenant)
    found = policy_consents.of_policy(call.tx, PolicyId(path.policy_id), partner_no=only)
    if found is None:
        raise UnknownPolicy(path.policy_id)
    text = store.text(call.tx, found.consent.text_version)
    view = PolicyConsentView.of(found.consent, policy_id=path.policy_id, partner_id=found.partner_id, text=text)
    return Reply(view)

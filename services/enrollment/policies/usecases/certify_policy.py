"""Gathers what stands on an insured's certificate, and says whether a code is true. Drawing is the edge's."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.people.domain.errors import UnknownPolicy
from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.domain.certificates import Certificate, code_of, read_code
from services.enrollment.policies.domain.errors import NoCertificate, PersonForgotten, UnknownCertificate
from services.enrollment.policies.store import certificates, endorsements, policies, schedules
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.store import products
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.privacy.keys import KeyRing
from shared.privacy.masking import mask_document, mask_name
from shared.values.ids import PolicyId
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class CodeKey:
    """The key that codes are made with. With another one, codes made before stay good: they are stored."""

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, token_keys: KeyRing) -> CodeKey:
        """Made of the current key of tokens, and of no use for them."""
        return cls(hmac.digest(token_keys.key(token_keys.current), b"fangzha:certificates", hashlib.sha256))


def certify_policy(
    tx: Tx, policy_id: PolicyId, *, tenant: str, vault: Vault, codes: CodeKey, now: datetime
) -> Certificate:
    """The certificate of cover that runs or is to begin.

    Raises:
        UnknownPolicy: there is none, or it is another partner's.
        NoCertificate: it was canceled, or its term is over.
        PersonForgotten: nobody knows any more whose it was.
    """
    contract = contract_of(tx, tenant)
    policy = policies.policy(tx, policy_id, partner_no=contract.partner_no)
    if policy is None:
        raise UnknownPolicy(policy_id)
    if policy.erased:
        raise PersonForgotten(policy_id)
    state = policy.state_at(now)
    if state not in {"in_force", "upcoming"}:
        raise NoCertificate(policy_id, state)
    code = code_of(policy_id, codes.key)
    certificates.note(tx, code, policy_id, now=now)
    insured = vault.insured(tx, policy)
    return Certificate(
        policy=policy,
        terms=products.version(tx, policy.product_code, policy.product_version).terms,
        name=insured.name,
        document_type=insured.document_type,
        document=mask_document(insured.document_number),
        partner=contract.name,
        premium=Fen(policy.premium + endorsements.premium(tx, policy_id)),
        items=len(schedules.schedule(tx, policy_id).items),
        code=code,
        issued_at=now,
    )


@dataclass(frozen=True, slots=True)
class Verified:
    """What is told of a true certificate: the policy as it stands now, and of the person the masked name alone."""

    policy: Policy
    terms: ProductPublished
    masked_name: str | None


def verify_certificate(tx: Tx, text: str, *, vault: Vault) -> Verified:
    """The policy behind a code, as somebody typed it.

    Raises:
        UnknownCertificate: there is no such code.
    """
    policy_id = certificates.policy_of(tx, read_code(text))
    policy = None if policy_id is None else policies.of_any_partner(tx, policy_id)
    if policy is None:
        raise UnknownCertificate
    terms = products.version(tx, policy.product_code, policy.product_version).terms
    name = None if policy.erased else mask_name(vault.insured(tx, policy).name)
    return Verified(policy, terms, name)

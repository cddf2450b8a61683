"""Policies as enrollment told of them: newest version wins, each change apart from the enrollment that it changes.

How they come in, a thousand at a time, is coverage_rows's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.fraud_detection.coverage.domain.cover import Coverage
from services.fraud_detection.coverage.store import erased_policies
from shared.db.columns import Columns, Named
from shared.db.transaction import Tx
from shared.events.policies import PoliciesCanceled, PoliciesTransferred, PolicyCanceled
from shared.values.ids import PolicyId, ProductCode, TokenHex

_KEEP_END: Final = """
INSERT INTO coverage_ends (policy_id, version, effective_to, canceled_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (policy_id) DO UPDATE
SET version = excluded.version, effective_to = excluded.effective_to, canceled_at = excluded.canceled_at
WHERE coverage_ends.version < excluded.version"""

_KEEP_ENDS: Final = """
INSERT INTO coverage_ends (policy_id, version, effective_to, canceled_at)
SELECT DISTINCT ON (policy_id) policy_id, version, effective_to, %s
FROM unnest(%s::uuid[], %s::integer[], %s::timestamptz[]) AS ended (policy_id, version, effective_to)
ORDER BY policy_id, version DESC
ON CONFLICT (policy_id) DO UPDATE
SET version = excluded.version, effective_to = excluded.effective_to, canceled_at = excluded.canceled_at
WHERE coverage_ends.version < excluded.version"""

_KEEP_PHONE: Final = """
INSERT INTO coverage_phones (policy_id, version, phone_token)
SELECT %(policy_id)s, %(version)s, decode(%(phone_token)s, 'hex')
WHERE NOT EXISTS (SELECT FROM erased_policies WHERE policy_id = %(policy_id)s)
ON CONFLICT (policy_id) DO UPDATE SET version = excluded.version, phone_token = excluded.phone_token
WHERE coverage_phones.version < excluded.version"""

# One version is told once with the mask and once without: the name is the same.
_KEEP_NAME: Final = """
INSERT INTO coverage_names AS known (policy_id, version, name_token, name_masked)
SELECT %(policy_id)s, %(version)s, decode(%(name_token)s, 'hex'), %(name_masked)s
WHERE NOT EXISTS (SELECT FROM erased_policies WHERE policy_id = %(policy_id)s)
ON CONFLICT (policy_id) DO UPDATE SET version = excluded.version, name_token = excluded.name_token,
    name_masked = coalesce(excluded.name_masked,
                           CASE WHEN known.version = excluded.version THEN known.name_masked END)
WHERE known.version <= excluded.version"""

_KEEP_PARTNER: Final = """
INSERT INTO coverage_partners (policy_id, version, partner_id)
SELECT DISTINCT ON (policy_id) policy_id, version, %s
FROM unnest(%s::uuid[], %s::integer[]) AS moved (policy_id, version)
ORDER BY policy_id, version DESC
ON CONFLICT (policy_id) DO UPDATE SET version = excluded.version, partner_id = excluded.partner_id
WHERE coverage_partners.version < excluded.version"""

# A token of key 0, which no real key has, is what erasure leaves; see store/erased_policies.py.
_NAMED: Final[dict[str, Named]] = {
    "policy_id": "coverage.policy_id",
    "partner_id": "coalesce(coverage_partners.partner_id, coverage.partner_id)",
    "person_token": "encode(person_token, 'hex')",
    "phone_token": "encode(coalesce(coverage_phones.phone_token, coverage.phone_token), 'hex')",
    "name_token": "encode(coalesce(coverage_names.name_token, coverage.name_token), 'hex')",
    "effective_to": """CASE WHEN coverage_ends.version > coverage.version THEN coverage_ends.effective_to
                            ELSE coverage.effective_to END""",
    "canceled": "coalesce(coverage_ends.version > coverage.version, false)",
    "erased": "get_byte(person_token, 0) = 0 OR erased_policies.policy_id IS NOT NULL",
    "listings": "'[]'::jsonb",
    "renewals": "'[]'::jsonb",
}
_FROM: Final = """
FROM coverage LEFT JOIN coverage_ends USING (policy_id) LEFT JOIN coverage_phones USING (policy_id)
LEFT JOIN coverage_partners USING (policy_id) LEFT JOIN coverage_names USING (policy_id)
LEFT JOIN erased_policies USING (policy_id)"""
_READ: Final = f"SELECT {Columns(Coverage, **_NAMED)} {_FROM}"

_FIND: Final = f"{_READ} WHERE coverage.policy_id = %s"
_MANY: Final = f"{_READ} WHERE coverage.policy_id = ANY(%s::uuid[])"
_HOLD: Final = f"{_MANY} ORDER BY coverage.policy_id FOR SHARE OF coverage"

_IS_WITH_TERMS: Final = """
SELECT EXISTS (SELECT FROM coverage JOIN products USING (product_code, product_version) WHERE policy_id = %s)"""

_BESIDE: Final = f"""
{_READ}
WHERE stacks AND (person_token, product_code) IN (
    SELECT decode(person_token, 'hex'), product_code
    FROM unnest(%s::text[], %s::text[]) AS asked (person_token, product_code))
ORDER BY coverage.policy_id"""


@dataclass(frozen=True, slots=True)
class _Later:
    first: PolicyId
    renewal: Coverage


_RENEWALS: Final = f"""
WITH RECURSIVE later AS (
    SELECT renews AS first, policy_id FROM coverage WHERE renews = ANY(%s::uuid[])
    UNION
    SELECT later.first, coverage.policy_id FROM coverage JOIN later ON coverage.renews = later.policy_id)
SELECT {Columns(_Later, first="later.first", renewal=_NAMED)}
{_FROM} JOIN later USING (policy_id) ORDER BY effective_from, policy_id"""


def keep_end(tx: Tx, canceled: PolicyCanceled) -> None:
    """An early end, unless a newer one is known; its enrollment may come later."""
    tx.execute(_KEEP_END, (canceled.policy_id, canceled.version, canceled.effective_to, canceled.canceled_at))


def keep_ends(tx: Tx, canceled: PoliciesCanceled) -> None:
    """Many early ends, each as keep_end has it; in the order of their ids, so that two chunks never lock crosswise."""
    ended = canceled.policies
    ends = [moment.isoformat() for moment in ended.effective_to]
    tx.execute(_KEEP_ENDS, (canceled.canceled_at, ended.policy_ids, ended.version, ends))


def keep_phone(tx: Tx, policy_id: str, version: int, phone_token: str) -> None:
    """The insured's new phone, unless a newer one is known or the person is to be forgotten."""
    erased_policies.wait_for(tx, policy_id)
    tx.execute(_KEEP_PHONE, {"policy_id": policy_id, "version": version, "phone_token": phone_token})


def keep_name(tx: Tx, policy_id: str, version: int, name_token: str, name_masked: str | None = None) -> None:
    """The insured's name as it is by this version of the policy, unless a newer one is known or the person is to be
    forgotten.
    """
    erased_policies.wait_for(tx, policy_id)
    named = {"policy_id": policy_id, "version": version, "name_token": name_token, "name_masked": name_masked}
    tx.execute(_KEEP_NAME, named)


def keep_partner(tx: Tx, transferred: PoliciesTransferred) -> None:
    """The partner that these policies moved to, unless a newer move is known."""
    tx.execute(_KEEP_PARTNER, (transferred.to_partner_id, transferred.policy_ids, transferred.versions))


def find(tx: Tx, policy_id: PolicyId) -> Coverage | None:
    return tx.one(_FIND, (policy_id,), into=Coverage)


def is_with_terms(tx: Tx, policy_id: PolicyId) -> bool:
    """Whether the policy is known and its product's terms are too: only then can a claim on it be decided."""
    return bool(tx.one(_IS_WITH_TERMS, (policy_id,), into=bool))


def hold(tx: Tx, policy_ids: Iterable[PolicyId]) -> dict[PolicyId, Coverage]:
    """Those of these policies that are known, and they are not erased before this transaction ends."""
    return {each.policy_id: each for each in tx.all(_HOLD, (sorted(set(policy_ids)),), into=Coverage)}


def many(tx: Tx, policy_ids: Iterable[PolicyId]) -> dict[PolicyId, Coverage]:
    """Those of these policies that are known."""
    return {each.policy_id: each for each in tx.all(_MANY, (sorted(set(policy_ids)),), into=Coverage)}


def beside(tx: Tx, policies: Iterable[Coverage]) -> dict[PolicyId, list[Coverage]]:
    """Of each of these policies of a product that stacks: the same person's others of it, with whichever partner."""
    stacking = [each for each in policies if each.stacks]
    if not stacking:
        return {}
    asked = sorted({(each.person_token, each.product_code) for each in stacking})
    found: dict[tuple[TokenHex, ProductCode], list[Coverage]] = {}
    for each in tx.all(_BESIDE, tuple(map(list, zip(*asked, strict=True))), into=Coverage):
        found.setdefault((each.person_token, each.product_code), []).append(each)
    return {
        of.policy_id: [
            each for each in found.get((of.person_token, of.product_code), ()) if each.policy_id != of.policy_id
        ]
        for of in stacking
    }


def renewals(tx: Tx, policy_ids: Iterable[PolicyId]) -> dict[PolicyId, list[Coverage]]:
    """Of each of these policies those that follow it without a gap, one after the other, canceled ones too."""
    asked = sorted(set(policy_ids))
    found: dict[PolicyId, list[Coverage]] = {}
    for each in tx.all(_RENEWALS, (asked,), into=_Later) if asked else ():
        found.setdefault(each.first, []).append(each.renewal)
    return found

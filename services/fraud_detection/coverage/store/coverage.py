"""Policies as enrollment told of them: newest version wins, each change apart from the enrollment that it changes.

How they come in, a thousand at a time, is coverage_rows's.
"""

from __future__ import annotations

from typing import Final

from services.fraud_detection.coverage.domain.cover import Coverage
from services.fraud_detection.coverage.store import erased_policies
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.events.policies import PoliciesCanceled, PoliciesTransferred, PolicyCanceled
from shared.values.ids import PolicyId

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
_COVERAGE: Final = Columns(
    Coverage,
    policy_id="coverage.policy_id",
    partner_id="coalesce(coverage_partners.partner_id, coverage.partner_id)",
    person_token="encode(person_token, 'hex')",
    phone_token="encode(coalesce(coverage_phones.phone_token, coverage.phone_token), 'hex')",
    name_token="encode(coalesce(coverage_names.name_token, coverage.name_token), 'hex')",
    effective_to="""CASE WHEN coverage_ends.version > coverage.version THEN coverage_ends.effective_to
                         ELSE coverage.effective_to END""",
    canceled="coalesce(coverage_ends.version > coverage.version, false)",
    erased="get_byte(person_token, 0) = 0 OR erased_policies.policy_id IS NOT NULL",
    listings="'[]'::jsonb",
    renewals="'[]'::jsonb",
)
_READ: Final = f"""
SELECT {_COVERAGE}
FROM coverage LEFT JOIN coverage_ends USING (policy_id) LEFT JOIN coverage_phones USING (policy_id)
LEFT JOIN coverage_partners USING (policy_id) LEFT JOIN coverage_names USING (policy_id)
LEFT JOIN erased_policies USING (policy_id)"""

_FIND: Final = f"{_READ} WHERE coverage.policy_id = %s"
_HOLD: Final = f"{_FIND} FOR SHARE OF coverage"

_BESIDE: Final = f"""
{_READ} WHERE person_token = decode(%s, 'hex') AND product_code = %s AND stacks AND coverage.policy_id <> %s
ORDER BY coverage.policy_id"""

_RENEWALS: Final = f"""
WITH RECURSIVE later AS (
    SELECT policy_id FROM coverage WHERE renews = %s
    UNION
    SELECT coverage.policy_id FROM coverage JOIN later ON coverage.renews = later.policy_id)
{_READ} JOIN later USING (policy_id) ORDER BY effective_from, policy_id"""


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


def hold(tx: Tx, policy_id: PolicyId) -> Coverage | None:
    """The policy, and it is not erased before this transaction ends."""
    return tx.one(_HOLD, (policy_id,), into=Coverage)


def beside(tx: Tx, coverage: Coverage) -> list[Coverage]:
    """The same person's other policies of a product that stacks, with whichever partner."""
    values = (coverage.person_token, coverage.product_code, coverage.policy_id)
    return tx.all(_BESIDE, values, into=Coverage) if coverage.stacks else []


def renewals(tx: Tx, policy_id: PolicyId) -> list[Coverage]:
    """The policies that follow this one without a gap, one after the other, canceled ones too."""
    return tx.all(_RENEWALS, (policy_id,), into=Coverage)

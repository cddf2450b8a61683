"""Policies that follow others without a gap, and runs that renew a window of them. Who may be, the domain says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from services.enrollment.people.domain.policies import Consent
from services.enrollment.people.store.policy_consents import CONSENT
from services.enrollment.policies.domain.named_policies import NamedPolicy
from services.enrollment.policies.domain.renewals import Ending
from services.enrollment.policies.store import chunks
from services.enrollment.policies.store.chunks import NewChunk
from services.enrollment.policies.store.new_policies import NAMES, NewPolicy, NewRow, columns_of
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import PartnerId, PolicyId, ProductCode, TokenHex

_LOCK: Final = "SELECT 1 FROM policies WHERE policy_id = ANY(%s::uuid[]) ORDER BY policy_id FOR UPDATE"


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A policy that this transaction has locked, with what its successor takes over."""

    policy_id: PolicyId
    partner_reference: str
    ending: Ending
    person_token: TokenHex
    phone_token: TokenHex
    birth_year: int
    consent: Consent
    waits_from: datetime
    stacks_by: int
    """The successor's too: a policy that moved stands beside the new partner's own cover of the person, not for it."""
    chunk_id: str
    chunk_place: int


_PREDECESSOR: Final = Columns(
    Predecessor,
    ending={
        "stacks": "p.stacks_by <> 0",
        "renewed": "EXISTS (SELECT FROM renewals f WHERE f.renews = p.policy_id)",
        "opt_out": {
            "person_token": "encode(o.person_token, 'hex')",
            "opted_out_at": "o.opted_out_at",
            "lifted": "CASE WHEN o.person_token IS NOT NULL THEN o.lifted_at IS NOT NULL END",
        },
        "erased": "EXISTS (SELECT FROM erased_policies e WHERE e.policy_id = p.policy_id)",
        "covered_anew": """p.state = 'expired' AND EXISTS (
            SELECT FROM policies c WHERE c.person_token = p.person_token AND c.product_id = p.product_id
            AND c.stacks_by = p.stacks_by AND c.state = 'in_force')""",
    },
    person_token="encode(p.person_token, 'hex')",
    phone_token="encode(p.phone_token, 'hex')",
    consent=CONSENT,
    waits_from="coalesce(n.waits_from, p.effective_from)",
)
_READ: Final = f"""
SELECT {_PREDECESSOR.of("p")}
FROM policies p LEFT JOIN renewals n ON n.policy_id = p.policy_id
LEFT JOIN opt_outs o ON o.person_token = p.person_token
WHERE p.policy_id = ANY(%s::uuid[]) ORDER BY p.policy_id
"""


def hold(tx: Tx, policy_ids: Sequence[PolicyId]) -> list[Predecessor]:
    """Lock these policies until the transaction ends, in the order of their ids."""
    tx.execute(_LOCK, (list(policy_ids),))
    return tx.all(_READ, (list(policy_ids),), into=Predecessor)


# The partner first, then all whose its policies may be by now. In a query of its own, for how many they are decides on
# the plan of the next one. None is added between the two: a wind-down first waits for transactions that run.
_HOLDERS: Final = """
WITH RECURSIVE holders AS (
    SELECT partner_no, 0 AS moves FROM partners WHERE partner_id = %s
    UNION ALL SELECT w.transfer_to, h.moves + 1 FROM holders h JOIN wind_downs w USING (partner_no)
    WHERE w.transfer_to IS NOT NULL
)
SELECT partner_no FROM holders ORDER BY moves
"""
# A policy of a file was ordered when that file came, however late it was worked off. If one moves, its reference stays.
_BY_REFERENCE: Final = """
SELECT p.partner_reference, p.policy_id, p.state, coalesce(b.received_at, k.enrolled_at) AS sold_at,
       (SELECT max(t.transferred_at) FROM policy_transfers t
        WHERE t.policy_id = p.policy_id AND t.to_partner_no = %(partner_no)s) AS taken_over_at,
       p.effective_from, p.effective_to, p.consent_given_at, n.renews
FROM policies p
JOIN policy_chunks k USING (chunk_id)
LEFT JOIN batches b ON b.batch_id = k.batch_id
LEFT JOIN renewals n ON n.policy_id = p.policy_id
WHERE p.partner_no = ANY(%(holders)s) AND p.product_id = %(product_id)s
  AND p.partner_reference = ANY(%(references)s)
  AND (p.partner_no = %(partner_no)s OR EXISTS (
      SELECT FROM policy_transfers t WHERE t.policy_id IN (p.policy_id, n.renews)
      AND t.from_partner_no = %(partner_no)s AND t.transferred_at > %(held_at)s))
ORDER BY p.effective_from, p.policy_id
"""


def by_reference(
    tx: Tx, partner_id: PartnerId, product_id: int, references: Sequence[str], *, held_at: datetime | None = None
) -> dict[str, list[NamedPolicy]]:
    """For each reference that is known, its policies of this product as they are now, in the order of their begin.

    With ``held_at`` also those that left the partner after that moment, and the renewals that follow them.
    """
    holders = tx.all(_HOLDERS, (partner_id,), into=int)
    asked = {
        "partner_no": holders[0],
        "holders": holders if held_at else holders[:1],
        "product_id": product_id,
        "references": list(references),
        "held_at": held_at,
    }
    found: dict[str, list[NamedPolicy]] = {}
    for row in tx.all(_BY_REFERENCE, asked, into=dict[str, Any]):
        found.setdefault(row.pop("partner_reference"), []).append(NamedPolicy(**row))
    return found


_ADD_POLICIES: Final = f"INSERT INTO policies ({NAMES}, state) VALUES %s"
_ADD_RENEWALS: Final = "INSERT INTO renewals (policy_id, renews, waits_from) VALUES %s"


def add(tx: Tx, waiting: Sequence[tuple[NewPolicy, Predecessor]], chunk: NewChunk) -> None:
    """Store one chunk of policies that wait for the end of those that they follow."""
    rows = [
        NewRow(policy, place, replace(chunk.under, stacks_by=old.stacks_by))
        for place, (policy, old) in enumerate(waiting)
    ]
    tx.insert_many(_ADD_POLICIES, [(*values, "upcoming") for values in zip(*columns_of(rows).values(), strict=True)])
    tx.insert_many(_ADD_RENEWALS, [(policy.policy_id, old.policy_id, old.waits_from) for policy, old in waiting])
    chunks.add(tx, chunk)


RunState = Literal["running", "finished", "stopped"]
StopReason = Literal["wind_down", "product_not_sold"]


@dataclass(frozen=True, slots=True)
class Run:
    """The renewal of all policies of a partner and product that end until a moment, and how far it is."""

    run_id: str
    partner_id: PartnerId
    product_code: ProductCode
    expiring_through: datetime
    started_at: datetime
    state: RunState
    stop_reason: StopReason | None
    """Why a run that stopped did not come to its end."""
    renewed: int
    skipped: int
    finished_at: datetime | None


_ADD_RUN: Final = """
INSERT INTO renewal_runs (run_id, partner_no, product_id, expiring_through, started_at, started_by)
VALUES (%s, %s, %s, %s, %s, %s)
"""


def add_run(
    tx: Tx, run_id: str, *, partner_no: int, product_id: int, expiring_through: datetime, by: str, now: datetime
) -> None:
    tx.execute(_ADD_RUN, (run_id, partner_no, product_id, expiring_through, now, by))


_RUN: Final = """
SELECT r.run_id, p.partner_id, d.product_code, r.expiring_through, r.started_at, r.state, r.stop_reason,
       r.renewed, r.skipped, r.finished_at
FROM renewal_runs r JOIN partners p USING (partner_no) JOIN products d USING (product_id)
WHERE r.run_id = %s AND p.partner_id = %s
"""


def run(tx: Tx, run_id: str, partner_id: PartnerId) -> Run | None:
    """This partner's run; None where there is none or it is another's."""
    return tx.one(_RUN, (run_id, partner_id), into=Run)


@dataclass(frozen=True, slots=True)
class RunWork:
    """A run that this transaction has locked, and its next chunks with the policies to renew in them.

    ``last`` is the end and the id of the last chunk, as texts for SQL; None where the run is at its end.
    """

    run_id: str
    partner_id: PartnerId
    product_code: ProductCode
    started_at: datetime
    policies: tuple[PolicyId, ...]
    last: tuple[str, str] | None


# The row lock is the lease: it goes with the connection of a worker that is killed. A suspended partner's runs wait.
_LOCK_RUN: Final = """
SELECT r.run_id, p.partner_id, d.product_code, r.started_at
FROM renewal_runs r JOIN partners p USING (partner_no) JOIN products d USING (product_id)
WHERE r.state = 'running' AND p.state <> 'suspended' ORDER BY r.started_at, r.run_id LIMIT 1 FOR UPDATE OF r SKIP LOCKED
"""
# By the end of chunks, which only ever moves on, so none is passed over; policies that moved to another partner lie in
# chunks of their first one. Whole chunks, up to so many policies; texts, for a chunk may not know its end yet.
_NEXT_CHUNKS: Final = """
SELECT ends_next::text, chunk_id FROM (
    SELECT chunk_id, ends_next, row_number() OVER w AS place, sum(policies) OVER w AS together
    FROM (
        SELECT k.chunk_id, k.ends_next, k.policies FROM renewal_runs r JOIN policy_chunks k USING (product_id)
        WHERE r.run_id = %(run_id)s AND k.ends_next < 'infinity' AND k.ends_next <= r.expiring_through
          AND (k.ends_next, k.chunk_id) > (r.after_end, r.after_chunk)
        ORDER BY k.ends_next, k.chunk_id LIMIT 200
    ) next WINDOW w AS (ORDER BY ends_next, chunk_id)
) counted WHERE place = 1 OR together <= %(most)s ORDER BY ends_next, chunk_id
"""
_NEXT_POLICIES: Final = """
SELECT p.policy_id FROM policies p JOIN renewal_runs r ON r.run_id = %s
WHERE p.chunk_id = ANY(%s::uuid[]) AND p.partner_no = r.partner_no AND p.product_id = r.product_id
  AND p.state = 'in_force' AND p.effective_to <= r.expiring_through
ORDER BY p.policy_id
"""


def take_next(tx: Tx, most: int) -> RunWork | None:
    """Lock the oldest run that may go on and nobody works on, and read what is next; None where there is none."""
    head = tx.one(_LOCK_RUN, into=dict[str, Any])
    if head is None:
        return None
    chunks = tx.all(_NEXT_CHUNKS, {"run_id": head["run_id"], "most": most}, into=tuple[str, str])
    asked = (head["run_id"], [chunk_id for _end, chunk_id in chunks])
    policies = tx.all(_NEXT_POLICIES, asked, into=PolicyId) if chunks else []
    return RunWork(policies=tuple(policies), last=chunks[-1] if chunks else None, **head)


_FURTHER: Final = """
UPDATE renewal_runs SET after_end = %s::timestamptz, after_chunk = %s, renewed = renewed + %s, skipped = skipped + %s
WHERE run_id = %s AND state = 'running'
"""
# A chunk whose end moved on meanwhile is met again: what was said of its policies stands.
_ADD_SKIPS: Final = "INSERT INTO renewal_skips (run_id, policy_id, code) VALUES %s ON CONFLICT DO NOTHING RETURNING 1"
_FINISH: Final = "UPDATE renewal_runs SET state = 'finished', finished_at = %s WHERE run_id = %s AND state = 'running'"
_STOP: Final = """
UPDATE renewal_runs SET state = 'stopped', stop_reason = %s, finished_at = %s WHERE run_id = %s AND state = 'running'
"""


def further(tx: Tx, work: RunWork, *, renewed: int, skipped: Sequence[tuple[PolicyId, str]], now: datetime) -> None:
    """Move a run on past its chunks, noting why some policies were left out; finish it at its end."""
    if work.last is None:
        tx.execute(_FINISH, (now, work.run_id))
        return
    noted = tx.insert_many(_ADD_SKIPS, [(work.run_id, policy_id, code) for policy_id, code in skipped])
    tx.execute(_FURTHER, (*work.last, renewed, len(noted), work.run_id))


def stop(tx: Tx, run_id: str, reason: StopReason, now: datetime) -> None:
    """Nothing may be done in a run any more."""
    tx.execute(_STOP, (reason, now, run_id))


_SKIPS: Final = """
SELECT s.policy_id, p.partner_reference, s.code FROM renewal_skips s JOIN policies p USING (policy_id)
WHERE s.run_id = %s AND s.policy_id > %s::uuid ORDER BY s.policy_id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Skip:
    """A policy that a run left out, and why."""

    policy_id: PolicyId
    partner_reference: str
    code: str


def skips(tx: Tx, run_id: str, *, after: PolicyId | None, limit: int) -> list[Skip]:
    first = after or "00000000-0000-0000-0000-000000000000"
    return tx.all(_SKIPS, (run_id, first, limit), into=Skip)

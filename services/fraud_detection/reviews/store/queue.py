"""The queue as its readers see it: filtered, and what a reviewer may be given next. Which comes first is domain's."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.states import APPEALS
from services.fraud_detection.claims.store.courses import STEPS
from services.fraud_detection.claims.store.transfers import SAME
from services.fraud_detection.decisions.domain.authority import Authority
from services.fraud_detection.decisions.domain.decision_policy import Why
from services.fraud_detection.decisions.store.reviews import ReviewKind, ReviewRow
from services.fraud_detection.reviews.domain.care import CareFlag
from services.fraud_detection.reviews.domain.priority import Waiting
from services.fraud_detection.reviews.store import care
from services.fraud_detection.reviews.store.care import BIRTH_YEAR, HAS_FLAG, LOSSES
from services.fraud_detection.reviews.store.passes import of_this_pass
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.money import Fen

CONSIDERED: Final = 2_000
"""Of so many that wait longest the next case is chosen: more than a day's work of a hundred reviewers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Of the queue; what is None does not matter. ``whose`` holds them or has them assigned, as of ``now``.

    ``confirmer``: the cases whose proposed approvals this person may confirm, under ``authority``.
    """

    still_open: bool
    kind: ReviewKind | None
    why: Why | None
    liability: str | None
    care: CareFlag | None
    waiting_before: datetime | None
    amount_from_fen: Fen | None
    amount_to_fen: Fen | None
    whose: str | None
    confirmer: str | None
    authority: Authority
    now: datetime


_ROW: Final = Columns(ReviewRow)
# Of the claim's proposal: whether the person may not confirm it. One on a claim that changed since stands no more.
_STANDS: Final = """
    SELECT FROM approval_proposals
    WHERE approval_proposals.claim_id = reviews.claim_id AND ended_at IS NULL
      AND approval_proposals.version = claims.version"""
# What a claim was split into counts together.
_PARTS: Final = """
    FROM claims AS part LEFT JOIN reservations ON reservations.claim_id = part.claim_id AND released_at IS NULL
    WHERE (part.claim_id = claims.split_root OR part.split_root = coalesce(claims.split_root, claims.claim_id))
      AND part.claim_id <> claims.claim_id"""
_MAY_CONFIRM: Final = f"""
      proposed_by <> %(reviewer)s
      AND approval_proposals.amount_fen + (SELECT coalesce(sum(reservations.amount_fen), 0) {_PARTS})
          <= %(pays_up_to_fen)s
      AND claims.amount_fen + (SELECT coalesce(sum(part.amount_fen), 0) {_PARTS}) <= %(claims_up_to_fen)s"""
# Of a claim that was split off, what was decided before on the whole counts too, and so on up to the first one.
_DECIDED_BEFORE: Final = """
    WITH RECURSIVE whole (claim_id, split_by) AS (
        SELECT claims.claim_id, NULL::uuid
        UNION ALL
        SELECT part.split_from, part.split_by FROM whole JOIN claims AS part USING (claim_id)
        WHERE part.split_from IS NOT NULL)
    SELECT FROM whole JOIN decisions USING (claim_id)
    WHERE (whole.split_by IS NULL OR decisions.version < (
              SELECT splitting.version FROM decisions AS splitting WHERE splitting.decision_id = whole.split_by))
      AND by_person AND %(reviewer)s IN (decided_by, proposed_by) AND outcome IN ('approved', 'refused')"""
# Who did not accept a transfer does not decide on the claim that tells it anew.
_REFUSED_BEFORE: Final = f"""
    SELECT FROM transfers AS mine JOIN transfers AS theirs ON theirs.refused AND {SAME}
    JOIN decisions ON decisions.claim_id = theirs.claim_id
    WHERE mine.claim_id = reviews.claim_id
      AND by_person AND %(reviewer)s IN (decided_by, proposed_by) AND outcome IN ('approved', 'refused')"""
# What the machine said last is why a case waits.
_LIST: Final = f"""
SELECT {_ROW.of("reviews")} FROM reviews JOIN claims USING (claim_id)
WHERE (closed_at IS NULL) = %(still_open)s
  AND (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND (%(why)s::text IS NULL OR %(why)s = (
      SELECT why FROM decisions WHERE decisions.claim_id = reviews.claim_id AND NOT by_person
      ORDER BY version DESC LIMIT 1))
  AND (%(liability)s::text IS NULL OR liability = %(liability)s)
  AND (%(care)s::text IS NULL OR {HAS_FLAG})
  AND (%(waiting_before)s::timestamptz IS NULL OR waiting_since < %(waiting_before)s)
  AND (%(amount_from_fen)s::bigint IS NULL OR amount_fen >= %(amount_from_fen)s)
  AND (%(amount_to_fen)s::bigint IS NULL OR amount_fen <= %(amount_to_fen)s)
  AND (%(whose)s::text IS NULL OR EXISTS (
      SELECT FROM review_leases WHERE review_leases.claim_id = reviews.claim_id
        AND held_by = %(whose)s AND expires_at > %(now)s) OR EXISTS (
      SELECT FROM review_assignments WHERE {of_this_pass("review_assignments")}
        AND assigned_to = %(whose)s AND expires_at > %(now)s))
  AND (%(reviewer)s::text IS NULL OR EXISTS ({_STANDS} AND {_MAY_CONFIRM}) AND NOT EXISTS ({_DECIDED_BEFORE})
      AND NOT EXISTS ({_REFUSED_BEFORE}))
  AND (%(since)s::timestamptz IS NULL OR (waiting_since, claim_id) > (%(since)s::timestamptz, %(after_id)s::uuid))
ORDER BY waiting_since, claim_id LIMIT %(limit)s"""

# An appeal is another person's than who decided; the last one, and what was handed on, is a senior person's. What is
# held is its holder's.
_WAITING: Final = Columns(
    Waiting,
    steps=STEPS,
    score="(SELECT score FROM decisions WHERE decisions.claim_id = reviews.claim_id AND NOT by_person"
    " ORDER BY version DESC LIMIT 1)",
    care={"birth_year": BIRTH_YEAR, "losses": LOSSES},
    assigned="assigned_to IS NOT NULL",
)
_CANDIDATES: Final = f"""
SELECT {_WAITING}
FROM reviews JOIN claims USING (claim_id)
LEFT JOIN LATERAL (
    SELECT assigned_to FROM review_assignments
    WHERE {of_this_pass("review_assignments")}
      AND expires_at > %(now)s
) AS assignment ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS number FROM appeals WHERE appeals.claim_id = reviews.claim_id
) AS appealed ON true
WHERE closed_at IS NULL
  AND NOT EXISTS ({_DECIDED_BEFORE})
  AND NOT EXISTS ({_REFUSED_BEFORE})
  AND NOT EXISTS ({_STANDS} AND NOT ({_MAY_CONFIRM}))
  AND NOT EXISTS (SELECT FROM review_leases WHERE review_leases.claim_id = reviews.claim_id AND expires_at > %(now)s)
  AND NOT EXISTS (SELECT FROM undoable_decisions WHERE undoable_decisions.claim_id = reviews.claim_id)
  AND (%(senior)s OR NOT (claims.appealed AND number >= %(appeals)s))
  AND (%(senior)s OR NOT EXISTS (SELECT FROM review_escalations
                                 WHERE {of_this_pass("review_escalations")}))
  AND (assigned_to IS NULL OR assigned_to = %(reviewer)s)
ORDER BY assigned_to IS NULL, waiting_since, claim_id LIMIT %(limit)s"""


def page(tx: Tx, asked: Filter, *, after: tuple[datetime, str] | None, limit: int) -> list[ReviewRow]:
    """The longest waiting first."""
    since, after_id = after or (None, None)
    values = {
        **{field.name: getattr(asked, field.name) for field in fields(asked)},
        **_person(asked.confirmer, asked.authority),
        **care.parameters(asked.now),
        "since": since,
        "after_id": after_id,
        "limit": limit,
    }
    return tx.all(_LIST, values, into=ReviewRow)


def candidates(tx: Tx, *, reviewer: str, senior: bool, authority: Authority, now: datetime) -> list[Waiting]:
    """Cases that ``reviewer`` may be given: nobody holds them, they did not decide on them before, and what is proposed
    on them they may confirm; those that are theirs by name before all others.
    """
    values = {
        **_person(reviewer, authority),
        **care.parameters(now),
        "senior": senior,
        "now": now,
        "appeals": APPEALS,
        "limit": CONSIDERED,
    }
    return tx.all(_CANDIDATES, values, into=Waiting)


def _person(reviewer: str | None, authority: Authority) -> dict[str, object]:
    return {
        "reviewer": reviewer,
        "pays_up_to_fen": authority.pays_up_to_fen,
        "claims_up_to_fen": authority.claims_up_to_fen,
    }

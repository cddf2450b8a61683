"""Payouts: rows, steps and leases. Which step is right is the domain's; the database refuses illegal ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.payout.domain.payouts import Payout
from services.payout.domain.reconciliation import OurTransfer
from services.payout.domain.states import State
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, PayoutId
from shared.values.money import Fen

_PAYOUT: Final = Columns(Payout)
_INSERT: Final = f"""
INSERT INTO payouts ({_PAYOUT.names}, cover_limit_fen) VALUES ({_PAYOUT.places}, %(cover_limit_fen)s)
ON CONFLICT DO NOTHING"""
# Ids grow with time: of a claim's payouts all but the newest have failed.
_BY_CLAIM: Final = f"""
SELECT {_PAYOUT} FROM payouts WHERE claim_id = %s ORDER BY payout_id DESC LIMIT 1 FOR UPDATE"""
_BY_ID: Final = f"SELECT {_PAYOUT} FROM payouts WHERE payout_id = %s"
_BY_ID_LOCKED: Final = _BY_ID + " FOR UPDATE"
_PAGE: Final = f"""
SELECT {_PAYOUT} FROM payouts
WHERE (%(claim_id)s::uuid IS NULL OR claim_id = %(claim_id)s)
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(partner_id)s::text IS NULL OR partner_id = %(partner_id)s)
  AND (%(after)s::uuid IS NULL OR payout_id > %(after)s)
ORDER BY payout_id LIMIT %(limit)s"""
_STEP: Final = f"""
UPDATE payouts SET state = %(to)s, reason = COALESCE(%(reason)s, reason), version = version + 1, changed_at = %(now)s,
       questions = 0, lease_by = NULL, lease_until = NULL
WHERE payout_id = %(payout_id)s AND state = %(old)s AND version = %(version)s
RETURNING {_PAYOUT}"""
_PAUSE: Final = """
UPDATE payouts SET not_before = clock_timestamp() + make_interval(secs => %s), questions = questions + 1,
       lease_by = NULL, lease_until = NULL
WHERE payout_id = %s AND version = %s"""
_TAKE_DUE: Final = f"""
WITH due AS (
    SELECT payout_id AS id FROM payouts
    WHERE state = 'scheduled' AND payable_from <= %(now)s AND not_before <= clock_timestamp()
    ORDER BY payable_from LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE payouts SET state = 'sending', version = version + 1, attempts = attempts + 1, changed_at = %(now)s,
       questions = 0, last_sent_at = clock_timestamp(), lease_by = %(worker)s,
       lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
FROM due WHERE payout_id = due.id AND state = 'scheduled'
RETURNING {_PAYOUT}"""
# `sending` is taken only when its lease ran out: who held it died, or hangs.
_TAKE_TO_ASK: Final = f"""
WITH open AS (
    SELECT payout_id AS id FROM payouts
    WHERE state IN ('sending', 'in_doubt', 'accepted') AND not_before <= clock_timestamp()
      AND (lease_until IS NULL OR lease_until <= clock_timestamp())
    ORDER BY not_before LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE payouts SET lease_by = %(worker)s, lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
FROM open WHERE payout_id = open.id AND state IN ('sending', 'in_doubt', 'accepted')
RETURNING {_PAYOUT}"""
_TRIES: Final = """
SELECT questions, COALESCE(extract(epoch FROM clock_timestamp() - last_sent_at), 0)::float8 FROM payouts
WHERE payout_id = %s"""
_COUNTS: Final = """
SELECT state, count(payout_id) FROM payout_states LEFT JOIN payouts USING (state) GROUP BY state"""
_TRANSFERS: Final = f"SELECT {Columns(OurTransfer, reference='payout_id')} FROM payouts WHERE attempts > 0"


@dataclass(frozen=True, slots=True)
class PayoutFilter:
    """Which payouts a list shows; None leaves a condition out."""

    claim_id: str | None = None
    state: State | None = None
    partner_id: str | None = None


def insert(tx: Tx, payout: Payout, *, cover_limit_fen: Fen) -> bool:
    """False if its decision has a payout already, or its claim one that did not fail."""
    return tx.execute(_INSERT, {**_PAYOUT.values(payout), "cover_limit_fen": cover_limit_fen}) == 1


def lock_of_claim(tx: Tx, claim_id: ClaimId) -> Payout | None:
    """The claim's newest payout, locked until the transaction ends."""
    return tx.one(_BY_CLAIM, (claim_id,), into=Payout)


def find(tx: Tx, payout_id: PayoutId) -> Payout | None:
    return tx.one(_BY_ID, (payout_id,), into=Payout)


def lock(tx: Tx, payout_id: PayoutId) -> Payout | None:
    return tx.one(_BY_ID_LOCKED, (payout_id,), into=Payout)


def page(tx: Tx, wanted: PayoutFilter, *, after: PayoutId | None, limit: int) -> list[Payout]:
    """Payouts in the order of their ids, which is the order of their making."""
    parameters: dict[str, object] = {
        "claim_id": wanted.claim_id,
        "state": wanted.state,
        "partner_id": wanted.partner_id,
        "after": after,
        "limit": limit,
    }
    return tx.all(_PAGE, parameters, into=Payout)


def step(tx: Tx, payout: Payout, to: State, reason: str | None, *, now: datetime) -> Payout | None:
    """Go from the state that ``payout`` shows to ``to``; None if somebody else took a step meanwhile."""
    parameters: dict[str, object] = {
        "payout_id": payout.payout_id,
        "old": payout.state,
        "version": payout.version,
        "to": to,
        "reason": reason,
        "now": now,
    }
    return tx.one(_STEP, parameters, into=Payout)


def pause(tx: Tx, payout: Payout, seconds: float) -> bool:
    """Give up the lease and leave it alone for that long (real time)."""
    return tx.execute(_PAUSE, (seconds, payout.payout_id, payout.version)) == 1


def take_due(tx: Tx, *, now: datetime, worker: str, lease_seconds: float) -> Payout | None:
    """Lease one payout whose business time has come, as ``sending``; others' are skipped, not waited for."""
    return tx.one(_TAKE_DUE, {"now": now, "worker": worker, "lease": lease_seconds}, into=Payout)


def take_to_ask(tx: Tx, *, worker: str, lease_seconds: float) -> Payout | None:
    """Lease one payout that the bank may know more about, and that no living worker holds."""
    return tx.one(_TAKE_TO_ASK, {"worker": worker, "lease": lease_seconds}, into=Payout)


def tries(tx: Tx, payout_id: PayoutId) -> tuple[int, float]:
    """How often the bank was asked in vain since the last step, and the real seconds since the last send."""
    return tx.one(_TRIES, (payout_id,), into=tuple[int, float]) or (0, 0.0)


def counts(tx: Tx) -> dict[str, int]:
    """How many payouts are in each state; zeros included."""
    return dict(tx.all(_COUNTS))


def sent(tx: Tx) -> dict[str, OurTransfer]:
    """All payouts that were sent at least once, by reference."""
    return {each.reference: each for each in tx.all(_TRANSFERS, into=OurTransfer)}

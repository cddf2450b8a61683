"""The invariants of files: what came in is accounted for, row by row."""

from __future__ import annotations

from typing import Final

from shared.db.invariants import Invariant, found_by

# 9: rows in = accepted + rejected, by reason. Of results that expired the rows go, and the batch's word is taken.
_REJECTIONS: Final = """LATERAL (
         SELECT CASE WHEN b.results_expired_at IS NULL
                     THEN (SELECT count(*) FROM batch_rejections x WHERE x.batch_id = b.batch_id)
                     ELSE b.rejected END AS rows
     ) r"""
_BATCH_MISCOUNTED: Final = f"""
SELECT 'batch ' || b.batch_id || ' read ' || b.rows_read || ' rows: ' || a.policies || ' policies and ' || r.rows
       || ' rejections (it says ' || b.accepted || ' and ' || b.rejected || ')'
FROM batches b,
     LATERAL (SELECT coalesce(sum(k.policies), 0) AS policies FROM policy_chunks k WHERE k.batch_id = b.batch_id) a,
     {_REJECTIONS}
WHERE b.kind = 'enrollment' AND NOT b.dry_run
  AND (b.accepted, b.rejected, b.rows_read) <> (a.policies, r.rows, a.policies + r.rows)
"""
_PARTS_MISCOUNTED: Final = """
SELECT 'batch ' || b.batch_id || ' has ' || b.rows_total || ' rows and parts of ' || coalesce(p.rows, 0)
FROM batches b, LATERAL (
    SELECT sum(rows) AS rows, coalesce(sum(rows) FILTER (WHERE accepted IS NOT NULL), 0) AS done
    FROM batch_parts m WHERE m.batch_id = b.batch_id
) p
WHERE (b.rows_total, b.rows_read) <> (coalesce(p.rows, 0), p.done)
"""
_REJECTED_WITHOUT_REASON: Final = """
SELECT 'batch ' || batch_id || ' line ' || line || ' was rejected without a reason'
FROM batch_rejections LEFT JOIN rejection_reasons USING (reason_no)
WHERE reason_no IS NULL OR code IS NULL OR code = '' OR detail = '' OR fix = ''
"""
_REMOVALS_MISCOUNTED: Final = f"""
SELECT 'removal batch ' || b.batch_id || ' says ' || b.accepted || ' and ' || b.rejected || ' rows: ' || a.ended
       || ' policies ended and ' || r.rows || ' rejections'
FROM batches b,
     LATERAL (SELECT count(*) AS ended FROM cancellations c WHERE c.batch_id = b.batch_id AND NOT c.with_predecessor) a,
     {_REJECTIONS}
WHERE b.kind = 'removal' AND NOT b.dry_run AND (b.accepted, b.rejected) <> (a.ended, r.rows)
"""
_RENEWALS_MISCOUNTED: Final = f"""
SELECT 'renewal batch ' || b.batch_id || ' says ' || b.accepted || ' and ' || b.rejected || ' rows: ' || a.renewed
       || ' policies renewed and ' || r.rows || ' rejections'
FROM batches b,
     LATERAL (SELECT coalesce(sum(k.policies), 0) AS renewed FROM policy_chunks k WHERE k.batch_id = b.batch_id) a,
     {_REJECTIONS}
WHERE b.kind = 'renewal' AND NOT b.dry_run AND (b.accepted, b.rejected) <> (a.renewed, r.rows)
"""

_RESULTS_LEFT: Final = """
SELECT 'batch ' || b.batch_id || ' has rows of results that it says were dropped'
FROM batches b
WHERE b.results_dropped_at IS NOT NULL
  AND (EXISTS (SELECT FROM batch_rejections x WHERE x.batch_id = b.batch_id)
       OR EXISTS (SELECT FROM dry_run_rows d WHERE d.batch_id = b.batch_id))
"""

# 10: no illegal state step.
_BATCH_STATE: Final = """
SELECT 'batch ' || b.batch_id || ' is ' || b.state || ' with ' || count(p.part_no) || ' parts still to do'
FROM batches b LEFT JOIN batch_parts p ON p.batch_id = b.batch_id AND p.sealed IS NOT NULL
GROUP BY b.batch_id HAVING (b.state = 'finished' AND count(p.part_no) > 0)
                        OR (b.state IN ('received', 'processing') AND count(p.part_no) = 0)
"""

INVARIANTS: Final = (
    Invariant(
        9,
        "rows of each batch = accepted + rejected, each rejection with its reason",
        found_by(_BATCH_MISCOUNTED, _PARTS_MISCOUNTED, _REJECTED_WITHOUT_REASON, _RESULTS_LEFT),
    ),
    Invariant(
        9, "rows of each removal and renewal did what it says", found_by(_REMOVALS_MISCOUNTED, _RENEWALS_MISCOUNTED)
    ),
    Invariant(10, "batches took no illegal step", found_by(_BATCH_STATE)),
)

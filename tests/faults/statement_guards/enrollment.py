"""Of enrollment's statements about files and policies."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_BATCHES: Final = "services/enrollment/files/store/batches.py"
_FILE_TURNS: Final = ("tests/services/enrollment/files/test_turns.py",)
_OUTCOMES: Final = "services/enrollment/policies/store/outcomes.py"
_LATE_WORDS: Final = ("tests/services/enrollment/policies/test_late_words.py",)
_EXPIRY: Final = "services/enrollment/policies/store/expiry.py"
_ENDING: Final = ("tests/services/enrollment/policies/test_end_of_terms.py",)
_PICKED: Final = "services/enrollment/files/store/picked_files.py"
_PARTNER_TURNS: Final = ("tests/services/enrollment/partners/test_turns.py",)
_RENEWALS: Final = "services/enrollment/policies/store/renewals.py"
_RUNS: Final = ("tests/services/enrollment/policies/test_turns.py",)

_EXPIRED: Final = "services/enrollment/files/store/expired_results.py"
_END_OF_RESULTS: Final = ("tests/services/enrollment/files/test_end_of_results.py",)

GUARDS: Final = (
    Guard(
        "the file that came first is worked off first",
        _BATCHES,
        "ORDER BY received_at, batch_id LIMIT 100",
        "ORDER BY batch_id LIMIT 100",
        _FILE_TURNS,
    ),
    Guard(
        "the first part of a file that is left comes first",
        _BATCHES,
        "    ORDER BY n.part_no LIMIT 1)",
        "    ORDER BY n.part_no DESC LIMIT 1)",
        _FILE_TURNS,
    ),
    Guard(
        "a part of a file is done once",
        _BATCHES,
        'WHERE batch_id = %s AND part_no = %s AND sealed IS NOT NULL\n"""',
        'WHERE batch_id = %s AND part_no = %s\n"""',
        _FILE_TURNS,
    ),
    Guard(
        "a file that came to an end does not go on",
        _BATCHES,
        "WHERE batch_id = %(batch_id)s AND state IN ('received', 'processing')\nRETURNING",
        "WHERE batch_id = %(batch_id)s\nRETURNING",
        _FILE_TURNS,
    ),
    Guard(
        "a part that is done is not tried again",
        _BATCHES,
        "AND sealed IS NOT NULL RETURNING tries",
        "RETURNING tries",
        _FILE_TURNS,
    ),
    Guard(
        "a file that is done does not fail",
        _BATCHES,
        "WHERE batch_id = %s AND state IN ('received', 'processing')\n",
        "WHERE batch_id = %s\n",
        _FILE_TURNS,
    ),
    Guard(
        "what waits of a file is forgotten where the file failed alone",
        "services/enrollment/files/store/failed_batches.py",
        "b.state = 'failed' AND ",
        "",
        _FILE_TURNS,
    ),
    Guard(
        "results expire once",
        _EXPIRED,
        "WHERE results_expired_at IS NULL AND finished_at <",
        "WHERE finished_at <",
        _END_OF_RESULTS,
    ),
    Guard(
        "results of a dry run have an end of their own",
        _EXPIRED,
        "CASE WHEN dry_run THEN %(dry_runs)s ELSE %(files)s END",
        "%(files)s",
        _END_OF_RESULTS,
    ),
    Guard(
        "results that are gone are dropped once",
        _EXPIRED,
        "WHERE results_dropped_at IS NULL AND results_expired_at <",
        "WHERE results_expired_at <",
        _END_OF_RESULTS,
    ),
    Guard(
        "who began to read results reads them to their end",
        _EXPIRED,
        "IS NULL AND results_expired_at < %s",
        "IS NULL AND results_expired_at IS NOT NULL AND %s IS NOT NULL",
        _END_OF_RESULTS,
    ),
    Guard(
        "a batch says that its results are gone once no rejection is left",
        _EXPIRED,
        "  AND NOT EXISTS (SELECT FROM batch_rejections x WHERE x.batch_id = b.batch_id)\n",
        "",
        _END_OF_RESULTS,
    ),
    Guard(
        "a batch says that its results are gone once no row of a dry run is left",
        _EXPIRED,
        "  AND NOT EXISTS (SELECT FROM dry_run_rows d WHERE d.batch_id = b.batch_id)\n",
        "",
        _END_OF_RESULTS,
    ),
    Guard(
        "results that expired are not told",
        "services/enrollment/files/api/batches.py",
        "    if batch.results_expired_at is not None:\n",
        "    if not batch_id:\n",
        _END_OF_RESULTS,
    ),
    Guard(
        "results that expired are not written beside a file",
        "services/enrollment/files/usecases/pick_up_files.py",
        " and done and batch.results_expired_at is None:",
        " and done:",
        _END_OF_RESULTS,
    ),
    Guard(
        "rows of a file are counted for as long as its results are told",
        "services/enrollment/files/store/integrity.py",
        "CASE WHEN b.results_expired_at IS NULL\n",
        "CASE WHEN b.finished_at IS NULL\n",
        ("tests/services/enrollment/test_verify.py",),
    ),
    Guard(
        "the newest decision on a claim counts for its policy",
        _OUTCOMES,
        "decided_at = excluded.decided_at\nWHERE known.version < excluded.version",
        "decided_at = excluded.decided_at",
        _LATE_WORDS,
    ),
    Guard(
        "the newest state of a payout counts for its policy",
        _OUTCOMES,
        "changed_at = excluded.changed_at\nWHERE known.version < excluded.version",
        "changed_at = excluded.changed_at",
        _LATE_WORDS,
    ),
    Guard(
        "those of a file whose term is over end alone",
        _EXPIRY,
        " AND effective_to <= %s FOR UPDATE SKIP LOCKED",
        " AND %s IS NOT NULL FOR UPDATE SKIP LOCKED",
        _ENDING,
    ),
    Guard(
        "what was canceled is not over once more",
        _EXPIRY,
        " AND state = 'in_force' AND effective_to <=",
        " AND effective_to <=",
        _ENDING,
    ),
    Guard(
        "a renewal that was canceled does not begin",
        _EXPIRY,
        " AND p.state = 'upcoming' RETURNING",
        " RETURNING",
        ("tests/services/enrollment/policies/test_early_ends.py",),
    ),
    Guard(
        "who was told is marked once",
        "services/enrollment/policies/store/transfers.py",
        " AND policy_id = ANY(%s::uuid[]) AND notified_at IS NULL",
        " AND policy_id = ANY(%s::uuid[])",
        ("tests/services/enrollment/policies/test_notices.py",),
    ),
    Guard(
        "a policy that is canceled while it moves ends once",
        "services/enrollment/policies/store/transfers.py",
        "ORDER BY partner_reference, policy_id LIMIT %s FOR UPDATE\n",
        "ORDER BY partner_reference, policy_id LIMIT %s\n",
        ("tests/services/enrollment/partners/test_wind_down.py",),
    ),
    Guard(
        "a policy that two end at once ends once",
        "services/enrollment/policies/store/cancellations.py",
        'ORDER BY policy_id FOR UPDATE"',
        'ORDER BY policy_id"',
        ("tests/services/enrollment/policies/test_at_once.py",),
    ),
    Guard(
        "a policy that ended moves to nobody",
        "services/enrollment/policies/store/transfers.py",
        "WHERE policy_id = ANY(%s::uuid[]) AND partner_no = %s AND state IN ('in_force', 'upcoming')",
        "WHERE policy_id = ANY(%s::uuid[]) AND partner_no = %s",
        _PARTNER_TURNS,
    ),
    Guard(
        "the run of renewals that was ordered first is worked on first",
        _RENEWALS,
        "ORDER BY r.started_at, r.run_id LIMIT 1 FOR UPDATE",
        "ORDER BY r.run_id LIMIT 1 FOR UPDATE",
        _RUNS,
    ),
    Guard(
        "nobody waits for the run of renewals that another works on",
        _RENEWALS,
        "FOR UPDATE OF r SKIP LOCKED",
        "FOR UPDATE OF r",
        _RUNS,
    ),
    Guard(
        "a run of renewals that ended goes no further",
        _RENEWALS,
        "skipped = skipped + %s\nWHERE run_id = %s AND state = 'running'",
        "skipped = skipped + %s\nWHERE run_id = %s",
        _RUNS,
    ),
    Guard(
        "a run of renewals that ended does not finish again",
        _RENEWALS,
        "finished_at = %s WHERE run_id = %s AND state = 'running'\"",
        'finished_at = %s WHERE run_id = %s"',
        _RUNS,
    ),
    Guard(
        "a run of renewals that ended is not stopped",
        _RENEWALS,
        "stop_reason = %s, finished_at = %s WHERE run_id = %s AND state = 'running'\n",
        "stop_reason = %s, finished_at = %s WHERE run_id = %s\n",
        _RUNS,
    ),
    Guard(
        "the file that was dealt with first is answered first",
        _PICKED,
        "ORDER BY f.file_no LIMIT 1",
        "ORDER BY f.file_no DESC LIMIT 1",
        _FILE_TURNS,
    ),
    Guard(
        "nobody waits for the file that another answers",
        _PICKED,
        "FOR UPDATE OF f SKIP LOCKED",
        "FOR UPDATE OF f",
        _FILE_TURNS,
    ),
    Guard(
        "a file that could not be answered waits for a while",
        _PICKED,
        " AND (f.try_again_at IS NULL OR f.try_again_at <= %(now)s)",
        "",
        _FILE_TURNS,
    ),
    Guard(
        "a file that is done is not waited for",
        _BATCHES,
        "SELECT min(received_at) FROM batches WHERE state IN ('received', 'processing')",
        "SELECT min(received_at) FROM batches",
        _FILE_TURNS,
    ),
)

"""Takes the insureds of a part of a file off a partner's roster: their cover of the product
ends at the moment at which the file came.

Work of one transaction, as with enrollment: all rows of the part are done, or the part is as if never begun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from services.enrollment.domain import removals
from services.enrollment.domain.policies import CancelReason
from services.enrollment.domain.references import reference_to_show
from services.enrollment.domain.rows import Fault, fault_of_reference
from services.enrollment.intake import few_columns
from services.enrollment.store import dry_runs, opt_outs, rejections, renewals
from services.enrollment.store.batches import Rejection, Work
from services.enrollment.usecases.end_policies import end_policies
from services.enrollment.usecases.opt_out import note_opt_outs, tokens_of_holders
from services.enrollment.usecases.under_way import Turn
from services.enrollment.usecases.vault import Vault
from shared.db.transaction import Tx
from shared.values.ids import PolicyId

CHANNEL: Final = "removal-file"
"""By which way a person opted out who is taken off for it."""
_ALREADY_ENDED: Final = removals.fault("already_ended")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that asks for the end of the cover under a reference."""

    line: int
    reference: str
    reason: CancelReason


def remove_rows(
    tx: Tx,
    part: bytes,
    work: Work,
    *,
    vault: Vault,
    now: datetime,
    sandbox: bool,  # noqa: ARG001
    turn: Turn,
) -> tuple[int, int]:
    """How many rows of the part were done, and how many rejected."""
    turn.wait_for_all()
    asked: dict[str, list[_Row]] = {}
    rejected: list[Rejection] = []
    for line, row in few_columns.rows(part.decode(), work.header.split(","), work.first_line):
        if isinstance(row, Fault):
            rejected.append(Rejection(line, row))
            continue
        reference = row["partner_reference"]
        reason = fault_of_reference(reference) or removals.reason_of(row.get("reason", ""))
        if isinstance(reason, Fault):
            rejected.append(Rejection(line, reason, reference_to_show(reference)))
        else:
            asked.setdefault(reference, []).append(_Row(line, reference, reason))
    rows = _resolved(tx, work, asked, rejected)
    leave = [policy_id for policy_id, row in rows.items() if row.reason == "opt_out" and not work.dry_run]
    persons = {rows[each].reference: tokens for each, tokens in tokens_of_holders(tx, leave, vault=vault).items()}
    if persons:
        opt_outs.shut(tx, chain.from_iterable(persons.values()))
    done = _end_all(tx, rows, work, rejected, now)
    # Who is taken off for that reason is opted out: other cover of theirs ends too, and nobody enrolls them again.
    left = list(dict.fromkeys(persons[row.reference] for row in done if row.reference in persons))
    if left:
        note_opt_outs(tx, left, channel=CHANNEL, actor=_actor(work), now=now)
    rejections.add(tx, work.batch_id, rejected)
    if work.dry_run:
        dry_runs.note(tx, work.batch_id, [(row.line, row.reference) for row in done])
    return len(done), len(rejected)


def _resolved(
    tx: Tx, work: Work, asked: Mapping[str, Sequence[_Row]], rejected: list[Rejection]
) -> dict[PolicyId, _Row]:
    """The policies that rows mean, each with the row that asked first; the other rows are rejected."""
    known = renewals.by_reference(tx, work.partner_id, work.product_id, list(asked))
    gone = dry_runs.seen(tx, work.batch_id, list(asked)) if work.dry_run else set()
    meant: dict[PolicyId, _Row] = {}
    for reference, rows in asked.items():
        ends = reference in gone
        for row in rows:
            policies = known.get(reference, ())
            found = _ALREADY_ENDED if ends else removals.policy_to_end(policies, row.reason, work.received_at)
            if isinstance(found, Fault):
                rejected.append(_rejection(row, found))
            else:
                ends = True
                meant[found] = row
    return meant


def _end_all(tx: Tx, rows: Mapping[PolicyId, _Row], work: Work, rejected: list[Rejection], now: datetime) -> list[_Row]:
    """Those rows whose policies ended. A term may end while its policy is waited for: then its renewal is meant."""
    ended = _end(tx, rows, work, now)
    done = [row for policy_id, row in rows.items() if policy_id in ended]
    late = {row.reference: [row] for policy_id, row in rows.items() if policy_id not in ended}
    if late:
        again = _resolved(tx, work, late, rejected)
        ended = _end(tx, again, work, now)
        done += [row for policy_id, row in again.items() if policy_id in ended]
        rejected += [_rejection(row, _ALREADY_ENDED) for policy_id, row in again.items() if policy_id not in ended]
    return done


def _end(tx: Tx, rows: Mapping[PolicyId, _Row], work: Work, now: datetime) -> set[PolicyId]:
    if work.dry_run:
        tx.execute("SAVEPOINT dry_run")
    reasons = {policy_id: row.reason for policy_id, row in rows.items()}
    asked_at = work.received_at
    ended = end_policies(tx, reasons, actor=_actor(work), now=now, batch_id=work.batch_id, asked_at=asked_at)
    if work.dry_run:
        tx.execute("ROLLBACK TO SAVEPOINT dry_run")
    return {each.policy_id for each in ended if not each.with_predecessor}


def _actor(work: Work) -> str:
    return f"batch:{work.batch_id}"


def _rejection(row: _Row, why: Fault) -> Rejection:
    return Rejection(row.line, why, reference_to_show(row.reference))

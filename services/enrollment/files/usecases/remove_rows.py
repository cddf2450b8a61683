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

from services.enrollment.files.domain import removals
from services.enrollment.files.store import dry_runs, rejections
from services.enrollment.files.store.batches import Rejection, Work
from services.enrollment.files.usecases.named_rows import named_rows, rejection
from services.enrollment.files.usecases.under_way import Turn
from services.enrollment.people.domain.policies import CancelReason
from services.enrollment.people.store import opt_outs
from services.enrollment.policies.domain.rows import Fault
from services.enrollment.policies.store import renewals
from services.enrollment.policies.usecases.end_policies import ByFile, end_policies
from services.enrollment.policies.usecases.opt_out import note_opt_outs, tokens_of_holders
from services.enrollment.policies.usecases.vault import Vault
from shared.db.transaction import Tx
from shared.values.ids import PolicyId, TokenHex

CHANNEL: Final = "removal-file"
"""By which way a person opted out who is taken off for it."""
_ALREADY_ENDED: Final = removals.fault("already_ended")
_OPTED_OUT_NOTED: Final = removals.fault("opted_out_noted")


@dataclass(frozen=True, slots=True)
class _RemovalRow:
    """A row that asks for the end of the cover under a reference."""

    line: int
    reference: str
    reason: CancelReason


_Over = dict[_RemovalRow, tuple[PolicyId, ...]]
"""Opt-outs whose policies have ended, each with those policies: whose they were is out."""


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
    rejected: list[Rejection] = []
    rows, over = _resolved(tx, work, _asked(part, work, rejected), rejected)
    leave = [policy_id for policy_id, row in rows.items() if row.reason == "opt_out"]
    persons = tokens_of_holders(tx, [*leave, *chain.from_iterable(over.values())], vault=vault)
    if persons and not work.dry_run:
        opt_outs.shut(tx, chain.from_iterable(persons.values()))
    done = _end_all(tx, rows, work, rejected=rejected, over=over, now=now)
    # Who is taken off for that reason is opted out: other cover of theirs ends too, and nobody enrolls them again.
    ended = set(done)
    left = [persons[each] for each in leave if each in persons and rows[each] in ended]
    left += _left_before(tx, over, persons, work, rejected)
    if left and not work.dry_run:
        note_opt_outs(tx, list(dict.fromkeys(left)), channel=CHANNEL, actor=_actor(work), now=now)
    rejections.add(tx, work.batch_id, rejected)
    if work.dry_run:
        dry_runs.note(tx, work.batch_id, [(row.line, row.reference) for row in done])
    return len(done), len(rejected)


def _asked(part: bytes, work: Work, rejected: list[Rejection]) -> dict[str, list[_RemovalRow]]:
    """The rows that can be read, by their references; the others are rejected."""
    asked: dict[str, list[_RemovalRow]] = {}
    for line, reference, row in named_rows(part, work, rejected):
        reason = removals.reason_of(row.get("reason", ""))
        if isinstance(reason, Fault):
            rejected.append(rejection(line, reference, reason))
        else:
            asked.setdefault(reference, []).append(_RemovalRow(line, reference, reason))
    return asked


def _resolved(
    tx: Tx, work: Work, asked: Mapping[str, Sequence[_RemovalRow]], rejected: list[Rejection]
) -> tuple[dict[PolicyId, _RemovalRow], _Over]:
    """The policies that rows mean, each with the row that asked first, and opt-outs that come after the end of theirs.

    The other rows are rejected.
    """
    known = renewals.by_reference(tx, work.partner_id, work.product_id, list(asked), held_at=work.received_at)
    gone = dry_runs.seen(tx, work.batch_id, list(asked)) if work.dry_run else set()
    meant: dict[PolicyId, _RemovalRow] = {}
    over: _Over = {}
    for reference, rows in asked.items():
        ends = reference in gone
        policies = known.get(reference, ())
        for row in rows:
            found = _ALREADY_ENDED if ends else removals.policy_to_end(policies, row.reason, work.received_at)
            if not isinstance(found, Fault):
                ends = True
                meant[found] = row
            elif found == _ALREADY_ENDED and row.reason == "opt_out":
                over[row] = removals.policies_of_leaver(policies, work.received_at)
            else:
                rejected.append(_rejection(row, found))
    return meant, over


def _left_before(
    tx: Tx, over: _Over, persons: Mapping[PolicyId, Sequence[TokenHex]], work: Work, rejected: list[Rejection]
) -> list[tuple[TokenHex, ...]]:
    """Who opts out by rows whose policies have ended; no policy ends by the row, so it is rejected all the same.

    Somebody who agreed to cover after the file came stays covered.
    """
    holders = {row: {tuple(persons[each]) for each in policies if each in persons} for row, policies in over.items()}
    tokens = {token for people in holders.values() for person in people for token in person}
    anew = opt_outs.agreed_after(tx, tokens, work.received_at) if tokens else set()
    left: list[tuple[TokenHex, ...]] = []
    for row, people in holders.items():
        said = removals.SEVERAL_PEOPLE if len(people) > 1 else _ALREADY_ENDED
        if len(people) == 1 and anew.isdisjoint(*people):
            left += people
            said = _OPTED_OUT_NOTED
        rejected.append(_rejection(row, said))
    return left


def _end_all(
    tx: Tx, rows: Mapping[PolicyId, _RemovalRow], work: Work, *, rejected: list[Rejection], over: _Over, now: datetime
) -> list[_RemovalRow]:
    """Those rows whose policies ended. A term may end while its policy is waited for: then its renewal is meant."""
    ended = _end(tx, rows, work, now)
    done = [row for policy_id, row in rows.items() if policy_id in ended]
    first_meant = {row: policy_id for policy_id, row in rows.items() if policy_id not in ended}
    if first_meant:
        again, late = _resolved(tx, work, {row.reference: [row] for row in first_meant}, rejected)
        ended = _end(tx, again, work, now)
        done += [row for policy_id, row in again.items() if policy_id in ended]
        for row in [*late, *(row for policy_id, row in again.items() if policy_id not in ended)]:
            if row.reason == "opt_out":
                over[row] = (first_meant[row],)
            else:
                rejected.append(_rejection(row, _ALREADY_ENDED))
    return done


def _end(tx: Tx, rows: Mapping[PolicyId, _RemovalRow], work: Work, now: datetime) -> set[PolicyId]:
    reasons = {policy_id: row.reason for policy_id, row in rows.items()}
    with tx.attempt(keep=not work.dry_run):
        ended = end_policies(tx, reasons, actor=_actor(work), now=now, by_file=_by_file(work))
    return {each.policy_id for each in ended if not each.with_predecessor}


def _by_file(work: Work) -> ByFile:
    return ByFile(work.batch_id, work.partner_id, work.received_at)


def _actor(work: Work) -> str:
    return f"batch:{work.batch_id}"


def _rejection(row: _RemovalRow, why: Fault) -> Rejection:
    return rejection(row.line, row.reference, why)

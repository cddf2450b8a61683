"""Enrolls the rows of received batches, one part a transaction: judged, tokenized, sealed, stored, announced, counted.

Where a worker is killed, the part it was at is as if never begun, and the next worker does it; rows are judged by the
moment at which the batch was received, so the outcome does not depend on when that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.enrollment.domain.batches import CHUNK_ROWS
from services.enrollment.domain.rows import CheckedRow, Desk, Fault, already_covered
from services.enrollment.intake import parse
from services.enrollment.store import batches, new_policies, policies
from services.enrollment.store.batches import Rejection, Work
from services.enrollment.store.new_policies import NewPolicy
from services.enrollment.usecases.announce import policies_enrolled
from services.enrollment.usecases.contracts import Sale, sale_of_batch
from services.enrollment.usecases.vault import Vault, part_context, seal_insured
from shared.db.transaction import Tx
from shared.messaging import outbox
from shared.privacy.keys import UnknownKey
from shared.privacy.sealed import SealBroken
from shared.process import metrics, traces
from shared.process.clock import monotonic
from shared.process.logs import get_logger
from shared.process.new_ids import new_id
from shared.values.ids import PolicyId

log = get_logger()


def load_next_part(tx: Tx, *, vault: Vault, now: datetime, sandbox: bool) -> bool:
    """Work off the next part of the oldest batch that no other worker has; False where there is none."""
    began = monotonic()
    work = batches.take_next(tx)
    if work is None:
        return False
    with traces.span("load-batch-part", parent=work.trace):
        try:
            text = vault.sealer.open(tx, work.sealed, part_context(work.batch_id, work.part_no))
        except (SealBroken, UnknownKey) as error:
            batches.fail(tx, work.batch_id, error.sentence())
            log.exception("batch_failed", batch_id=work.batch_id, part=work.part_no, reason=error.sentence())
            return True
        accepted, rejected = _load(tx, text, work, vault=vault, now=now, sandbox=sandbox)
        batches.part_done(tx, work, accepted=accepted, rejected=rejected, seconds=monotonic() - began, now=now)
        log.info("batch_part_loaded", batch_id=work.batch_id, part=work.part_no, accepted=accepted, rejected=rejected)
    metrics.POLICIES_ENROLLED.labels("batch").inc(accepted)
    metrics.BATCH_ROWS.labels("accepted").inc(accepted)
    metrics.BATCH_ROWS.labels("rejected").inc(rejected)
    return True


def _load(tx: Tx, text: str, work: Work, *, vault: Vault, now: datetime, sandbox: bool) -> tuple[int, int]:
    """How many rows of the part were accepted, and how many rejected."""
    sale = sale_of_batch(tx, work.partner_id, work.product_id, work.product_version)
    good, rejected = _judge(text, work, sale, sandbox=sandbox)
    prepared = _prepare(tx, [row for _line, row in good], vault)
    covered = _covered_under_older_keys(tx, good, sale, vault)
    wanted = [policy for place, policy in enumerate(prepared) if place not in covered]
    stored = new_policies.insert_many(tx, wanted, sale.under)
    _announce(tx, [policy for policy in wanted if policy.policy_id in stored], work, sale, now)
    rejected += [
        Rejection(line, already_covered())
        for (line, _row), policy in zip(good, prepared, strict=True)
        if policy.policy_id not in stored
    ]
    batches.add_rejections(tx, work.batch_id, rejected)
    return len(stored), len(rejected)


def _judge(text: str, work: Work, sale: Sale, *, sandbox: bool) -> tuple[list[tuple[int, CheckedRow]], list[Rejection]]:
    desk = Desk(sale.product.terms, sale.contract, now=work.received_at, sandbox=sandbox)
    good: list[tuple[int, CheckedRow]] = []
    rejected: list[Rejection] = []
    for line in parse.rows(text, work.header.split(","), work.first_line):
        judged = line.row if isinstance(line.row, Fault) else desk.judge(line.row)
        if isinstance(judged, Fault):
            rejected.append(Rejection(line.number, judged))
        else:
            good.append((line.number, judged))
    return good, rejected


def _prepare(tx: Tx, rows: Sequence[CheckedRow], vault: Vault) -> list[NewPolicy]:
    """Policies in the order of ``rows``, in chunks with an id and a data key each."""
    prepared = []
    for start in range(0, len(rows), CHUNK_ROWS):
        chunk_id = new_id()
        key = vault.sealer.new_data_key(tx)
        for row in rows[start : start + CHUNK_ROWS]:
            policy_id = PolicyId(new_id())
            prepared.append(
                NewPolicy(
                    policy_id=policy_id,
                    chunk_id=chunk_id,
                    person_token=vault.person(row.insured),
                    phone_token=vault.tokenizer.phone(row.insured.phone),
                    partner_reference=row.partner_reference,
                    birth_year=row.birth_year,
                    cover=row.cover,
                    consent=row.consent,
                    sealed=seal_insured(key, policy_id, row.insured),
                )
            )
    return prepared


def _covered_under_older_keys(tx: Tx, good: Sequence[tuple[int, CheckedRow]], sale: Sale, vault: Vault) -> set[int]:
    """Places of the people whom the database covers under a token of an older key; empty unless keys rotate."""
    tokens = {
        token: place for place, (_line, row) in enumerate(good) for token in vault.persons_under_older_keys(row.insured)
    }
    return {tokens[token] for token in policies.covered(tx, list(tokens), sale.product.product_id)}


def _announce(tx: Tx, stored: Sequence[NewPolicy], work: Work, sale: Sale, now: datetime) -> None:
    """One event for what was stored of each chunk."""
    chunks: dict[str, list[NewPolicy]] = {}
    for policy in stored:
        chunks.setdefault(policy.chunk_id, []).append(policy)
    events = [
        (
            policies_enrolled(chunk, sale.product.terms, partner_id=work.partner_id, batch_id=work.batch_id, now=now),
            chunk_id,
        )
        for chunk_id, chunk in chunks.items()
    ]
    event_ids = outbox.add_many(tx, events, now=now)
    for (chunk_id, chunk), event_id in zip(chunks.items(), event_ids, strict=True):
        new_policies.add_chunk(
            tx, chunk_id, sale.under, batch_id=work.batch_id, policies=len(chunk), enrolled_at=now, event_id=event_id
        )

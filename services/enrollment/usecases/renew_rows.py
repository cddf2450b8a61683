"""Renews the insureds of a part of a file, each by the partner's reference; consent may be given anew in the row.

Work of one transaction, as with enrollment: all rows of the part are done, or the part is as if never begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from services.enrollment.domain.policies import Consent
from services.enrollment.domain.references import reference_to_show
from services.enrollment.domain.renewals import fault
from services.enrollment.domain.rows import Desk, Fault
from services.enrollment.intake import few_columns
from services.enrollment.store import dry_runs, rejections, renewals
from services.enrollment.store.batches import Rejection, Work
from services.enrollment.usecases.contracts import sale_of_batch
from services.enrollment.usecases.publish_consent_text import texts_in_use
from services.enrollment.usecases.renew_policies import Order, Renewals, renew_policies
from services.enrollment.usecases.under_way import Turn
from services.enrollment.usecases.vault import Vault
from shared.db.transaction import Tx
from shared.values.ids import PolicyId, ProductCode

_CONSENT_COLUMNS: Final = ("consent_text_version", "consent_given_at", "consent_channel", "consent_sha256")


def renew_rows(
    tx: Tx,
    part: bytes,
    work: Work,
    *,
    vault: Vault,
    now: datetime,
    sandbox: bool,
    turn: Turn,
) -> tuple[int, int]:
    """How many rows of the part were renewed, and how many rejected."""
    turn.wait_for_all()
    sale = sale_of_batch(tx, work)
    texts = texts_in_use(tx, sale.contract, published_by=work.received_at)
    desk = Desk(sale.product.terms, sale.contract, now=work.received_at, sandbox=sandbox, consent_texts=texts)
    asked: dict[str, tuple[int, Consent | None]] = {}
    rejected: list[Rejection] = []
    for line, row in few_columns.rows(part.decode(), work.header.split(","), work.first_line):
        reference = "" if isinstance(row, Fault) else row["partner_reference"]
        consent = row if isinstance(row, Fault) else _consent(row, desk)
        if isinstance(consent, Fault):
            rejected.append(Rejection(line, consent, reference_to_show(reference)))
        elif reference in asked:
            rejected.append(_rejection(line, reference, "already_renewed"))
        else:
            asked[reference] = (line, consent)
    lines = _resolved(tx, work, asked, rejected)
    consents = {
        policy_id: consent for policy_id, (_line, reference) in lines.items() if (consent := asked[reference][1])
    }
    order = Order(
        contract=sale.contract,
        product_code=ProductCode(sale.product.terms.product_code),
        judged_at=work.received_at,
        batch_id=work.batch_id,
        consents=consents,
    )
    renewed = _renew(tx, work, list(lines), order, vault=vault, now=now)
    rejected += [_rejection(*lines[policy_id], code) for policy_id, code in renewed.refused.items()]
    rejections.add(tx, work.batch_id, rejected)
    if work.dry_run:
        dry_runs.note(tx, work.batch_id, [lines[policy_id] for policy_id in renewed.successors])
    return len(renewed.successors), len(rejected)


def _consent(row: Mapping[str, str], desk: Desk) -> Consent | Fault | None:
    """What the row says of a new consent; None where it says nothing, and the first one goes on."""
    given = [row.get(column, "") for column in _CONSENT_COLUMNS]
    return desk.consent(*given) if any(given) else None


def _resolved(
    tx: Tx, work: Work, asked: Mapping[str, tuple[int, Consent | None]], rejected: list[Rejection]
) -> dict[PolicyId, tuple[int, str]]:
    """The policy of each reference that can be meant, with its line; the rest is rejected."""
    known = renewals.by_reference(tx, work.partner_id, work.product_id, list(asked))
    done = dry_runs.seen(tx, work.batch_id, list(asked)) if work.dry_run else set()
    lines: dict[PolicyId, tuple[int, str]] = {}
    for reference, (line, _consent_given) in asked.items():
        policies = known.get(reference, [])
        running = [each.policy_id for each in policies if each.state == "in_force"]
        if reference in done:
            rejected.append(_rejection(line, reference, "already_renewed"))
        elif len(running) > 1:
            rejected.append(_rejection(line, reference, "reference_ambiguous"))
        elif policies:
            lines[running[0] if running else policies[0].policy_id] = (line, reference)
        else:
            rejected.append(_rejection(line, reference, "not_covered"))
    return lines


def _renew(tx: Tx, work: Work, policy_ids: list[PolicyId], order: Order, *, vault: Vault, now: datetime) -> Renewals:
    if work.dry_run:
        tx.execute("SAVEPOINT dry_run")
    renewed = renew_policies(tx, policy_ids, order, vault=vault, now=now)
    if work.dry_run:
        tx.execute("ROLLBACK TO SAVEPOINT dry_run")
    return renewed


def _rejection(line: int, reference: str, code: str) -> Rejection:
    return Rejection(line, fault(code), reference_to_show(reference))

"""Renews the insureds of a part of a file, each by the partner's reference; consent may be given anew in the row.

Work of one transaction, as with enrollment: all rows of the part are done, or the part is as if never begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.enrollment.files.store import dry_runs, rejections
from services.enrollment.files.store.batches import Rejection, Work
from services.enrollment.files.usecases.named_rows import named_rows, rejection
from services.enrollment.files.usecases.sale_of_batch import sale_of_batch
from services.enrollment.files.usecases.under_way import Turn
from services.enrollment.partners.usecases.contracts import Sale
from services.enrollment.people.domain.policies import Consent
from services.enrollment.people.usecases.publish_consent_text import texts_in_use
from services.enrollment.policies.domain.renewals import fault, policy_to_follow
from services.enrollment.policies.domain.rows import Desk, Fault
from services.enrollment.policies.store import renewals
from services.enrollment.policies.usecases.renew_policies import RenewalOrder, renew_policies
from services.enrollment.policies.usecases.vault import Vault
from shared.db.transaction import Tx
from shared.values.ids import PolicyId, ProductCode

_CONSENT_COLUMNS: Final = ("consent_text_version", "consent_given_at", "consent_channel", "consent_sha256")
_ALREADY_RENEWED: Final = fault("already_renewed")


@dataclass(frozen=True, slots=True)
class _RenewalRow:
    """Which policy is to be renewed, by the partner's reference, and the consent where it is given anew."""

    line: int
    reference: str
    consent: Consent | None


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
    rows, rejected = _read(part, work, desk)
    asked: dict[str, _RenewalRow] = {}
    again = [row for row in rows if asked.setdefault(row.reference, row) is not row]
    refused = _renew(tx, work, sale, asked, vault=vault, now=now)
    done = [(row.line, reference) for reference, row in asked.items() if reference not in refused]
    rejected += [_rejection(asked[reference], why) for reference, why in refused.items()]
    # Who stands in the part twice is judged once.
    rejected += [_rejection(row, refused.get(row.reference, _ALREADY_RENEWED)) for row in again]
    rejections.add(tx, work.batch_id, rejected)
    if work.dry_run:
        dry_runs.note(tx, work.batch_id, done)
    return len(done), len(rejected)


def _read(part: bytes, work: Work, desk: Desk) -> tuple[list[_RenewalRow], list[Rejection]]:
    """The rows of the part that can be looked up, in the order of the file, and the others."""
    rows: list[_RenewalRow] = []
    rejected: list[Rejection] = []
    for line, reference, row in named_rows(part, work, rejected):
        consent = _consent(row, desk)
        if isinstance(consent, Fault):
            rejected.append(rejection(line, reference, consent))
        else:
            rows.append(_RenewalRow(line, reference, consent))
    return rows, rejected


def _consent(row: Mapping[str, str], desk: Desk) -> Consent | Fault | None:
    """What the row says of a new consent; None where it says nothing, and the first one goes on."""
    given = [row.get(column, "") for column in _CONSENT_COLUMNS]
    return desk.consent(*given) if any(given) else None


def _renew(
    tx: Tx, work: Work, sale: Sale, asked: Mapping[str, _RenewalRow], *, vault: Vault, now: datetime
) -> dict[str, Fault]:
    """Renew what these rows mean, one for each reference; of the references that could not be renewed, why."""
    known = renewals.by_reference(tx, work.partner_id, work.product_id, list(asked))
    done = dry_runs.seen(tx, work.batch_id, list(asked)) if work.dry_run else set()
    refused: dict[str, Fault] = {}
    meant: dict[PolicyId, _RenewalRow] = {}
    for reference, row in asked.items():
        found = _ALREADY_RENEWED if reference in done else policy_to_follow(known.get(reference, ()), work.received_at)
        if isinstance(found, Fault):
            refused[reference] = found
        else:
            meant[found] = row
    order = RenewalOrder(
        contract=sale.contract,
        product_code=ProductCode(sale.product.terms.product_code),
        judged_at=work.received_at,
        batch_id=work.batch_id,
        consents={policy_id: row.consent for policy_id, row in meant.items() if row.consent},
    )
    with tx.attempt(keep=not work.dry_run):
        renewed = renew_policies(tx, list(meant), order, vault=vault, now=now)
    return refused | {meant[policy_id].reference: fault(code) for policy_id, code in renewed.refused.items()}


def _rejection(row: _RenewalRow, why: Fault) -> Rejection:
    return rejection(row.line, row.reference, why)

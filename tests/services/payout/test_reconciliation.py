"""Our book against a bank's that was tampered with, lost, or knows more than we do; and what ``verify`` makes of it."""

from __future__ import annotations

import sqlite3

from services.payout.domain.reconciliation import Finding
from services.payout.tools import TOOLS
from services.payout.usecases.reconcile import Reconciliation, reconcile
from services.payout.usecases.send_payout import send_next
from shared.entry.verify import verify
from shared.process.new_ids import new_id
from tests.services.payout.builders import NOW, Service


def compare(service: Service) -> Reconciliation:
    return reconcile(service.database, service.bank, now=NOW)


def kinds(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.kind, finding.reference) for finding in findings]


def broken(service: Service, environ: dict[str, str]) -> dict[int, tuple[str, ...]]:
    """The numbers of the invariants that do not hold, with what breaks them."""
    checks = TOOLS.checks(TOOLS.settings.load(environ), service.database)
    return {finding.number: finding.faults for finding in verify(checks) if not finding.holds}


def tamper(service: Service, statement: str, *values: object) -> None:
    """Change the bank's book while the bank is down."""
    service.bank_process.kill()
    connection = sqlite3.connect(service.bank_process.book_path)
    with connection:
        connection.execute(statement, values)
    connection.close()
    service.bank_process.start()


def test_books_that_agree_have_no_differences(service: Service, environ: dict[str, str]) -> None:
    for ending in ("0001", "0001", "8001", "8003"):
        claim = service.approve(ending)
        service.work_until_state(claim.claim_id, "paid", "rejected", "accepted")
    found = compare(service)
    assert found.findings == ()
    assert found.ours == found.bank
    assert (found.ours.count, found.open) == (2, 1)
    assert broken(service, environ) == {}


def test_a_payment_that_the_bank_lost_is_missing(service: Service, environ: dict[str, str]) -> None:
    claim = service.approve()
    paid = service.work_until_state(claim.claim_id, "paid")
    tamper(service, "DELETE FROM transfers")
    assert kinds(compare(service).findings) == [("missing", paid.payout_id)]
    assert set(broken(service, environ)) == {8}


def test_a_transfer_that_nobody_ordered_is_extra(service: Service, environ: dict[str, str]) -> None:
    stranger = new_id()
    service.bank_process.order(stranger)
    service.work()
    assert kinds(compare(service).findings) == [("extra", stranger)]
    assert set(broken(service, environ)) == {8}


def test_another_amount_at_the_bank_is_found(service: Service, environ: dict[str, str]) -> None:
    claim = service.approve(amount_fen=5_000_000)
    paid = service.work_until_state(claim.claim_id, "paid")
    tamper(service, "UPDATE transfers SET amount_fen = amount_fen + 1")
    found = compare(service)
    assert kinds(found.findings) == [("amount_mismatch", paid.payout_id)]
    assert found.findings[0].bank_amount_fen == 5_000_001
    assert set(broken(service, environ)) == {3, 8}


def test_money_that_moved_for_a_payout_that_we_gave_up_is_extra(service: Service, environ: dict[str, str]) -> None:
    claim = service.approve("8001")
    rejected = service.work_until_state(claim.claim_id, "rejected")
    tamper(service, "UPDATE transfers SET status = 'done'")
    assert kinds(compare(service).findings) == [("extra", rejected.payout_id)]


def test_what_the_bank_did_and_we_have_not_heard_of_yet_is_no_difference(hasty: Service) -> None:
    hasty.approve("8005")
    assert send_next(hasty.paying)
    found = compare(hasty)
    assert (found.findings, found.open, found.bank.count) == ((), 1, 1)


def test_a_bank_that_cannot_be_read_is_no_proof(service: Service, environ: dict[str, str]) -> None:
    service.bank_process.kill()
    assert set(broken(service, environ)) == {2, 3, 7, 8}


def test_a_refused_claim_that_was_paid_is_found(service: Service, environ: dict[str, str]) -> None:
    claim = service.approve()
    service.work_until_state(claim.claim_id, "paid")
    with service.database.transaction() as tx:
        tx.execute(
            "INSERT INTO decisions VALUES (%s, %s, 2, 'refused', 0, 'CNY', 0, %s, 'not_approved')",
            (new_id(), claim.claim_id, NOW),
        )
    faults = broken(service, environ)
    assert set(faults) == {7}
    assert len(faults[7]) == 2


def test_a_clear_account_outside_the_vault_is_found(service: Service, environ: dict[str, str]) -> None:
    claim = service.approve()
    with service.database.transaction() as tx:
        row = tx.one("SELECT account_sealed FROM payees WHERE payee_token = %s", (claim.payee_token,))
        assert row is not None
        clear = service.vault.sealer.open(tx, bytes(row[0]), f"payee:{claim.payee_token}:account")
        tx.execute("UPDATE payouts SET reason = %s", (f"sent to {clear}",))
    faults = broken(service, environ)
    assert faults == {12: (f"payouts holds a clear value of payee {claim.payee_token}",)}
    assert clear not in str(faults)

"""A person who is to be forgotten, on payout's side: whom their claims paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from flask.testing import FlaskClient

from deploy.local.issuer import Issuer
from deploy.local.watchdog import MARK
from services.payout.consumers.decisions import heard
from services.payout.store import erasure
from services.payout.store.erasure import ClaimPayee
from services.payout.tools import TOOLS
from services.payout.usecases.erase_payees import erase_next, mark
from services.payout.usecases.take_decision import take_decision
from shared.db.pool import Database
from shared.db.transaction import Row
from shared.entry.verify import verify
from shared.events.claims import ClaimDecided
from shared.events.policies import PoliciesErased
from shared.messaging.failures import Poison
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId, PolicyId, TokenHex
from tests.real_parts import Room
from tests.services.payout.builders import NOW, Service, decided
from tests.services.payout.crashes import killed_when
from tests.services.payout.problems import Person


def rows(service: Service, sql: str, *parameters: object) -> list[Row]:
    with service.database.transaction() as tx:
        return tx.all(sql, parameters)


def everything(service: Service) -> str:
    """All rows of all tables of this service, as text; bytes as text too, where they are some.

    Without what is on its way to Kafka: the relay takes it out within moments, and nobody runs one here.
    """
    tables = rows(
        service,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'outbox'",
    )
    kept = [str(row) for (table,) in tables for row in rows(service, f"SELECT t::text FROM {table} AS t")]
    replies = [row[0] for row in rows(service, "SELECT encode(body, 'escape') FROM idempotency_keys")]
    return "\n".join([*kept, *replies])


def tell(service: Service, *claims: ClaimDecided) -> None:
    """The event that these claims' persons are to be forgotten."""
    service.take(PoliciesErased(policy_ids=[each.policy_id for each in claims], erased_at=NOW, ground="court_order"))


def work(service: Service) -> None:
    while erase_next(service.database, service.calendar):
        pass


def erase(service: Service, *claims: ClaimDecided) -> None:
    tell(service, *claims)
    work(service)


def paid(service: Service, token: TokenHex | None = None, **changes: object) -> ClaimDecided:
    claim = decided(token or service.payee(), **changes)
    service.take(claim)
    service.work_until_state(claim.claim_id, "paid")
    return claim


def in_the_vault(service: Service, token: str) -> bool:
    return rows(service, "SELECT 1 FROM payees WHERE payee_token = %s", token) != []


def nobody(payout_id: str) -> str:
    return "00" + payout_id.replace("-", "")


def test_of_the_payee_of_an_erased_person_nothing_is_left_that_names_them(
    service: Service, http: FlaskClient, issuer: Issuer
) -> None:
    reply = Person(http, issuer, "bank-app").register().json
    assert reply is not None
    claim = paid(service, TokenHex(reply["payee_token"]))
    named = (claim.payee_token, reply["account"], reply["holder_name"])
    assert all(each in everything(service) for each in named)
    erase(service, claim)
    left = everything(service)
    assert [each for each in named if each in left] == []
    kept = (
        "left(payee_token, 2), account_sealed, holder_sealed, account_masked, holder_masked, bank_code, registered_by"
    )
    assert rows(service, f"SELECT {kept} FROM payees") == [("00", b"", b"", "", "", "", "bank-app")]
    assert service.payout(claim.claim_id).payee_token == nobody(service.payout(claim.claim_id).payout_id)


def test_an_old_key_does_not_bring_back_an_erased_payee(service: Service, http: FlaskClient, issuer: Issuer) -> None:
    person = Person(http, issuer, "bank-app")
    reply = person.register(key="the-first-time").json
    assert reply is not None
    assert person.register(key="the-first-time").json == reply
    erase(service, paid(service, TokenHex(reply["payee_token"])))
    again = person.register(key="the-first-time")
    assert again.status_code == 410
    assert reply["account"] not in again.text


def test_what_was_paid_and_booked_stays_and_agrees_with_the_bank(service: Service, environ: dict[str, str]) -> None:
    claim = paid(service)
    payout = service.payout(claim.claim_id)
    kept = rows(service, "SELECT t::text, e::text FROM ledger_transfers t JOIN ledger_entries e USING (transfer_id)")
    erase(service, claim)
    service.work()
    after = service.payout(claim.claim_id)
    assert (after.payout_id, after.amount_fen, after.state, after.version) == (
        payout.payout_id,
        payout.amount_fen,
        "paid",
        payout.version,
    )
    now = rows(service, "SELECT t::text, e::text FROM ledger_transfers t JOIN ledger_entries e USING (transfer_id)")
    assert now == kept
    checks = TOOLS.checks(TOOLS.settings.load(environ), service.database)
    assert {finding.number for finding in verify(checks) if not finding.holds} == set()


def test_money_that_comes_back_from_a_forgotten_payee_is_still_booked(service: Service) -> None:
    claim = paid(service, service.payee("8004"))
    erase(service, claim)
    service.bank_process.advance_to(service.bank_process.now() + timedelta(hours=25))
    assert service.work_until_state(claim.claim_id, "returned").payee_token.startswith("00")
    assert service.booked(claim.claim_id)[-1] == "payout_returned"


def test_an_erasure_that_comes_twice_changes_nothing(service: Service) -> None:
    claim = paid(service)
    erase(service, claim)
    once = everything(service)
    erase(service, claim)
    assert everything(service) == once


def test_an_approved_claim_keeps_its_payee_until_it_is_paid(service: Service) -> None:
    claim = service.approve()
    erase(service, claim)
    assert in_the_vault(service, claim.payee_token)
    service.work_until_state(claim.claim_id, "paid")
    assert len(service.bank_process.statement()) == 1
    work(service)
    assert not in_the_vault(service, claim.payee_token)
    assert service.payout(claim.claim_id).payee_token.startswith("00")


def test_an_erasure_that_overtakes_the_decision_waits_until_the_claim_is_paid(service: Service) -> None:
    claim = decided(service.payee())
    erase(service, claim)
    service.take(claim)
    erase(service, claim)
    assert service.work_until_state(claim.claim_id, "paid").payee_token == claim.payee_token
    work(service)
    assert not in_the_vault(service, claim.payee_token)


def test_a_claim_under_review_keeps_its_payee_though_an_older_one_was_paid(service: Service) -> None:
    first = paid(service)
    policy = {"policy_id": first.policy_id}
    second = decided(first.payee_token, outcome="review", amount_fen=0, **policy)
    service.take(second)
    erase(service, first)
    assert service.payout(first.claim_id).payee_token.startswith("00")
    assert in_the_vault(service, first.payee_token)
    service.take(decided(first.payee_token, claim_id=second.claim_id, version=2, **policy))
    service.work_until_state(second.claim_id, "paid")
    work(service)
    assert not in_the_vault(service, first.payee_token)


def test_the_payee_of_a_refused_claim_is_forgotten_too(service: Service) -> None:
    claim = service.approve(outcome="refused", amount_fen=0)
    erase(service, claim)
    assert not in_the_vault(service, claim.payee_token)


def test_an_account_that_another_persons_claim_names_stays_for_that_one_alone(service: Service) -> None:
    mine = paid(service)
    theirs = paid(service, TokenHex(mine.payee_token))
    erase(service, mine)
    assert service.payout(mine.claim_id).payee_token.startswith("00")
    assert service.payout(theirs.claim_id).payee_token == theirs.payee_token
    assert in_the_vault(service, theirs.payee_token)
    paid(service, TokenHex(theirs.payee_token), policy_id=theirs.policy_id)
    erase(service, theirs)
    assert not in_the_vault(service, theirs.payee_token)


def test_a_forgotten_account_that_is_registered_again_is_a_new_payee(
    service: Service, http: FlaskClient, issuer: Issuer
) -> None:
    person = Person(http, issuer, "bank-app")
    first = person.register().json
    assert first is not None
    erase(service, paid(service, TokenHex(first["payee_token"])))
    assert person.register(holder_name="李小红").status_code == 201
    again = paid(service, TokenHex(first["payee_token"]))
    assert service.payout(again.claim_id).payee_token == first["payee_token"]


def test_two_workers_that_forget_two_persons_of_one_account_at_once_leave_nothing(service: Service) -> None:
    mine = paid(service)
    theirs = paid(service, TokenHex(mine.payee_token))
    tell(service, mine, theirs)

    def overwrite(claim: ClaimDecided) -> None:
        with service.database.transaction() as tx:
            erasure.overwrite(tx, [named(claim)], now=NOW)

    with ThreadPoolExecutor(1) as pool:
        with service.database.transaction() as tx:
            erasure.overwrite(tx, [named(mine)], now=NOW)
            other = pool.submit(overwrite, theirs)
            wait([other], timeout=1)
        other.result(timeout=60)
    assert not in_the_vault(service, mine.payee_token)


def named(claim: ClaimDecided) -> ClaimPayee:
    return ClaimPayee(ClaimId(claim.claim_id), TokenHex(claim.payee_token))


def test_many_workers_at_once_forget_each_payee_once(service: Service) -> None:
    claims = [paid(service) for _ in range(6)]
    tell(service, *claims)
    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(work, service) for _ in range(4)]:
            each.result(timeout=30)
    assert rows(service, "SELECT count(*) FROM payees WHERE erased_at IS NULL") == [(0,)]
    assert rows(service, "SELECT count(*) FROM claim_payees") == [(0,)]


def test_an_approval_that_is_being_written_keeps_its_payee_from_being_forgotten(service: Service) -> None:
    mine = paid(service)
    theirs = decided(mine.payee_token)
    tell(service, mine)
    with ThreadPoolExecutor(1) as pool:
        with service.database.transaction() as tx:
            take_decision(tx, heard(theirs), now=NOW)
            erasing = pool.submit(work, service)
            wait([erasing], timeout=1)
        erasing.result(timeout=60)
    assert in_the_vault(service, mine.payee_token)
    assert service.work_until_state(theirs.claim_id, "paid").payee_token == mine.payee_token


def test_a_decision_that_is_taken_while_the_erasure_is_being_written_is_not_missed(service: Service) -> None:
    claim = decided(service.payee(), outcome="refused", amount_fen=0)
    with ThreadPoolExecutor(1) as pool:
        with service.database.transaction() as tx:
            mark(tx, [PolicyId(claim.policy_id)], erased_at=NOW)
            taking = pool.submit(service.take, claim)
            wait([taking], timeout=1)
        taking.result(timeout=60)
    work(service)
    assert not in_the_vault(service, claim.payee_token)


def test_a_worker_that_is_killed_in_the_middle_leaves_the_whole_to_the_next(
    service: Service, environ: dict[str, str], room: Room, payout_url: str, tmp_path: Path
) -> None:
    claim = paid(service)
    tell(service, claim)
    before = rows(service, "SELECT p::text, c::text FROM payouts p JOIN claim_payees c USING (claim_id)")
    blocker = psycopg2.connect(payout_url)
    with blocker.cursor() as cursor:
        # The last statement of an erasure waits for this lock: all others are done and not committed.
        cursor.execute("LOCK TABLE idempotency_keys IN EXCLUSIVE MODE")

    def waits() -> bool:
        return bool(
            rows(
                service,
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                " AND query LIKE '%%UPDATE idempotency_keys%%'",
            )
        )

    with killed_when(environ | {MARK: room.mark[MARK]}, tmp_path / "worker.log", waits):
        assert rows(service, "SELECT p::text, c::text FROM payouts p JOIN claim_payees c USING (claim_id)") == before
        assert in_the_vault(service, claim.payee_token)
        blocker.close()
        service.work_until(lambda: erase_next(service.database, service.calendar) or gone(service, claim))


def gone(service: Service, claim: ClaimDecided) -> bool:
    return not in_the_vault(service, claim.payee_token)


@pytest.mark.parametrize(
    "change", ["payee_token = '00' || repeat('0', 32)", "payee_token = '00' || replace(payout_id::text, '-', '')"]
)
def test_the_payee_of_a_payout_that_is_open_gives_way_to_nobody(service: Service, change: str) -> None:
    claim = service.approve()
    with pytest.raises(psycopg2.Error, match="never changes"), service.database.transaction() as tx:
        tx.execute(f"UPDATE payouts SET {change} WHERE claim_id = %s", (claim.claim_id,))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE payees SET payee_token = '01' || substr(payee_token, 3) WHERE erased_at IS NOT NULL",
        "UPDATE payees SET account_sealed = 'x' WHERE erased_at IS NOT NULL",
        "UPDATE payees SET holder_sealed = 'x' WHERE erased_at IS NOT NULL",
        "UPDATE payees SET account_masked = 'x' WHERE erased_at IS NOT NULL",
        "INSERT INTO claim_payees SELECT claim_id, 'x', policy_id, true FROM payouts",
        (
            "INSERT INTO idempotency_keys (client_id, route, key, fingerprint, status, body, about)"
            " VALUES ('a', 'b', 'c', '', 201, 'x', '01' || repeat('ab', 16))"
        ),
        "INSERT INTO claim_payees SELECT claim_id, 'x', policy_id, false FROM payouts",
        "ALTER TABLE payouts DISABLE TRIGGER USER; UPDATE payouts SET payee_token = 'x'",
    ],
)
def test_verify_notices_what_an_erasure_left_behind(
    service: Service, database: Database, environ: dict[str, str], damage: str, owner: Database
) -> None:
    erase(service, paid(service))
    with owner.transaction() as tx:
        tx.execute(damage)
    checks = TOOLS.checks(TOOLS.settings.load(environ), database)
    assert {finding.number for finding in verify(checks) if not finding.holds} == {12}


def test_a_list_of_what_are_no_ids_is_poison(service: Service) -> None:
    with pytest.raises(Poison):
        service.take(PoliciesErased(policy_ids=["not-an-id"], erased_at=NOW))


def test_an_erasure_of_policies_that_never_claimed_touches_nobody(service: Service) -> None:
    token = service.payee()
    service.take(PoliciesErased(policy_ids=[new_id()], erased_at=NOW))
    work(service)
    assert in_the_vault(service, token)

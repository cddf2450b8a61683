"""People and partners who do things at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import msgspec
import pytest

from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.partners.usecases.keep_partner import hold_partner, keep_partner
from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.domain.errors import AlreadyCovered, NotInForce
from services.enrollment.policies.usecases.cancel_policy import cancel_policy
from services.enrollment.policies.usecases.end_policies import end_policies
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.compensation import Compensation
from services.enrollment.products.usecases import shipped
from services.enrollment.products.usecases.decide_draft import approve_draft
from services.enrollment.products.usecases.propose_product import propose_product
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.privacy.keys import KeyRing
from shared.privacy.tokens import Tokenizer
from shared.values.errors import FangzhaError, InvalidField
from shared.values.ids import PartnerId
from tests.services.enrollment.builders import (
    NOW,
    PRODUCT,
    csv,
    faults,
    id_number,
    load_all,
    row,
    waiting,
)
from tests.services.enrollment.policies.at_once import at_once, enroll


def test_a_person_enrolled_by_two_partners_at_once_is_covered_once(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    for n in range(20):
        results = at_once(
            lambda n=n: enroll(database, vault, row(n)),  # type: ignore[misc]  # mypy cannot infer the default's type
            lambda n=n: enroll(database, vault, row(n), "telecom-west"),  # type: ignore[misc]
        )
        assert sorted(type(result).__name__ for result in results) == ["AlreadyCovered", "Policy"]
    assert faults(database, environ) == []


def test_a_person_in_a_file_and_enrolled_singly_meanwhile_is_covered_once(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    for tenant in ("telecom-east", "telecom-west"):
        with database.transaction() as tx:
            receive_batch(
                tx,
                [csv([row(n) for n in range(300)])],
                PRODUCT,
                Declared(None, None),
                tenant=tenant,
                actor="test",
                vault=vault,
                now=NOW,
            )

    def singly() -> int:
        given = 0
        for n in range(0, 300, 10):
            try:
                enroll(database, vault, row(n))
                given += 1
            except AlreadyCovered:
                pass
        return given

    results = at_once(lambda: load_all(database, vault), lambda: load_all(database, vault), singly)
    assert not any(isinstance(result, FangzhaError) for result in results)
    load_all(database, vault)
    with database.transaction() as tx:
        assert tx.one("SELECT count(*), count(DISTINCT person_token) FROM policies") == (300, 300)
    assert faults(database, environ) == []


def test_two_files_about_the_same_people_worked_off_at_once_cover_each_once(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    for tenant in ("telecom-east", "telecom-west"):
        with database.transaction() as tx:
            receive_batch(
                tx,
                [csv([row(n) for n in range(3000)])],
                PRODUCT,
                Declared(None, None),
                tenant=tenant,
                actor="test",
                vault=vault,
                now=NOW,
            )
    at_once(lambda: load_all(database, vault), lambda: load_all(database, vault))
    with database.transaction() as tx:
        assert tx.one("SELECT count(*), count(DISTINCT person_token) FROM policies") == (3000, 3000)
        assert tx.all("SELECT accepted, rejected FROM batches ORDER BY accepted") == [(0, 3000), (3000, 0)]
    assert faults(database, environ) == []


def test_a_policy_canceled_twice_at_once_is_canceled_once(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    policy = enroll(database, vault, row(1))

    def cancel() -> Policy:
        with database.transaction() as tx:
            return cancel_policy(
                tx, policy.policy_id, "insured_request", tenant="telecom-east", actor="test", vault=vault, now=NOW
            )

    results = at_once(cancel, cancel)
    assert sorted(type(result).__name__ for result in results) == ["NotInForce", "Policy"]
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM outbox WHERE type = 'policies.canceled'") == (1,)
    assert faults(database, environ) == []


def test_a_policy_that_two_files_end_at_this_very_moment_ends_once(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    policy = enroll(database, vault, row(1))

    def end(tx: Tx) -> int:
        return len(end_policies(tx, {policy.policy_id: "insured_request"}, actor="test", now=NOW))

    def end_too() -> int:
        with database.transaction() as tx:
            return end(tx)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as tx:
            first = end(tx)
            other = pool.submit(end_too)
            wait([other], timeout=1)
        assert (first, other.result(timeout=60)) == (1, 0)
    assert faults(database, environ) == []


@pytest.mark.parametrize(("first", "refused"), [("contract", "/premium_fen"), ("version", "/compensation/value")])
def test_a_fee_and_a_lower_premium_agreed_on_at_once_are_not_both_accepted(
    database: Database, first: str, refused: str
) -> None:
    (sold,) = (each for each in shipped.products() if each.product_code == PRODUCT)
    cheaper = msgspec.structs.replace(sold, premium_fen=300)
    with database.transaction() as tx:
        draft = propose_product(tx, cheaper, begins_when_approved=True, actor="one", now=NOW)

    def say_contract(tx: Tx) -> None:
        before = hold_partner(tx, PartnerId("telecom-east"))
        assert before is not None
        fee = replace(
            before.terms.contract, products=frozenset({PRODUCT}), compensation=Compensation("service_fee", 1000)
        )
        keep_partner(tx, replace(before.terms, contract=fee), before, actor="one", now=NOW)

    def approve(tx: Tx) -> None:
        approve_draft(tx, draft.draft_id, actor="two", now=NOW)

    one, other = (say_contract, approve) if first == "contract" else (approve, say_contract)
    pointers: list[str] = []

    def do_the_other() -> None:
        try:
            with database.transaction() as tx:
                other(tx)
        except InvalidField as error:
            pointers.append(error.pointer)

    thread = threading.Thread(target=do_the_other)
    with database.transaction() as tx:
        one(tx)
        thread.start()
        while thread.is_alive() and not waiting(database):
            thread.join(0.01)
    thread.join()
    assert pointers == [refused]


def test_a_recycled_phone_never_inherits_cover(database: Database, vault: Vault) -> None:
    first = enroll(database, vault, row(1))
    with database.transaction() as tx:
        cancel_policy(tx, first.policy_id, "number_closed", tenant="telecom-east", actor="test", vault=vault, now=NOW)
    second = enroll(database, vault, row(2, phone=row(1).phone, name="李四"))
    assert second.policy_id != first.policy_id
    with database.transaction() as tx:
        tokens = tx.all("SELECT person_token, phone_token FROM policies ORDER BY policy_id")
    (first_person, first_phone), (second_person, second_phone) = tokens
    assert first_phone == second_phone
    assert first_person != second_person


def test_the_holder_of_a_number_and_its_next_holder_may_both_be_covered(database: Database, vault: Vault) -> None:
    enroll(database, vault, row(1))
    assert enroll(database, vault, row(2, phone=row(1).phone)).state == "in_force"


def test_one_document_written_in_two_ways_is_one_person(database: Database, vault: Vault) -> None:
    enroll(database, vault, row(1))
    wide = id_number(1).translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    with pytest.raises(AlreadyCovered):
        enroll(database, vault, row(1, document_number=f" {wide} ", partner_reference="again"))


def test_a_person_known_under_an_older_key_is_covered_already_while_keys_rotate(
    database: Database, vault: Vault
) -> None:
    enroll(database, vault, row(1))
    rotated = Vault(Tokenizer(KeyRing({2: bytes(32), 1: bytes(range(32))})), vault.sealer)
    with pytest.raises(AlreadyCovered):
        enroll(database, rotated, row(1))
    with database.transaction() as tx:
        receive_batch(
            tx,
            [csv([row(1), row(2)])],
            PRODUCT,
            Declared(None, None),
            tenant="telecom-east",
            actor="test",
            vault=rotated,
            now=NOW,
        )
    load_all(database, rotated)
    with database.transaction() as tx:
        assert tx.one("SELECT accepted, rejected FROM batches") == (1, 1)


def test_a_policy_whose_term_is_over_cannot_be_canceled(database: Database, vault: Vault) -> None:
    policy = enroll(database, vault, row(1))
    later = NOW.replace(year=NOW.year + 2)
    with pytest.raises(NotInForce, match="expired"), database.transaction() as tx:
        cancel_policy(
            tx, policy.policy_id, "insured_request", tenant="telecom-east", actor="test", vault=vault, now=later
        )

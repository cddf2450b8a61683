"""People who are enrolled one by one at the same time share a chunk; each has a policy, or a refusal, of their own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from flask import Flask

from deploy.local.issuer import Issuer
from services.enrollment.files.store.erasures import forget_references
from services.enrollment.policies.domain.errors import AlreadyCovered, AlreadyCoveredByYou
from services.enrollment.policies.store import policies
from services.enrollment.policies.usecases.enroll_policies import Application, Enrolled, enroll_policies
from services.enrollment.policies.usecases.erase_person import erase_person
from services.enrollment.policies.usecases.opt_out import opt_out, persons_tokens
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.pricing import Item, Risk
from services.enrollment.products.domain.schedules import ScheduleRequest
from shared.db.pool import Database
from shared.events.policies import PoliciesEnrolled
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.values.errors import FangzhaError, InvalidField
from shared.values.ids import ProductCode
from tests.services.enrollment.builders import (
    NOW,
    PRODUCT,
    Partner,
    body,
    enroll_policy,
    faults,
    id_number,
    row,
)
from tests.services.enrollment.conftest import KEYS
from tests.services.enrollment.products.organizations import FAIR, MODELS, code_of

BIAS = ProductCode("algorithmic-bias")


def person(n: int, tenant: str = "telecom-east", product_code: ProductCode = PRODUCT, **changes: str) -> Application:
    return Application(tenant, product_code, row(n, name=f"姓名{n}", **changes))


def organization(n: int) -> Application:
    holder = row(n, document_type="unified_social_credit_code", document_number=code_of(n), name="晨星科技有限公司")
    risk = Risk(FAIR, tuple(Item(each["reference"], each["name"]) for each in MODELS))
    return Application("telecom-east", BIAS, holder, ScheduleRequest(risk))


def enroll(database: Database, vault: Vault, applications: Sequence[Application]) -> list[Enrolled | FangzhaError]:
    with database.transaction() as tx:
        return enroll_policies(tx, applications, vault=vault, now=NOW, sandbox=True)


def enrolled(outcomes: Sequence[Enrolled | FangzhaError]) -> list[Enrolled]:
    return [each for each in outcomes if isinstance(each, Enrolled)]


def kinds(outcomes: Sequence[Enrolled | FangzhaError]) -> list[str]:
    return [type(each).__name__ for each in outcomes]


def announced(database: Database) -> list[PoliciesEnrolled]:
    with database.transaction() as tx:
        rows = tx.all("SELECT body FROM outbox WHERE type = 'policies.enrolled' ORDER BY id")
    return [msgspec.json.decode(each[0], type=PoliciesEnrolled) for each in rows]


def test_they_share_one_event_and_one_sealed_record(database: Database, vault: Vault, environ: dict[str, str]) -> None:
    outcomes = enrolled(enroll(database, vault, [person(n) for n in range(5)]))
    assert len({each.policy.chunk_id for each in outcomes}) == 1
    (event,) = announced(database)
    assert set(event.policies.policy_ids) == {each.policy.policy_id for each in outcomes}
    assert event.batch_id is None
    with database.transaction() as tx:
        for n, each in enumerate(outcomes):
            stored = policies.policy(tx, each.policy.policy_id, partner_no=1)
            assert stored == each.policy, "what is told is what is stored"
            assert vault.insured(tx, stored).name == f"姓名{n}"
    assert faults(database, environ) == []


def test_each_is_refused_for_its_own_reason_and_the_others_are_covered(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    with database.transaction() as tx:
        mine = enroll_policy(tx, row(1), PRODUCT, tenant="telecom-east", vault=vault, now=NOW, sandbox=True).policy
        enroll_policy(tx, row(2), PRODUCT, tenant="telecom-west", vault=vault, now=NOW, sandbox=True)
        gone = persons_tokens("resident_id", id_number(3), vault=vault, sandbox=True, pointer="/x")
        opt_out(tx, gone, channel="hotline", actor="test", now=NOW)
    outcomes = enroll(
        database,
        vault,
        [
            person(10),
            person(1),
            person(2),
            person(3),
            person(4, phone="1"),
            person(5, tenant="nobody"),
            person(6, product_code=ProductCode("no-such-product")),
            person(11),
        ],
    )
    assert kinds(outcomes) == [
        "Enrolled",
        "AlreadyCoveredByYou",
        "AlreadyCovered",
        "OptedOut",
        "InvalidField",
        "NoContract",
        "ProductNotSold",
        "Enrolled",
    ]
    assert outcomes[1] == AlreadyCoveredByYou(mine.policy_id)
    assert isinstance(outcomes[4], InvalidField)
    assert outcomes[4].pointer == "/insured/phone"
    first, last = outcomes[0], outcomes[7]
    assert isinstance(first, Enrolled)
    assert isinstance(last, Enrolled)
    assert announced(database)[-1].policies.policy_ids == [first.policy.policy_id, last.policy.policy_id]
    with database.transaction() as tx:
        assert vault.insured(tx, first.policy).name == "姓名10"
        assert vault.insured(tx, last.policy).name == "姓名11"
        assert tx.one("SELECT policies FROM policy_chunks WHERE chunk_id = %s", (first.policy.chunk_id,)) == (2,)
    assert faults(database, environ) == []


def test_where_all_are_refused_nothing_is_written(database: Database, vault: Vault) -> None:
    assert kinds(enroll(database, vault, [person(1)])) == ["Enrolled"]
    assert kinds(enroll(database, vault, [person(1), person(2, phone="1")])) == ["AlreadyCoveredByYou", "InvalidField"]
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM policy_chunks") == (1,)
        assert tx.one("SELECT count(*) FROM data_keys") == (1,)
    assert len(announced(database)) == 1


def test_a_person_who_comes_twice_at_the_same_time_is_covered_once(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    outcomes = enroll(database, vault, [person(1), person(2), person(1), person(1, tenant="telecom-west"), person(3)])
    assert len(enrolled(outcomes)) == 3
    of_the_first = [outcomes[0], outcomes[2], outcomes[3]]
    (holder,) = enrolled(of_the_first)
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM policies WHERE state = 'in_force'") == (3,)
        assert vault.insured(tx, holder.policy).name == "姓名1"
    for other in of_the_first:
        if other is not holder:
            assert isinstance(other, AlreadyCovered)
    assert faults(database, environ) == []


def test_partners_and_products_have_chunks_of_their_own_and_a_schedule_stands_alone(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    asked = [
        person(1),
        organization(1),
        person(2, tenant="telecom-west"),
        person(3),
        organization(2),
        person(4, tenant="telecom-west"),
    ]
    with database.transaction() as tx:
        tx.execute(
            "INSERT INTO partner_products (partner_no, product_code) VALUES (1, %s) ON CONFLICT DO NOTHING", (BIAS,)
        )
    outcomes = enroll(database, vault, asked)
    assert kinds(outcomes) == ["Enrolled"] * 6
    chunks = [each.policy.chunk_id for each in enrolled(outcomes)]
    assert chunks[0] == chunks[3]
    assert chunks[2] == chunks[5]
    assert len(set(chunks)) == 4
    told = {event.chunk_id: event for event in announced(database)}
    for each in enrolled(outcomes):
        event = told[each.policy.chunk_id]
        assert (event.partner_id, event.premium_fen) == (each.policy.partner_id, each.policy.premium)
        assert (event.policies.retroactive_from is not None) == (each.policy.product_code == BIAS)
    assert faults(database, environ) == []


def test_while_token_keys_rotate_each_is_known_under_the_older_key(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    before = enrolled(enroll(database, vault, [person(1)]))[0].policy
    gone = persons_tokens("resident_id", id_number(2), vault=vault, sandbox=True, pointer="/x")
    with database.transaction() as tx:
        opt_out(tx, gone, channel="hotline", actor="test", now=NOW)
    newer = KeyRing({2: bytes(range(1, 33)), 1: KEYS.key(1)})
    rotated = Vault(Tokenizer(newer), Sealer(KEYS))
    outcomes = enroll(database, rotated, [person(3), person(1), person(2), person(4)])
    assert kinds(outcomes) == ["Enrolled", "AlreadyCoveredByYou", "OptedOut", "Enrolled"]
    assert outcomes[1] == AlreadyCoveredByYou(before.policy_id)
    assert faults(database, environ) == []


def test_one_who_is_forgotten_leaves_the_others_of_the_chunk_readable(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    one, other = enrolled(enroll(database, vault, [person(1), person(2)]))
    with database.transaction() as tx:
        erase_person(
            tx, one.policy.policy_id, "court_order", vault=vault, elsewhere=forget_references, actor="officer", now=NOW
        )
    with database.transaction() as tx:
        assert vault.insured(tx, one.policy).name == ""
        assert vault.insured(tx, other.policy).name == "姓名2"
    assert faults(database, environ) == []


def test_requests_of_many_clients_at_once_each_get_their_own_policy(
    app: Flask, issuer: Issuer, database: Database, environ: dict[str, str]
) -> None:
    people = range(1, 121)
    token = issuer.token("telecom-east")

    def send(n: int) -> dict[str, object]:
        insured = body(n)["insured"] | {"name": f"甲{n}"}
        reply = Partner(app.test_client(), token).post("/v1/policies", body(n, insured=insured))
        assert reply.status_code == 201, reply.text
        return dict(reply.json)

    with ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(send, people))
    assert [reply["partner_reference"] for reply in replies] == [row(n).partner_reference for n in people]
    assert len({reply["policy_id"] for reply in replies}) == len(people)
    east = Partner(app.test_client(), token)
    for reply in replies[::10]:
        assert east.get(f"/v1/policies/{reply['policy_id']}").json == reply
    events = announced(database)
    assert sum(len(event.policies.policy_ids) for event in events) == len(people)
    assert faults(database, environ) == []

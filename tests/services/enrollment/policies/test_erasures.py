"""A person is forgotten: when that is allowed, and that nothing which is stored says any more who it was."""

from __future__ import annotations

import json
import threading
from datetime import date, timedelta

import msgspec
import pytest

from services.enrollment.files.domain.file_columns import BatchKind
from services.enrollment.files.store.erasures import forget_references
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.policies.domain.erasures import RetentionRule, kept_until
from services.enrollment.policies.domain.errors import CoverStillRuns, PersonForgotten, RecordsMustBeKept
from services.enrollment.policies.usecases.erase_person import erase_person
from services.enrollment.policies.usecases.renew_policies import RenewalOrder, renew_policies
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.webhooks.usecases.tell import tell_claim
from shared.events.policies import PoliciesErased, PolicyCanceled
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.webhooks.usecases.send import Sender
from tests.services.enrollment.builders import NOW, PRODUCT, Partner, body, csv, decided, faults, id_number, row
from tests.services.enrollment.conftest import KEYS
from tests.services.enrollment.partners.wind_down import EAST, WEST, end, work_off
from tests.services.enrollment.people.opt_outs import wait_until_somebody_waits
from tests.services.enrollment.policies.lifecycle import ENDS, SHORTLY_BEFORE, Office
from tests.services.enrollment.webhooks.receiver import Receiver
from tests.services.enrollment.webhooks.webhooks import add, send

FIVE_YEARS_ON = ENDS.replace(year=ENDS.year + 5)
RULES = [RetentionRule(366, 5), RetentionRule(2**31 - 1, 10)]


def everything(office: Office) -> str:
    """All that the database holds as text, and what of its bytes is text."""
    with office.database.transaction() as tx:
        tables = [row[0] for row in tx.all("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        texts = [str(each) for table in tables for each in tx.all(f"SELECT to_jsonb(t)::text FROM {table} t")]
        replies = [row[0] for row in tx.all("SELECT encode(body, 'escape') FROM idempotency_keys")]
    return "\n".join([*texts, *replies])


def erase(office: Office, *, reference: str, partner: str = "") -> None:
    """Forget the person of the policy under this reference, whoever's it is unless said."""
    with office.database.transaction() as tx:
        found = tx.one(
            "SELECT policy_id FROM policies JOIN partners USING (partner_no)"
            " WHERE partner_reference = %s AND %s IN ('', partner_id)",
            (reference, partner),
        )
        assert found is not None
        erase_person(
            tx, found[0], "court_order", vault=office.vault, elsewhere=forget_references, actor="officer", now=NOW
        )


def test_an_erasure_waits_for_a_renewal_and_a_second_one_for_the_first(office: Office, environ: dict[str, str]) -> None:
    policy = office.enroll(1)
    ended: list[BaseException | None] = []

    def erase_once() -> None:
        try:
            erase(office, reference=policy.partner_reference)
            ended.append(None)
        except PersonForgotten as error:
            ended.append(error)

    erasing = [threading.Thread(target=erase_once) for _ in range(2)]
    with office.database.transaction() as tx:
        order = RenewalOrder(contract=contract_of(tx, EAST), product_code=PRODUCT, judged_at=SHORTLY_BEFORE)
        renew_policies(tx, [policy.policy_id], order, vault=office.vault, now=SHORTLY_BEFORE)
        for each in erasing:
            each.start()
        wait_until_somebody_waits(office.database, 2)
    for each in erasing:
        each.join()
    assert sorted(map(type, ended), key=str) == [type(None), PersonForgotten]
    assert office.successor(policy).erased
    assert faults(office.database, environ) == []


def test_who_was_covered_is_forgotten_when_the_law_asks_for_the_records_no_more(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    neighbor = office.enroll(2)
    office.end_terms(ENDS)
    with pytest.raises(RecordsMustBeKept) as early, office.database.transaction() as tx:
        erase_person(
            tx,
            policy.policy_id,
            "request_after_retention",
            vault=office.vault,
            elsewhere=forget_references,
            actor="officer",
            now=FIVE_YEARS_ON - timedelta(seconds=1),
        )
    assert early.value.until == date(2032, 3, 2)
    with office.database.transaction() as tx:
        done = erase_person(
            tx,
            policy.policy_id,
            "request_after_retention",
            vault=office.vault,
            elsewhere=forget_references,
            actor="officer",
            now=FIVE_YEARS_ON,
        )
    assert done.policy_ids == (policy.policy_id,)
    erased = office.policy(policy.policy_id)
    assert (erased.erased, erased.partner_reference, erased.state) == (True, "erased", "expired")
    with office.database.transaction() as tx:
        assert office.vault.insured(tx, erased).name == ""
        assert office.vault.insured(tx, office.policy(neighbor.policy_id)).name == "张小明"
    assert "sub-000000001" not in everything(office)
    (told,) = office.told(PoliciesErased)
    assert (told.policy_ids, told.ground) == ([policy.policy_id], "request_after_retention")
    assert faults(office.database, environ) == []
    with pytest.raises(PersonForgotten), office.database.transaction() as tx:
        erase_person(
            tx,
            policy.policy_id,
            "court_order",
            vault=office.vault,
            elsewhere=forget_references,
            actor="officer",
            now=FIVE_YEARS_ON,
        )


def test_cover_that_runs_keeps_a_person_known_unless_a_ground_overrides(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    with pytest.raises(CoverStillRuns), office.database.transaction() as tx:
        erase_person(
            tx,
            policy.policy_id,
            "request_after_retention",
            vault=office.vault,
            elsewhere=forget_references,
            actor="officer",
            now=NOW,
        )
    with office.database.transaction() as tx:
        erase_person(
            tx,
            policy.policy_id,
            "enrolled_by_mistake",
            vault=office.vault,
            elsewhere=forget_references,
            actor="officer",
            now=NOW,
        )
    assert office.policy(policy.policy_id).state == "canceled"
    (told,) = office.told(PolicyCanceled)
    assert (told.refund_fen, told.reason) == (1200, "enrolled_by_mistake")
    assert office.enroll(1).state == "in_force"
    assert faults(office.database, environ) == []


def test_a_person_of_a_file_is_forgotten_with_every_partner_and_under_each_key(
    office: Office, environ: dict[str, str]
) -> None:
    office.send("enrollment", csv([row(n) for n in range(5)]).decode().splitlines(), now=NOW)
    office.send("enrollment", csv([row(3)]).decode().splitlines(), now=NOW)
    newer = KeyRing({2: bytes(range(1, 33)), 1: KEYS.key(1)})
    rotated = Vault(Tokenizer(newer), Sealer(KEYS))
    office.end_terms(ENDS)
    with office.database.transaction() as tx:
        found = tx.one("SELECT policy_id FROM policies WHERE partner_reference = 'sub-000000003'")
        assert found is not None
    later = Office(office.database, rotated).enroll(3, now=ENDS, tenant="telecom-west", effective_date="2027-03-03")
    with office.database.transaction() as tx:
        done = erase_person(
            tx, found[0], "court_order", vault=rotated, elsewhere=forget_references, actor="officer", now=ENDS
        )
    assert set(done.policy_ids) == {found[0], later.policy_id}
    with office.database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM batch_rejections WHERE partner_reference = 'sub-000000003'") == (0,)
    assert faults(office.database, environ) == []


@pytest.mark.parametrize("kind", ["enrollment", "removal", "renewal"])
def test_what_a_dry_run_would_have_accepted_is_shown_without_the_reference(
    office: Office, east: Partner, kind: BatchKind, environ: dict[str, str]
) -> None:
    now = SHORTLY_BEFORE if kind == "renewal" else NOW
    people = csv([row(1), row(2)]).decode().splitlines()
    named = people if kind == "enrollment" else ["partner_reference", "sub-000000001", "sub-000000002"]
    if kind != "enrollment":
        office.send("enrollment", people, now=NOW)
    batch = office.send(kind, named, now=now, dry_run=True)
    if kind == "enrollment":
        office.send("enrollment", people, now=NOW)
    erase(office, reference="sub-000000001")
    results = east.get(f"/v1/enrollment-batches/{batch}/results", format="ndjson").text
    assert [json.loads(line)["partner_reference"] for line in results.splitlines()] == ["erased", "sub-000000002"]
    assert "sub-000000001" not in everything(office)
    assert faults(office.database, environ) == []


def test_each_partner_that_ever_had_the_policy_forgets_the_reference(office: Office, environ: dict[str, str]) -> None:
    """Also of what it sent before the policy moved to another partner, which knows nothing of that."""
    policy = office.enroll(1)
    again = csv([row(1)]).decode().splitlines()
    rejected = office.send("enrollment", again, now=NOW)
    office.send("removal", ["partner_reference", "sub-000000001"], now=NOW, dry_run=True)
    assert [each.partner_reference for each in office.rejections(rejected)] == ["sub-000000001"]
    others = office.enroll(2, tenant="telecom-west", partner_reference="sub-000000009")
    end(office.database, EAST, WEST)
    work_off(office.database)
    assert office.policy(policy.policy_id).partner_id == WEST
    erase(office, reference="sub-000000001")
    assert [each.partner_reference for each in office.rejections(rejected)] == [None]
    assert "sub-000000001" not in everything(office)
    assert office.policy(others.policy_id).partner_reference == "sub-000000009"
    assert faults(office.database, environ) == []


def test_the_same_reference_of_a_partner_that_never_had_the_policy_stays(office: Office) -> None:
    office.enroll(1)
    office.enroll(2, tenant="telecom-west", partner_reference="sub-000000001")
    stays = office.send("removal", ["partner_reference", "sub-000000001"], now=NOW, dry_run=True)
    erase(office, reference="sub-000000001", partner="telecom-west")
    with office.database.transaction() as tx:
        assert tx.all("SELECT partner_reference FROM dry_run_rows WHERE batch_id = %s", (stays,)) == [
            ("sub-000000001",)
        ]


def test_the_privacy_officer_alone_has_persons_forgotten_and_a_repeated_request_shows_nobody(
    office: Office, east: Partner, privacy_officer: Partner, environ: dict[str, str]
) -> None:
    policy = east.post("/v1/policies", body(1), key="the-first-enrollment").json
    asked = {"policy_id": policy["policy_id"], "ground": "court_order"}
    assert east.post("/v1/erasures", asked).status_code == 403
    reply = privacy_officer.post("/v1/erasures", asked)
    assert reply.status_code == 201, reply.text
    again = east.post("/v1/policies", body(1), key="the-first-enrollment")
    assert (again.status_code, again.json["title"]) == (410, "Done before")
    shown = east.get(f"/v1/policies/{policy['policy_id']}").json
    assert (shown["insured"], shown["partner_reference"], shown["state"]) == (None, "erased", "canceled")
    assert east.get(f"/v1/policies/{policy['policy_id']}/certificate").status_code == 409
    text = everything(office)
    assert id_number(1) not in text
    assert "张" not in text
    with office.database.transaction() as tx:
        rows = tx.all("SELECT action, subject, details FROM audit_log WHERE action = 'person.erased'")
    assert [(row[0], row[1], msgspec.json.decode(row[2])) for row in rows] == [
        ("person.erased", reply.json["erasure_id"], {"ground": "court_order", "policies": 1})
    ]
    assert faults(office.database, environ) == []


def test_the_log_of_webhooks_forgets_the_partner_s_own_number_and_the_cancellation_is_told_without_it(
    office: Office, east: Partner, receiver: Receiver, sender: Sender, environ: dict[str, str]
) -> None:
    secret = add(east, receiver)["secret"]
    policy = east.post("/v1/policies", body(1)).json["policy_id"]
    neighbor = east.post("/v1/policies", body(2)).json
    send(sender)
    with office.database.transaction() as tx:
        tell_claim(tx, decided(policy, outcome="approved", amount_fen=700))
        erase_person(
            tx, policy, "court_order", vault=office.vault, elsewhere=forget_references, actor="officer", now=NOW
        )
    send(sender)
    with office.database.transaction() as tx:
        bodies = [json.loads(text) for (text,) in tx.all("SELECT body FROM webhook_deliveries")]
    references = {(each["data"]["policy_id"], each["data"]["partner_reference"]) for each in bodies}
    assert references == {(policy, "erased"), (neighbor["policy_id"], neighbor["partner_reference"])}
    messages = [got.verified(secret) for got in receiver.received]
    assert sorted(each["type"] for each in messages if each["data"]["partner_reference"] == "erased") == [
        "claim.changed",
        "policy.canceled",
    ]
    assert faults(office.database, environ) == []
    with office.database.transaction() as tx:
        tx.execute("UPDATE webhook_deliveries SET body = replace(body, 'erased', 'sub-1')")
    assert any("reference of an erased" in fault for fault in faults(office.database, environ))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE policies SET person_token = '\\x01'::bytea || substring(person_token FROM 2)", "still holds a token"),
        ("UPDATE policies SET partner_reference = 'sub-1'", "still holds a token"),
        ("DELETE FROM erased_policies", "nobody erased"),
        (
            (
                "INSERT INTO idempotency_keys (client_id, route, key, fingerprint, status, body, about)"
                " SELECT 'a', 'POST /v1/policies', 'c', '', 201, 'x', policy_id::text FROM policies"
            ),
            "kept for a repeat of POST /v1/policies",
        ),
        ("DELETE FROM outbox WHERE type = 'policies.erased'", "event of erasure"),
    ],
)
def test_verify_finds_who_was_erased_and_is_known_all_the_same(
    office: Office, environ: dict[str, str], damage: str, said: str
) -> None:
    policy = office.enroll(1)
    with office.database.transaction() as tx:
        erase_person(
            tx,
            policy.policy_id,
            "court_order",
            vault=office.vault,
            elsewhere=forget_references,
            actor="officer",
            now=NOW,
        )
    with office.database.transaction() as tx:
        tx.execute(damage)
    assert any(said in fault for fault in faults(office.database, environ))


def test_verify_opens_the_sealed_records_of_those_who_were_erased(office: Office, environ: dict[str, str]) -> None:
    policy = office.enroll(1)
    with office.database.transaction() as tx:
        before = tx.one("SELECT sealed FROM policy_chunks")
        assert before is not None
        erase_person(
            tx,
            policy.policy_id,
            "court_order",
            vault=office.vault,
            elsewhere=forget_references,
            actor="officer",
            now=NOW,
        )
    with office.database.transaction() as tx:
        tx.execute("UPDATE policy_chunks SET sealed = %s", before)
    assert any("still says who is insured" in fault for fault in faults(office.database, environ))


def test_records_are_kept_five_years_or_ten_by_the_length_of_the_term_and_leap_days_do_not_shorten_it() -> None:
    assert kept_until(date(2027, 3, 2), 365, RULES) == date(2032, 3, 2)
    assert kept_until(date(2027, 3, 2), 366, RULES) == date(2032, 3, 2)
    assert kept_until(date(2027, 3, 2), 367, RULES) == date(2037, 3, 2)
    assert kept_until(date(2028, 2, 29), 365, RULES) == date(2033, 3, 1)

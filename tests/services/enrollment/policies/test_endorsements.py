"""Changes of running policies over HTTP: what a policy lists, at the premium of the days left; a phone, a name."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.partners.usecases.wind_down import wind_down
from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.domain.endorsements import Change, ItemAdded, ItemRemoved, NameCorrected, PhoneChanged
from services.enrollment.policies.store import erasures
from services.enrollment.policies.store.outcomes import note_claim
from services.enrollment.policies.usecases import work_off_wind_downs as steps
from services.enrollment.policies.usecases.renew_policies import RenewalOrder, renew_policies
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.pricing import Item
from services.enrollment.statements.domain.statements import ZONE
from shared.db.pool import Database
from shared.events.policies import PolicyEndorsed
from shared.values.ids import PolicyId
from tests import clock
from tests.services.enrollment.builders import NOW, PRODUCT, Answer, Partner, body, decided, faults
from tests.services.enrollment.partners.wind_down import EAST, WEST, work_off
from tests.services.enrollment.people.opt_outs import wait_until_somebody_waits
from tests.services.enrollment.policies.lifecycle import ENDS, SHORTLY_BEFORE, Office
from tests.services.enrollment.products.organizations import MODELS, bias
from tests.services.enrollment.statements.a_full_month import endorse as change
from tests.services.enrollment.statements.a_full_month import organization
from tests.services.enrollment.statements.books import Books, taxed_books


def problem(reply: Answer) -> str:
    return str(reply.json["type"]).removeprefix("https://fangzha.example/problems/")


def endorse(partner: Partner, policy: dict[str, Any], **change: Any) -> Answer:
    current = partner.get(f"/v1/policies/{policy['policy_id']}")
    path = f"/v1/policies/{policy['policy_id']}/endorsements"
    return partner.post(path, change, match=current.headers.get("ETag"))


def test_a_model_that_is_added_costs_the_days_that_are_left_with_its_tax_and_commission(
    east: Partner, office: Office, environ: dict[str, str]
) -> None:
    policy = east.post("/v1/policies", bias(1)).json
    begins = datetime.fromisoformat(policy["effective_from"])
    day = (begins + timedelta(days=265, hours=8)).astimezone(UTC).date().isoformat()
    added = endorse(
        east, policy, kind="item_added", item={"reference": "third", "name": "Third model"}, effective_date=day
    )
    assert added.status_code == 201, added.text
    assert added.json["premium_delta_fen"] > 0
    assert abs(added.json["premium_delta_fen"] - added.json["tax_delta_fen"] * 106 // 6) <= 20
    assert added.json["compensation_delta_fen"] > 0
    removed = endorse(east, policy, kind="item_removed", item_reference="third", effective_date=day)
    assert removed.json["premium_delta_fen"] == -added.json["premium_delta_fen"]
    listed = east.get(f"/v1/policies/{policy['policy_id']}/endorsements").json["items"]
    assert listed == [added.json, removed.json]
    assert [each["version"] for each in listed] == [2, 3]
    assert east.get(f"/v1/policies/{policy['policy_id']}").json["endorsements"] == 2
    assert [(event.premium_delta_fen, event.item_reference) for event in office.told(PolicyEndorsed)] == [
        (added.json["premium_delta_fen"], "third"),
        (removed.json["premium_delta_fen"], "third"),
    ]
    assert faults(office.database, environ) == []


def test_an_item_gives_back_no_more_than_it_cost_however_often_it_comes_and_goes(
    east: Partner, office: Office, environ: dict[str, str]
) -> None:
    policy = east.post("/v1/policies", bias(1)).json
    last = datetime.fromisoformat(policy["effective_to"]).astimezone(ZONE).date() - timedelta(days=1)
    third = {"reference": "third", "name": "Third model"}
    for _ in range(2):
        added = endorse(east, policy, kind="item_added", item=third, effective_date=last.isoformat())
        sooner = (last - timedelta(days=1)).isoformat()
        refused = endorse(east, policy, kind="item_removed", item_reference="third", effective_date=sooner)
        assert [fault["pointer"] for fault in refused.json["errors"]] == ["/effective_date"]
        removed = endorse(east, policy, kind="item_removed", item_reference="third")
        assert removed.json["effective_at"] == added.json["effective_at"]
        assert removed.json["premium_delta_fen"] == -added.json["premium_delta_fen"] < 0
    endorse(east, policy, kind="item_removed", item_reference="scorer", effective_date=last.isoformat())
    charged_twice = endorse(
        east, policy, kind="item_added", item={"reference": "scorer", "name": "Again"}, effective_date=sooner
    )
    assert [fault["pointer"] for fault in charged_twice.json["errors"]] == ["/effective_date"]
    assert faults(office.database, environ) == []
    with office.database.transaction() as tx:
        tx.execute("UPDATE endorsements SET premium_delta_fen = premium_delta_fen - 1 WHERE version = 3")
    assert any("more for third than was charged for it" in each for each in faults(office.database, environ))


def test_an_item_that_goes_gives_back_nothing_once_a_claim_was_approved(database: Database, vault: Vault) -> None:
    books = taxed_books(database, vault)
    policy = organization(books, tenant=WEST, now=NOW)
    with database.transaction() as tx:
        note_claim(tx, decided(policy.policy_id, outcome="approved", amount_fen=100))
    change(books, policy, ItemRemoved(MODELS[0]["reference"], None), tenant=WEST, now=NOW + timedelta(days=3))
    with database.transaction() as tx:
        found = tx.one("SELECT premium_delta_fen, tax_delta_fen, compensation_delta_fen FROM endorsements")
    assert found == (0, 0, 0)


def pays(books: Books, kind: str, value: int) -> None:
    """What every partner keeps from now on."""
    with books.database.transaction() as tx:
        tx.execute("UPDATE partners SET compensation_kind = %s, compensation_value = %s", (kind, value))


def kept(books: Books) -> list[int]:
    """What each change of a policy adds to what its partner keeps."""
    with books.database.transaction() as tx:
        return [row[0] for row in tx.all("SELECT compensation_delta_fen FROM endorsements ORDER BY version")]


def add_and_remove_a_model(books: Books, policy: Policy, *, moves: bool) -> None:
    """On one day, by the partner that sold the policy or by the one that it ``moves`` to before."""
    holder = EAST if moves else WEST
    if moves:
        with books.database.transaction() as tx:
            wind_down(tx, WEST, EAST, actor="test", now=NOW)
        work_off(books.database)
    third = Item("third", "Third model")
    change(books, policy, ItemAdded(third, None), tenant=holder, now=NOW + timedelta(days=2))
    change(books, policy, ItemRemoved("third", None), tenant=holder, now=NOW + timedelta(days=2))


@pytest.mark.parametrize("moves", [False, True])
def test_what_the_partner_keeps_of_a_change_follows_the_sale_and_not_todays_contract(
    database: Database, vault: Vault, environ: dict[str, str], *, moves: bool
) -> None:
    books = taxed_books(database, vault)
    policy = organization(books, tenant=WEST, now=NOW)
    pays(books, "service_fee", 500)
    add_and_remove_a_model(books, policy, moves=moves)
    added, removed = kept(books)
    assert added > 0
    assert removed == -added
    assert faults(database, environ) == []


@pytest.mark.parametrize("moves", [False, True])
def test_a_fee_that_was_agreed_at_the_sale_does_not_grow_with_a_change(
    database: Database, vault: Vault, environ: dict[str, str], *, moves: bool
) -> None:
    books = taxed_books(database, vault)
    pays(books, "service_fee", 500)
    policy = organization(books, tenant=WEST, now=NOW)
    pays(books, "commission", 1500)
    add_and_remove_a_model(books, policy, moves=moves)
    assert kept(books) == [0, 0]
    assert faults(database, environ) == []


def test_a_suspended_partner_adds_nothing_to_running_cover_and_may_take_off(
    east: Partner, partner_manager: Partner
) -> None:
    policy = east.post("/v1/policies", bias(1)).json
    partner_manager.post("/v1/partners/telecom-east/suspension", {"reason": "payment_overdue"})
    added = endorse(east, policy, kind="item_added", item={"reference": "third", "name": "Third model"})
    assert problem(added) == "contract-not-running"
    removed = endorse(east, policy, kind="item_removed", item_reference="scorer")
    assert removed.status_code == 201, removed.text


def test_a_changed_policy_that_ends_gives_back_no_more_than_was_charged(
    east: Partner, office: Office, environ: dict[str, str]
) -> None:
    policy = east.post("/v1/policies", bias(1)).json
    added = endorse(east, policy, kind="item_added", item={"reference": "third", "name": "Third model"}).json
    east.post(f"/v1/policies/{policy['policy_id']}/cancellation", {"reason": "insured_request"})
    with office.database.transaction() as tx:
        assert tx.one("SELECT refund_fen FROM cancellations") == (policy["premium_fen"] + added["premium_delta_fen"],)
    assert faults(office.database, environ) == []


@pytest.mark.parametrize(
    ("pointer", "change"),
    [
        ("/item/reference", {"kind": "item_added", "item": {"reference": "scorer", "name": "Again"}}),
        ("/item_reference", {"kind": "item_removed", "item_reference": "never-there"}),
        ("/effective_date", {"kind": "item_removed", "item_reference": "scorer", "effective_date": "2020-01-01"}),
        ("/item", {"kind": "item_added"}),
        ("/item/reference", {"kind": "item_added", "item": {"reference": "13912345678", "name": "Third"}}),
        ("/item/name", {"kind": "item_added", "item": {"reference": "third", "name": "Model of 13912345678"}}),
        ("/phone", {"kind": "name_corrected", "name": "新名", "phone": "13900000001"}),
        ("/effective_date", {"kind": "name_corrected", "name": "新名", "effective_date": "2030-01-01"}),
        ("/name", {"kind": "name_corrected", "name": "  "}),
        ("/name", {"kind": "name_corrected", "name": "two\tfields"}),
        ("/name", {"kind": "name_corrected", "name": "\u200b\u200b"}),
        ("/name", {"kind": "name_corrected", "name": "\ufffd"}),
        ("/kind", {"kind": "limit_raised"}),
    ],
)
def test_a_change_that_does_not_fit_is_named_with_its_fix(
    east: Partner, office: Office, pointer: str, change: dict[str, Any]
) -> None:
    policy = east.post("/v1/policies", bias(1)).json
    reply = endorse(east, policy, **change)
    assert (reply.status_code, [fault["pointer"] for fault in reply.json["errors"]]) == (422, [pointer])
    assert office.told(PolicyEndorsed) == []


def test_the_last_item_stays(east: Partner) -> None:
    policy = east.post("/v1/policies", bias(1)).json
    assert endorse(east, policy, kind="item_removed", item_reference="scorer").status_code == 201
    last = endorse(east, policy, kind="item_removed", item_reference="ranker/7")
    assert last.status_code == 422


def test_a_new_phone_is_the_same_persons_and_moves_no_cover(
    east: Partner, office: Office, environ: dict[str, str]
) -> None:
    first = east.post("/v1/policies", body(1)).json
    second = east.post("/v1/policies", body(2)).json
    with office.database.transaction() as tx:
        person = erasures.token_of(tx, PolicyId(first["policy_id"]))
    phone_of_second = body(2)["insured"]["phone"]
    changed = endorse(east, first, kind="phone_changed", phone=phone_of_second)
    assert (changed.json["premium_delta_fen"], changed.json["version"]) == (0, 2)
    assert east.get(f"/v1/policies/{first['policy_id']}").json["insured"]["phone"] == second["insured"]["phone"]
    with office.database.transaction() as tx:
        assert erasures.token_of(tx, PolicyId(first["policy_id"])) == person
        assert tx.one("SELECT count(DISTINCT phone_token), count(DISTINCT person_token) FROM policies") == (1, 2)
    (told,) = office.told(PolicyEndorsed)
    assert told.phone_token is not None
    assert phone_of_second not in str(told)
    assert faults(office.database, environ) == []


def test_a_corrected_name_is_shown_masked_and_told_to_nobody(east: Partner, office: Office) -> None:
    policy = east.post("/v1/policies", body(1)).json
    endorse(east, policy, kind="name_corrected", name="欧阳小明")
    assert east.get(f"/v1/policies/{policy['policy_id']}").json["insured"]["name"] == "欧***"
    assert "欧阳" not in str(office.told(PolicyEndorsed))


def test_who_has_not_read_the_policy_as_it_is_changes_nothing(east: Partner, west: Partner) -> None:
    policy = east.post("/v1/policies", body(1)).json
    path = f"/v1/policies/{policy['policy_id']}/endorsements"
    change = {"kind": "name_corrected", "name": "欧阳小明"}
    assert east.post(path, change).status_code == 428
    assert east.post(path, change, match='"1"').status_code == 201
    assert east.post(path, change, match='"1"').status_code == 412
    assert west.post(path, change, match='"2"').status_code == 404
    assert west.get(path).status_code == 404


def test_a_policy_that_is_not_in_force_is_not_changed(east: Partner, office: Office) -> None:
    canceled = east.post("/v1/policies", body(1)).json
    over = east.post("/v1/policies", body(2)).json
    east.post(f"/v1/policies/{canceled['policy_id']}/cancellation", {"reason": "insured_request"})
    assert problem(endorse(east, canceled, kind="name_corrected", name="新名")) == "not-endorsable"
    office.move_clock(clock.now() + timedelta(days=400))
    time.sleep(0.3)  # the application looks at the sandbox's clock four times a second
    assert problem(endorse(east, over, kind="name_corrected", name="新名")) == "not-endorsable"


def insured(office: Office, policy: Policy) -> tuple[str, str, str]:
    """The name and phone that are sealed, and the token by which the phone is known."""
    with office.database.transaction() as tx:
        found = office.vault.insured(tx, policy)
        token = tx.one("SELECT encode(phone_token, 'hex') FROM policies WHERE policy_id = %s", (policy.policy_id,))
    assert token is not None
    return found.name, found.phone, token[0]


def correct(office: Office, policy: Policy, tenant: str = EAST) -> tuple[str, str, str]:
    """Another phone and another name; the insured as they are to stand everywhere from now on."""
    changes: tuple[Change, ...] = (PhoneChanged("13988887777"), NameCorrected("张大明"))
    for each in changes:
        change(office, policy, each, tenant=tenant, now=SHORTLY_BEFORE)
    return "张大明", "13988887777", office.vault.tokenizer.phone("13988887777")


def test_a_phone_and_a_name_that_change_once_the_renewal_is_ordered_stand_on_the_renewal_too(
    office: Office, environ: dict[str, str]
) -> None:
    policies = [office.enroll(n) for n in (1, 2)]
    office.send("renewal", ["partner_reference", *(each.partner_reference for each in policies)], now=SHORTLY_BEFORE)
    policy, other = policies
    unchanged = insured(office, other)
    corrected = correct(office, policy)
    successor = office.successor(policy)
    assert insured(office, successor) == insured(office, policy) == corrected
    assert insured(office, office.successor(other)) == insured(office, other) == unchanged
    assert (successor.state, successor.version, successor.endorsements) == ("upcoming", 3, 2)
    events = office.told(PolicyEndorsed)
    told = [(each.policy_id, each.version, each.kind, each.phone_token, each.name_token) for each in events]
    name = office.vault.tokenizer.name("张大明")
    assert told == [
        (policy.policy_id, 2, "phone_changed", corrected[2], None),
        (successor.policy_id, 2, "phone_changed", corrected[2], None),
        (policy.policy_id, 3, "name_corrected", None, name),
        (successor.policy_id, 3, "name_corrected", None, name),
    ]
    office.end_terms(ENDS)
    begun = office.successor(policy)
    assert (begun.state, begun.version, insured(office, begun)) == ("in_force", 4, corrected)
    office.cancel(begun, now=ENDS + timedelta(days=365 - 100))
    assert faults(office.database, environ) == []


def test_a_renewal_that_was_canceled_is_not_changed_with_its_predecessor(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", policy.partner_reference], now=SHORTLY_BEFORE)
    canceled = office.cancel(office.successor(policy), now=SHORTLY_BEFORE)
    correct(office, policy)
    assert office.successor(policy) == canceled
    assert {each.policy_id for each in office.told(PolicyEndorsed)} == {policy.policy_id}
    assert faults(office.database, environ) == []


def test_a_change_that_waits_for_the_renewal_to_be_stored_stands_on_it(office: Office, environ: dict[str, str]) -> None:
    policy = office.enroll(1)
    with ThreadPoolExecutor(1) as pool:
        with office.database.transaction() as tx:
            order = RenewalOrder(contract=contract_of(tx, EAST), product_code=PRODUCT, judged_at=SHORTLY_BEFORE)
            renew_policies(tx, [policy.policy_id], order, vault=office.vault, now=SHORTLY_BEFORE)
            waiting = pool.submit(correct, office, policy)
            wait_until_somebody_waits(office.database)
        corrected = waiting.result()
    assert insured(office, office.successor(policy)) == insured(office, policy) == corrected
    assert faults(office.database, environ) == []


def test_a_change_by_the_partner_that_has_the_policy_already_stands_on_a_renewal_that_is_still_to_move(
    office: Office, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", policy.partner_reference], now=SHORTLY_BEFORE)
    monkeypatch.setattr(steps, "STEP", 1)
    with office.database.transaction() as tx:
        wind_down(tx, EAST, WEST, actor="test", now=SHORTLY_BEFORE)
    while office.policy(policy.policy_id).partner_id == EAST:
        with office.database.transaction() as tx:
            steps.work_off_wind_downs(tx, now=SHORTLY_BEFORE)
    assert office.successor(policy).partner_id == EAST
    corrected = correct(office, policy, WEST)
    work_off(office.database)
    successor = office.successor(policy)
    assert (successor.partner_id, insured(office, successor)) == (WEST, corrected)
    assert [each.partner_id for each in office.told(PolicyEndorsed)] == [WEST, EAST] * 2
    assert faults(office.database, environ) == []

"""What a partner's server is told of policies, files, claims and payouts, and that it holds no identity."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from services.enrollment.policies.consumers import claim_decisions, payouts
from services.enrollment.policies.usecases.run_renewals import start_renewals
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.policies.usecases.work_off_wind_downs import work_off_wind_downs
from shared.db.pool import Database
from shared.events.claims import ClaimDecided
from shared.events.envelope import Envelope, Event
from shared.messaging.failures import Poison, malformed_is_poison
from shared.process.new_ids import new_id
from shared.values.ids import EventId, PartnerId
from shared.webhooks.usecases.send import Sender
from tests import clock
from tests.services.enrollment.builders import NOW, PRODUCT, Partner, body, csv, decided, faults, load_all, paid, row
from tests.services.enrollment.partners.wind_down import WEST, ask, until_listing
from tests.services.enrollment.people.opt_outs import wait_until_somebody_waits
from tests.services.enrollment.policies.lifecycle import ENDS, SHORTLY_BEFORE, Office
from tests.services.enrollment.webhooks.receiver import Receiver
from tests.services.enrollment.webhooks.webhooks import add, send


@dataclass(frozen=True)
class Ears:
    """The server of the partner in the east, who asks for everything."""

    receiver: Receiver
    sender: Sender
    secret: str

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Type and data of each message, its signature checked, when all that is due was sent."""
        send(self.sender)
        messages = [got.verified(self.secret) for got in self.receiver.received]
        return [(message["type"], message["data"]) for message in messages]


@pytest.fixture
def ears(east: Partner, receiver: Receiver, sender: Sender) -> Ears:
    return Ears(receiver, sender, str(add(east, receiver)["secret"]))


def envelope(event: Event) -> Envelope[Event]:
    now = clock.now()
    return Envelope(EventId(new_id()), event.TYPE, "/test", now, "x", event)


def hear(database: Database, event: Event) -> None:
    """What the worker does with an event of another service."""
    subscription = claim_decisions.SUBSCRIPTION if isinstance(event, ClaimDecided) else payouts.SUBSCRIPTION
    with malformed_is_poison(), database.transaction() as tx:
        subscription.handlers[type(event)](tx, envelope(event))


@pytest.mark.parametrize(("event", "told"), [(decided, "claim.changed"), (paid, "payout.made")])
def test_what_happens_while_a_policy_moves_is_told_to_whom_it_moves(
    east: Partner, west: Partner, receiver: Receiver, office: Office, *, event: Callable[[str], Event], told: str
) -> None:
    for partner in (east, west):
        add(partner, receiver)
    policy = office.enroll(1)
    until_listing(office.database, now=NOW)
    hearing = threading.Thread(target=hear, args=(office.database, event(policy.policy_id)))
    with office.database.transaction() as tx:
        assert work_off_wind_downs(tx, now=NOW), "the step that moves it"
        hearing.start()
        wait_until_somebody_waits(office.database)
    hearing.join()
    to = ask(
        office.database,
        "SELECT partner_id FROM webhook_deliveries d JOIN webhook_endpoints USING (endpoint_id)"
        f" JOIN partners USING (partner_no) WHERE d.type = '{told}'",
    )
    assert to == [(WEST,)]


@pytest.mark.parametrize("event", [decided("no-id"), paid("no-id"), decided(new_id(), amount_fen=2**70)])
def test_an_event_whose_values_no_column_holds_is_set_aside_and_does_not_end_the_worker(
    database: Database, event: Event
) -> None:
    with pytest.raises(Poison):
        hear(database, event)


def test_a_policy_that_is_issued_and_canceled_is_told_twice(east: Partner, ears: Ears) -> None:
    policy = east.post("/v1/policies", body(1)).json
    path = f"/v1/policies/{policy['policy_id']}/cancellation"
    canceled = east.post(path, {"reason": "insured_request"}).json
    (issued, first), (ended, second) = sorted(ears.told(), reverse=True)
    assert (issued, ended) == ("policy.issued", "policy.canceled")
    assert first["policy_id"] == second["policy_id"] == policy["policy_id"]
    assert (first["version"], first["state"]) == (1, policy["state"])
    assert (second["version"], second["state"], second["reason"]) == (
        canceled["version"],
        "canceled",
        "insured_request",
    )
    assert second["partner_reference"] == policy["partner_reference"]
    assert second["refund_fen"] <= policy["premium_fen"]


def test_a_file_is_told_once_when_it_is_done_and_its_policies_are_not(
    east: Partner, ears: Ears, database: Database, vault: Vault
) -> None:
    rows = [row(n, effective_date="") for n in range(1, 6)] + [row(9, effective_date="", document_number="1")]
    batch = east.upload(csv(rows)).json
    load_all(database, vault, now=clock.now())
    assert ears.told() == [
        (
            "batch.finished",
            {
                "batch_id": batch["batch_id"],
                "state": "finished",
                "kind": "enrollment",
                "product_code": "resident-anti-fraud",
                "dry_run": False,
                "rows": 6,
                "accepted": 5,
                "rejected": 1,
            },
        )
    ]


def test_a_renewal_run_tells_each_policy_and_a_file_of_removals_is_told_as_a_file(
    ears: Ears, database: Database, vault: Vault
) -> None:
    office = Office(database, vault)
    first, second = office.enroll(1), office.enroll(2)
    with database.transaction() as tx:
        start_renewals(tx, PartnerId("telecom-east"), PRODUCT, ENDS.date(), actor="x", now=SHORTLY_BEFORE)
    office.work_off_renewals(SHORTLY_BEFORE)
    lines = ["partner_reference,reason", f"{second.partner_reference},opt_out"]
    office.send("removal", lines, now=SHORTLY_BEFORE + timedelta(hours=1))
    told = [each for each in ears.told() if each[0] != "policy.issued"]
    renewed = {data["renews"]: data for type_, data in told if type_ == "policy.renewed"}
    assert set(renewed) == {first.policy_id, second.policy_id}
    successor = office.successor(first)
    assert renewed[first.policy_id]["policy_id"] == successor.policy_id
    assert (renewed[first.policy_id]["state"], renewed[first.policy_id]["version"]) == ("upcoming", 1)
    assert [(type_, data["kind"]) for type_, data in told if type_ != "policy.renewed"] == [
        ("batch.finished", "removal")
    ]


def test_a_file_that_cannot_be_worked_off_is_told_as_failed(
    east: Partner, ears: Ears, database: Database, vault: Vault
) -> None:
    east.upload(csv([row(1, effective_date="")]))
    with database.transaction() as tx:
        tx.execute("UPDATE batch_parts SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)")
    load_all(database, vault, now=clock.now())
    ((type_, data),) = ears.told()
    assert (type_, data["state"], data["accepted"]) == ("batch.finished", "failed", 0)


def test_claims_and_payouts_are_told_to_the_partner_of_the_policy_in_states_and_amounts_alone(
    east: Partner, west: Partner, ears: Ears, database: Database
) -> None:
    mine = east.post("/v1/policies", body(1)).json["policy_id"]
    other = west.post("/v1/policies", body(2)).json["policy_id"]
    claim, payout = new_id(), new_id()
    for event in (
        decided(mine, claim_id=claim, version=1, outcome="refusal_proposed", reason_codes=["waiting_period"]),
        decided(mine, claim_id=claim, version=2, outcome="approved", amount_fen=5000),
        decided(mine, claim_id=claim, version=1, outcome="refusal_proposed"),
        decided(other, outcome="refused"),
        paid(mine, payout_id=payout, claim_id=claim, version=1, state="scheduled", amount_fen=5000),
        paid(mine, payout_id=payout, claim_id=claim, version=2, state="paid", amount_fen=5000),
        paid(other),
        paid(new_id()),
    ):
        hear(database, event)
    messages = [each for each in ears.told() if each[0] != "policy.issued"]
    reference = body(1)["partner_reference"]
    about = {"claim_id": claim, "policy_id": mine, "partner_reference": reference, "currency": "CNY"}
    assert sorted(messages, key=lambda each: (each[0], each[1]["version"])) == [
        ("claim.changed", {**about, "version": 1, "state": "in_review", "amount_fen": 0}),
        ("claim.changed", {**about, "version": 2, "state": "approved", "amount_fen": 5000}),
        ("payout.made", {**about, "payout_id": payout, "version": 2, "amount_fen": 5000}),
    ]


def test_an_event_that_is_undone_tells_nothing(east: Partner, ears: Ears, database: Database) -> None:
    mine = east.post("/v1/policies", body(1)).json["policy_id"]
    event = decided(mine, outcome="approved")
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        claim_decisions.SUBSCRIPTION.handlers[ClaimDecided](tx, envelope(event))
        _ = 1 // 0
    assert [type_ for type_, _ in ears.told()] == ["policy.issued"]


def test_no_message_says_who_is_insured(east: Partner, ears: Ears, database: Database, environ: dict[str, str]) -> None:
    request = body(1)
    policy = east.post("/v1/policies", request).json["policy_id"]
    east.post(f"/v1/policies/{policy}/cancellation", {"reason": "insured_request"})
    hear(database, decided(policy, outcome="approved", amount_fen=100))
    hear(database, paid(policy))
    with database.transaction() as tx:
        token = tx.one("SELECT encode(person_token, 'hex') FROM policies")
    assert token is not None
    insured = request["insured"]
    assert len(ears.told()) == 4
    for got in ears.receiver.received:
        text = got.body.decode()
        for personal in (insured["name"], insured["document_number"], insured["phone"], token[0], "token"):
            assert personal not in text
    assert faults(database, environ) == []


def test_nothing_is_written_where_nobody_asks_for_the_type(
    east: Partner, database: Database, receiver: Receiver
) -> None:
    add(east, receiver, types=["payout.made"])
    east.post("/v1/policies", body(1))
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM webhook_deliveries") == (0,)

"""Cover whose price is made anew each term goes on all the same: without a gap, without a loss of prior acts."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.enrollment.people.store import opt_outs
from services.enrollment.policies.domain.errors import AlreadyCovered
from services.enrollment.policies.store import sealed_records
from services.enrollment.policies.usecases.enroll_policies import Application, Enrolled
from services.enrollment.policies.usecases.renew_one import renew_one
from services.enrollment.policies.usecases.vault import Vault
from shared.events.policies import PoliciesEnrolled
from shared.values.errors import FangzhaError
from shared.values.ids import PolicyId, TokenHex
from tests import clock
from tests.services.enrollment.builders import PRODUCT, Answer, Partner, body, faults, row
from tests.services.enrollment.people.opt_outs import leave, wait_until_somebody_waits
from tests.services.enrollment.policies.lifecycle import ENDS, Office
from tests.services.enrollment.products.organizations import MODELS, bias, cyber, order, pointers, problem


def days(count: int) -> timedelta:
    return timedelta(days=count)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def enrolled(partner: Partner, request: dict[str, Any]) -> dict[str, Any]:
    reply = partner.post("/v1/policies", request)
    assert reply.status_code == 201, reply.text
    return dict(reply.json)


def come(office: Office, to: datetime) -> None:
    """Let the time of the sandbox be ``to``."""
    office.move_clock(to)
    time.sleep(0.3)  # the application looks at the sandbox's clock four times a second


def shortly_before_its_end(office: Office, policy: dict[str, Any]) -> None:
    come(office, moment(policy["effective_to"]) - days(30))


def renewing(partner: Partner, policy: dict[str, Any], request: dict[str, Any]) -> Answer:
    return partner.post("/v1/policies", request | {"renews": policy["policy_id"]})


def renewed(office: Office, partner: Partner, policy: dict[str, Any], request: dict[str, Any]) -> Answer:
    shortly_before_its_end(office, policy)
    return renewing(partner, policy, request)


def schedule(partner: Partner, policy: dict[str, Any]) -> dict[str, Any]:
    return dict(partner.get(f"/v1/policies/{policy['policy_id']}/schedule").json)


def test_over_three_terms_claims_made_cover_has_no_gap_and_keeps_its_retroactive_date(
    office: Office, east: Partner, environ: dict[str, str]
) -> None:
    first = enrolled(east, bias(1))
    reaches_back = schedule(east, first)["retroactive_date"]
    terms = [first]
    for models in (MODELS[:1], MODELS):
        reply = renewed(office, east, terms[-1], bias(1, scheduled_items=models))
        assert reply.status_code == 201, reply.text
        assert (reply.json["state"], reply.json["renews"]) == ("upcoming", terms[-1]["policy_id"])
        terms.append(dict(reply.json))
        come(office, moment(terms[-1]["effective_from"]))
        office.end_terms(moment(terms[-1]["effective_from"]))
    second, third = terms[1:]
    assert [second["effective_from"], third["effective_from"]] == [first["effective_to"], second["effective_to"]]
    assert {each["waits_from"] for each in terms} == {first["effective_from"]}
    assert [each["premium_fen"] for each in terms] == [1_750_000, 1_375_000, 1_750_000]
    assert [schedule(east, each)["retroactive_date"] for each in terms] == [reaches_back] * 3
    assert [len(schedule(east, each)["scheduled_items"]) for each in terms] == [2, 1, 2]
    assert east.get(f"/v1/policies/{third['policy_id']}").json["state"] == "in_force"
    told = office.told(PoliciesEnrolled)
    assert len({tuple(event.policies.retroactive_from or ()) for event in told}) == 1
    assert told[-1].policies.renews == UUID(second["policy_id"]).bytes
    assert told[-1].policies.waits_from == [moment(first["effective_from"])]
    assert told[-1].premium_fen == 1_750_000
    references = [each["reference"] for each in MODELS]
    assert [event.policies.items for event in told] == [[references], [references[:1]], [references]]
    assert faults(office.database, environ) == []


def test_a_renewal_may_reach_back_less_far_than_its_predecessor_and_never_farther(
    office: Office, east: Partner
) -> None:
    first_day = clock.today() + days(1)
    asked = first_day - days(100)
    first = enrolled(east, bias(1, effective_date=first_day.isoformat(), retroactive_date=asked.isoformat()))
    farther = renewed(office, east, first, bias(1, retroactive_date=(asked - days(1)).isoformat()))
    assert pointers(farther) == ["/retroactive_date"]
    nearer = renewing(east, first, bias(1, retroactive_date=(asked + days(1)).isoformat()))
    assert schedule(east, nearer.json)["retroactive_date"] == (asked + days(1)).isoformat()


def test_a_date_of_birth_that_was_told_need_not_be_told_again_and_stays(office: Office, east: Partner) -> None:
    passport = body(1)["insured"] | {"document_type": "passport", "document_number": "E12345678"}
    first = enrolled(east, body(1, insured=passport | {"birth_date": "1980-03-15"}))
    other = renewed(office, east, first, body(1, insured=passport | {"birth_date": "1990-03-15"}))
    assert pointers(other) == ["/insured/birth_date"]
    second = renewing(east, first, body(1, insured=passport))
    assert second.status_code == 201, second.text
    told = office.policy(PolicyId(second.json["policy_id"]))
    with office.database.transaction() as tx:
        assert office.vault.insured(tx, told).birth_date == "1980-03-15"
    assert office.told(PoliciesEnrolled)[-1].policies.birth_year == [1980]


def test_an_organizations_renewal_is_graded_by_the_answers_of_now(office: Office, east: Partner) -> None:
    first = enrolled(east, cyber(1))
    assert pointers(renewed(office, east, first, cyber(1, answers={})))[0].startswith("/answers/")
    worse = cyber(1)["answers"] | {"past_incidents": "several"}
    second = renewing(east, first, cyber(1, answers=worse))
    assert (first["premium_fen"], second.json["premium_fen"]) == (960_000, 1_200_000)
    assert schedule(east, dict(second.json))["grade"] == "B"


def test_a_persons_policy_is_renewed_with_a_consent_and_a_phone_of_now(office: Office, east: Partner) -> None:
    first = enrolled(east, body(1))
    again = body(1)
    again["insured"] |= {"phone": body(2)["insured"]["phone"]}
    again["consent"] |= {"channel": "shop"}
    second = renewed(office, east, first, again)
    assert second.status_code == 201, second.text
    assert second.json["insured"]["phone"] != first["insured"]["phone"]
    policy = office.policy(PolicyId(second.json["policy_id"]))
    assert (policy.consent.channel, policy.state, policy.renews) == ("shop", "upcoming", first["policy_id"])


def test_of_what_is_renewed_one_successor_comes_and_no_second(office: Office, east: Partner) -> None:
    first = enrolled(east, cyber(1))
    assert renewed(office, east, first, cyber(1)).status_code == 201
    again = renewing(east, first, cyber(1))
    assert (again.status_code, problem(again)) == (409, "not-renewable")
    assert "follows this one already" in again.json["detail"]


def test_of_renewals_at_once_one_becomes_the_successor(
    office: Office, app: Flask, east: Partner, issuer: Issuer
) -> None:
    first = enrolled(east, cyber(1))
    shortly_before_its_end(office, first)
    partners = [Partner(app.test_client(), issuer.token("telecom-east")) for _ in range(6)]
    request = cyber(1, renews=first["policy_id"])
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda partner: partner.post("/v1/policies", request).status_code, partners))
    assert sorted(replies) == [201, *[409] * 5]


def test_too_early_too_late_or_after_an_opt_out_nothing_follows(office: Office, east: Partner, vault: Vault) -> None:
    first = enrolled(east, cyber(1))
    end = moment(first["effective_to"])
    early = renewing(east, first, cyber(1))
    assert (early.status_code, problem(early)) == (409, "not-renewable")
    shortly_before_its_end(office, first)
    with office.database.transaction() as tx:
        token = TokenHex(office.told(PoliciesEnrolled)[0].policies.person_tokens[0])
        opt_outs.add(tx, [token], opted_out_at=end - days(31), channel="app", recorded_by="test")
    assert problem(renewing(east, first, cyber(1))) == "opted-out"
    with office.database.transaction() as tx:
        tx.execute("DELETE FROM opt_outs")
    come(office, end)
    late = renewing(east, first, cyber(1))
    assert problem(late) == "not-renewable"
    assert "continuity is lost" in late.json["detail"]


def test_a_policy_whose_record_does_not_open_is_not_renewable_until_it_does(office: Office, east: Partner) -> None:
    first = enrolled(east, cyber(1))
    chunk = office.policy(PolicyId(first["policy_id"])).chunk_id
    with office.database.transaction() as tx:
        whole = sealed_records.read(tx, chunk)
        sealed_records.write(tx, chunk, whole[:-1])
    refused = renewed(office, east, first, cyber(1))
    assert (refused.status_code, problem(refused)) == (409, "not-renewable")
    assert "cannot be read" in refused.json["detail"]
    with office.database.transaction() as tx:
        sealed_records.write(tx, chunk, whole)
    assert renewing(east, first, cyber(1)).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (lambda: cyber(2), "/insured/document_number"),
        (lambda: cyber(1, effective_date="2031-01-01"), "/effective_date"),
        (lambda: bias(1), "/renews"),
        (lambda: order(1, "resident-anti-fraud"), "/renews"),
    ],
)
def test_a_renewal_is_of_the_same_insured_and_product_and_begins_where_the_old_term_ends(
    office: Office, east: Partner, wrong: Any, pointer: str
) -> None:
    first = enrolled(east, cyber(1))
    assert pointers(renewed(office, east, first, wrong())) == [pointer]
    assert office.policy(PolicyId(first["policy_id"])).renewed_by is None


def test_another_partners_policy_is_not_renewed(office: Office, east: Partner, west: Partner) -> None:
    first = enrolled(east, cyber(1))
    assert pointers(renewed(office, west, first, cyber(1))) == ["/renews"]
    nobodys = first | {"policy_id": "0190163d-8694-739b-aea5-966c26f8ad91"}
    assert pointers(renewing(west, nobodys, cyber(1))) == ["/renews"]


def test_a_renewal_that_waits_falls_with_its_predecessor_and_is_given_back_whole(
    office: Office, east: Partner, environ: dict[str, str]
) -> None:
    first = enrolled(east, bias(1))
    second = renewed(office, east, first, bias(1))
    assert east.post(f"/v1/policies/{first['policy_id']}/cancellation", {"reason": "other"}).status_code == 201
    ended = east.get(f"/v1/policies/{second.json['policy_id']}").json
    assert (ended["state"], ended["effective_to"]) == ("canceled", ended["effective_from"])
    assert faults(office.database, environ) == []


def test_a_renewal_that_came_before_midnight_and_waited_beyond_it_runs_at_once(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    seconds_before, a_day_after = ENDS - timedelta(seconds=1), ENDS + days(1)

    def renew() -> Enrolled | FangzhaError:
        application = Application(policy.partner_id, PRODUCT, row(1, effective_date=""))
        with office.database.transaction() as tx:
            return renew_one(tx, application, policy.policy_id, vault=office.vault, now=seconds_before, sandbox=True)

    with ThreadPoolExecutor(1) as pool:
        with office.database.transaction() as somebody_opts_out:
            opt_outs.shut(somebody_opts_out, [])
            waiting = pool.submit(renew)
            wait_until_somebody_waits(office.database)
            office.end_terms(ENDS)
        stored = waiting.result()
    assert isinstance(stored, Enrolled)
    assert (stored.policy.state, stored.policy.effective_from) == ("in_force", ENDS)
    assert (office.policy(policy.policy_id).state, office.successor(policy)) == ("expired", stored.policy)
    assert faults(office.database, environ) == []
    with pytest.raises(AlreadyCovered):
        office.enroll(1, now=a_day_after, effective_date="")
    left = leave(office.database, office.vault, row(1), now=a_day_after)
    assert [each for each, _partner in left.ended] == [stored.policy.policy_id]
    assert faults(office.database, environ) == []

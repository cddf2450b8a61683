"""What the police gave a claimant: three papers, and whose word on the type of scam counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.police import ToldPaper, scam_type_of
from services.fraud_detection.filing.usecases.keep_papers import add_papers
from shared.events.policies import PoliciesErased
from shared.values.errors import InvalidFields
from tests.rules.fraud_detection.builders import LOSS
from tests.services.fraud_detection.builders import NOW, Caller, World, champion, claim_body, take
from tests.services.fraud_detection.insured import told


def paper(kind: str = "filing_notice", **changes: Any) -> ToldPaper:
    values: dict[str, Any] = {
        "kind": kind,
        "number": "京公（朝）立告字〔2026〕00417号",
        "unit": "北京市公安局朝阳分局",
        "officer": "王警官",
        "issued_on": LOSS.date(),
        **changes,
    }
    return ToldPaper(**values)


def test_the_polices_newest_word_decides_and_of_one_day_the_notices() -> None:
    day = date(2026, 5, 1)
    assert scam_type_of([]) is None
    assert scam_type_of([paper("receipt"), paper("receipt", scam_type="romance")]) == "romance"
    assert (
        scam_type_of(
            [
                paper("receipt", issued_on=day, scam_type="romance"),
                paper("filing_notice", issued_on=day, scam_type="game_trade"),
            ]
        )
        == "game_trade"
    )
    assert (
        scam_type_of(
            [
                paper("filing_notice", issued_on=day, scam_type="game_trade"),
                paper("receipt", issued_on=day + timedelta(days=1), scam_type="romance"),
            ]
        )
        == "romance"
    )


def test_a_scam_that_the_police_call_by_an_excluded_type_is_not_covered_whatever_the_claimant_tells(
    world: World,
) -> None:
    claim = world.file(world.covered(), police=(paper(scam_type="illegal_online"),))
    assert (claim.scam_type, claim.told_scam_type) == ("illegal_online", "fake_customer_service")
    assert world.claim(claim.claim_id) == claim
    assert world.decide(claim) == "refusal_proposed"
    assert told(world, claim) == [("scam_type_excluded", "3.2")]


def test_papers_that_agree_with_the_claimant_or_say_nothing_change_nothing(world: World) -> None:
    claim = world.file(world.covered(), police=(paper("receipt"), paper(scam_type="fake_customer_service")))
    assert (claim.scam_type, claim.told_scam_type) == ("fake_customer_service", None)
    assert world.decide(claim) == "approved"


def test_a_paper_that_was_waited_for_has_the_claim_decided_anew_and_what_the_claimant_told_is_kept(
    world: World,
) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    world.ask(claim.claim_id, "police_receipt")
    assert world.claim(claim.claim_id).state == "waiting_for_police"
    for number, word in enumerate(("romance", "game_trade"), start=1):
        with world.database.transaction() as tx:
            papers = [paper(scam_type=word, issued_on=LOSS.date() + timedelta(days=number))]
            add_papers(
                tx,
                claim.claim_id,
                papers,
                tenant="mobile-backend",
                personal_data=world.personal_data,
                now=NOW + timedelta(days=2),
            )
    found = world.claim(claim.claim_id)
    assert (found.state, found.round, found.changed_why) == ("filed", 2, "police_paper")
    assert (found.scam_type, found.told_scam_type) == ("game_trade", "fake_customer_service")
    assert world.decide(found, claim_round=2) == "review"
    assert world.review(claim.claim_id, "approve") == "approved"
    # The sub-limit of what the police call it.
    assert world.rows("SELECT amount_fen FROM decisions WHERE outcome = 'approved'") == [(1_000_000,)]
    told = "SELECT snapshot -> 'police_say_another_scam' FROM claim_features ORDER BY round"
    # What the police call it, nobody knows before they say so.
    assert world.rows(told) == [(None,), (True,)]


def test_a_paper_of_the_day_after_tomorrow_is_not_taken(world: World) -> None:
    with pytest.raises(InvalidFields) as refused:
        world.file(world.covered(), police=(paper(issued_on=NOW.date() + timedelta(days=2)),))
    assert [fault.pointer for fault in refused.value.faults] == ["/police/0/issued_on"]


def test_papers_are_filed_over_http_seen_by_the_reviewer_sealed_and_forgotten_with_their_person(
    world: World, caller: Callable[[str], Caller]
) -> None:
    person = world.covered()
    given = {
        "kind": "receipt",
        "number": "受案回执 2026-1-77",
        "unit": "朝阳分局",
        "officer": "王五",
        "issued_on": LOSS.date().isoformat(),
    }
    filed = caller("mobile-backend").post("/v1/claims", claim_body(person, police=[given])).json
    notice = {**given, "kind": "refusal_notice", "scam_type": "other"}
    path = f"/v1/claims/{filed['claim_id']}/police-papers"
    assert caller("mobile-backend").post(path, {"papers": [notice]}).status_code == 202
    seen = caller("reviewer-li").get(f"/v1/reviews/{filed['claim_id']}").json["loss"]
    assert (seen["scam_type"], seen["told_scam_type"]) == ("other", "fake_customer_service")
    assert [(each["kind"], each["number"], each["officer"]) for each in seen["police"]] == [
        ("receipt", "**********1-77", "王*"),
        ("refusal_notice", "**********1-77", "王*"),
    ]
    for text in (given["number"], "朝阳分局", "王五"):
        assert text.encode().hex() not in str(world.rows("SELECT police_papers::text FROM police_papers"))
    take(world, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW + timedelta(days=3)))
    seen = caller("reviewer-li").get(f"/v1/reviews/{filed['claim_id']}").json["loss"]
    assert [(each["kind"], each["number"], each["unit"], each["officer"]) for each in seen["police"]] == [
        ("receipt", "", "", None),
        ("refusal_notice", "", "", None),
    ]

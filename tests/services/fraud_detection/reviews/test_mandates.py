"""A person says whether who acts for an insured may do so; until then nobody is paid, and an agent never is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.filing.usecases.change_claim import name_payee
from services.fraud_detection.filing.usecases.complete_claim import add_documents
from services.fraud_detection.reviews.domain.errors import (
    AnotherPersonDecides,
    DecisionWaits,
    HeldByAnother,
    MandateOpen,
    NoMandateShown,
    NoOpenReview,
    NoProposal,
    NoRepresentative,
    PayeeIsAgent,
)
from services.fraud_detection.reviews.usecases.act import Actor
from services.fraud_detection.reviews.usecases.hold_case import take as take_case
from services.fraud_detection.reviews.usecases.undo_decision import act, let_take_effect
from services.fraud_detection.tools import INVARIANTS
from shared.db.pool import Database
from shared.values.errors import InvalidField, InvalidFields
from tests import clock
from tests.services.fraud_detection.builders import (
    NOW,
    Caller,
    Then,
    World,
    champion,
    complete,
    evidence,
    own_account,
)
from tests.services.fraud_detection.claims.test_life_of_a_claim import payout
from tests.services.fraud_detection.insured import told, why
from tests.services.fraud_detection.representing import (
    NAME,
    account_of_who_acts,
    acting,
    check,
    represented,
    with_mandate,
)
from tests.services.fraud_detection.reviews.test_reviews import file_appeal
from tests.services.fraud_detection.reviews.test_two_persons import APPROVAL, confirm, give, proposed

Callers = Callable[[str], Caller]


def in_review(world: World, *args: Any, **changes: Any) -> Claim:
    claim = represented(world, *args, **changes)
    assert world.decide(claim) == "review"
    return claim


def approve(world: World, claim: Claim) -> str:
    return world.review(claim.claim_id, "approve")


@pytest.mark.parametrize("phone_ends", ["0000", "9001"], ids=["as scored", "forced"])
def test_the_machine_pays_nobody_by_a_mandate_that_no_person_looked_at(world: World, phone_ends: str) -> None:
    claim = represented(world, person=world.covered(phone_ends))
    assert world.decide(claim, by=champion(0.01)) == "review"
    assert why(world, claim) == "representative"
    assert world.events("claims.decided")[-1]["reason_codes"] == ["representative"]


@pytest.mark.parametrize("said", [None, False], ids=["not looked at", "does not hold"])
def test_nobody_approves_by_a_mandate_that_does_not_hold_and_a_refusal_needs_none(
    world: World, *, said: bool | None
) -> None:
    claim = in_review(world)
    if said is not None:
        check(world, claim.claim_id, holds=said)
    with pytest.raises(MandateOpen) as refused:
        approve(world, claim)
    assert "mandate-checks" in str(refused.value)
    assert world.rows("SELECT count(*) FROM limit_use WHERE reserved_fen > 0") == [(0,)]
    assert world.review(claim.claim_id, "refuse") == "refused"


def test_a_person_approves_once_the_mandate_was_found_to_hold_and_the_newest_word_counts(world: World) -> None:
    claim = in_review(world)
    check(world, claim.claim_id)
    check(world, claim.claim_id, holds=False)
    with pytest.raises(MandateOpen):
        approve(world, claim)
    check(world, claim.claim_id)
    assert approve(world, claim) == "approved"


def test_a_missing_mandate_is_asked_for_together_with_the_other_papers(world: World) -> None:
    claim = represented(world, evidence=())
    assert world.decide(claim) == "documents_requested"
    assert told(world, claim) == [("evidence_missing", "evidence_missing")]
    ((text,),) = world.rows("SELECT failures -> 0 ->> 'text_en' FROM decisions")
    kinds = "police receipt, transfer record, letter of authority or proof of guardianship"
    assert text == f"Please add these documents: {kinds}."
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, with_mandate(), tenant="mobile-backend", now=NOW)
    assert world.decide(claim, claim_round=2) == "review"
    assert why(world, claim) == "representative"


def test_who_claims_alone_is_asked_for_no_mandate(world: World) -> None:
    assert world.decide(world.file(world.covered(), evidence=complete())) == "approved"


def test_a_check_says_which_document_it_is_of(world: World) -> None:
    one, two = evidence("mandate"), evidence("mandate")
    claim = in_review(world, evidence=(*complete(), one, two))
    with pytest.raises(InvalidField, match="several"):
        check(world, claim.claim_id)
    with pytest.raises(InvalidField, match="no such mandate"):
        check(world, claim.claim_id, document_sha256=complete()[0].sha256)
    check(world, claim.claim_id, document_sha256=two.sha256)
    assert world.rows("SELECT document_sha256 FROM mandate_checks") == [(two.sha256,)]


def test_a_word_is_not_of_a_document_that_nobody_looked_at(world: World) -> None:
    one, two = evidence("mandate"), evidence("mandate")
    acts = replace(acting(world), mandate_sha256=one.sha256)
    claim = in_review(world, evidence=(*complete(), one), representative=acts)
    check(world, claim.claim_id, holds=False)
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, (two,), tenant="mobile-backend", now=NOW)
    with pytest.raises(InvalidField) as unnamed:
        check(world, claim.claim_id)
    assert unnamed.value.pointer == "/document_sha256"
    check(world, claim.claim_id, document_sha256=two.sha256)
    looked_at = world.rows("SELECT holds, document_sha256 FROM mandate_checks ORDER BY version")
    assert looked_at == [(False, one.sha256), (True, two.sha256)]


def test_without_a_document_no_mandate_holds(world: World) -> None:
    claim = represented(world, person=world.covered(required_evidence=[]), evidence=())
    world.decide(claim)
    with pytest.raises(NoOpenReview):
        check(world, claim.claim_id)
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, (evidence("mandate"),), tenant="mobile-backend", now=NOW)
    world.decide(claim, claim_round=2)
    world.rows("UPDATE evidence SET kind = 'identity' RETURNING 1")
    with pytest.raises(NoMandateShown):
        check(world, claim.claim_id)
    check(world, claim.claim_id, holds=False)
    with pytest.raises(psycopg2.errors.CheckViolation, match="what_holds_was_looked_at"):
        world.rows("UPDATE mandate_checks SET holds = true RETURNING 1")


def test_where_nobody_acts_there_is_no_mandate(world: World) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    with pytest.raises(NoRepresentative):
        check(world, claim.claim_id)


def test_a_case_that_another_holds_is_checked_by_that_one(world: World) -> None:
    claim = in_review(world)
    with world.database.transaction() as tx:
        take_case(tx, claim.claim_id, "reviewer-wang", senior=False, now=NOW)
    with pytest.raises(HeldByAnother):
        check(world, claim.claim_id, reviewer="reviewer-li")
    check(world, claim.claim_id, reviewer="reviewer-wang")


def test_only_who_may_decide_a_case_says_whether_its_mandate_holds(world: World, caller: Callers) -> None:
    claim = in_review(world)
    li, path = caller("reviewer-li"), f"/v1/reviews/{claim.claim_id}"
    assert li.post(f"{path}/escalations", {"reason": "委托人状况不明。"}).status_code == 201
    said = {"holds": True, "reason": "委托书有效。"}
    as_read = {"If-Match": li.get(path).headers["ETag"]}
    refused = li.post(f"{path}/mandate-checks", said, headers=as_read)
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (403, "senior-decides")
    assert caller("director-chen").post(f"{path}/mandate-checks", said, headers=as_read).status_code == 201


def test_who_refused_a_claim_says_nothing_of_its_mandate_when_it_is_appealed(world: World) -> None:
    claim = in_review(world)
    assert world.review(claim.claim_id, "refuse") == "refused"
    file_appeal(world, claim.claim_id)
    assert world.decide(claim, claim_round=2) == "review"
    with pytest.raises(AnotherPersonDecides):
        check(world, claim.claim_id)
    check(world, claim.claim_id, reviewer="reviewer-wang")


def test_a_decision_that_may_be_undone_still_is_not_spoken_about_by_another(world: World) -> None:
    claim = in_review(world)
    check(world, claim.claim_id)
    with world.database.transaction() as tx:
        act(
            tx,
            claim.claim_id,
            APPROVAL,
            by=Actor(reviewer="reviewer-li", senior=False),
            undo_for=timedelta(minutes=1),
            show=lambda row: row,
            require_match=lambda _version: None,
            personal_data=world.personal_data,
            now=NOW,
        )
    with pytest.raises(DecisionWaits):
        check(world, claim.claim_id, holds=False, reviewer="reviewer-wang")
    let_take_effect(world.database, world.personal_data, Then(NOW + timedelta(minutes=1)))
    assert world.events("claims.decided")[-1]["outcome"] == "approved"


def test_what_was_proposed_before_the_mandate_was_found_wanting_is_confirmed_by_nobody(world: World) -> None:
    claim = in_review(world, amount_fen=3_300_000)
    check(world, claim.claim_id)
    proposal = proposed(world, claim.claim_id)
    check(world, claim.claim_id, holds=False, reviewer="reviewer-wang")
    give(world, "reviewer-wang")
    with pytest.raises(NoProposal):
        confirm(world, proposal)


def test_an_elderly_persons_son_claims_for_them_and_they_are_paid_on_their_own_account(
    world: World, caller: Callers
) -> None:
    claim = in_review(world, person=world.covered())
    reviewer = caller("reviewer-li")
    path = f"/v1/reviews/{claim.claim_id}"
    seen = reviewer.get(path)
    acts = seen.json["representative"]
    assert (acts["role"], acts["name_masked"], acts["has_phone"], acts["checks"]) == ("agent", "李**", True, [])
    assert (seen.json["payee"]["holder_is"], seen.json["payee"]["doubts"]) == ("insured", [])
    assert NAME not in seen.text
    too_early = reviewer.post(f"{path}/decisions", {"outcome": "approve"}, headers={"If-Match": seen.headers["ETag"]})
    assert (too_early.status_code, too_early.json["type"].rpartition("/")[2]) == (409, "mandate-open")
    said: dict[str, Any] = {"holds": True, "reason": "委托书有效，已电话核实。"}
    unread = reviewer.post(f"{path}/mandate-checks", said)
    assert unread.status_code == 428
    checked = reviewer.post(f"{path}/mandate-checks", said, headers={"If-Match": seen.headers["ETag"]})
    assert checked.status_code == 201, checked.text
    assert (checked.json["holds"], checked.json["checked_by"]) == (True, "reviewer-li")
    assert [each["reason"] for each in reviewer.get(path).json["representative"]["checks"]] == [said["reason"]]
    stale = reviewer.post(f"{path}/decisions", {"outcome": "approve"}, headers={"If-Match": seen.headers["ETag"]})
    assert stale.status_code == 412
    approval = reviewer.post(f"{path}/decisions", {"outcome": "approve"}, headers={"If-Match": checked.headers["ETag"]})
    assert approval.status_code == 201, approval.text
    paid_at = clock.now() + timedelta(days=4)
    payout(world, claim, "paid", payout_id="0190163d-0000-7000-8000-000000000001", version=1, now=paid_at)
    mobile = caller("mobile-backend")
    shown = mobile.get(f"/v1/claims/{claim.claim_id}").json
    assert (shown["state"], shown["representative"]) == ("paid", {"role": "agent", "name_masked": "李**"})
    explained = mobile.get(f"/v1/claims/{claim.claim_id}/explanation").json
    assert "representative" in [each["source"] for each in explained["used"]]
    trace = reviewer.get(f"/v1/claims/{claim.claim_id}/trace").json["happened"]
    told_of = ("represented", "mandate")
    assert [(each["what"], each["by"]) for each in trace if each["what"].startswith(told_of)] == [
        ("represented:agent", "mobile-backend"),
        ("mandate_holds", "reviewer-li"),
    ]
    assert said["reason"] not in str(trace)
    rows = world.rows("SELECT actor, details::jsonb ->> 'holds' FROM audit_log WHERE action = 'claim.mandate_checked'")
    assert rows == [("reviewer-li", "true")]


def test_a_minors_guardian_is_paid_once_a_person_found_that_they_are_it(world: World, caller: Callers) -> None:
    person = world.covered()
    account = account_of_who_acts(world, person)
    claim = in_review(world, "guardian", person, payee_token=account)
    assert world.events("claims.decided")[-1]["reason_codes"] == ["representative", "payee_name_differs"]
    path = f"/v1/reviews/{claim.claim_id}"
    reviewer = caller("reviewer-li")
    before = reviewer.get(path).json["payee"]
    assert (before["holder_name"], before["holder_is"]) == ("李**", "guardian")
    assert before["doubts"] == ["payee_name_differs"]
    check(world, claim.claim_id)
    assert reviewer.get(path).json["payee"]["doubts"] == []
    assert approve(world, claim) == "approved"
    assert world.events("claims.decided")[-1]["payee_token"] == account


def test_a_guardians_account_is_one_of_the_insureds_own_for_the_machine_too(world: World) -> None:
    person = world.covered()
    claim = represented(
        world, "guardian", person, payee_token=account_of_who_acts(world, person), evidence=complete()[:1]
    )
    assert world.decide(claim) == "documents_requested"
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, (evidence("mandate"),), tenant="mobile-backend", now=NOW)
    assert world.decide(claim, claim_round=2) == "documents_requested"
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, (evidence("transfer_record"),), tenant="mobile-backend", now=NOW)
    assert world.decide(claim, claim_round=3) == "review"
    check(world, claim.claim_id)
    world.ask(claim.claim_id, "chat_record")
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, (evidence("chat_record"),), tenant="mobile-backend", now=NOW)
    # What a person asked for is a person's to look at; nothing is said against the account.
    assert world.decide(claim, claim_round=4) == "review"
    assert world.rows("SELECT why FROM decisions ORDER BY version DESC LIMIT 1") == [("passed_on_before",)]


def test_an_agent_is_not_paid_whatever_the_mandate_says(world: World, caller: Callers) -> None:
    person = world.covered()
    claim = in_review(world, "agent", person, payee_token=account_of_who_acts(world, person))
    assert world.events("claims.decided")[-1]["reason_codes"] == ["representative", "payee_is_agent"]
    check(world, claim.claim_id)
    with pytest.raises(PayeeIsAgent):
        approve(world, claim)
    assert caller("reviewer-li").get(f"/v1/reviews/{claim.claim_id}").json["payee"]["holder_is"] == "agent"
    with world.database.transaction() as tx:
        name_payee(tx, claim.claim_id, own_account(person), tenant="mobile-backend", now=NOW)
    assert approve(world, claim) == "approved"


def test_a_person_may_refuse_what_could_be_paid_to_an_agent_alone_while_no_other_account_is_named(
    world: World, caller: Callers
) -> None:
    persons = [world.covered() for _ in range(2)]
    account = account_of_who_acts(world, persons[0])
    unpaid, named = (in_review(world, "agent", person, payee_token=account) for person in persons)
    for each in (unpaid, named):
        check(world, each.claim_id)
    with world.database.transaction() as tx:
        name_payee(tx, named.claim_id, own_account(persons[1]), tenant="mobile-backend", now=NOW)
    with pytest.raises(InvalidFields):
        world.review(named.claim_id, "refuse", clause="payee_is_agent")
    assert world.review(unpaid.claim_id, "refuse", clause="payee_is_agent") == "refused"
    (reason,) = caller("mobile-backend").get(f"/v1/claims/{unpaid.claim_id}").json["decision"]["reasons"]
    assert (reason["clause"], bool(reason["text_zh"]), bool(reason["text_en"])) == ("payee_is_agent", True, True)


def test_one_guardians_account_for_two_insured_is_looked_at(world: World) -> None:
    first, second = world.covered(), world.covered()
    account = account_of_who_acts(world, first)
    acts = acting(world, "guardian")
    one = in_review(world, "guardian", first, payee_token=account, representative=acts)
    two = in_review(world, "guardian", second, payee_token=account, representative=acts)
    check(world, one.claim_id)
    check(world, two.claim_id)
    assert world.events("claims.decided")[-1]["reason_codes"][-1] == "payee_shared"
    assert approve(world, two) == "approved"


def test_a_reviewer_sees_for_how_many_others_somebody_acts(world: World, caller: Callers) -> None:
    acts = acting(world)
    claims = [in_review(world, representative=acts) for _ in range(3)]
    in_review(world)
    seen = caller("reviewer-li").get(f"/v1/reviews/{claims[0].claim_id}").json["representative"]
    assert seen["other_claimants"] == 2


@pytest.mark.parametrize(
    ("field", "of"),
    [
        ("representative_name", "name"),
        ("representative_document_number", "document_number"),
        ("representative_phone", "phone"),
    ],
)
def test_who_acts_is_told_in_clear_for_a_reason_that_is_kept(
    world: World, caller: Callers, field: str, of: str
) -> None:
    acts = acting(world)
    claim = represented(world, representative=acts)
    reviewer, path = caller("reviewer-li"), f"/v1/reviews/{claim.claim_id}"
    assert str(getattr(acts, of)) not in reviewer.get(path).text
    asked = {"field": field, "reason": "与委托书核对"}
    assert reviewer.post(f"{path}/revelations", asked).json["value"] == getattr(acts, of)
    assert reviewer.post(f"{path}/revelations", asked | {"line": 1}).status_code == 404
    details = world.rows("SELECT details::jsonb ->> 'field' FROM audit_log WHERE action = 'claim.field_revealed'")
    assert details == [(field,)]
    alone = world.file(world.covered())
    assert reviewer.post(f"/v1/reviews/{alone.claim_id}/revelations", asked).status_code == 404


def test_verify_notices_an_approval_by_a_mandate_that_nobody_found_to_hold(database: Database) -> None:
    world = World(database)
    claim = in_review(world)
    check(world, claim.claim_id)
    approve(world, claim)
    world.rows("UPDATE mandate_checks SET holds = false RETURNING 1")
    with database.transaction() as tx:
        assert [each.number for each in INVARIANTS if each.find(tx)] == [7]

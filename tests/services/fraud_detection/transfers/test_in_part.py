"""A person accepts some of a claim's transfers: these are paid, of the others the resident reads why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import psycopg2
import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.decisions.domain.authority import LOWEST, Authority
from services.fraud_detection.decisions.domain.errors import TransferPaid
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.erasure.store.integrity import INVARIANTS as FORGOTTEN
from services.fraud_detection.filing.usecases.change_claim import CameBack, name_payee, tell_recovery
from services.fraud_detection.reviews.domain.errors import AnotherPersonDecides, NothingWaits
from services.fraud_detection.reviews.domain.verdicts import OfTransfer, Verdict
from services.fraud_detection.reviews.store.proposals import ProposalRow
from services.fraud_detection.reviews.usecases.decide_review import decide_review
from services.fraud_detection.reviews.usecases.hold_case import take_next
from shared.events.policies import PoliciesErased
from shared.values.errors import InvalidFields
from shared.values.ids import ClaimId
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import product
from tests.services.fraud_detection.builders import NOW, UNBOUNDED, Caller, World, champion, finding, take
from tests.services.fraud_detection.filing.test_amendments import amend
from tests.services.fraud_detection.filing.test_amendments import transfer as told
from tests.services.fraud_detection.insured import Insured, insure
from tests.services.fraud_detection.reviews.test_two_persons import confirm, give
from tests.services.fraud_detection.transfers.test_transfers import claimed, transfer, two_policies

Callers = Callable[[str], Caller]
YUAN: Final = 100
WHY: Final = OfTransfer(
    line=1,
    accepted=False,
    clause="transfer_not_proven",
    reasons_zh="没有这笔转账的回单。",
    reasons_en="No slip shows this transfer.",
)


def accepted(line: int) -> OfTransfer:
    return OfTransfer(line=line, accepted=True)


def verdict(*transfers: OfTransfer) -> Verdict:
    return Verdict(
        outcome="approve", clause=None, reasons_zh=None, reasons_en=None, finding=None, transfers=tuple(transfers)
    )


NOTHING: Final = Authority(pays_up_to_fen=Fen(0), claims_up_to_fen=Fen(0))
IN_PART: Final = verdict(accepted(0), WHY, accepted(2))


def three(world: World, insured: Insured | None = None, **changes: Any) -> Claim:
    """5,000, 3,000 and 2,000 yuan, before a person."""
    paid = [transfer(f"R{line}", minutes=20 * line, yuan=yuan) for line, yuan in enumerate((5_000, 3_000, 2_000))]
    claim = claimed(world, insured or insure(world, product()), *paid, **changes)
    assert world.decide(claim, by=champion(0.9)) == "review"
    return world.claim(claim.claim_id)


def say(
    world: World,
    claim_id: ClaimId,
    said: Verdict = IN_PART,
    *,
    reviewer: str = "reviewer-li",
    senior: bool = False,
    lowest: Authority = UNBOUNDED,
) -> DecisionRow | ProposalRow:
    with world.database.transaction() as tx:
        return decide_review(
            tx,
            claim_id,
            said,
            reviewer=reviewer,
            senior=senior,
            lowest=lowest,
            require_match=lambda _: None,
            personal_data=world.personal_data,
            now=NOW,
        )


def test_what_is_accepted_is_paid_and_the_event_tells_amounts_alone(world: World) -> None:
    claim = three(world)
    row = say(world, claim.claim_id)
    assert (row.amount_fen, row.refused_fen) == (7_000 * YUAN, 3_000 * YUAN)
    event = world.events("claims.decided")[-1]
    assert (event["outcome"], event["amount_fen"], event["refused_fen"]) == ("approved", 7_000 * YUAN, 3_000 * YUAN)
    assert "回单" not in str(event)
    assert "slip" not in str(event)
    assert world.rows("SELECT reserved_fen FROM limit_use") == [(7_000 * YUAN,)]
    assert world.rows("SELECT line, refused, place FROM transfers ORDER BY line") == [
        (0, False, "own"),
        (1, True, "own"),
        (2, False, "own"),
    ]


def test_the_deductible_comes_off_what_is_accepted_and_is_borne_for_it(world: World) -> None:
    insured = insure(world, product(annual_deductible_fen=1_000 * YUAN, pay_percent=90))
    assert say(world, three(world, insured).claim_id).amount_fen == 5_400 * YUAN
    assert world.rows("SELECT reserved_fen, deductible_fen FROM limit_use") == [(5_400 * YUAN, 1_000 * YUAN)]


def test_all_accepted_is_the_usual_approval(world: World) -> None:
    row = say(world, three(world).claim_id, verdict(*map(accepted, range(3))))
    assert (row.amount_fen, row.refused_fen) == (10_000 * YUAN, 0)


@pytest.mark.parametrize(
    ("said", "pointers"),
    [
        (verdict(accepted(0), WHY), ["/transfers"]),
        (verdict(accepted(0), WHY, WHY), ["/transfers"]),
        (verdict(accepted(0), WHY, accepted(3)), ["/transfers"]),
        (verdict(*(replace(WHY, line=line) for line in range(3))), ["/transfers"]),
        (replace(IN_PART, outcome="refuse", reasons_zh="不符。", reasons_en="No.", clause="transfer_not_proven"), None),
        (verdict(accepted(0), replace(WHY, reasons_en=None), accepted(2)), ["/transfers/1/reasons_en"]),
        (verdict(accepted(0), replace(WHY, reasons_zh="No slip."), accepted(2)), ["/transfers/1/reasons_zh"]),
        (verdict(accepted(0), replace(WHY, clause=None), accepted(2)), ["/transfers/1/clause"]),
        (verdict(accepted(0), replace(WHY, clause="waiting_period"), accepted(2)), ["/transfers/1/clause"]),
        (verdict(accepted(0), replace(WHY, clause="own_crime"), accepted(2)), ["/transfers/1/finding"]),
        (
            verdict(accepted(0), replace(WHY, clause=None, finding=finding("war")), accepted(2)),
            ["/transfers/1/finding/exclusion"],
        ),
        (verdict(accepted(0), WHY, replace(WHY, line=2, accepted=True)), ["/transfers/2/accepted"]),
    ],
)
def test_each_transfer_is_named_once_and_what_is_not_accepted_says_why(
    world: World, said: Verdict, pointers: list[str] | None
) -> None:
    claim = three(world)
    with pytest.raises(InvalidFields) as wrong:
        say(world, claim.claim_id, said)
    found = [each.pointer for each in wrong.value.faults]
    assert found == (pointers if pointers is not None else ["/clause", "/transfers"])
    assert world.rows("SELECT count(*) FROM transfer_verdicts") == [(0,)]


def test_a_claim_that_tells_no_transfers_is_not_approved_in_part(world: World) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    with pytest.raises(InvalidFields) as wrong:
        say(world, claim.claim_id, verdict(accepted(0)))
    assert [each.pointer for each in wrong.value.faults] == ["/transfers"]


def test_the_resident_reads_which_are_paid_and_why_others_are_not(world: World, caller: Callers) -> None:
    claim = three(world)
    found = replace(WHY, clause=None, finding=finding("own_crime"))
    say(world, claim.claim_id, verdict(accepted(0), found, accepted(2)))
    decision = caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}").json["decision"]
    assert decision["reasons"][0]["code"] == "approved_in_part"
    assert [(each["line"], each["amount_fen"], each["accepted"]) for each in decision["transfers"]] == [
        (0, 5_000 * YUAN, True),
        (1, 3_000 * YUAN, False),
        (2, 2_000 * YUAN, True),
    ]
    assert [(each["code"], each["clause"], each["text_zh"]) for each in decision["transfers"][1]["reasons"]] == [
        ("refused_by_person", "own_crime", "没有这笔转账的回单。"),
        ("exclusion_found", "own_crime", "聊天记录显示其本人参与。"),
    ]
    kept = str(world.rows("SELECT v::text FROM transfer_verdicts AS v"))
    assert "回单".encode().hex() not in kept


def test_the_preview_says_what_the_approval_then_pays(world: World, caller: Callers) -> None:
    insured = insure(world, product(annual_deductible_fen=1_000 * YUAN, pay_percent=90))
    claim = three(world, insured)
    li = caller("reviewer-li")
    path = f"/v1/reviews/{claim.claim_id}"
    seen = li.post(f"{path}/previews", {"refused": [1]}).json
    assert [each["accepted"] for each in seen["transfers"]] == [True, False, True]
    amounts = {name: seen[name] // YUAN for name in ("loss_fen", "refused_fen", "deductible_fen", "amount_fen")}
    assert amounts == {"loss_fen": 10_000, "refused_fen": 3_000, "deductible_fen": 1_000, "amount_fen": 5_400}
    assert (seen["annual_left_fen"], seen["remains_fen"]) == (5_000_000, 5_000_000 - 5_400 * YUAN)
    assert (seen["standing"], seen["within_authority"]) == ([], True)
    assert li.post(f"{path}/previews", {}).json["amount_fen"] == 8_100 * YUAN
    assert li.post(f"{path}/previews", {"refused": [7]}).status_code == 422
    assert world.rows("SELECT count(*) FROM limit_use") == [(0,)]
    body = {
        "outcome": "approve",
        "transfers": [
            {"line": 0, "accepted": True},
            {
                "line": 1,
                "accepted": False,
                "clause": WHY.clause,
                "reasons_zh": WHY.reasons_zh,
                "reasons_en": WHY.reasons_en,
            },
            {"line": 2, "accepted": True},
        ],
    }
    reply = li.post(f"{path}/decisions", body, headers={"If-Match": li.get(path).headers["ETag"]})
    assert (reply.status_code, reply.json["amount_fen"]) == (201, seen["amount_fen"]), reply.text
    assert reply.json["transfers"][1]["reasons"][0]["text_en"] == WHY.reasons_en


def test_a_partial_approval_above_the_authority_is_confirmed_with_its_transfers(world: World, caller: Callers) -> None:
    claim = three(world)
    row = say(world, claim.claim_id, lowest=NOTHING)
    assert isinstance(row, ProposalRow)
    assert world.rows("SELECT count(*) FROM transfers WHERE refused") == [(0,)]
    assert caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}").json["decision"] is None
    (shown,) = caller("reviewer-wang").get(f"/v1/reviews/{claim.claim_id}").json["proposals"]
    assert [each["accepted"] for each in shown["transfers"]] == [True, False, True]
    give(world, "reviewer-wang")
    decision = confirm(world, row)
    assert (decision.amount_fen, decision.refused_fen) == (7_000 * YUAN, 3_000 * YUAN)
    seen = caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}").json["decision"]
    assert seen["transfers"][1]["reasons"][0]["text_zh"] == WHY.reasons_zh
    assert LOWEST.pays_up_to_fen > 7_000 * YUAN


def test_what_is_not_accepted_stays_claimed_and_a_person_may_give_it_to_another_claim(world: World) -> None:
    here, there = two_policies(world)
    say(world, three(world, here).claim_id)
    second = claimed(world, there, transfer("R1", minutes=20, yuan=3_000), later=10)
    assert world.decide(second) == "refusal_proposed"
    assert world.review(second.claim_id, "approve", reviewer="reviewer-wang") == "approved"
    assert world.rows("SELECT line, place FROM transfers WHERE refused") == [(1, None)]


def test_what_is_accepted_is_given_to_no_other_claim(world: World) -> None:
    here, there = two_policies(world)
    say(world, three(world, here).claim_id)
    second = claimed(world, there, transfer("R0", yuan=5_000), later=10)
    assert world.decide(second) == "refusal_proposed"
    with pytest.raises(TransferPaid):
        world.review(second.claim_id, "approve", reviewer="reviewer-wang")


def test_a_transfer_that_another_claim_was_paid_for_is_left_out_and_the_rest_is_paid(world: World) -> None:
    here, there = two_policies(world)
    first = claimed(world, here, transfer("R1", minutes=20, yuan=3_000))
    assert world.decide(first) == "approved"
    paid = [transfer(f"R{line}", minutes=20 * line, yuan=yuan) for line, yuan in enumerate((5_000, 3_000, 2_000))]
    second = claimed(world, there, *paid, later=10)
    assert world.decide(second) == "refusal_proposed"
    with pytest.raises(TransferPaid):
        say(world, second.claim_id, verdict(*map(accepted, range(3))))
    twice = replace(WHY, clause="duplicate_loss")
    assert say(world, second.claim_id, verdict(accepted(0), twice, accepted(2))).amount_fen == 7_000 * YUAN
    assert world.rows(f"SELECT line, place FROM transfers WHERE claim_id = '{second.claim_id}' ORDER BY line") == [
        (0, "own"),
        (1, None),
        (2, "own"),
    ]


def test_no_machine_takes_back_what_a_person_did_not_accept(world: World) -> None:
    """The bank refused the payment, the claimant named another account, and the model has no doubt."""
    claim = three(world)
    say(world, claim.claim_id)
    for state in ("paying", "payment_failed"):
        world.rows(
            f"UPDATE claims SET state = '{state}', version = version + 1, changed_by = 'payout' "
            f"WHERE claim_id = '{claim.claim_id}' RETURNING 1"
        )
    with world.database.transaction() as tx:
        name_payee(tx, claim.claim_id, claim.payee_token, tenant="mobile-backend", now=NOW)
    assert world.decide(world.claim(claim.claim_id), by=champion(0.0), claim_round=2) == "review"
    assert world.rows("SELECT why FROM decisions WHERE round = 2") == [("partly_refused",)]
    whole = Verdict(outcome="approve", clause=None, reasons_zh=None, reasons_en=None, finding=None)
    with pytest.raises(InvalidFields) as wrong:
        say(world, claim.claim_id, whole, reviewer="reviewer-wang")
    assert [each.pointer for each in wrong.value.faults] == ["/transfers"]
    say(world, claim.claim_id, verdict(*map(accepted, range(3))), reviewer="reviewer-wang")
    assert world.rows("SELECT count(*) FROM transfers WHERE refused") == [(0,)]


def test_who_did_not_accept_a_transfer_does_not_decide_the_claim_that_tells_it_anew(
    world: World, caller: Callers
) -> None:
    """That claim is the appeal of the part; it has its own payment."""
    insured = insure(world, product())
    first = three(world, insured)
    say(world, first.claim_id)
    again = claimed(world, insured, transfer("R1", minutes=20, yuan=3_000), later=10)
    assert world.decide(again) == "refusal_proposed"
    with pytest.raises(AnotherPersonDecides):
        world.review(again.claim_id, "approve")
    with pytest.raises(NothingWaits), world.database.transaction() as tx:
        take_next(tx, "reviewer-li", senior=False, now=NOW)
    with world.database.transaction() as tx:
        assert take_next(tx, "reviewer-wang", senior=False, now=NOW)[0].claim_id == again.claim_id
    assert world.review(again.claim_id, "approve", reviewer="reviewer-wang") == "approved"
    assert world.rows("SELECT sum(amount_fen) FROM reservations") == [(10_000 * YUAN,)]
    assert caller("mobile-backend").get(f"/v1/claims/{again.claim_id}").json["decision"]["amount_fen"] == 3_000 * YUAN


def test_what_comes_back_after_payment_is_the_insurers_for_the_accepted_part_alone(world: World) -> None:
    claim = three(world)
    say(world, claim.claim_id)
    for state in ("paying", "paid"):
        world.rows(
            f"UPDATE claims SET state = '{state}', version = version + 1, changed_by = 'payout' "
            f"WHERE claim_id = '{claim.claim_id}' RETURNING 1"
        )
    back = CameBack(kind="police", amount_fen=Fen(1_000 * YUAN), came_at=NOW)
    with world.database.transaction() as tx:
        tell_recovery(tx, claim.claim_id, back, tenant="mobile-backend", now=NOW + timedelta(days=9))
    assert [each["insurers_fen"] for each in world.events("claims.recovered")] == [700 * YUAN]


def test_the_words_are_forgotten_with_their_person(world: World, caller: Callers) -> None:
    insured = insure(world, product())
    claim = three(world, insured)
    say(world, claim.claim_id)
    take(world, PoliciesErased(policy_ids=[insured.policy_id], erased_at=NOW))
    assert world.rows("SELECT reasons, reasons_en FROM transfer_verdicts WHERE NOT accepted") == [(b"", b"")]
    shown = caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}").json["decision"]["transfers"][1]
    assert shown["reasons"][0]["code"] == "reasons_erased"
    with world.database.transaction() as tx, tx.attempt(keep=False):
        assert [each.find(tx) for each in FORGOTTEN] == [[]]
        tx.execute("UPDATE transfer_verdicts SET reasons = 'x' WHERE NOT accepted")
        assert [bool(each.find(tx)) for each in FORGOTTEN] == [True]


def test_the_database_takes_no_part_refused_by_the_machine_or_without_reasons(world: World) -> None:
    claim = three(world)
    say(world, claim.claim_id)
    with pytest.raises(psycopg2.errors.CheckViolation, match="only_a_person_approves_in_part"):
        world.rows("UPDATE decisions SET by_person = false, round = 9 WHERE refused_fen > 0 RETURNING 1")
    with pytest.raises(psycopg2.errors.CheckViolation, match="what_is_not_accepted_says_why"):
        world.rows("UPDATE transfer_verdicts SET accepted = false RETURNING 1")


def test_a_claim_that_is_told_otherwise_while_a_part_of_it_is_proposed_is_decided_anew(
    world: World, caller: Callers
) -> None:
    claim = three(world)
    assert isinstance(say(world, claim.claim_id, lowest=NOTHING), ProposalRow)
    body = {"transfers": {"remove": [1], "correct": [{"line": 2, "transfer": told("R2", minutes=40, yuan=2_500)}]}}
    reply = amend(caller, world, claim, body)
    assert (reply.status_code, reply.json["amount_fen"]) == (202, 7_500 * YUAN)
    said = world.rows("SELECT line, amount_fen, accepted FROM transfer_verdicts ORDER BY line")
    assert said == [(0, 5_000 * YUAN, True), (1, 3_000 * YUAN, False), (2, 2_000 * YUAN, True)]
    assert world.decide(world.claim(claim.claim_id), by=champion(0.05), claim_round=2) == "review"
    assert say(world, claim.claim_id, verdict(accepted(0), accepted(2))).amount_fen == 7_500 * YUAN


def test_a_transfer_that_looks_like_a_paid_one_and_like_one_that_was_not_accepted_takes_neither_over(
    world: World,
) -> None:
    insured = insure(world, product())
    alike = [transfer("R1"), transfer("R2", minutes=1)]
    first = claimed(world, insured, *alike)
    assert world.decide(first, by=champion(0.9)) == "review"
    say(world, first.claim_id, verdict(accepted(0), WHY))
    second = claimed(world, insured, transfer(minutes=1), later=10)
    assert world.decide(second) in {"review", "refusal_proposed"}
    with pytest.raises(TransferPaid):
        world.review(second.claim_id, "approve", reviewer="reviewer-wang")
    assert world.rows("SELECT claim_id, line, place FROM transfers WHERE place = 'own' ORDER BY line") == [
        (first.claim_id, 0, "own"),
        (first.claim_id, 1, "own"),
    ]

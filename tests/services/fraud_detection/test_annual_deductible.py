"""Of a year's losses the insured bears first what the terms say, and no more; on a real PostgreSQL."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.enrollment.products.domain.products import check_terms
from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.erasure.usecases.erase_policies import erase, erase_the_rest
from services.fraud_detection.filing.usecases.complete_claim import add_documents, appeal
from services.fraud_detection.reviews.domain.errors import CoverRuleStands, DeductibleUsedUp
from services.fraud_detection.reviews.usecases.name_event import name_event
from shared.events.products import ProductPublished
from tests import clock
from tests.rules.fraud_detection.builders import LOSS, liability, product
from tests.services.fraud_detection.builders import NOW, Caller, World, champion, evidence
from tests.services.fraud_detection.insured import Insured, approved, at, file, insure, shipped, told, why

YUAN = 100
PAGE = Path(__file__).parents[3] / "docs/claims.md"
SMALL = "below_deductible"


def terms(**changes: Any) -> ProductPublished:
    """The residents' cover with a deductible of 3,000 yuan a year."""
    return msgspec.structs.replace(shipped("resident-anti-fraud"), annual_deductible_fen=3_000 * YUAN, **changes)


def lose(world: World, insured: Insured, yuan: int, *, days: int = 0, **changes: Any) -> Claim:
    """A claim for a loss of that day."""
    return file(world, insured, amount_fen=yuan * YUAN, **{**at(LOSS + timedelta(days=days)), **changes})


def propose(world: World, insured: Insured, yuan: int, **changes: Any) -> Claim:
    """A claim that the machine finds too small."""
    claim = lose(world, insured, yuan, **changes)
    assert world.decide(claim) == "refusal_proposed"
    assert [code for code, _ in told(world, claim)] == [SMALL]
    return claim


def refuse(
    world: World,
    claim: Claim,
    clause: str | None = SMALL,
    reviewer: str = "reviewer-li",
    found: str | None = None,
    *,
    senior: bool = False,
) -> None:
    done = world.review(claim.claim_id, "refuse", clause=clause, found=found, reviewer=reviewer, senior=senior)
    assert done == "refused"


def refused(world: World, insured: Insured, yuan: int, **changes: Any) -> Claim:
    """A claim that a person refused as too small."""
    claim = propose(world, insured, yuan, **changes)
    refuse(world, claim)
    return claim


def paid(world: World, claim: Claim) -> int:
    """What it is approved for in the end, in fen; by a person where it looks like a loss of before."""
    if world.decide(claim) == "review":
        assert why(world, claim) == "resembles_earlier_claim"
        assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
    return approved(world, claim)


def appealed(world: World, claim: Claim) -> Claim:
    with world.database.transaction() as tx:
        appeal(tx, claim.claim_id, "请复核。", tenant="mobile-backend", personal_data=world.personal_data, now=NOW)
    again = world.claim(claim.claim_id)
    assert world.decide(again, claim_round=again.round) == "review"
    return again


def borne(world: World, insured: Insured) -> int:
    """What counts as borne of the year's deductible, in yuan."""
    rows = world.rows(f"SELECT deductible_fen FROM limit_use WHERE policy_id = '{insured.policy_id}'")
    return int(rows[0][0]) // YUAN if rows else 0


def name(world: World, claim: Claim, event: str) -> None:
    with world.database.transaction() as tx:
        name_event(tx, claim.claim_id, event, reviewer="reviewer-li", require_match=lambda _version: None, now=NOW)


@dataclass
class Told:
    """A row of the worked example."""

    loss: int
    borne: int
    paid: int


def worked_example() -> list[Told]:
    rows = re.findall(r"^\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ", PAGE.read_text(), re.MULTILINE)
    return [Told(*(int(figure.replace(",", "")) for figure in row)) for row in rows]


def test_small_losses_use_up_the_years_deductible_as_the_page_on_claims_tells(world: World) -> None:
    insured = insure(world, terms())
    rows = worked_example()
    assert sum(row.loss for row in rows) - sum(row.paid for row in rows) == 3_000
    before = 0
    for days, row in enumerate(rows):
        claim = lose(world, insured, row.loss, days=20 * days)
        if row.paid:
            assert paid(world, claim) == row.paid * YUAN
        else:
            assert world.decide(claim) == "refusal_proposed"
            refuse(world, claim)
        assert borne(world, insured) - before == row.borne
        before = borne(world, insured)
    assert [row.paid for row in rows] == [0, 1_000, 2_000]


def test_a_loss_is_no_longer_refused_as_too_small_once_others_used_up_the_deductible(world: World) -> None:
    """All were filed before a person looked at the first."""
    insured = insure(world, terms())
    first, second, third = (propose(world, insured, 2_000, days=days) for days in (0, 20, 40))
    refuse(world, first)
    for claim, yuan in ((second, 1_000), (third, 2_000)):
        with pytest.raises(DeductibleUsedUp):
            refuse(world, claim)
        assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
        assert approved(world, claim) == yuan * YUAN


def test_who_refuses_an_outdated_proposal_is_told_what_to_do(world: World, caller: Any) -> None:
    insured = insure(world, terms())
    first, second = propose(world, insured, 2_000), propose(world, insured, 2_000, days=20)
    refuse(world, first)
    reviewer: Caller = caller("reviewer-li")
    path = f"/v1/reviews/{second.claim_id}"
    answer = reviewer.post(
        f"{path}/decisions",
        {"outcome": "refuse", "clause": SMALL, "reasons_zh": "小于免赔额", "reasons_en": "Too small."},
        headers={"If-Match": reviewer.get(path).headers["ETag"]},
    )
    assert (answer.status_code, answer.json["type"].rpartition("/")[2]) == (409, "deductible-used-up")
    assert "Approve it" in answer.json["detail"]
    assert world.claim(second.claim_id).state == "in_review"


def test_a_proposal_that_is_outdated_may_still_be_refused_on_another_ground(world: World) -> None:
    insured = insure(world, terms())
    first, second = propose(world, insured, 2_000), propose(world, insured, 2_000, days=20)
    refuse(world, first)
    refuse(world, second, None, found="own_crime")
    assert borne(world, insured) == 2_000


def test_a_small_loss_is_refused_as_before_where_the_limit_is_used_up_meanwhile(world: World) -> None:
    insured = insure(world, terms())
    small = propose(world, insured, 2_000)
    large = lose(world, insured, 60_000, days=20)
    assert (world.decide(large), approved(world, large)) == ("approved", 50_000 * YUAN)
    refuse(world, small)
    assert borne(world, insured) == 3_000


@pytest.mark.parametrize(
    ("ground", "changes"),
    [({"clause": None, "found": "own_crime"}, {}), ({"clause": "evidence_missing"}, {"evidence": ()})],
)
def test_a_small_loss_that_a_person_refuses_on_another_ground_counts_for_nothing(
    world: World, ground: dict[str, Any], changes: dict[str, Any]
) -> None:
    insured = insure(world, terms())
    refuse(world, propose(world, insured, 2_000, **changes), **ground)
    assert borne(world, insured) == 0
    propose(world, insured, 2_500, days=20)


def test_the_number_of_the_clause_says_as_much_as_the_rules_code(world: World) -> None:
    insured = insure(world, terms())
    refuse(world, propose(world, insured, 2_000), clause=terms().clauses[SMALL])
    assert borne(world, insured) == 2_000


def test_a_loss_against_which_more_stands_than_its_smallness_counts_for_nothing(world: World) -> None:
    insured = insure(world, terms())
    outside = lose(world, insured, 2_000, scam_type="illegal_online")
    assert world.decide(outside) == "refusal_proposed"
    assert {code for code, _ in told(world, outside)} == {"scam_type_excluded", SMALL}
    refuse(world, outside)
    assert borne(world, insured) == 0


def test_a_loss_without_its_evidence_counts_only_once_that_came(world: World) -> None:
    insured = insure(world, terms())
    for yuan, papers in ((1_000, ()), (1_500, ("police_receipt", "transfer_record"))):
        claim = propose(world, insured, yuan, days=yuan // 50, evidence=())
        added = [evidence(kind) for kind in papers]  # type: ignore[arg-type]
        with world.database.transaction() as tx:
            add_documents(tx, claim.claim_id, added, tenant="mobile-backend", now=NOW)
        refuse(world, claim)
    assert borne(world, insured) == 1_500


def test_the_same_loss_filed_again_counts_once(world: World) -> None:
    insured = insure(world, terms())
    refused(world, insured, 2_000)
    again = lose(world, insured, 2_000)
    assert world.decide(again) == "refusal_proposed"
    assert "duplicate_loss" in {code for code, _ in told(world, again)}
    refuse(world, again, "duplicate_loss")
    assert borne(world, insured) == 2_000


def test_the_same_loss_filed_and_decided_at_one_moment_counts_once(world: World) -> None:
    insured = insure(world, terms())
    filed = [lose(world, insured, 1_000) for _ in range(3)]
    for claim in filed:
        assert world.decide(claim) == "refusal_proposed"
    together = threading.Barrier(len(filed))

    def decide(claim: Claim) -> None:
        together.wait()
        refuse(world, claim)

    with ThreadPoolExecutor(len(filed)) as pool:
        list(pool.map(decide, filed))
    assert borne(world, insured) == 1_000


def test_small_losses_refused_at_one_moment_bear_the_deductible_once(world: World) -> None:
    insured = insure(world, terms())
    filed = [propose(world, insured, 2_000, days=20 * number) for number in range(4)]
    together = threading.Barrier(len(filed))

    def decide(claim: Claim) -> str:
        together.wait()
        try:
            return world.review(claim.claim_id, "refuse", clause=SMALL)
        except DeductibleUsedUp:
            return world.review(claim.claim_id, "approve", clause=None, reasons=None)

    with ThreadPoolExecutor(len(filed)) as pool:
        outcomes = sorted(pool.map(decide, filed))
    assert outcomes == ["approved", "approved", "approved", "refused"]
    assert borne(world, insured) == 3_000
    assert sum(approved(world, claim) for claim in filed if world.claim(claim.claim_id).state == "approved") == (
        5_000 * YUAN
    )


# Appeals: the newest decision on a claim says what it bears


def test_an_appeal_that_is_refused_again_leaves_what_the_claim_bears(world: World) -> None:
    insured = insure(world, terms())
    claim = refused(world, insured, 2_000)
    refuse(world, appealed(world, claim), reviewer="reviewer-wang")
    assert borne(world, insured) == 2_000


def test_an_appeal_that_is_refused_on_another_ground_takes_back_what_the_claim_bore(world: World) -> None:
    insured = insure(world, terms())
    claim = refused(world, insured, 2_000)
    refuse(world, appealed(world, claim), None, reviewer="reviewer-wang", found="own_crime")
    assert borne(world, insured) == 0
    refuse(world, appealed(world, claim), reviewer="director-chen", senior=True)
    assert borne(world, insured) == 2_000


def test_a_claim_under_appeal_is_not_spared_what_it_bore_itself(world: World) -> None:
    insured = insure(world, terms())
    claim = refused(world, insured, 2_000)
    appealed(world, claim)
    assert [code for code, _ in told(world, claim)] == [SMALL]
    with pytest.raises(CoverRuleStands):
        world.review(claim.claim_id, "approve", clause=None, reasons=None, reviewer="reviewer-wang")


def test_an_approved_appeal_replaces_what_its_claim_bore(world: World) -> None:
    """Both are of one event, as a person finds later: of 7,500 yuan the insured bears 1,000 and 3,000."""
    insured = insure(world, terms(event_deductible_fen=1_000 * YUAN))
    small = refused(world, insured, 2_500)
    assert borne(world, insured) == 1_500
    large = lose(world, insured, 5_000, days=20)
    assert (world.decide(large), approved(world, large)) == ("approved", 2_500 * YUAN)
    assert borne(world, insured) == 3_000
    for claim in (small, large):
        name(world, claim, "INC-1")
    appealed(world, small)
    assert world.review(small.claim_id, "approve", clause=None, reasons=None, reviewer="reviewer-wang") == "approved"
    assert approved(world, small) == 1_000 * YUAN
    assert borne(world, insured) == 3_000


# Other terms beside it


def test_the_events_deductible_is_taken_first_and_each_keeps_its_own_count(world: World) -> None:
    insured = insure(world, terms(event_deductible_fen=1_000 * YUAN))
    refused(world, insured, 900)
    assert borne(world, insured) == 0
    refused(world, insured, 2_500, days=20)
    assert borne(world, insured) == 1_500
    next_one = lose(world, insured, 4_000, days=40)
    assert (world.decide(next_one), approved(world, next_one)) == ("approved", 1_500 * YUAN)


def test_of_losses_of_one_named_event_the_year_bears_what_is_above_the_events_deductible(world: World) -> None:
    insured = insure(world, terms(event_deductible_fen=1_000 * YUAN))
    claims = [propose(world, insured, yuan, days=days) for yuan, days in ((600, 0), (900, 20), (3_500, 40))]
    for claim in claims:
        name(world, claim, "INC-1")
    for claim, sum_borne in zip(claims[:2], (0, 500), strict=True):
        refuse(world, claim)
        assert borne(world, insured) == sum_borne
    with pytest.raises(DeductibleUsedUp):
        refuse(world, claims[2])
    assert world.review(claims[2].claim_id, "approve", clause=None, reasons=None) == "approved"
    assert approved(world, claims[2]) == 1_000 * YUAN


def test_liabilities_use_up_one_deductible_of_the_year_each_after_its_own(world: World) -> None:
    both = [
        liability("ransom", event_deductible_fen=500 * YUAN, pay_percent=50),
        liability("repair"),
    ]
    insured = insure(
        world,
        product(product_code="household", scam_types={}, liabilities=both, annual_deductible_fen=3_000 * YUAN),
    )
    refused(world, insured, 2_500, liability="ransom")
    assert borne(world, insured) == 2_000
    repair = lose(world, insured, 4_000, days=20, liability="repair")
    assert (world.decide(repair), approved(world, repair)) == ("approved", 3_000 * YUAN)
    ransom = lose(world, insured, 4_500, days=40, liability="ransom")
    assert (world.decide(ransom), approved(world, ransom)) == ("approved", 2_000 * YUAN)


def test_policies_that_share_a_loss_each_bear_their_part_of_it(world: World) -> None:
    sharing = product(product_code="share", stacking="pro_rata", annual_deductible_fen=3_000 * YUAN)
    one = insure(world, sharing)
    two = insure(world, sharing, one.elsewhere(), partner_id="telecom-west")
    for each in (one, two):
        refused(world, each, 2_000)
    assert (borne(world, one), borne(world, two)) == (1_000, 1_000)
    for each in (one, two):
        claim = lose(world, each, 4_000, days=20)
        assert paid(world, claim) == 1_000 * YUAN
        assert borne(world, each) == 2_000


def test_an_open_claim_of_an_erased_person_counts_as_any_other(world: World) -> None:
    insured = insure(world, terms())
    first, second = propose(world, insured, 2_000), propose(world, insured, 2_000, days=20)
    with world.database.transaction() as tx:
        erase(tx, [insured.policy_id], erased_at=NOW)
    refuse(world, first)
    with pytest.raises(DeductibleUsedUp):
        refuse(world, second)
    assert world.review(second.claim_id, "approve", clause=None, reasons=None) == "approved"
    erase_the_rest(world.database, clock.CLOCK)
    assert (approved(world, second), borne(world, insured)) == (1_000 * YUAN, 3_000)


def test_without_a_deductible_of_the_year_a_small_loss_leaves_no_trace_in_the_year(world: World) -> None:
    insured = insure(world, shipped("resident-anti-fraud-shared"))
    refused(world, insured, 2_000)
    assert world.rows("SELECT count(*) FROM limit_use") == [(0,)]


def test_a_deductible_of_the_year_may_be_published() -> None:
    check_terms(terms())


def test_a_larger_loss_in_review_sees_the_small_ones_that_were_refused_meanwhile(world: World) -> None:
    insured = insure(world, terms())
    large = lose(world, insured, 9_000, days=10)
    assert world.decide(large, by=champion(0.9)) == "review"
    refused(world, insured, 2_000)
    assert world.review(large.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert approved(world, large) == 8_000 * YUAN

"""Losses that several policies or several liabilities answer for, on a real PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.reviews.domain.errors import CoverRuleStands
from shared.messaging.failures import Unready
from shared.values.ids import ProductCode
from tests.rules.fraud_detection.builders import LOSS, START, liability, product
from tests.services.fraud_detection.builders import NOW, Person, World, champion, complete, no_champion
from tests.services.fraud_detection.insured import Insured, approved, at, file, insure, told, why

STACKING = product(product_code="account-theft-share", stacking="pro_rata")
LARGE = product(
    product_code="account-theft-share",
    product_version=2,
    stacking="pro_rata",
    event_limit_fen=15_000_000,
    annual_limit_fen=15_000_000,
)


def two_partners(world: World) -> tuple[Insured, Insured]:
    """One person with two policies of one product: 50,000 yuan with one partner, 150,000 with another."""
    first = insure(world, STACKING)
    return first, insure(world, LARGE, first.elsewhere(), partner_id="telecom-west")


def claims_on(world: World, policies: tuple[Insured, ...], **changes: Any) -> list[Claim]:
    """One loss, claimed on each policy in turn."""
    return [file(world, each, now=NOW + timedelta(minutes=number), **changes) for number, each in enumerate(policies)]


def approve(world: World, claim: Claim) -> str:
    return world.review(claim.claim_id, "approve", clause=None, reasons=None)


def test_two_policies_of_one_person_each_pay_their_share_of_one_loss(world: World) -> None:
    small, large = claims_on(world, two_partners(world))
    assert (world.decide(small), world.decide(large)) == ("approved", "review")
    assert why(world, large) == "resembles_earlier_claim"
    assert approve(world, large) == "approved"
    assert (approved(world, small), approved(world, large)) == (360_000, 1_080_000)


def test_the_same_loss_claimed_twice_on_one_of_them_is_a_duplicate_still(world: World) -> None:
    first, _ = two_partners(world)
    one = file(world, first)
    again = file(world, first, now=NOW + timedelta(hours=1))
    assert (world.decide(one), world.decide(again)) == ("approved", "refusal_proposed")
    assert [code for code, _ in told(world, again)] == ["duplicate_loss"]


def test_shares_decided_at_one_moment_never_exceed_the_loss(world: World) -> None:
    first, second = two_partners(world)
    third = insure(world, STACKING, first.elsewhere(), partner_id="telecom-north")
    filed = claims_on(world, (first, second, third), amount_fen=1_000_001)
    together = threading.Barrier(len(filed))

    def decide(claim: Claim) -> str:
        together.wait()
        return approve(world, claim) if world.decide(claim) == "review" else "approved by the machine"

    with ThreadPoolExecutor(len(filed)) as pool:
        outcomes = list(pool.map(decide, filed))
    # Where a person approved a later claim first, the machine leaves the first one to a person as well.
    assert outcomes[1:] == ["approved", "approved"]
    assert outcomes[0] in {"approved", "approved by the machine"}
    assert [approved(world, claim) for claim in filed] == [200_000, 600_000, 200_000]


def test_a_share_grows_to_what_is_left_of_the_loss_when_the_other_policy_ended_before_it(world: World) -> None:
    first, second = two_partners(world)
    small, large = claims_on(world, (first, second))
    assert (world.decide(large), approve(world, large)) == ("review", "approved")
    world.rows(f"INSERT INTO coverage_ends VALUES ('{second.policy_id}', 2, '{LOSS.isoformat()}', now()) RETURNING 1")
    assert (world.decide(small), approve(world, small)) == ("review", "approved")
    assert (approved(world, small), approved(world, large)) == (360_000, 1_080_000)
    alone = file(world, first, amount_fen=77_700, **at(LOSS + timedelta(days=20)))
    assert (world.decide(alone), approved(world, alone)) == ("approved", 77_700)


def test_a_product_of_one_cover_per_person_shares_nothing(world: World) -> None:
    first = insure(world, product())
    insure(world, product(), first.elsewhere(), partner_id="telecom-west")
    claim = file(world, first)
    assert (world.decide(claim), approved(world, claim)) == ("approved", 1_440_000)
    with world.database.transaction() as tx:
        found = coverage.find(tx, first.policy_id)
        assert found is not None
        assert coverage.beside(tx, [found]) == {}


def test_other_products_and_other_persons_bear_no_share(world: World) -> None:
    first, _ = two_partners(world)
    insure(world, STACKING)
    insure(world, product(product_code="something-else", stacking="pro_rata"), first.elsewhere())
    with world.database.transaction() as tx:
        found = coverage.find(tx, first.policy_id)
        assert found is not None
        beside = coverage.beside(tx, [found])[found.policy_id]
        assert [each.product_code for each in beside] == [ProductCode("account-theft-share")]


TWO = product(
    product_code="household",
    event_limit_fen=4_000_000,
    annual_limit_fen=5_000_000,
    scam_types={},
    liabilities=[
        liability("ransom", event_limit_fen=3_000_000, annual_limit_fen=3_000_000),
        liability("repair", event_limit_fen=4_000_000, annual_limit_fen=4_000_000),
    ],
)


def test_one_event_under_two_liabilities_is_seen_by_a_person_and_shares_the_events_limit(world: World) -> None:
    insured = insure(world, TWO)
    given: dict[str, Any] = {"evidence": complete()}
    ransom = file(world, insured, liability="ransom", amount_fen=9_000_000, **given)
    repair = file(world, insured, liability="repair", amount_fen=8_000_000, now=NOW + timedelta(hours=1), **given)
    assert (world.decide(ransom), world.decide(repair)) == ("review", "review")
    assert (why(world, ransom), why(world, repair)) == ("related_claim", "related_claim")
    for claim in (ransom, repair):
        assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert (approved(world, ransom), approved(world, repair)) == (3_000_000, 1_000_000)


def test_liabilities_claimed_at_once_never_take_more_than_the_policys_year(world: World) -> None:
    insured = insure(world, TWO)
    filed = [
        file(
            world,
            insured,
            liability=code,
            amount_fen=2_000_000 + days,
            **at(LOSS + timedelta(days=3 * days)),
        )
        for days, code in enumerate(("ransom", "repair") * 3)
    ]
    for claim in filed:
        world.decide(claim, by=no_champion)
    together = threading.Barrier(len(filed))

    def approve(claim: Claim) -> str:
        together.wait()
        try:
            return world.review(claim.claim_id, "approve", clause=None, reasons=None)
        except Exception as error:  # noqa: BLE001  which refusal it is does not matter here
            return type(error).__name__

    with ThreadPoolExecutor(len(filed)) as pool:
        list(pool.map(approve, filed))
    ((reserved,),) = world.rows("SELECT reserved_fen FROM limit_use")
    liabilities = dict(world.rows("SELECT liability, reserved_fen FROM liability_use"))
    assert reserved == sum(liabilities.values()) == 5_000_000
    assert liabilities["ransom"] <= 3_000_000


def test_a_claim_of_a_stranger_on_the_policy_still_takes_of_the_events_limit(world: World) -> None:
    """Whoever claims: what the policy paid for the event under another liability is paid."""
    insured = insure(world, TWO)
    stranger = Insured(insured.policy_id, insure(world, STACKING).claimant)
    ransom = file(world, stranger, liability="ransom", amount_fen=9_000_000)
    assert world.decide(ransom) == "refusal_proposed"
    assert world.review(ransom.claim_id, "approve", clause=None, reasons="家人代为申请。") == "approved"
    repair = file(world, insured, liability="repair", amount_fen=9_000_000, now=NOW + timedelta(hours=1))
    assert world.decide(repair, by=champion(0.01)) == "review"
    assert world.review(repair.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert approved(world, repair) == 1_000_000


# A claims-made policy and its renewal


def renewed(
    world: World, stacking: Literal["one_per_person", "pro_rata"], **changes: Any
) -> tuple[Insured, Insured, datetime]:
    """One person's policy that takes claims for 60 days more, its renewal, and the moment between their terms."""
    terms = product(
        product_code="claims-made",
        stacking=stacking,
        trigger="claims_made",
        retroactive_days=365,
        extended_reporting_days=60,
    )
    first = insure(world, terms)
    end = START + timedelta(days=terms.term_days)
    second = insure(
        world,
        terms,
        first.elsewhere(),
        effective_from=end,
        effective_to=end + timedelta(days=365),
        waits_from=START,
        retroactive_from=START - timedelta(days=365),
        renews=first.policy_id,
        **changes,
    )
    return first, second, end


def made(end: datetime, *, act_days: int, made_days: int) -> dict[str, datetime]:
    """The times of a claim by days after ``end``: of the act, and of its discovery and report."""
    hours = (made_days - act_days) * 24
    return at(end + timedelta(days=act_days), found_after_hours=hours, reported_after_hours=hours + 1)


def test_a_renewal_pays_all_of_a_claim_that_is_made_in_its_term_though_the_old_policy_still_takes_claims(
    world: World,
) -> None:
    first, second, end = renewed(world, "pro_rata")
    on_renewal = file(world, second, **made(end, act_days=-5, made_days=5))
    assert world.decide(on_renewal) == "approved"
    assert approved(world, on_renewal) == 1_440_000
    on_old = file(world, first, amount_fen=900_000, scam_type="other", **made(end, act_days=-40, made_days=5))
    assert world.decide(on_old) == "refusal_proposed"
    assert [code for code, _ in told(world, on_old)] == ["made_outside_term"]


def test_claims_of_one_policy_year_have_one_years_limit(world: World) -> None:
    first, second, end = renewed(world, "one_per_person")
    on_renewal = file(world, second, amount_fen=5_000_000, **made(end, act_days=-30, made_days=5))
    on_old = file(world, first, amount_fen=4_900_000, scam_type="other", **made(end, act_days=-2, made_days=10))
    assert (world.decide(on_renewal), world.decide(on_old)) == ("approved", "refusal_proposed")
    assert approved(world, on_renewal) == 5_000_000
    with pytest.raises(CoverRuleStands):
        world.review(on_old.claim_id, "approve", clause=None, reasons=None)


def test_where_the_renewal_was_canceled_before_it_began_the_old_policy_takes_claims_as_before(world: World) -> None:
    first, second, end = renewed(world, "pro_rata")
    world.cancel(Person(second.policy_id, second.claimant.document_number, second.claimant.phone), end)
    on_old = file(world, first, **made(end, act_days=-5, made_days=5))
    assert world.decide(on_old) == "approved"
    assert approved(world, on_old) == 1_440_000


def test_a_claim_waits_for_the_terms_of_the_renewal_that_may_answer_for_it(world: World) -> None:
    first, _, end = renewed(world, "one_per_person", product_version=2)
    in_term = file(world, first, **made(end, act_days=-40, made_days=-35))
    assert world.decide(in_term) == "approved"
    after = file(world, first, amount_fen=900_000, scam_type="other", **made(end, act_days=-5, made_days=5))
    with pytest.raises(Unready, match="claims-made version 2"):
        world.decide(after)

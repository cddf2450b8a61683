"""What claims come to under products that nobody wrote code for; each could be published as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from services.enrollment.products.domain.products import check_terms
from shared.events.products import Exclusion, Liability, ProductPublished, ScamCover
from shared.values.rule_codes import RULE_CODES
from shared.values.scam_types import SCAM_TYPES
from tests.rules.enrollment.builders import SIXTH
from tests.rules.fraud_detection.builders import LOSS, START
from tests.services.fraud_detection.builders import World
from tests.services.fraud_detection.insured import Insured, approved, at, file, insure, papers, told, why

YUAN = 100


def parcel_cover() -> ProductPublished:
    """A sixth line, made of data alone: parcels lost or broken abroad, two liabilities."""
    return ProductPublished(
        product_code="parcel-cover",
        product_version=1,
        effective_from=START,
        name_zh="包裹保险",
        name_en="Parcel cover",
        currency="CNY",
        zone="Asia/Tokyo",
        premium_fen=100,
        term_days=30,
        event_limit_fen=500 * YUAN,
        annual_limit_fen=800 * YUAN,
        waiting_days=0,
        look_back_hours=24 * 30,
        report_within_hours=24 * 7,
        recovery_wait_days=0,
        age_min=0,
        age_max=150,
        required_evidence=["identity"],
        exclusions=[Exclusion(code="live_animals", text_zh="活体动物", text_en="Live animals")],
        scam_types={code: ScamCover(cover="excluded") for code in SCAM_TYPES},
        clauses={**dict.fromkeys(RULE_CODES, "9.9"), "outside_territory": "7.7", "limit_used_up": "8.1"},
        line_of_business="parcels",
        territory=["JP", "KR"],
        liabilities=[
            Liability(
                code="lost",
                name_zh="丢失",
                name_en="Lost",
                event_limit_fen=500 * YUAN,
                annual_limit_fen=600 * YUAN,
                required_evidence=["invoice"],
            ),
            Liability(
                code="broken",
                name_zh="破损",
                name_en="Broken",
                event_limit_fen=300 * YUAN,
                annual_limit_fen=300 * YUAN,
                event_deductible_fen=20 * YUAN,
                pay_percent=50,
            ),
        ],
    )


def test_a_product_that_is_data_alone_decides_claims_without_new_code(world: World) -> None:
    check_terms(parcel_cover())
    insured = insure(world, parcel_cover())
    when = START + timedelta(days=1)

    def claim(liability: str, yuan: int, days: int, **changes: Any) -> Any:
        given = {
            "liability": liability,
            "scam_type": None,
            "amount_fen": yuan * YUAN,
            "territory": "JP",
            "evidence": papers("identity", "invoice"),
            **at(when + timedelta(days=days)),
            **changes,
        }
        return file(world, insured, **given)

    lost = claim("lost", 450, 0)
    assert (world.decide(lost), approved(world, lost)) == ("approved", 450 * YUAN)
    broken = claim("broken", 220, 5)
    assert (world.decide(broken), approved(world, broken)) == ("approved", 100 * YUAN)
    # Of this liability 150 yuan are left, although of the whole product 250 are.
    second = claim("lost", 400, 10)
    assert (world.decide(second), approved(world, second)) == ("approved", 150 * YUAN)
    third = claim("lost", 70, 15)
    assert world.decide(third) == "refusal_proposed"
    assert told(world, third) == [("limit_used_up", "8.1")]
    # Of the other 200 yuan are left, but of the whole product 100.
    last = claim("broken", 500, 20)
    assert (world.decide(last), approved(world, last)) == ("approved", 100 * YUAN)
    at_home = claim("broken", 60, 25, territory="CN", evidence=papers("identity"))
    assert world.decide(at_home) == "refusal_proposed"
    assert ("outside_territory", "7.7") in told(world, at_home)


def test_a_sixth_line_with_items_held_with_two_partners_is_claimed_on_by_its_file_alone(world: World) -> None:
    """Operators of drones: what a policy does not list it bears no share of."""
    drones = msgspec.convert(SIXTH, ProductPublished)
    check_terms(drones)
    one = insure(world, drones, items=["drone-1"])
    both = insure(world, drones, one.elsewhere(), partner_id="telecom-west", items=["drone-1", "drone-2"])

    def crash(on: Insured, drone: str, days: int) -> Any:
        given = {"liability": "third_party", "scam_type": None, "item_reference": drone, "amount_fen": 9_000 * YUAN}
        claim = file(world, on, evidence=papers("police_receipt"), **given, **at(LOSS + timedelta(days=days)))
        if world.decide(claim) == "refusal_proposed":
            return told(world, claim)
        assert why(world, claim) == "organization"
        assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
        return approved(world, claim)

    assert crash(one, "drone-1", 0) == crash(both, "drone-1", 0) == 4_000 * YUAN
    assert crash(both, "drone-2", 5) == 8_000 * YUAN
    assert crash(one, "drone-2", 10) == [("item_not_listed", "2.3")]

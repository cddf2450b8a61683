"""One sample of each event type, as its service would publish it."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.events.claims import ClaimDecided, ClaimSubmitted
from shared.events.envelope import Event
from shared.events.payouts import PayoutChanged
from shared.events.policies import (
    PoliciesEnrolled,
    PoliciesErased,
    PoliciesTransferred,
    PolicyCanceled,
    PolicyColumns,
    PolicyEndorsed,
)
from shared.events.products import Exclusion, ProductPublished, ScamCover

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
PERSON = "01" + "ab" * 16

SAMPLES: tuple[Event, ...] = (
    ProductPublished(
        product_code="resident-anti-fraud",
        product_version=1,
        effective_from=NOW,
        name_zh="个人反诈险",
        name_en="Resident anti-fraud cover",
        currency="CNY",
        zone="Asia/Shanghai",
        premium_fen=12_00,
        term_days=365,
        event_limit_fen=50_000_00,
        annual_limit_fen=50_000_00,
        waiting_days=3,
        look_back_hours=72,
        report_within_hours=48,
        recovery_wait_days=30,
        age_min=18,
        age_max=70,
        required_evidence=["police_receipt"],
        exclusions=[Exclusion(code="gambling", text_zh="赌博", text_en="Gambling")],
        scam_types={"fake_police": ScamCover(cover="covered"), "other": ScamCover(cover="sub_limit", limit_fen=1)},
        clauses={"waiting": "3.2"},
    ),
    PoliciesEnrolled(
        chunk_id="0190163d-8694-739b-aea5-966c26f8ad91",
        partner_id="telecom-east",
        product_code="resident-anti-fraud",
        product_version=1,
        premium_fen=12_00,
        currency="CNY",
        enrolled_at=NOW,
        policies=PolicyColumns(
            policy_id=["0190163d-8694-739b-aea5-966c26f8ad92"],
            person_token=[PERSON],
            phone_token=[PERSON],
            birth_year=[1989],
            effective_from=[NOW],
            effective_to=[NOW.replace(year=2027)],
        ),
    ),
    PolicyCanceled(
        policy_id="0190163d-8694-739b-aea5-966c26f8ad92",
        version=2,
        partner_id="telecom-east",
        canceled_at=NOW,
        effective_to=NOW,
        refund_fen=6_00,
        currency="CNY",
        reason="opted_out",
    ),
    PolicyEndorsed(
        endorsement_id="0190163d-8694-739b-aea5-966c26f8ad93",
        policy_id="0190163d-8694-739b-aea5-966c26f8ad92",
        version=2,
        partner_id="telecom-east",
        kind="item_removed",
        endorsed_at=NOW,
        effective_at=NOW,
        premium_delta_fen=-3_00,
        currency="CNY",
    ),
    PoliciesErased(policy_ids=["0190163d-8694-739b-aea5-966c26f8ad92"], erased_at=NOW),
    PoliciesTransferred(
        from_partner_id="telecom-east",
        to_partner_id="telecom-west",
        transferred_at=NOW,
        policy_ids=["0190163d-8694-739b-aea5-966c26f8ad92"],
        versions=[2],
    ),
    ClaimSubmitted(claim_id="c", round=1, policy_id="p", submitted_at=NOW),
    ClaimDecided(
        claim_id="c",
        decision_id="d",
        version=1,
        outcome="approved",
        policy_id="p",
        partner_id="telecom-east",
        product_code="resident-anti-fraud",
        product_version=1,
        person_token=PERSON,
        payee_token=PERSON,
        amount_fen=800_00,
        currency="CNY",
        cover_limit_fen=50_000_00,
        reason_codes=[],
        clauses=[],
        rule_version="1",
        model_id=None,
        model_sha256=None,
        decided_by="rules_and_model",
        decided_at=NOW,
        payable_from=NOW,
    ),
    PayoutChanged(
        payout_id="o",
        version=2,
        state="paid",
        claim_id="c",
        decision_id="d",
        policy_id="p",
        partner_id="telecom-east",
        amount_fen=800_00,
        currency="CNY",
        changed_at=NOW,
    ),
)

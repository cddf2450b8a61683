"""What the model sees of an ordinary resident's claim stays as it was when the model was trained."""

from __future__ import annotations

from math import nan
from typing import Any, Final

import pytest

from services.fraud_detection.models.domain.features import SPECIFICATION
from tests.services.fraud_detection.builders import World, complete, evidence

SNAPSHOT: Final[dict[str, Any]] = {
    "amount_fen": 1440000,
    "annual_limit_left_fen": 5000000,
    "birth_year": 1989,
    "chat_records": 1,
    "claimant_is_insured": True,
    "description_chars": 9,
    "device_claims": 0,
    "device_persons": 0,
    "discovered_at": "2026-04-30T04:00:00Z",
    "effective_from": "2026-02-28T16:00:00Z",
    "event_limit_fen": 5000000,
    "evidence_captured_before_loss": None,
    "evidence_seen_elsewhere": 0,
    "handler_claims": 0,
    "handler_persons": 0,
    "has_device": True,
    "has_handler": True,
    "identity_records": 0,
    "occurred_at": "2026-04-30T02:00:00Z",
    "other_insurance_fen": 0,
    "payee_claims": 0,
    "payee_persons": 0,
    "person_claims": 0,
    "phone_claims": 0,
    "phone_is_insured": True,
    "police_receipts": 1,
    "police_say_another_scam": None,
    "recovered_fen": 40000,
    "reported_at": "2026-04-30T07:00:00Z",
    "scam_type": "fake_customer_service",
    "submitted_at": "2026-05-01T08:00:00Z",
    "transfer_records": 1,
    "zone": "Asia/Shanghai",
}
VECTOR: Final[dict[str, float]] = {
    "log_amount_yuan": 9.575052927597383,
    "amount_to_event_limit": 0.288,
    "amount_to_limit_left": 0.288,
    "amount_is_round": 0.0,
    "amount_near_limit": 0.0,
    "log_hours_inception_to_loss": 7.280008252884188,
    "log_hours_loss_to_discovery": 1.0986122886681096,
    "log_hours_loss_to_report": 1.791759469228055,
    "log_hours_report_to_claim": 3.258096538021482,
    "hour_of_loss": 10.0,
    "loss_at_night": 0.0,
    "loss_on_weekend": 0.0,
    "recovered_share": 0.027777777777777776,
    "other_insurance_share": 0.0,
    "log_description_chars": 2.302585092994046,
    "police_receipts": 1.0,
    "police_say_another_scam": nan,
    "transfer_records": 1.0,
    "chat_records": 1.0,
    "identity_records": 0.0,
    "evidence_seen_elsewhere": 0.0,
    "evidence_captured_before_loss": nan,
    "claimant_is_insured": 1.0,
    "phone_is_insured": 1.0,
    "has_device": 1.0,
    "has_handler": 1.0,
    "person_claims": 0.0,
    "phone_claims": 0.0,
    "payee_claims": 0.0,
    "payee_persons": 0.0,
    "device_claims": 0.0,
    "device_persons": 0.0,
    "log_handler_claims": 0.0,
    "log_handler_persons": 0.0,
    "scam_type_task_brushing": 0.0,
    "scam_type_fake_customer_service": 1.0,
    "scam_type_fake_investment": 0.0,
    "scam_type_loan_or_card": 0.0,
    "scam_type_credit_record": 0.0,
    "scam_type_fake_shopping": 0.0,
    "scam_type_fake_police": 0.0,
    "scam_type_fake_boss_or_friend": 0.0,
    "scam_type_game_trade": 0.0,
    "scam_type_romance": 0.0,
    "scam_type_illegal_online": 0.0,
    "scam_type_fake_military_purchase": 0.0,
    "scam_type_other": 0.0,
}


def test_a_claim_under_the_old_product_gives_the_same_snapshot_and_the_same_vector(world: World) -> None:
    claim = world.file(
        world.covered(), handler_id="agent-7", evidence=(*complete(), evidence("chat_record")), recovered_fen=40_000
    )
    world.decide(claim)
    ((snapshot, names, vector, specification, monitored),) = world.rows(
        "SELECT snapshot, names, vector, specification, monitored FROM claim_features"
    )
    assert snapshot == SNAPSHOT
    assert dict(zip(names, vector, strict=True)) == pytest.approx(VECTOR, nan_ok=True)
    assert (specification, monitored) == (SPECIFICATION, {"age": 37.0})
    assert list(names) == list(VECTOR)

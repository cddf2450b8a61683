"""What a case shows masked is shown in clear to a person with a reason, who is written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from shared.events.policies import PoliciesErased
from tests.services.fraud_detection.builders import NOW, Caller, World, take
from tests.services.fraud_detection.transfers.test_police import paper
from tests.services.fraud_detection.transfers.test_transfers import transfer

Callers = Callable[[str], Caller]
REASON = "与银行流水核对"


def told(world: World) -> Claim:
    return world.file(
        world.covered(),
        amount_fen=None,
        transfers=(transfer("ICBC-20260430-000017", payee_name="李某某"),),
        police=(paper(number="A-2026-0417", officer="王警官"),),
    )


def ask(caller: Callers, claim: Claim, field: str, *, line: int = 0) -> Any:
    body = {"field": field, "line": line, "reason": REASON}
    return caller("reviewer-li").post(f"/v1/reviews/{claim.claim_id}/revelations", body)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transfer_reference", "ICBC-20260430-000017"),
        ("transfer_payee_name", "李某某"),
        ("police_number", "A-2026-0417"),
        ("police_officer", "王警官"),
    ],
)
def test_a_field_is_masked_until_a_person_asks_for_it_and_says_why(
    world: World, caller: Callers, field: str, value: str
) -> None:
    claim = told(world)
    masked = caller("reviewer-li").get(f"/v1/reviews/{claim.claim_id}")
    assert value not in masked.text
    shown = ask(caller, claim, field)
    assert shown.json == {"field": field, "line": 0, "value": value}
    rows = world.rows("SELECT actor, subject, details::jsonb FROM audit_log WHERE action = 'claim.field_revealed'")
    assert rows == [("reviewer-li", claim.claim_id, {"field": field, "line": 0, "reason": REASON})]
    assert value not in str(world.rows("SELECT details FROM audit_log"))


def test_what_nobody_told_cannot_be_shown_nor_what_was_erased_and_no_channel_may_ask(
    world: World, caller: Callers
) -> None:
    claim = told(world)
    path = f"/v1/reviews/{claim.claim_id}/revelations"
    assert ask(caller, claim, "police_number", line=1).status_code == 404
    body = {"field": "police_number", "line": 0, "reason": REASON}
    assert caller("mobile-backend").post(path, body).status_code == 403
    assert caller("reviewer-li").post(path, {**body, "reason": ""}).status_code == 422
    take(world, PoliciesErased(policy_ids=[claim.policy_id], erased_at=NOW + timedelta(days=3)))
    for field in ("police_number", "police_officer", "transfer_reference", "transfer_payee_name"):
        assert ask(caller, claim, field).status_code == 404

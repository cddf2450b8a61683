from __future__ import annotations

import json
import math
from datetime import timedelta

import pytest

from services.fraud_detection.models.api.past_claims import read_line
from services.fraud_detection.models.domain.features import FEATURES, compute
from services.fraud_detection.models.domain.snapshot import Snapshot
from services.fraud_detection.models.store.past_claims import PastClaim
from shared.values.errors import InvalidField
from tests.services.fraud_detection.models.builders import UNTIL, line, snapshot_fields


def test_a_line_is_read_into_what_a_decided_claim_is_scored_by() -> None:
    claim = read_line(7, line(dishonest=True, amount_fen=123), UNTIL)
    assert isinstance(claim, PastClaim)
    assert (claim.line, claim.dishonest, claim.snapshot.amount_fen) == (7, True, 123)


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        (line(dishonest=None), "/2/dishonest"),
        (line(amount_fen=-1), "/2/amount_fen"),
        (line(amount_fen="1"), "/2/amount_fen"),
        (line(scam_type="bribery"), "/2/scam_type"),
        (line(occurred_at="2026-01-01T00:00:00"), "/2/occurred_at"),
        (line(occurred_at="1999-01-01T00:00:00Z"), "/2/occurred_at"),
        (line(occurred_at="2026-11-01T12:00:00Z"), "/2/discovered_at"),
        (line(submitted_at="2031-11-01T00:00:00Z"), "/2/submitted_at"),
        (line(effective_from="2099-01-01T00:00:00Z"), "/2/effective_from"),
        (line(birth_year=99999), "/2/birth_year"),
        (line(birth_year=2027), "/2/birth_year"),
        (line(birth_year=1899), "/2/birth_year"),
        (line(zone="Middle/Earth"), "/2/zone"),
        (line(zone="../../etc/passwd"), "/2/zone"),
        (line(name="张三"), "/2/name"),
        (b'{"dishonest": true, ' + line()[1:], "/2/dishonest"),
        (b'{"Zhang San": 1, "Zhang San": 1}', "/2"),
        (b"[1, 2]", "/2"),
        (b'{"dishonest": tru', "/2"),
        (b"\xff\xfe{}", "/2"),
    ],
)
def test_a_wrong_line_is_named_with_its_field_and_never_its_value(bad: bytes, pointer: str) -> None:
    fault = read_line(2, bad, UNTIL)
    assert isinstance(fault, InvalidField)
    assert fault.pointer == pointer
    assert fault.detail.startswith("Line 2")
    assert fault.fix
    for value in ("bribery", "Middle", "passwd", "张三", "Zhang"):
        assert value not in fault.detail + fault.fix


def test_a_claim_of_a_wrong_zone_may_be_a_day_ahead_and_no_more() -> None:
    tomorrow, later = UNTIL + timedelta(days=1), UNTIL + timedelta(days=1, seconds=1)
    assert isinstance(read_line(1, line(submitted_at=tomorrow.isoformat()), UNTIL), PastClaim)
    assert isinstance(read_line(1, line(submitted_at=later.isoformat()), UNTIL), InvalidField)


def test_a_year_of_birth_that_nobody_told_is_no_fault() -> None:
    assert isinstance(read_line(1, line(birth_year=0), UNTIL), PastClaim)


def test_the_same_moment_is_the_same_row_in_whatever_zone_it_was_written() -> None:
    in_utc, in_shanghai = (
        read_line(1, line(effective_from=moment), UNTIL)
        for moment in ("2025-01-01T00:00:00Z", "2025-01-01T08:00:00+08:00")
    )
    assert isinstance(in_utc, PastClaim)
    assert isinstance(in_shanghai, PastClaim)
    assert str(in_utc.snapshot) == str(in_shanghai.snapshot)


def test_what_nobody_knows_is_null_or_left_out_and_is_not_zero() -> None:
    null = json.loads(line()) | {"evidence_seen_elsewhere": None, "discovered_at": None}
    left_out = {name: value for name, value in null.items() if value is not None}
    zero = read_line(1, json.dumps(null | {"evidence_seen_elsewhere": 0}).encode(), UNTIL)
    assert isinstance(zero, PastClaim)
    for row in (null, left_out):
        claim = read_line(1, json.dumps(row).encode(), UNTIL)
        assert isinstance(claim, PastClaim)
        assert claim.snapshot.evidence_seen_elsewhere is None
        assert claim.snapshot.discovered_at is None
        assert math.isnan(compute(claim.snapshot)[FEATURES.index("evidence_seen_elsewhere")])
        assert math.isnan(compute(claim.snapshot)[FEATURES.index("log_hours_loss_to_discovery")])
    assert compute(zero.snapshot)[FEATURES.index("evidence_seen_elsewhere")] == 0.0


def test_a_time_that_is_out_of_order_is_named_where_one_between_is_not_known() -> None:
    fault = read_line(2, line(discovered_at=None, reported_at="2020-01-01T00:00:00Z"), UNTIL)
    assert isinstance(fault, InvalidField)
    assert fault.pointer == "/2/reported_at"


def test_a_past_claim_holds_what_a_decided_claim_is_scored_by() -> None:
    """The simulator's line has every input of the features but the zone, which has a default."""
    assert snapshot_fields() == set(Snapshot.__slots__) - {"zone"}

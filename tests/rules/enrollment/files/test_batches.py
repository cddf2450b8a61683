"""How far a file is, as its partner is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from services.enrollment.files.domain.batches import Batch
from shared.values.ids import BatchId, PartnerId, ProductCode

RECEIVED = Batch(
    batch_id=BatchId("0190163d-8694-739b-aea5-966c26f8ad91"),
    partner_id=PartnerId("telecom-east"),
    product_code=ProductCode("resident-anti-fraud"),
    kind="enrollment",
    format="csv",
    dry_run=False,
    state="received",
    rows_total=100_000,
    rows_read=0,
    accepted=0,
    rejected=0,
    working_seconds=0.0,
    received_at=datetime(2026, 3, 2, 4, tzinfo=UTC),
    finished_at=None,
    sha256="0" * 64,
    failure=None,
    results_expired_at=None,
)


def test_before_the_first_part_is_done_nothing_is_said_of_rate_and_time() -> None:
    assert (RECEIVED.rows_per_second, RECEIVED.seconds_left) == (None, None)


def test_on_the_way_the_time_left_follows_from_the_rate_so_far_and_is_rounded_up() -> None:
    half = replace(RECEIVED, state="processing", rows_read=60_000, working_seconds=7.0)
    assert half.rows_per_second == 8571.4
    assert half.seconds_left == 5


def test_a_batch_that_has_ended_has_no_time_left_or_none_that_is_known() -> None:
    done = replace(RECEIVED, state="finished", rows_read=100_000, working_seconds=10.0)
    assert done.seconds_left == 0
    assert replace(done, state="failed", rows_read=20_000).seconds_left is None

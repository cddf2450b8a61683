"""When cover begins and ends: midnights of the product's zone, leap years, summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.products.domain.cover import cover_period, end_when_canceled, today_of
from tests.rules.enrollment.builders import terms

COVER = cover_period(terms(), date(2026, 3, 2))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))
def test_cover_that_is_canceled_ends_inside_its_own_term(now: datetime) -> None:
    assert COVER.start <= end_when_canceled(COVER, now) <= COVER.end


def test_cover_begins_and_ends_at_midnight_where_the_product_is_sold() -> None:
    assert COVER.start == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert COVER.end == datetime(2027, 3, 1, 16, tzinfo=UTC)


def test_a_second_before_midnight_in_shanghai_is_still_today() -> None:
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert today_of(terms(), midnight - timedelta(seconds=1)) == date(2026, 3, 1)
    assert today_of(terms(), midnight) == date(2026, 3, 2)


def test_a_term_of_365_days_across_a_leap_day_ends_a_day_earlier_in_the_calendar() -> None:
    assert cover_period(terms(), date(2027, 6, 1)).end.astimezone(ZoneInfo("Asia/Shanghai")).date() == date(2028, 5, 31)
    assert cover_period(terms(), date(2028, 2, 29)).end.astimezone(ZoneInfo("Asia/Shanghai")).date() == date(
        2029, 2, 28
    )


def test_days_are_whole_days_where_the_clock_is_put_forward() -> None:
    cover = cover_period(terms(zone="Europe/Berlin", term_days=2), date(2026, 3, 28))
    assert cover.end.astimezone(UTC) - cover.start.astimezone(UTC) == timedelta(hours=47)

"""Moments that Python and pydantic take, and PostgreSQL does not: zones that are 16 hours away or more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.web import paging
from shared.web.errors import InvalidCursor
from shared.web.field_faults import faults_in
from shared.web.models import Moment, RequestModel

MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


@pytest.mark.parametrize("zone", ["Z", "+08:00", "+15:59", "+16:00", "+23:59", "-23:59"])
def test_a_moment_of_any_zone_is_kept_and_its_zone_is_not(zone: str) -> None:
    read = MOMENT.validate_json(f'"2026-02-01T12:00:00{zone}"')
    assert read == datetime.fromisoformat(f"2026-02-01T12:00:00{zone}")
    assert read.utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1899-12-31T23:59:59Z"])
def test_at_the_ends_of_the_calendar_a_moment_is_refused_before_its_zone_is_changed(text: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_json(f'"{text}"')


class _Query(RequestModel):
    begin: Moment


def test_who_sends_a_plus_that_arrives_as_a_space_is_told_how_to_send_it() -> None:
    with pytest.raises(ValidationError) as wrong:
        _Query.model_validate({"begin": "2026-02-01T12:00:00 08:00"})
    (fault,) = faults_in(wrong.value, _Query, "query")
    assert "%2B" in fault.fix
    with pytest.raises(ValidationError) as other:
        _Query.model_validate({"begin": "2026-02-01Tnoon"})
    assert "%2B" not in faults_in(other.value, _Query, "query")[0].fix


def test_a_cursor_holds_a_moment_that_the_database_can_be_asked_for() -> None:
    far = paging.encode("2026-02-01T12:00:00+23:59")
    assert paging.decode(far, datetime) == (datetime(2026, 1, 31, 12, 1, tzinfo=UTC),)
    position = paging.decode(far, datetime)
    assert position is not None
    assert position[0].utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_cursor_beyond_the_calendar_is_none_of_ours(text: str) -> None:
    with pytest.raises(InvalidCursor):
        paging.decode(paging.encode(text), datetime)

"""Lists in pages, and changes that do not overwrite another person's."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.process.new_ids import new_id
from shared.web import paging
from shared.web.errors import InvalidCursor
from tests.shared.web.builders import Caller, TestIssuer, a_note


def titles(caller: Caller, limit: int) -> list[str]:
    """All titles, page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        page = caller.get(f"/v1/notes?limit={limit}{cursor}").json
        assert page is not None
        assert len(page["items"]) <= limit
        found += [item["title"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_pages_give_every_item_once_and_in_order(caller: Caller) -> None:
    for number in range(7):
        caller.post("/v1/notes", a_note(title=f"note {number}"))
    expected = [f"note {number}" for number in reversed(range(7))]
    for limit in (1, 3, 7, 50):
        assert titles(caller, limit) == expected


def test_an_item_added_while_paging_shifts_nothing(caller: Caller) -> None:
    for number in range(4):
        caller.post("/v1/notes", a_note(title=f"note {number}"))
    first = caller.get("/v1/notes?limit=2").json
    assert first is not None
    caller.post("/v1/notes", a_note(title="late"))
    second = caller.get(f"/v1/notes?limit=2&cursor={first['next_cursor']}").json
    assert second is not None
    assert [item["title"] for item in second["items"]] == ["note 1", "note 0"]


def test_a_list_shows_only_one_s_own(caller: Caller, own_issuer: TestIssuer) -> None:
    caller.post("/v1/notes", a_note())
    caller.token = own_issuer.token(tenant="south")
    assert titles(caller, 5) == []


def test_a_cursor_comes_back_as_it_was() -> None:
    moment, note_id = datetime(2026, 1, 31, 8, 0, 0, 123456, UTC), new_id()
    cursor = paging.encode(moment, note_id, 7, "防诈")
    assert paging.decode(cursor, datetime, UUID, int, str) == (moment, note_id, 7, "防诈")
    assert paging.decode(None, datetime, UUID) is None


AN_ID = "01a20a0c-6ec7-75b8-8a21-b950a993de7d"


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!!!",
        "é",
        "",
        paging.encode("2026-01-31T08:00:00", AN_ID),
        paging.encode("2026-01-31T08:00:00Z"),
        paging.encode("2026-01-31T08:00:00Z", "no-id"),
        paging.encode("no-moment", AN_ID),
        paging.encode(5, AN_ID),
        paging.encode("2026-01-31T08:00:00Z", AN_ID, "more"),
        "W" * 500,
    ],
)
def test_a_made_up_cursor_is_refused(caller: Caller, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        paging.decode(cursor, datetime, UUID)
    assert caller.get(f"/v1/notes?cursor={cursor}").status_code == 422


def test_a_text_in_a_cursor_is_one_that_the_database_holds() -> None:
    with pytest.raises(InvalidCursor):
        paging.decode(paging.encode("\ud800", AN_ID), str, UUID)


def test_a_number_in_a_cursor_is_one_that_the_database_holds() -> None:
    with pytest.raises(InvalidCursor):
        paging.decode(paging.encode(2**63), int)


def test_a_change_of_what_one_has_read_is_made(caller: Caller) -> None:
    written = caller.post("/v1/notes", a_note())
    path = written.headers["Location"]
    read = caller.get(path)
    assert read.headers["ETag"] == '"1"'
    changed = caller.put(path, a_note(title="Changed"), If_Match=read.headers["ETag"])
    assert changed.status_code == 200
    assert changed.headers["ETag"] == '"2"'
    assert changed.json is not None
    assert changed.json["title"] == "Changed"


def test_a_change_of_what_another_changed_is_refused(caller: Caller) -> None:
    path = caller.post("/v1/notes", a_note()).headers["Location"]
    caller.put(path, a_note(title="By another"), If_Match='"1"')
    mine = caller.put(path, a_note(title="Mine"), If_Match='"1"')
    assert mine.status_code == 412
    shown = caller.get(path).json
    assert shown is not None
    assert shown["title"] == "By another"


def test_a_change_without_a_version_is_told_to_send_one(caller: Caller) -> None:
    path = caller.post("/v1/notes", a_note()).headers["Location"]
    assert caller.put(path, a_note(title="Blind")).status_code == 428


@pytest.mark.parametrize(("given", "status"), [('"2", "1"', 200), ("*", 200), ("1", 412), ('W/"1"', 412), ("x", 412)])
def test_a_version_is_compared_as_http_says(caller: Caller, given: str, status: int) -> None:
    path = caller.post("/v1/notes", a_note()).headers["Location"]
    assert caller.put(path, a_note(), If_Match=given).status_code == status

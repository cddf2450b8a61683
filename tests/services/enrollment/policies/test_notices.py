"""Who is to be told that a partner ends, and whose the policies are to look at afterwards."""

from __future__ import annotations

from datetime import timedelta

from shared.db.pool import Database
from tests import clock
from tests.services.enrollment.builders import Partner, body
from tests.services.enrollment.partners.wind_down import EAST, WEST, work_off
from tests.services.enrollment.problems import problem


def ended_over_http(partner_manager: Partner, east: Partner, database: Database, people: int) -> list[str]:
    ids = [east.post("/v1/policies", body(n)).json["policy_id"] for n in range(people)]
    reply = partner_manager.post(f"/v1/partners/{EAST}/wind-down", {"transfer_to": WEST})
    assert (reply.status_code, reply.json["wind_down"]["state"]) == (202, "draining")
    work_off(database, now=clock.now())
    return sorted(ids)


def test_the_notice_list_is_read_page_by_page_and_worked_off(
    partner_manager: Partner, east: Partner, west: Partner, database: Database
) -> None:
    ids = ended_over_http(partner_manager, east, database, 5)
    notices = f"/v1/partners/{EAST}/notices"
    first = east.get(notices, limit="3").json
    rest = east.get(notices, limit="3", cursor=first["next_cursor"]).json
    items = first["items"] + rest["items"]
    assert ([each["policy_id"] for each in items], rest["next_cursor"]) == (ids, None)
    assert items[0] == {
        "policy_id": ids[0],
        "partner_reference": "sub-000000000",
        "channel": "app",
        "now_with": WEST,
        "notified_at": None,
        "notified_channel": None,
    }
    assert problem(west.get(notices)) == "unknown-partner"
    told = {"policy_ids": ids[:2], "channel": "sms", "notified_at": clock.now().isoformat()}
    assert east.post(f"{notices}/notified", told).json == {"marked": 2}
    assert partner_manager.post(f"{notices}/notified", told | {"channel": "letter"}).json == {"marked": 0}
    waiting = partner_manager.get(notices, waiting="true").json["items"]
    assert [each["policy_id"] for each in waiting] == ids[2:]
    assert east.get(notices, limit="1").json["items"][0]["notified_channel"] == "sms"
    assert partner_manager.get(f"/v1/partners/{EAST}").json["wind_down"]["policies_listed"] == 5
    later = told | {"notified_at": (clock.now() + timedelta(days=1)).isoformat()}
    assert east.post(f"{notices}/notified", later).json["errors"][0]["pointer"] == "/notified_at"


def test_whose_cover_ended_since_is_no_more_to_be_told(
    partner_manager: Partner, east: Partner, west: Partner, database: Database
) -> None:
    ids = ended_over_http(partner_manager, east, database, 3)
    assert west.post(f"/v1/policies/{ids[0]}/cancellation", {"reason": "insured_request"}).status_code == 201
    notices = f"/v1/partners/{EAST}/notices"
    waiting = east.get(notices, waiting="true").json["items"]
    assert [each["policy_id"] for each in waiting] == ids[1:]
    assert len(east.get(f"{notices}.csv", waiting="true").text.splitlines()) == 3
    assert len(east.get(notices).json["items"]) == 3, "the whole list still names everybody"


def test_the_notice_list_is_a_csv_too(partner_manager: Partner, east: Partner, database: Database) -> None:
    ids = ended_over_http(partner_manager, east, database, 3)
    file = east.get(f"/v1/partners/{EAST}/notices.csv", limit="2")
    assert file.content_type == "text/csv; charset=utf-8"
    lines = file.text.splitlines()
    assert lines[:2] == [
        "policy_id,partner_reference,channel,now_with,notified_at,notified_channel",
        f"{ids[0]},sub-000000000,app,telecom-west,,",
    ]
    assert len(lines) == 3
    rest = east.get(f"/v1/partners/{EAST}/notices.csv", cursor=file.headers["Next-Cursor"])
    assert (len(rest.text.splitlines()), "Next-Cursor" in rest.headers) == (2, False)


def test_a_partner_that_goes_on_has_no_notice_list(east: Partner) -> None:
    assert problem(east.get(f"/v1/partners/{EAST}/notices")) == "not-winding-down"


def test_after_a_move_the_new_partner_sees_the_policy_and_the_old_one_does_not(
    partner_manager: Partner, east: Partner, west: Partner, database: Database
) -> None:
    (policy_id,) = ended_over_http(partner_manager, east, database, 1)
    assert west.get(f"/v1/policies/{policy_id}").json["version"] == 2
    assert problem(east.get(f"/v1/policies/{policy_id}")) == "unknown-policy"
    assert west.get("/v1/policies", partner_reference="sub-000000000").json["items"][0]["policy_id"] == policy_id

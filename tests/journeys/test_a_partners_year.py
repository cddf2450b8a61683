"""A partner's year on the whole system: a file tried and enrolled, changed, renewed, told by webhooks, and settled."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import psycopg2
import pytest
import zstandard

from deploy.demo.users import ENROLLMENT, FRAUD_DETECTION, Json, User
from deploy.simulator import people, subscribers
from tests.running import RunningSystem

T = TypeVar("T")
PARTNER, PRODUCT = "telecom-west", "resident-anti-fraud"
SEED, PEOPLE = 20261124, 60
PATIENCE_SECONDS = 120.0

pytestmark = pytest.mark.timeout(900)


def until(holds: Callable[[], T | None]) -> T:
    """What ``holds`` gives once it gives something."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < limit:
        found = holds()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come about in time")


@dataclass(frozen=True)
class Year:
    """The partner, and the policies of its file by its own references."""

    system: RunningSystem
    partner: User
    batch: Json
    policies: dict[str, Json]

    def policy(self, number: int) -> Json:
        reference = sorted(self.policies)[number]
        return self.partner.get(f"/v1/policies/{self.policies[reference]['policy_id']}")

    def covered(self, policy_id: str) -> tuple[datetime, bool] | None:
        """Until when the other service holds the policy to run, and whether it was ended early."""
        with closing(psycopg2.connect(self.system.database_url(FRAUD_DETECTION))) as base, base.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(e.effective_to, c.effective_to), e.policy_id IS NOT NULL"
                " FROM coverage c LEFT JOIN coverage_ends e USING (policy_id) WHERE c.policy_id = %s",
                (policy_id,),
            )
            found: tuple[datetime, bool] | None = cursor.fetchone()
            return found


def row(person: people.Person, reference: str, now: datetime) -> dict[str, Any]:
    return {
        "partner_reference": reference,
        "document_type": person.document_type,
        "document_number": person.document_number,
        "name": person.name,
        "phone": f"+86 {person.phone}",
        "effective_date": "",
        "consent_text_version": subscribers.CONSENT_VERSION,
        "consent_given_at": (now - timedelta(hours=1)).isoformat(),
        "consent_channel": "app",
        "consent_sha256": subscribers.consent_sha256(reference),
    }


@pytest.fixture(scope="module")
def year(running_system: RunningSystem) -> Iterator[Year]:
    """A compressed NDJSON file, tried first; its last row is of a person who is too young by far."""
    now = running_system.now()
    insured = people.make(SEED, PEOPLE, on=now.date())
    rows = [row(person, f"year-{place:03d}", now) for place, person in enumerate(insured)]
    rows[-1]["document_number"] = rows[-1]["document_number"][:6] + "20250101" + rows[-1]["document_number"][14:]
    file = zstandard.compress("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows).encode())
    with User.of(running_system, PARTNER, ENROLLMENT) as partner:
        yield _begun(running_system, partner, file)


def _begun(system: RunningSystem, partner: User, file: bytes) -> Year:
    def finished(batch: Json) -> Json:
        def look() -> Json | None:
            seen = partner.get(f"/v1/enrollment-batches/{batch['batch_id']}")
            return seen if seen["state"] in {"finished", "failed"} else None

        return until(look)

    def send(**query: object) -> Json:
        kind = "application/x-ndjson"
        return finished(partner.upload("/v1/enrollment-batches", file, kind, product_code=PRODUCT, **query))

    tried = send(dry_run="true")
    assert (tried["accepted"], tried["rejected"]) == (PEOPLE - 1, 1)
    assert list(partner.pages("/v1/policies", partner_reference="year-000")) == []
    batch = send(rows=PEOPLE)
    policies = {each["partner_reference"]: each for each in partner.pages("/v1/policies")}
    ours = {name: each for name, each in policies.items() if name.startswith("year-")}
    return Year(system, partner, batch, ours)


def test_the_file_is_enrolled_and_answered_row_by_row(year: Year) -> None:
    assert (year.batch["accepted"], year.batch["rejected"]) == (PEOPLE - 1, 1)
    text = year.partner.download(f"/v1/enrollment-batches/{year.batch['batch_id']}/results", format="csv").decode()
    results = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(results) == PEOPLE
    assert {each["policy_id"] for each in results if each["policy_id"]} == {
        each["policy_id"] for each in year.policies.values()
    }
    (refused,) = [each for each in results if not each["policy_id"]]
    assert refused["field"] == "document_number"


def test_an_early_end_is_known_to_the_service_that_decides_claims(year: Year) -> None:
    policy = year.policy(0)
    until(lambda: year.covered(policy["policy_id"]))
    canceled = year.partner.post(f"/v1/policies/{policy['policy_id']}/cancellation", {"reason": "insured_request"})
    assert canceled["state"] == "canceled"

    def ended_early() -> tuple[datetime, bool] | None:
        found = year.covered(policy["policy_id"])
        return found if found is not None and found[1] else None

    ended = until(ended_early)
    assert ended[0] == datetime.fromisoformat(canceled["effective_to"])


def test_who_wants_no_cover_loses_it_at_once_and_gets_none_again(year: Year) -> None:
    policy = year.policy(1)
    year.partner.post("/v1/opt-outs", {"policy_id": policy["policy_id"], "channel": "hotline"})
    assert year.policy(1)["state"] == "canceled"


def test_a_certificate_proves_itself_to_whoever_holds_it(year: Year) -> None:
    page = year.partner.download(f"/v1/policies/{year.policy(2)['policy_id']}/certificate")
    assert page.startswith(b"%PDF-")


def test_a_renewal_waits_for_its_term_without_waiting_days_and_takes_over_when_it_comes(year: Year) -> None:
    policy = year.policy(3)
    ends = datetime.fromisoformat(policy["effective_to"])
    year.system.advance(ends - timedelta(days=20) - year.system.now())
    file = f"partner_reference\n{policy['partner_reference']}\n".encode()
    batch = year.partner.upload(
        "/v1/enrollment-batches", file, "text/csv", product_code=PRODUCT, kind="renewal", rows=1
    )
    successor_id = until(lambda: year.policy(3)["renewed_by"])
    assert year.partner.get(f"/v1/enrollment-batches/{batch['batch_id']}")["accepted"] == 1
    successor = year.partner.get(f"/v1/policies/{successor_id}")
    assert successor["state"] == "upcoming"
    assert successor["effective_from"] == policy["effective_to"]
    assert successor["waits_from"] == policy["waits_from"]
    year.system.advance(timedelta(days=21))
    until(lambda: year.partner.get(f"/v1/policies/{successor_id}")["state"] == "in_force")
    assert year.policy(3)["state"] == "expired"
    until(lambda: year.covered(successor_id))


def test_each_month_of_the_year_ties_out(year: Year) -> None:
    began = datetime.fromisoformat(year.policy(3)["enrolled_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    with User.of(year.system, "finance-chen", ENROLLMENT) as accountant:

        def drawn() -> list[Json] | None:
            found = [each for each in accountant.pages("/v1/statements") if each["partner_id"] == PARTNER]
            months = {each["month"] for each in found if each["state"] == "drawn"}
            return found if f"{began:%Y-%m}" in months and 1 < len(months) == len(found) else None

        statements = until(drawn)
    for month in sorted(each["month"] for each in statements):
        proven = year.system.run(ENROLLMENT, "tie-out", "--partner", PARTNER, "--month", month)
        assert proven.returncode == 0, proven.stdout
    issued = sum(each["by_transaction_type"].get("issued", {"lines": 0})["lines"] for each in statements)
    assert issued >= PEOPLE - 1
    verified = year.system.run(ENROLLMENT, "verify")
    assert verified.returncode == 0, verified.stdout

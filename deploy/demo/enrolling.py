"""Step 1: a telecom partner enrolls a file of subscribers, and one subscriber by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.demo.expectations import Expectations
from deploy.demo.users import ENROLLMENT, Json, System, User
from deploy.demo.waiting import Progress, until
from deploy.simulator import people, subscribers
from deploy.simulator.claims import EnrolledPolicy
from deploy.simulator.people import People, Person

PARTNER = "telecom-east"
PRODUCT = "resident-anti-fraud"
BAD_SHARE = 0.002
"""A few rows of each file are wrong, as in life; the intake must say which."""


@dataclass(frozen=True)
class Enrolled:
    """What the partner has in hand afterwards."""

    product: Json
    batch: Json
    rejections: list[Json]
    single: Json
    insured: People
    prefix: str
    """Of the partner's own references in the file."""

    @property
    def policies(self) -> int:
        return int(self.batch["accepted"]) + 1


def enroll(
    system: System, seed: int, rows: int, *, now: datetime, expectations: Expectations, told: Progress
) -> Enrolled:
    """Upload ``rows`` subscribers and wait for them; then enroll one more."""
    everybody = people.make(seed, rows + 1, on=now.date())
    insured, last = people.make(seed, rows, on=now.date()), everybody[rows]
    with User.of(system, PARTNER, ENROLLMENT) as partner:
        (product,) = [each for each in partner.pages("/v1/products") if each["product_code"] == PRODUCT]
        prefix = f"run-{seed}"
        batch, wrong = _batch(partner, insured, prefix, now, told)
        rejections = list(partner.pages(f"/v1/enrollment-batches/{batch['batch_id']}/rejections"))
        single = partner.post("/v1/policies", _one(last, f"{prefix}-by-hand", now))
    expectations.equal("every row of the file was read", batch["rows_read"], rows)
    expectations.equal("rows accepted and rejected add up", batch["accepted"] + batch["rejected"], rows)
    expectations.equal("exactly the wrong rows were rejected", batch["rejected"], wrong)
    expectations.equal("each rejected row is explained", len(rejections), wrong)
    expectations.expect(
        "no rejection repeats personal data",
        holds=not any(person.document_number in str(rejections) for person in insured),
    )
    return Enrolled(product, batch, rejections, single, insured, prefix)


def _batch(partner: User, insured: People, prefix: str, now: datetime, told: Progress) -> tuple[Json, int]:
    with tempfile.TemporaryDirectory() as folder:
        file = subscribers.write_csv(
            Path(folder) / "subscribers.csv",
            insured,
            effective_date=today(now),
            consent_given_at=now - timedelta(days=1),
            partner=prefix,
            bad_share=BAD_SHARE,
        )
        with file.path.open("rb") as content:
            received = partner.upload(
                "/v1/enrollment-batches",
                iter(lambda: content.read(1 << 16), b""),
                "text/csv",
                product_code=PRODUCT,
                rows=file.rows,
                sha256=file.sha256,
            )

    def finished() -> Json | None:
        batch = partner.get(f"/v1/enrollment-batches/{received['batch_id']}")
        told(int(batch["rows_read"]), file.rows)
        return batch if batch["state"] in {"finished", "failed"} else None

    return until("the batch is not finished", finished, seconds=120), file.bad_rows


def _one(person: Person, reference: str, now: datetime) -> Json:
    return {
        "product_code": PRODUCT,
        "partner_reference": reference,
        "insured": {
            "document_type": person.document_type,
            "document_number": person.document_number,
            "name": person.name,
            "phone": person.phone,
        },
        "effective_date": today(now).isoformat(),
        "consent": {
            "text_version": subscribers.CONSENT_VERSION,
            "given_at": (now - timedelta(hours=1)).isoformat(),
            "channel": "hall",
            "sha256": subscribers.consent_sha256(reference),
        },
    }


def today(now: datetime) -> date:
    """The day it is where the insured live; cover begins at its first moment."""
    return now.astimezone(ZoneInfo("Asia/Shanghai")).date()


def look_up(system: System, enrolled: Enrolled, count: int) -> Sequence[EnrolledPolicy]:
    """The policies of ``count`` insured people, asked for by the partner's own references; rejected rows have none."""
    with User.of(system, PARTNER, ENROLLMENT) as partner:

        def policy(index: int) -> EnrolledPolicy | None:
            found = partner.get("/v1/policies", partner_reference=subscribers.reference(enrolled.prefix, index))[
                "items"
            ]
            if not found:
                return None
            begins = datetime.fromisoformat(found[0]["effective_from"])
            return EnrolledPolicy(found[0]["policy_id"], enrolled.insured[index], begins)

        # A few more than asked for, because rejected rows have no policy.
        spread = range(0, len(enrolled.insured), max(1, len(enrolled.insured) // (count + count // 10 + 5)))
        with ThreadPoolExecutor(4) as pool:
            found = [each for each in pool.map(policy, spread) if each is not None]
    return found[:count]

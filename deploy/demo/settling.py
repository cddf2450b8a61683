"""Step 7: the month of the enrollment is over; its statement is drawn, downloaded, paid and settled by two persons."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.demo.enrolling import PARTNER, Enrolled
from deploy.demo.expectations import Expectations
from deploy.demo.users import ENROLLMENT, Json, Refused, System, User
from deploy.demo.waiting import until

ACCOUNTANT = "finance-chen"
APPROVER = "finance-lin"


@dataclass(frozen=True)
class Settled:
    """The statement as it stands afterwards, and how many lines its file has."""

    statement: Json
    lines: int


def settle(system: System, enrolled: Enrolled, *, begun: datetime, expectations: Expectations) -> Settled:
    """Have the month in which the job began stated, compare the file with what was enrolled, and settle it."""
    month = f"{begun.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m}"
    with User.of(system, ACCOUNTANT, ENROLLMENT) as accountant:
        statement = until("the statement is not drawn", lambda: _drawn(accountant, month), seconds=60)
        path = f"/v1/statements/{statement['statement_id']}"
        net = statement["total"]["net_premium_to_insurer_fen"]
        accountant.post(
            f"{path}/settlement",
            {"net_fen": net, "bank_reference": f"{PARTNER}-{month}", "value_day": statement["due_day"]},
        )
    with User.of(system, PARTNER, ENROLLMENT) as partner:
        file = partner.download(f"{path}/file")
    with User.of(system, APPROVER, ENROLLMENT) as approver:
        approver.post(f"{path}/settlement/approval", None)
        settled = approver.get(path)
    lines = list(csv.DictReader(io.StringIO(file.decode(), newline="")))
    # Others may have enrolled for the same partner in this month: ours carry the run's own prefix.
    issued = [
        line
        for line in lines
        if line["transaction_type"] == "issued" and line["insured_reference"].startswith(f"{enrolled.prefix}-")
    ]
    expectations.equal(
        "the statement's file is the one that was hashed", hashlib.sha256(file).hexdigest(), settled["sha256"]
    )
    expectations.equal("the statement has each policy that was issued", len(issued), enrolled.policies)
    expectations.equal(
        "its lines add up to what is stated",
        sum(int(line["net_premium_to_insurer_fen"]) for line in lines),
        net,
    )
    expectations.equal("it was settled by two persons", settled["state"], "settled")
    return Settled(settled, len(lines))


def _drawn(accountant: User, month: str) -> Json | None:
    """The statement once it is drawn. The schedule draws it too, within a minute; nobody needs to wait for that."""
    for each in accountant.pages("/v1/statements", month=month):
        if each["partner_id"] == PARTNER:
            return each if each["state"] == "drawn" else None
    try:
        accountant.post("/v1/statements", {"partner_id": PARTNER, "month": month})
    except Refused as refused:
        if refused.slug != "statement-exists":
            raise
    return None

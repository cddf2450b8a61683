"""One claim's whole way, from its enrollment to its payout, as the users see it; and its trace through the logs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.demo.enrolling import PARTNER
from deploy.demo.filing import Filed
from deploy.demo.users import ENROLLMENT, FRAUD_DETECTION, PAYOUT, Json, System, User


@dataclass(frozen=True)
class Moment:
    """One thing that happened, by business time, and who tells it."""

    at: datetime
    where: str
    what: str


def follow(system: System, filed: Filed) -> list[Moment]:
    """What each service says of one paid claim, in the order in which it happened."""
    claim = filed.latest
    with User.of(system, PARTNER, ENROLLMENT) as partner:
        policy = partner.get(f"/v1/policies/{claim['policy_id']}")
    with User.of(system, "finance-zhao", PAYOUT) as finance:
        payout = finance.get(f"/v1/payouts/{claim['payout']['payout_id']}")
        transfers = list(finance.pages("/v1/ledger/transfers", payout_id=payout["payout_id"]))
    decision = claim["decision"]
    loss = filed.simulated.body["loss"]
    moments = [
        Moment(
            _at(policy["effective_from"]),
            ENROLLMENT,
            f"cover begins: policy {policy['policy_id']}, {policy['product_code']} v{policy['product_version']}, "
            f"insured {policy['insured']['name']} {policy['insured']['document']}",
        ),
        Moment(
            _at(loss["occurred_at"]),
            "resident",
            f"is scammed ({loss['scam_type']}) of {loss['amount_fen'] / 100:,.2f} yuan",
        ),
        Moment(_at(loss["reported_at"]), "resident", "reports it to the police"),
        Moment(_at(claim["submitted_at"]), FRAUD_DETECTION, f"takes claim {claim['claim_id']}"),
        Moment(
            _at(decision["decided_at"]),
            FRAUD_DETECTION,
            f"decides: {decision['outcome']}, {decision['amount_fen'] / 100:,.2f} yuan",
        ),
        Moment(_at(decision["payable_from"]), FRAUD_DETECTION, "the recovery wait ends"),
        Moment(
            _at(payout["changed_at"]),
            PAYOUT,
            f"payout {payout['payout_id']} is {payout['state']}, account {payout['payee_account']}",
        ),
    ]
    moments += [Moment(_at(each["booked_at"]), PAYOUT, f"books {_booking(each)}") for each in transfers]
    return sorted(moments, key=lambda moment: moment.at)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _booking(transfer: Json) -> str:
    sides = ", ".join(f"{each['account']} {each['amount_fen'] / 100:+,.2f}" for each in transfer["entries"])
    return f"{transfer['kind']}: {sides}"


@dataclass(frozen=True)
class LogLine:
    """A log line that carries the claim's trace id."""

    at: str
    process: str
    event: str


def in_the_logs(logs: Iterable[Path], trace_id: str) -> list[LogLine]:
    """The lines of all processes that carry ``trace_id``, in time's order."""
    return sorted((line for log in logs for line in _lines(log, trace_id)), key=lambda line: line.at)


def _lines(log: Path, trace_id: str) -> Iterator[LogLine]:
    if not log.exists():
        return
    with log.open(errors="replace") as text:
        for line in text:
            if trace_id in line and line.startswith("{"):
                told = json.loads(line)
                what = " ".join(str(told[name]) for name in ("event", "method", "route", "type") if name in told)
                yield LogLine(str(told.get("timestamp", "")), log.stem, what)

"""Steps 4 and 5: the machine decides each claim; people confirm refusals and take two cases from the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from deploy.demo.expectations import Expectations
from deploy.demo.filing import CLIENTS, MOBILE, OTHER_CHANNEL, Filed
from deploy.demo.users import FRAUD_DETECTION, Json, System, User
from deploy.demo.waiting import Progress, until
from deploy.simulator.claims import Terms

REVIEWER: Final = "reviewer-li"
SUPERVISOR: Final = "director-chen"
FORCED: Final = {
    "approve": "approved",
    "review": "in_review",
    "refusal_proposed": "in_review",
    "ask_documents": "documents_requested",
    "duplicate": "in_review",
}
"""What the claimant's phone forces. The other sandbox values are approved first, and then it is the bank's turn."""
UNDECIDED: Final = ("filed", "waiting_for_payee")
"""Its account was registered a moment before the claim was filed, and may be heard of a moment after."""


def refresh(system: System, filed: Sequence[Filed]) -> None:
    """Ask each claim's own channel what has become of it."""
    by_id = {each.claim_id: each for each in filed}
    for channel in (MOBILE, OTHER_CHANNEL):
        with User.of(system, channel, FRAUD_DETECTION) as user:
            for view in user.pages("/v1/claims", limit=100):
                if view["claim_id"] in by_id:
                    by_id[view["claim_id"]].latest = view


def wait_for_decisions(system: System, filed: Sequence[Filed], told: Progress) -> None:
    """Until the machine has decided on each claim."""

    def decided() -> bool | None:
        refresh(system, filed)
        done = sum(each.state not in UNDECIDED for each in filed)
        told(done, len(filed))
        return True if done == len(filed) else None

    until("some claims are not decided", decided, seconds=120, every=0.5)
    with User.of(system, REVIEWER, FRAUD_DETECTION) as reviewer, ThreadPoolExecutor(CLIENTS) as pool:
        cases = pool.map(lambda each: reviewer.get(f"/v1/reviews/{each.claim_id}"), filed)
        for each, case in zip(filed, cases, strict=True):
            each.first_decision = case["decisions"][0]


def expect_decisions(filed: Sequence[Filed], terms: Terms, expectations: Expectations) -> None:
    """Cover rules stand, forced outcomes came, a loss is paid once, rings do not get through."""
    for each in filed:
        kind, detail, state = each.simulated.kind, each.simulated.detail, each.state
        if kind == "sandbox":
            wanted = FORCED.get(detail, "approved")
            expectations.equal(
                f"sandbox value '{detail}' forces '{wanted}'", "approved" if each.approved else state, wanted
            )
    outside = [each for each in filed if each.simulated.kind == "outside_cover"]
    expectations.expect(
        "no claim outside the cover is approved",
        holds=all(each.state in {"in_review", "documents_requested"} for each in outside),
        seen=dict(Counter(each.state for each in outside)),
    )
    named = [each for each in outside if each.simulated.detail in _reason_codes(each)]
    expectations.equal("each fails the rule that it should", len(named), len(outside))
    waiting = [each for each in filed if each.state == "in_review"]
    expectations.expect(
        "until a person decides, the resident reads that a person will, and by when",
        holds=all(each.latest["decision"] is None and each.latest["status"]["by"] for each in waiting),
        seen=len(waiting),
    )
    second = [each for each in filed if each.simulated.kind == "twice_filed" and each.simulated.follows is not None]
    expectations.expect(
        "a loss filed again through another channel is not approved again",
        holds=all("duplicate_loss" in _reason_codes(each) and each.state == "in_review" for each in second),
        seen=dict(Counter(each.state for each in second)),
    )
    honest = [each for each in filed if each.simulated.kind == "honest"]
    alone = sum(each.approved for each in honest)
    expectations.expect(
        "most honest claims need no person", holds=alone > len(honest) / 2, seen=f"{alone} of {len(honest)}"
    )
    dishonest = [each for each in filed if each.simulated.kind in {"ring", "scheme"}]
    through = sum(each.approved for each in dishonest)
    expectations.expect(
        "most of what rings and schemes claim waits for a person or fails a rule",
        holds=through < len(dishonest) / 2,
        seen=f"{through} of {len(dishonest)} approved",
    )
    expectations.expect("the machine refuses nobody", holds=not any(each.state == "refused" for each in filed))
    most = max(_paid(each) for each in filed)
    expectations.expect("no approved amount is above the cover", holds=most <= terms.event_limit_fen, seen=most)


def _reason_codes(filed: Filed) -> set[str]:
    return {failure["code"] for failure in filed.first_decision["rule_failures"]}


def _paid(filed: Filed) -> int:
    return int(filed.first_decision.get("amount_fen") or 0)


@dataclass(frozen=True)
class Reviewed:
    """What people did: refusals confirmed, one case approved, one refused, and the trace that they saw of each."""

    confirmed: list[str]
    approved: str
    refused: str
    waiting: int


def review(system: System, filed: Sequence[Filed], expectations: Expectations, told: Progress) -> Reviewed:
    """A reviewer confirms the refusals that cover rules propose, then approves one waiting case and refuses one."""
    ours = {each.claim_id: each for each in filed}
    with User.of(system, REVIEWER, FRAUD_DETECTION) as reviewer:
        queue = [item for item in reviewer.pages("/v1/reviews", state="open", limit=100) if item["claim_id"] in ours]
        proposed = [item for item in queue if item["kind"] == "refusal_proposed"]
        cases = [item for item in queue if item["kind"] == "review"]
        expectations.expect("some cases wait for a person", holds=len(cases) >= 2, seen=len(cases))  # noqa: PLR2004 - one to approve, one to refuse
        told(0, len(proposed) + 2)
        with ThreadPoolExecutor(CLIENTS) as pool:
            for done, _ in enumerate(pool.map(lambda item: _confirm(reviewer, item), proposed), start=1):
                told(done, len(proposed) + 2)
        _let_approve_alone(system)
        cases.sort(key=lambda item: float(item["score"] or 0))
        lowest, highest = cases[0], cases[-1]
        _decide(
            reviewer,
            lowest,
            "approve",
            None,
            ("证据完整,与报案记录一致。", "Evidence is complete and agrees with the report."),
        )
        _decide(
            reviewer,
            highest,
            "refuse",
            _ground(highest),
            ("同一收款账户多次出现,材料互相矛盾。", "The payee recurs and the papers contradict."),
        )
        told(len(proposed) + 2, len(proposed) + 2)
        again = reviewer.get(f"/v1/reviews/{highest['claim_id']}")
    refresh(system, filed)
    expectations.expect(
        "each confirmed refusal is told to its resident with clause and sentence",
        holds=all(_told_why(ours[item["claim_id"]]) for item in proposed),
        seen=f"{len(proposed)} confirmed",
    )
    expectations.expect("the case that the reviewer approved is so", holds=ours[lowest["claim_id"]].approved)
    expectations.equal("the case that the reviewer refused", ours[highest["claim_id"]].state, "refused")
    expectations.expect("the reviewer's name stays with the case", holds=REVIEWER in str(again))
    return Reviewed([i["claim_id"] for i in proposed], lowest["claim_id"], highest["claim_id"], len(cases) - 2)


def _let_approve_alone(system: System) -> None:
    """A supervisor gives the reviewer authority for whatever a resident claims."""
    with User.of(system, SUPERVISOR, FRAUD_DETECTION) as supervisor:
        supervisor.put(f"/v1/authorities/{REVIEWER}", {"pays_up_to_fen": 10**9, "claims_up_to_fen": 10**11})


def _confirm(reviewer: User, item: Json) -> None:
    reasons = [" ".join(str(failure[text]) for failure in item["rule_failures"]) for text in ("text_zh", "text_en")]
    _decide(reviewer, item, "refuse", _ground(item), (reasons[0], reasons[1]))


def _ground(item: Json) -> Json:
    """The clause of the first failed rule; a case without one is refused by the exclusion of staged scams."""
    if item["rule_failures"]:
        return {"clause": item["rule_failures"][0]["clause"]}
    found = {"found_zh": "转账由申请人自己安排。", "found_en": "The claimant arranged the transfers."}
    return {"finding": {"exclusion": "own_crime", **found}}


def _decide(reviewer: User, item: Json, outcome: str, ground: Json | None, reasons: tuple[str, str]) -> None:
    case = reviewer.get(f"/v1/reviews/{item['claim_id']}")
    body: Json = {"outcome": outcome, "reasons_zh": reasons[0], "reasons_en": reasons[1]} | (ground or {})
    reviewer.post(f"/v1/reviews/{item['claim_id']}/decisions", body, match=case["_etag"])


def _told_why(filed: Filed) -> bool:
    reasons = filed.latest["decision"]["reasons"]
    return filed.state == "refused" and bool(reasons) and all(r["clause"] and r["text_zh"] for r in reasons)


def latencies(filed: Sequence[Filed]) -> list[timedelta]:
    """From a claim submitted to its first decision, by the service's own timestamps; shortest first."""
    return sorted(
        datetime.fromisoformat(each.first_decision["decided_at"]) - datetime.fromisoformat(each.view["submitted_at"])
        for each in filed
    )

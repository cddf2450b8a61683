"""One claim as a mobile backend would send it. Which claims there are, and how many, is ``claims``'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Literal

from deploy.simulator.identity_numbers import account_number
from deploy.simulator.people import Person
from deploy.simulator.scams import Incident, at_hour, chance

BANK_CODES: Final = ("102100099996", "103100000026", "104100000004", "105100000017")
"""CNAPS codes of four large banks' head offices: public, and no one's account."""

STORIES: Final[dict[str, str]] = {
    "task_brushing": "对方让我在群里做任务返利，开始几单都返了钱，后来要求连续垫付，垫付后无法提现。",
    "fake_customer_service": "对方自称平台客服，说快递丢失要给我理赔，引导我打开会议软件共享屏幕并转账。",
    "fake_investment": "对方拉我进群跟老师学习投资，平台上显示盈利，要求提现时被要求继续交保证金。",
    "loan_or_card": "我在网上申请贷款，对方说流水不够需要先转账解冻，转账后仍然没有放款。",
    "credit_record": "对方说我的校园贷会影响征信，需要把资金转到指定账户核验清零。",
    "fake_shopping": "我在网上看到低价商品，加了对方好友后付款，付款后被拉黑没有发货。",
    "fake_police": "对方自称公安机关，说我涉嫌洗钱，要求把存款转到安全账户配合调查。",
    "fake_boss_or_friend": "对方用领导的头像加我好友，说有急用让我代为转账，事后发现是冒充。",
    "game_trade": "我出售游戏账号，对方引导我到虚假平台交易，要求交押金后无法提现。",
    "romance": "在交友软件认识的对象以各种理由向我借钱，之后失去联系。",
    "illegal_online": "我点开陌生链接后被对方以公开隐私威胁，分多次转账。",
    "fake_military_purchase": "对方自称部队采购，要求我代为联系供货商垫付货款，付款后失联。",
    "other": "我被陌生人以其他理由诱导转账，事后发现被骗。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What claims must know of the product to be inside its cover, or outside on purpose."""

    waiting_days: int = 7
    look_back_hours: int = 72
    report_within_hours: int = 48
    event_limit_fen: int = 5_000_000
    required_evidence: tuple[str, ...] = ("police_receipt", "transfer_record")
    excluded_types: tuple[str, ...] = ()

    @classmethod
    def of(cls, product: Mapping[str, Any]) -> Terms:
        """From an item of ``GET /v1/products``."""
        matrix: Mapping[str, Mapping[str, Any]] = product["scam_types"]
        return cls(
            waiting_days=product["waiting_days"],
            look_back_hours=product["look_back_hours"],
            report_within_hours=product["report_within_hours"],
            event_limit_fen=product["event_limit_fen"],
            required_evidence=tuple(product["required_evidence"]),
            excluded_types=tuple(code for code, cover in matrix.items() if cover["cover"] == "excluded"),
        )


@dataclass(frozen=True, slots=True)
class EnrolledPolicy:
    """A policy as its partner knows it."""

    policy_id: str
    person: Person
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class Payee:
    """Where the money should go; register it with payout for the token that a claim carries."""

    holder_name: str
    account: str
    bank_code: str


Kind = Literal[
    "honest",
    "repeat_victim",
    "outside_cover",
    "twice_filed",
    "ring",
    "scheme",
    "sandbox",
]


@dataclass(slots=True)
class SimulatedClaim:
    """A claim to file. ``body`` is what ``POST /v1/claims`` takes, but for ``payee_token``, which the payee's gives.

    ``detail`` tells kinds apart further: the rule that an outside_cover breaks, the scheme, the sandbox outcome, the
    ring's number. ``dishonest`` is the truth that no service is told.
    """

    kind: Kind
    detail: str
    body: dict[str, Any]
    payee: Payee
    dishonest: bool = False
    follows: int | None = None
    """The place in the list of the claim that this one repeats; file it later."""


@dataclass(slots=True)
class Draft:
    """A claim while it is being invented; schemes edit it, ``body`` renders it."""

    policy: EnrolledPolicy
    scam_type: str
    amount_fen: int
    occurred_at: datetime
    discovered_at: datetime
    reported_at: datetime
    phone: str
    evidence: list[dict[str, Any]]
    description: str
    payee: Payee
    device_id: str | None
    handler_id: str | None
    recovered_fen: int = 0
    other_insurance_fen: int = 0
    document_number: str = field(default="")

    def body(self) -> dict[str, Any]:
        """The request's body without ``payee_token``; absent optional fields are left out."""
        optional = {
            "device_id": self.device_id,
            "handler_id": self.handler_id,
            "recovered_fen": self.recovered_fen or None,
            "other_insurance_fen": self.other_insurance_fen or None,
        }
        return {
            "policy_id": self.policy.policy_id,
            "claimant": {
                "document_type": self.policy.person.document_type,
                "document_number": self.document_number or self.policy.person.document_number,
                "phone": self.phone,
            },
            "loss": {
                "scam_type": self.scam_type,
                "occurred_at": self.occurred_at.isoformat(),
                "discovered_at": self.discovered_at.isoformat(),
                "reported_at": self.reported_at.isoformat(),
                "amount_fen": self.amount_fen,
                "description": self.description,
            },
            "evidence": self.evidence,
        } | {name: value for name, value in optional.items() if value is not None}


def honest_draft(rng: Random, policy: EnrolledPolicy, incident: Incident, now: datetime, terms: Terms) -> Draft:
    """The claim of a person to whom ``incident`` happened, reported and filed in time, filed at ``now``."""
    occurred_at, discovered_at, reported_at = _moments(policy, incident, now, terms)
    person = policy.person
    draft = Draft(
        policy=policy,
        scam_type=incident.scam_type,
        amount_fen=incident.amount_fen,
        occurred_at=occurred_at,
        discovered_at=discovered_at,
        reported_at=reported_at,
        phone=person.phone,
        evidence=[],
        description=story(incident.scam_type, incident.description_chars),
        payee=Payee(person.name, account_number(rng.getrandbits(40)), rng.choice(BANK_CODES)),
        device_id=f"device-{rng.getrandbits(48):012x}" if chance(rng, 0.85) else None,
        handler_id=f"agent-{rng.randrange(40):03d}" if chance(rng, 0.1) else None,
        recovered_fen=int(incident.amount_fen * rng.uniform(0.05, 0.6)) if chance(rng, 0.08) else 0,
    )
    counts = {"police_receipt": 1, "identity": 1, "transfer_record": incident.transfer_records}
    counts |= {"chat_record": incident.chat_records}
    for kind in terms.required_evidence:
        counts[kind] = max(1, counts.get(kind, 0))
    draft.evidence = evidence(rng, counts, reported_at, now)
    return draft


def evidence(rng: Random, counts: Mapping[str, int], since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Documents that exist once in the world, made between the two moments."""
    return [
        {
            "kind": kind,
            "sha256": f"{rng.getrandbits(256):064x}",
            "captured_at": (since + (until - since) * rng.random()).isoformat(),
        }
        for kind, count in counts.items()
        for _ in range(count)
    ]


def story(scam_type: str, chars: int) -> str:
    """About ``chars`` characters of what a victim of this scam writes."""
    sentence = STORIES[scam_type]
    return (sentence * (chars // len(sentence) + 1))[: max(12, chars)]


def _moments(
    policy: EnrolledPolicy, incident: Incident, now: datetime, terms: Terms
) -> tuple[datetime, datetime, datetime]:
    """Loss, discovery, report: within the product's hours, after the waiting period; pressed together if need be."""
    to_report = min(incident.hours_to_report, 0.9 * terms.report_within_hours)
    to_discovery = min(incident.hours_to_discovery, 0.9 * terms.look_back_hours - to_report)
    if to_discovery <= 0:
        to_report, to_discovery = 0.5 * to_report, 0.25 * terms.look_back_hours
    spans = (max(0.2, to_discovery), max(0.2, to_report), max(0.5, incident.hours_to_claim))
    earliest = policy.effective_from + timedelta(days=terms.waiting_days)
    room = (now - earliest) / timedelta(hours=1)
    if room <= 1:
        raise ValueError("the waiting period is not over: move the sandbox clock first")
    pressed = min(1.0, 0.95 * room / sum(spans))
    reported_at = now - timedelta(hours=spans[2] * pressed)
    discovered_at = reported_at - timedelta(hours=spans[1] * pressed)
    occurred_at = discovered_at - timedelta(hours=spans[0] * pressed)
    usual = at_hour(occurred_at, incident.hour_of_day)
    if usual > earliest and reported_at - usual < timedelta(hours=terms.look_back_hours):
        occurred_at = usual
    return occurred_at, discovered_at, reported_at

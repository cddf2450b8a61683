"""What the model sees of a claim: each feature declared once, and the vector of numbers that they make of a snapshot.

Collecting the snapshot is the use case's work; training and scoring take the vector as it stands here. A past claim
that is handed in for training carries the snapshot's fields, so that both go through the same function. No feature is
made of sex, region, ethnicity or the number of a document; age is for monitoring alone and stands apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import log1p, nan
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.fraud_detection.models.domain.declared import AsOf, Declared, FeatureWords, Kind
from services.fraud_detection.models.domain.snapshot import Snapshot
from shared.values.scam_types import SCAM_TYPES, ScamType

REVISION: Final = 2
"""Counted up where a feature's value changes although its declaration does not; a test holds the code's digest."""
HOUR: Final = timedelta(hours=1)
LONGEST_HOURS: Final = 24.0 * 365 * 5
"""Spans are cut at five years: a wrong year in a date must not outweigh everything else."""
LARGEST_SHARE: Final = 10.0
"""Where a tiny limit would make a giant of a small claim."""
NIGHT_ENDS: Final = 6
SATURDAY: Final = 5
NEAR: Final = 0.9
"""The top tenth of the cover."""
ROUND_FEN: Final = 100_000
"""Whole thousands of yuan; invented amounts are round more often than bank statements are."""

_ALWAYS: Final = "never"
_NOT_TOLD: Final = "where it was not told"


def _log_hours(start: datetime | None, end: datetime | None) -> float | None:
    """Log of the hours, with sign: the first hours after inception tell more than the two hundredth day."""
    if start is None or end is None:
        return None
    hours = max(-LONGEST_HOURS, min(LONGEST_HOURS, (end - start) / HOUR))
    return log1p(hours) if hours >= 0 else -log1p(-hours)


def _share(part: int | None, whole: int | None) -> float | None:
    """``part`` of ``whole``, cut at LARGEST_SHARE; so is anything of nothing."""
    if part is None or whole is None:
        return None
    if whole <= 0:
        return LARGEST_SHARE if part > 0 else 0.0
    return min(LARGEST_SHARE, part / whole)


def _near(share: float | None) -> float | None:
    return None if share is None else float(NEAR <= share <= 1.0)


def _log(number: int | None) -> float | None:
    return None if number is None else log1p(number)


def _local(snapshot: Snapshot) -> datetime:
    return snapshot.occurred_at.astimezone(ZoneInfo(snapshot.zone))


def _age(snapshot: Snapshot) -> float | None:
    """By calendar years."""
    return float(_local(snapshot).year - snapshot.birth_year) if snapshot.birth_year else None


def _feature(  # noqa: PLR0917  a row of the table
    name: str, kind: Kind, unit: str, zh: str, en: str, value: Callable[[Snapshot], float | None], **more: Any
) -> Declared:
    defaults: dict[str, Any] = {"source": "the claim", "as_of": "told", "missing": _ALWAYS}
    return Declared(name=name, kind=kind, unit=unit, words=FeatureWords(zh, en), value=value, **(defaults | more))


def _field(name: str, kind: Kind, unit: str, zh: str, en: str, **more: Any) -> Declared:
    """A field of the snapshot as it stands."""

    def value(snapshot: Snapshot) -> float | None:
        found: int | bool | None = getattr(snapshot, name)
        return None if found is None else float(found)

    return _feature(name, kind, unit, zh, en, value, **({"missing": _NOT_TOLD} | more))


def _documents(name: str, zh: str, en: str) -> Declared:
    return _field(
        name, "count", "documents", zh, en, source="the claim's evidence", missing="where nobody counted them"
    )


def _others(name: str, unit: str, zh: str, en: str, missing: str, *, log: bool = False, **more: Any) -> Declared:
    """A count of others around the claim: none of them is the innocent state."""
    as_of: AsOf = "submitted"
    same = {"source": "other claims", "as_of": as_of, "missing": missing, "none": 0.0}
    if log:
        counted = f"log_{name}"
        return _feature(counted, "count", unit, zh, en, lambda s: _log(getattr(s, name)), **same, log=True, **more)
    return _field(name, "count", unit, zh, en, **same, **more)


def _is_type(code: ScamType) -> Declared:
    return _feature(
        f"scam_type_{code}",
        "flag",
        "yes or no",
        f"诈骗类型：{_TYPES[code]}",
        f"the type of scam is {code.replace('_', ' ')}",
        lambda snapshot: float(snapshot.scam_type == code),
        none=0.0,
    )


_TYPES: Final[Mapping[ScamType, str]] = {
    "task_brushing": "刷单返利",
    "fake_customer_service": "冒充电商物流客服",
    "fake_investment": "虚假网络投资理财",
    "loan_or_card": "贷款、代办信用卡",
    "credit_record": "虚假征信",
    "fake_shopping": "虚假购物、服务",
    "fake_police": "冒充公检法及政府机关",
    "fake_boss_or_friend": "冒充领导、熟人",
    "game_trade": "网络游戏产品虚假交易",
    "romance": "网络婚恋、交友",
    "illegal_online": "网黑案件",
    "fake_military_purchase": "冒充军警购物",
    "other": "其他",
}
_NO_PAYEE: Final = "where no account is named"
_NO_DEVICE: Final = "where the claim names no device"
_NO_HANDLER: Final = "where the claim names no handler"

_DECLARED: Final[tuple[Declared, ...]] = (
    _feature(
        "log_amount_yuan",
        "amount",
        "yuan",
        "索赔金额",
        "the amount claimed",
        lambda s: log1p(max(0, s.amount_fen) / 100),
        log=True,
    ),
    _feature(
        "amount_to_event_limit",
        "share",
        "of the limit",
        "索赔金额与每次事故限额之比",
        "the amount as a share of the limit of one event",
        lambda s: _share(s.amount_fen, s.event_limit_fen),
        source="the claim and its policy",
    ),
    _feature(
        "amount_to_limit_left",
        "share",
        "of the limit",
        "索赔金额与剩余年度限额之比",
        "the amount as a share of what is left of the annual limit",
        lambda s: _share(s.amount_fen, s.annual_limit_left_fen),
        source="the claim and what its policy paid",
        as_of="scored",
        missing="where the use of the limit is not known",
    ),
    _feature(
        "amount_is_round",
        "flag",
        "yes or no",
        "索赔金额为整千元",
        "the amount is in whole thousands of yuan",
        lambda s: float(s.amount_fen % ROUND_FEN == 0),
        none=0.0,
    ),
    _feature(
        "amount_near_limit",
        "flag",
        "yes or no",
        "索赔金额略低于限额",
        "the amount is just below the limit",
        lambda s: _near(_share(s.amount_fen, s.event_limit_fen)),
        source="the claim and its policy",
        none=0.0,
    ),
    _feature(
        "log_hours_inception_to_loss",
        "span",
        "hours",
        "保险起期至损失的时间",
        "from inception to the loss",
        lambda s: _log_hours(s.effective_from, s.occurred_at),
        source="the claim and its policy",
        log=True,
    ),
    _feature(
        "log_hours_loss_to_discovery",
        "span",
        "hours",
        "损失至发现的时间",
        "from the loss to its discovery",
        lambda s: _log_hours(s.occurred_at, s.discovered_at),
        missing="where nobody told when it was discovered",
        log=True,
    ),
    _feature(
        "log_hours_loss_to_report",
        "span",
        "hours",
        "损失至报案的时间",
        "from the loss to the report to the police",
        lambda s: _log_hours(s.occurred_at, s.reported_at),
        missing="where nobody told when it was reported",
        log=True,
    ),
    _feature(
        "log_hours_report_to_claim",
        "span",
        "hours",
        "报案至索赔的时间",
        "from the report to the police to the claim",
        lambda s: _log_hours(s.reported_at, s.submitted_at),
        missing="where nobody told when it was reported",
        log=True,
    ),
    _feature(
        "hour_of_loss", "hour", "o'clock", "损失发生的钟点", "the hour of the loss", lambda s: float(_local(s).hour)
    ),
    _feature(
        "loss_at_night",
        "flag",
        "yes or no",
        "损失发生在夜间",
        "the loss was at night",
        lambda s: float(_local(s).hour < NIGHT_ENDS),
        none=0.0,
    ),
    _feature(
        "loss_on_weekend",
        "flag",
        "yes or no",
        "损失发生在周末",
        "the loss was on a weekend",
        lambda s: float(_local(s).weekday() >= SATURDAY),
        none=0.0,
    ),
    _feature(
        "recovered_share",
        "share",
        "of the amount",
        "已追回部分的占比",
        "what came back, as a share of the amount",
        lambda s: _share(s.recovered_fen, s.amount_fen),
        missing=_NOT_TOLD,
        none=0.0,
    ),
    _feature(
        "other_insurance_share",
        "share",
        "of the amount",
        "其他保险赔付的占比",
        "what other insurers paid, as a share of the amount",
        lambda s: _share(s.other_insurance_fen, s.amount_fen),
        missing=_NOT_TOLD,
        none=0.0,
    ),
    _feature(
        "log_description_chars",
        "count",
        "characters",
        "经过描述的字数",
        "the length of the description",
        lambda s: _log(s.description_chars),
        missing="where the description is not kept",
        log=True,
    ),
    _documents("police_receipts", "报案回执份数", "receipts of the police"),
    _field(
        "police_say_another_scam",
        "flag",
        "yes or no",
        "警方认定的诈骗类型与所述不同",
        "the police name another type of scam",
        missing="where no paper of the police was told",
        none=0.0,
    ),
    _documents("transfer_records", "转账记录份数", "records of transfers"),
    _documents("chat_records", "聊天记录份数", "records of chats"),
    _documents("identity_records", "身份证明份数", "proofs of identity"),
    _field(
        "evidence_seen_elsewhere",
        "count",
        "documents",
        "此前已在其他索赔中出现的材料份数",
        "documents that other claims had before",
        source="other claims' evidence",
        as_of="first_had",
        missing="where the claim has no document",
        direction=1,
        none=0.0,
    ),
    _field(
        "evidence_captured_before_loss",
        "count",
        "documents",
        "拍摄时间早于损失的材料份数",
        "documents made before the loss",
        source="the claim's evidence",
        missing="where no document tells when it was made",
        direction=1,
        none=0.0,
    ),
    _field(
        "claimant_is_insured",
        "flag",
        "yes or no",
        "索赔人即被保险人",
        "the claimant is the insured",
        source="the claim and its policy",
        missing="where the policy's person is not known",
    ),
    _field(
        "phone_is_insured",
        "flag",
        "yes or no",
        "索赔电话为参保电话",
        "the phone is the insured one",
        source="the claim and its policy",
        missing="where the policy's person is not known",
    ),
    _field("has_device", "flag", "yes or no", "提供了设备标识", "a device is named", none=0.0),
    _field("has_handler", "flag", "yes or no", "由经办人代办", "a handler is named", none=0.0),
    _others("person_claims", "claims", "本人 365 天内的其他索赔", "the person's other claims in 365 days", _NOT_TOLD),
    _others("phone_claims", "claims", "同一电话 90 天内的其他索赔", "claims by the same phone in 90 days", _NOT_TOLD),
    _others(
        "payee_claims", "claims", "同一收款账户 365 天内的其他索赔", "claims to the same account in 365 days", _NO_PAYEE
    ),
    _others(
        "payee_persons",
        "persons",
        "同一收款账户 365 天内的其他人数",
        "others with the same account in 365 days",
        _NO_PAYEE,
        direction=1,
    ),
    _others(
        "device_claims", "claims", "同一设备 30 天内的其他索赔", "claims from the same device in 30 days", _NO_DEVICE
    ),
    _others(
        "device_persons",
        "persons",
        "同一设备 30 天内的其他人数",
        "others with the same device in 30 days",
        _NO_DEVICE,
        direction=1,
    ),
    _others(
        "handler_claims",
        "claims",
        "同一经办人 30 天内的其他索赔",
        "claims by the same handler in 30 days",
        _NO_HANDLER,
        log=True,
    ),
    _others(
        "handler_persons",
        "persons",
        "同一经办人 30 天内的其他人数",
        "others of the same handler in 30 days",
        _NO_HANDLER,
        log=True,
    ),
    *(_is_type(code) for code in SCAM_TYPES),
    _feature(
        "age",
        "year",
        "years",
        "年龄",
        "the insured's age",
        _age,
        source="the policy",
        missing="where the birth year is not known",
        use="monitoring",
    ),
)

DECLARED: Final[Mapping[str, Declared]] = {each.name: each for each in _DECLARED}
"""All features by name, in their order."""
SCORED: Final = tuple(each for each in _DECLARED if each.use == "scoring")
MONITORED: Final = tuple(each for each in _DECLARED if each.use == "monitoring")
FEATURES: Final[tuple[str, ...]] = tuple(each.name for each in SCORED)
"""The names, in the order of the vector. A model remembers them and refuses a vector of other names."""


def _specification() -> str:
    """By all that a vector's meaning rests on; words may change without it."""
    rows = [
        [each.name, each.kind, each.unit, each.source, each.as_of, each.missing, each.direction, each.use, each.log]
        for each in _DECLARED
    ]
    return hashlib.sha256(json.dumps([REVISION, rows]).encode()).hexdigest()


SPECIFICATION: Final = _specification()
"""The version of this list: it is stored with each vector and in each model."""

_FUNCTIONS: Final = tuple(each.value for each in SCORED)


def compute(snapshot: Snapshot) -> tuple[float, ...]:
    """The vector of ``snapshot``; entry ``i`` is the feature ``FEATURES[i]``: finite, or NaN where it is missing."""
    return tuple(nan if (value := function(snapshot)) is None else value for function in _FUNCTIONS)


def monitored(snapshot: Snapshot) -> dict[str, float | None]:
    """What is kept beside the vector, to watch how groups fare; no model sees it."""
    return {each.name: each.value(snapshot) for each in MONITORED}

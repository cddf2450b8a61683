"""A product, a policy, a claim and a snapshot as most tests want them; each says what it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim
from services.fraud_detection.coverage.domain.cover import ALONE, NOTHING_USED, Coverage, LimitUse, Product, Share
from services.fraud_detection.decisions.domain.cover_rules import FailedRule, failed_rules
from services.fraud_detection.models.domain.snapshot import Snapshot
from shared.events.products import Exclusion, Liability, ProductPublished, ScamCover
from shared.values.ids import ClaimId, PartnerId, PolicyId, ProductCode, TokenHex
from shared.values.money import Fen
from shared.values.scam_types import SCAM_TYPES

START = datetime(2026, 3, 1, 0, 0, tzinfo=UTC) - timedelta(hours=8)
"""Midnight of 1 March 2026 in Shanghai."""
LOSS = START + timedelta(days=60, hours=10)
PERSON = TokenHex("01" + "a" * 32)
OTHER_PERSON = TokenHex("01" + "b" * 32)
PHONE = TokenHex("01" + "c" * 32)
PAYEE = TokenHex("01" + "d" * 32)
FIRST_CLAIM = ClaimId("0190163d-8694-739b-aea5-966c26f8ad91")
CLAIM = ClaimId("0190163d-8694-739b-aea5-966c26f8ad92")
POLICY = PolicyId("0190163d-8694-739b-aea5-966c26f8ad93")
ALL_EVIDENCE = frozenset({"police_receipt", "transfer_record"})

TERMS: dict[str, Any] = {
    "product_code": "resident-anti-fraud",
    "product_version": 1,
    "effective_from": datetime(2026, 1, 1, tzinfo=UTC),
    "name_zh": "居民反诈骗保险",
    "name_en": "Resident anti-fraud cover",
    "currency": "CNY",
    "zone": "Asia/Shanghai",
    "premium_fen": 1200,
    "term_days": 365,
    "event_limit_fen": 5_000_000,
    "annual_limit_fen": 5_000_000,
    "waiting_days": 7,
    "look_back_hours": 72,
    "report_within_hours": 48,
    "recovery_wait_days": 3,
    "age_min": 16,
    "age_max": 80,
    "required_evidence": ["police_receipt", "transfer_record"],
    "exclusions": [Exclusion(code="own_crime", text_zh="参与犯罪", text_en="Own crime")],
    "scam_types": {
        **{code: ScamCover(cover="covered") for code in SCAM_TYPES},
        "game_trade": ScamCover(cover="sub_limit", limit_fen=1_000_000),
        "illegal_online": ScamCover(cover="excluded"),
    },
    "clauses": {"waiting_period": "2.4", "scam_type_excluded": "3.2", "duplicate_loss": "4.5", "not_in_force": "2.3"},
}


def liability(code: str, **changes: Any) -> Liability:
    values: dict[str, Any] = {
        "code": code,
        "name_zh": "责任",
        "name_en": "Liability",
        "event_limit_fen": 5_000_000,
        "annual_limit_fen": 5_000_000,
    }
    return Liability(**{**values, **changes})


def product(**changes: Any) -> Product:
    return ProductPublished(**{**TERMS, **changes})


def coverage(**changes: Any) -> Coverage:
    values: dict[str, Any] = {
        "policy_id": POLICY,
        "partner_id": PartnerId("telecom-east"),
        "product_code": ProductCode("resident-anti-fraud"),
        "product_version": 1,
        "person_token": PERSON,
        "phone_token": PHONE,
        "birth_year": 1989,
        "effective_from": START,
        "effective_to": START + timedelta(days=365),
    }
    return Coverage(**{**values, **changes})


def claim(**changes: Any) -> Claim:
    occurred = changes.get("occurred_at", LOSS)
    values: dict[str, Any] = {
        "claim_id": CLAIM,
        "tenant": "mobile-backend",
        "version": 1,
        "round": 1,
        "state": "filed",
        "policy_id": POLICY,
        "person_token": PERSON,
        "phone_token": PHONE,
        "payee_token": PAYEE,
        "device_token": None,
        "handler_token": None,
        "scam_type": "fake_customer_service",
        "occurred_at": LOSS,
        "discovered_at": occurred + timedelta(hours=2),
        "reported_at": occurred + timedelta(hours=5),
        "submitted_at": occurred + timedelta(hours=30),
        "amount_fen": Fen(1_440_000),
        "currency": "CNY",
        "recovered_fen": Fen(0),
        "other_insurance_fen": Fen(0),
        "description_chars": 60,
        "changed_at": occurred + timedelta(hours=30),
        "changed_by": "mobile-backend",
    }
    return Claim(**{**values, **changes})


def other(**changes: Any) -> OtherClaim:
    values: dict[str, Any] = {
        "claim_id": FIRST_CLAIM,
        "scam_type": "fake_customer_service",
        "occurred_at": LOSS,
        "discovered_at": LOSS + timedelta(hours=1),
        "submitted_at": LOSS + timedelta(hours=20),
        "amount_fen": Fen(1_440_000),
        "payee_token": PAYEE,
        "shares_evidence": False,
        "approved": False,
    }
    return OtherClaim(**{**values, **changes})


def used(reserved: int, deductible: int = 0) -> LimitUse:
    return LimitUse(reserved_fen=Fen(reserved), deductible_fen=Fen(deductible))


def failed(
    terms: Product | None = None,
    cover: Coverage | None = None,
    filed: Claim | None = None,
    *,
    evidence: frozenset[str] = ALL_EVIDENCE,
    others: tuple[OtherClaim, ...] = (),
    use: LimitUse = NOTHING_USED,
    share: Share = ALONE,
) -> tuple[FailedRule, ...]:
    return failed_rules(
        terms or product(),
        cover or coverage(),
        filed or claim(),
        evidence=evidence,
        others=others,
        use=use,
        share=share,
    )


def snapshot(**changes: Any) -> Snapshot:
    values: dict[str, Any] = {
        "scam_type": "romance",
        "amount_fen": 1_440_000,
        "event_limit_fen": 5_000_000,
        "annual_limit_left_fen": 5_000_000,
        "effective_from": START,
        "occurred_at": LOSS,
        "discovered_at": LOSS + timedelta(hours=2),
        "reported_at": LOSS + timedelta(hours=5),
        "submitted_at": LOSS + timedelta(hours=30),
    }
    return Snapshot(**{**values, **changes})

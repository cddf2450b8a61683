"""Persons and organizations insured under any product: the shipped ones, or terms that are made of data alone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from services.fraud_detection.claims.domain.claims import Claim, Evidence
from services.fraud_detection.coverage.store import coverage_items, coverage_rows, products
from services.fraud_detection.filing.domain.filing import Claimant
from shared.events.policies import PoliciesEnrolled, PolicyColumns
from shared.events.products import ProductPublished
from shared.process.new_ids import new_id
from shared.values.documents import code_check_character, holder_kind
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import PolicyId
from tests.rules.fraud_detection.builders import START
from tests.services.fraud_detection.builders import Person, World, evidence

SHIPPED: Final = Path(__file__).parents[3] / "services/enrollment/products/shipped"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Insured:
    """The holder of one policy."""

    policy_id: PolicyId
    claimant: Claimant

    def elsewhere(self) -> Insured:
        """The same holder, with a policy of another id."""
        return replace(self, policy_id=PolicyId(new_id()))


def shipped(code: str) -> ProductPublished:
    """Version 1 of a product that comes with the service, as enrollment publishes it."""
    return msgspec.json.decode((SHIPPED / f"{code}.1.json").read_bytes(), type=ProductPublished)


def resident(world: World, phone_ends: str = "0000") -> Insured:
    person = world.person(phone_ends)
    return Insured(
        person.policy_id,
        Claimant(document_type="resident_id", document_number=person.document_number, phone=person.phone),
    )


def organization(phone: str = "13900010000") -> Insured:
    first = f"91000001MA{next(_numbers):07d}"
    return Insured(
        PolicyId(new_id()),
        Claimant(
            document_type="unified_social_credit_code",
            document_number=first + code_check_character(first),
            phone=phone,
        ),
    )


def chunk(world: World, terms: ProductPublished, insured: Insured, **changes: Any) -> PoliciesEnrolled:
    """The event by which enrollment says that this holder is insured."""
    claimant, tokens = insured.claimant, world.personal_data.tokenizer
    kind = holder_kind(claimant.document_type)
    columns: dict[str, Any] = {
        "policy_id": [insured.policy_id],
        "person_token": [tokens.person(claimant.document_type, claimant.document_number)],
        "phone_token": [tokens.phone(claimant.phone)],
        "name_token": [world.name_token(_person(insured))],
        "birth_year": [1989 if kind == "person" else 0],
        "effective_from": [START],
        "effective_to": [START + timedelta(days=terms.term_days)],
    }
    event: dict[str, Any] = {
        "chunk_id": new_id(),
        "partner_id": "telecom-east",
        "product_code": terms.product_code,
        "product_version": terms.product_version,
        "premium_fen": terms.premium_fen,
        "currency": terms.currency,
        "enrolled_at": START,
        "stacks": terms.stacking == "pro_rata",
    }
    for name, value in changes.items():
        if name in event:
            event[name] = value
        else:
            columns[name] = [value]
    return PoliciesEnrolled(**event, policies=PolicyColumns.of(**columns))


def insure(world: World, terms: ProductPublished, insured: Insured | None = None, **changes: Any) -> Insured:
    """Publish the terms, and enroll the holder (a new one of the product's kind) under them."""
    holder = insured or (resident(world) if terms.insured_kind == "person" else organization())
    with world.database.transaction() as tx:
        products.keep(tx, terms)
        enrolled = chunk(world, terms, holder, **changes)
        coverage_rows.keep(tx, [enrolled])
        coverage_items.keep_listed(tx, [enrolled])
    world.announce_payee(_person(holder))
    return holder


def file(world: World, insured: Insured, **changes: Any) -> Claim:
    return world.file(_person(insured), **{"claimant": insured.claimant, **changes})


def _person(insured: Insured) -> Person:
    return Person(insured.policy_id, insured.claimant.document_number, insured.claimant.phone)


def papers(*kinds: EvidenceKind) -> tuple[Evidence, ...]:
    return tuple(evidence(kind) for kind in kinds)


def told(world: World, claim: Claim) -> list[tuple[str, str]]:
    """Code and clause of what stood against the claim at its newest decision."""
    ((failures,),) = world.rows(
        f"SELECT failures FROM decisions WHERE claim_id = '{claim.claim_id}' ORDER BY version DESC LIMIT 1"
    )
    for each in failures:
        assert each["text_zh"]
        assert each["text_en"]
        assert "{" not in each["text_zh"] + each["text_en"]
    return [(each["code"], each["clause"]) for each in failures]


def approved(world: World, claim: Claim) -> int:
    """What the claim was approved for, in fen."""
    ((amount,),) = world.rows(
        f"SELECT amount_fen FROM decisions WHERE claim_id = '{claim.claim_id}' AND outcome = 'approved'"
    )
    return int(amount)


def why(world: World, claim: Claim) -> str:
    """Why a person looks at the claim."""
    ((reason,),) = world.rows(
        f"SELECT why FROM decisions WHERE claim_id = '{claim.claim_id}' ORDER BY version DESC LIMIT 1"
    )
    return str(reason)


def at(moment: datetime, *, found_after_hours: float = 2, reported_after_hours: float = 5) -> dict[str, datetime]:
    """The times of a loss that began at ``moment``."""
    return {
        "occurred_at": moment,
        "discovered_at": moment + timedelta(hours=found_after_hours),
        "reported_at": moment + timedelta(hours=reported_after_hours),
        "now": moment + timedelta(hours=reported_after_hours + 25),
    }

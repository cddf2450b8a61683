"""Somebody who acts for an insured, with a mandate, as tests file their claims."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.fraud_detection.claims.domain.claims import Claim, Evidence
from services.fraud_detection.claims.domain.representatives import Role, ToldRepresentative
from services.fraud_detection.reviews.usecases.check_mandate import Checked, check_mandate
from shared.values.ids import ClaimId, TokenHex
from tests.services.fraud_detection.builders import NOW, Person, World, complete, evidence

NAME = "李大明"
ACCOUNT = TokenHex("01" + "a" * 32)
"""Of who acts."""


def acting(world: World, role: Role = "agent", **changes: Any) -> ToldRepresentative:
    """Somebody new, whose mandate holds for another month."""
    facts: dict[str, Any] = {
        "role": role,
        "name": NAME,
        "document_type": "resident_id",
        "document_number": world.person().document_number,
        "phone": "13800138000",
        "valid_until": (NOW + timedelta(days=30)).date() if role == "agent" else None,
    }
    return ToldRepresentative(**(facts | changes))


def with_mandate() -> tuple[Evidence, ...]:
    return *complete(), evidence("mandate")


def represented(world: World, role: Role = "agent", person: Person | None = None, **changes: Any) -> Claim:
    """A claim that such a one files."""
    told: dict[str, Any] = {"representative": acting(world, role), "evidence": with_mandate()}
    return world.file(person or world.covered(), **(told | changes))


def register() -> tuple[Evidence, Evidence]:
    """A household register: one file that says who somebody is, and whose guardian."""
    identity = evidence("identity")
    return identity, replace(identity, kind="mandate")


def account_of_who_acts(world: World, person: Person) -> TokenHex:
    return world.announce_payee(replace(person, name=NAME), ACCOUNT)


def check(
    world: World,
    claim_id: ClaimId,
    *,
    holds: bool = True,
    document_sha256: str | None = None,
    reviewer: str = "reviewer-li",
    senior: bool = False,
) -> None:
    """What a reviewer says of the mandate."""
    with world.database.transaction() as tx:
        check_mandate(
            tx,
            claim_id,
            Checked(holds, document_sha256, "与李大明的委托书原件一致。"),
            reviewer=reviewer,
            senior=senior,
            require_match=lambda _version: None,
            personal_data=world.personal_data,
            now=NOW,
        )

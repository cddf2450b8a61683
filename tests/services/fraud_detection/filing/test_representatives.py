"""A claim that somebody files for an insured: what is asked of it, what is kept, who sees it, how it is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from services.fraud_detection.claims.domain.representatives import ToldRepresentative
from services.fraud_detection.filing.domain.status import ZONE
from services.fraud_detection.tools import TOOLS
from shared.db.pool import Database
from shared.entry.verify import verify
from shared.events.policies import PoliciesErased
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import ClaimId
from tests import clock
from tests.services.fraud_detection.builders import NOW, Caller, Person, World, champion, claim_body, evidence, take
from tests.services.fraud_detection.filing.test_drafts import begun, pointers
from tests.services.fraud_detection.insured import organization
from tests.services.fraud_detection.representing import NAME, acting, check, represented, with_mandate
from tests.services.fraud_detection.test_erasure import everything

Callers = Callable[[str], Caller]
MANDATE = evidence("mandate")


def told(world: World, **changes: Any) -> dict[str, Any]:
    """Who acts, over HTTP."""
    return {
        "role": "agent",
        "name": NAME,
        "document_type": "resident_id",
        "document_number": world.person().document_number,
        "phone": "13800138000",
        "mandate": {"valid_until": f"{clock.now() + timedelta(days=30):%Y-%m-%d}", "document_sha256": MANDATE.sha256},
    } | changes


def body(world: World, person: Person, **changes: Any) -> dict[str, Any]:
    whole = claim_body(person)
    shown = [*whole["evidence"], {"kind": MANDATE.kind, "sha256": MANDATE.sha256}]
    return whole | {"evidence": shown, "representative": told(world, **changes)}


def refused(world: World, person: Person, **changes: Any) -> list[tuple[str, str]]:
    """Where and with what fix the filing is refused."""
    facts: dict[str, Any] = {"evidence": with_mandate()}
    with pytest.raises((InvalidField, InvalidFields)) as wrong:
        world.file(person, **(facts | changes))
    found = wrong.value
    faults = found.faults if isinstance(found, InvalidFields) else [found] if isinstance(found, InvalidField) else []
    return [(each.pointer, each.fix) for each in faults]


def test_who_claims_for_another_is_kept_beside_the_claim_and_the_insured_stays_its_claimant(
    world: World, caller: Callers
) -> None:
    person = world.covered()
    reply = caller("mobile-backend").post("/v1/claims", body(world, person))
    assert reply.status_code == 202, reply.text
    assert reply.json["representative"] == {"role": "agent", "name_masked": "李**"}
    claim = world.claim(ClaimId(reply.json["claim_id"]))
    assert claim.person_token == world.personal_data.tokenizer.person("resident_id", person.document_number)
    kept = world.rows("SELECT role, name_masked, document_type, mandate_sha256 FROM claim_representatives")
    assert kept == [("agent", "李**", "resident_id", MANDATE.sha256)]
    assert world.decide(claim) == "review"
    ((why, failures),) = world.rows("SELECT why, failures FROM decisions")
    assert (why, failures) == ("representative", [])


def test_who_claims_alone_has_nobody_beside_them(world: World, caller: Callers) -> None:
    reply = caller("mobile-backend").post("/v1/claims", claim_body(world.covered()))
    assert reply.json["representative"] is None


def test_what_names_who_acts_lies_sealed_and_leaves_in_no_event(world: World) -> None:
    acts = acting(world)
    claim = represented(world, representative=acts)
    world.decide(claim)
    check(world, claim.claim_id)
    (row,) = world.rows("SELECT t::text FROM claim_representatives AS t")[0]
    sent = str(world.rows("SELECT body FROM outbox")) + str(world.rows("SELECT details FROM audit_log"))
    for clear in (NAME, acts.document_number, "13800138000"):
        assert clear not in row
        assert clear not in sent


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"valid_until": None}, "/representative/mandate/valid_until"),
        ({"valid_until": (NOW - timedelta(days=1)).date()}, "/representative/mandate/valid_until"),
        ({"role": "guardian", "valid_until": (NOW - timedelta(days=1)).date()}, "/representative/mandate/valid_until"),
        ({"mandate_sha256": "ab" * 32}, "/representative/mandate/document_sha256"),
        ({"name": " · "}, "/representative/name"),
        ({"document_number": "110101199001010000"}, "/representative/document_number"),
        ({"document_type": "none"}, "/representative/document_type"),
        ({"phone": "12"}, "/representative/phone"),
    ],
)
def test_what_cannot_be_is_named_with_its_fix(world: World, changes: dict[str, Any], pointer: str) -> None:
    ((found, fix),) = refused(world, world.covered(), representative=replace(acting(world), **changes))
    assert found == pointer
    assert fix


def test_a_mandate_holds_on_its_last_day_and_a_guardians_has_none(world: World) -> None:
    last_day = replace(acting(world), valid_until=NOW.astimezone(ZONE).date())
    represented(world, representative=last_day)
    represented(world, "guardian")
    assert world.rows("SELECT role FROM claim_representatives ORDER BY role") == [("agent",), ("guardian",)]


def test_who_acts_for_somebody_whose_policy_is_not_known_yet_is_kept_too(world: World) -> None:
    claim = represented(world, person=world.person())
    assert claim.state == "waiting_for_policy"
    assert world.rows("SELECT name_masked FROM claim_representatives") == [("李**",)]


def test_over_http_each_fault_has_its_place(world: World, caller: Callers) -> None:
    mandate = {"valid_until": f"{clock.now() - timedelta(days=2):%Y-%m-%d}"}
    reply = caller("mobile-backend").post("/v1/claims", body(world, world.covered(), mandate=mandate, name="·"))
    assert reply.status_code == 422
    assert pointers(reply.json["errors"]) == ["/representative/name", "/representative/mandate/valid_until"]


def test_a_document_of_another_kind_is_no_mandate(world: World) -> None:
    item = evidence("identity")
    acts = replace(acting(world), mandate_sha256=item.sha256)
    shown = (*with_mandate(), item)
    ((pointer, _),) = refused(world, world.covered(), representative=acts, evidence=shown)
    assert pointer == "/representative/mandate/document_sha256"


@pytest.mark.parametrize("whose", ["claimant", "insured"])
def test_nobody_represents_themselves(world: World, whose: str) -> None:
    insured, claimant = world.covered(), world.covered()
    acts = replace(acting(world), document_number=(claimant if whose == "claimant" else insured).document_number)
    on_it = replace(claimant, policy_id=insured.policy_id)
    assert refused(world, on_it, representative=acts) == [
        (
            "/representative/document_number",
            "Leave representative out: who claims for themselves needs no mandate.",
        )
    ]


def test_an_organization_has_agents_and_no_guardian(world: World) -> None:
    person, firm = world.covered(), organization()
    assert refused(world, person, claimant=firm.claimant, representative=acting(world, "guardian")) == [
        ("/representative/role", "Send agent.")
    ]


def test_an_office_may_be_guardian(world: World) -> None:
    office = organization().claimant
    acts = replace(
        acting(world, "guardian"),
        name="城东民政局",
        document_type=office.document_type,
        document_number=office.document_number,
    )
    represented(world, "guardian", representative=acts)
    assert world.rows("SELECT document_type FROM claim_representatives") == [("unified_social_credit_code",)]


def test_a_draft_says_what_is_missing_of_who_acts_and_shows_them_masked(world: World, caller: Callers) -> None:
    person, mobile = world.covered(), caller("mobile-backend")
    whole = body(world, person)
    draft = begun(caller, whole | {"representative": {"role": "agent"}})
    assert pointers(draft["missing"]) == [
        "/representative/name",
        "/representative/document_type",
        "/representative/document_number",
    ]
    path = f"/v1/claim-drafts/{draft['draft_id']}"
    acts = told(world)
    without = {name: value for name, value in acts.items() if name != "mandate"}
    changed = mobile.patch(path, {"representative": without}, version=1).json
    assert pointers(changed["missing"]) == ["/representative/mandate/valid_until"]
    themselves = {"document_number": person.document_number, "mandate": acts["mandate"]}
    changed = mobile.patch(path, {"representative": themselves}, version=2).json
    assert pointers(changed["faults"]) == ["/representative/document_number"]
    number = acts["document_number"]
    changed = mobile.patch(path, {"representative": {"document_number": number}}, version=3).json
    assert changed["complete"] is True
    shown = mobile.get(path).json["claim"]["representative"]
    assert (shown["name"], shown["document_number"], shown["phone"]) == (
        "李**",
        number[:3] + "*" * 13 + number[-2:],
        "138****8000",
    )
    handed_in = mobile.post(f"{path}/submission", None)
    assert handed_in.json["representative"] == {"role": "agent", "name_masked": "李**"}


def names_of(world: World, acts: ToldRepresentative) -> list[str]:
    """Whatever names who acts: tokens and the mask; the clear values are sealed."""
    tokens = world.personal_data.tokenizer
    return [tokens.person(acts.document_type, acts.document_number)[2:], tokens.name(acts.name)[2:], "李**"]


def test_who_acted_for_an_erased_person_is_forgotten_with_them(world: World) -> None:
    acts = acting(world)
    claim = represented(world, representative=acts)
    world.decide(claim)
    check(world, claim.claim_id)
    assert world.review(claim.claim_id, "approve") == "approved"
    before = everything(world)
    assert all(name in before for name in names_of(world, acts))
    world.rows("DELETE FROM outbox RETURNING 1")  # which the relay has sent
    take(world, PoliciesErased(policy_ids=[claim.policy_id], erased_at=NOW + timedelta(days=3)))
    left = everything(world)
    assert [name for name in names_of(world, acts) if name in left] == []
    assert world.rows("SELECT name, name_masked, document_number, phone FROM claim_representatives") == [
        (b"", "", b"", None)
    ]
    assert world.rows("SELECT holds, reason, checked_by FROM mandate_checks") == [(True, b"", "reviewer-li")]


def test_an_open_claim_of_an_erased_person_keeps_the_token_by_which_its_agent_is_not_paid(world: World) -> None:
    acts = acting(world)
    claim = represented(world, representative=acts)
    take(world, PoliciesErased(policy_ids=[claim.policy_id], erased_at=NOW + timedelta(days=3)))
    tokens = world.personal_data.tokenizer
    assert world.rows("SELECT left(person_token, 2), name_token FROM claim_representatives") == [
        ("00", tokens.name(NAME))
    ]
    world.decide(claim)
    assert world.review(claim.claim_id, "refuse") == "refused"
    take(world, PoliciesErased(policy_ids=[claim.policy_id], erased_at=NOW + timedelta(days=3)))
    assert world.rows("SELECT left(name_token, 2) FROM claim_representatives") == [("00",)]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE claim_representatives SET person_token = '01' || substr(person_token, 3)",
        "UPDATE claim_representatives SET name_token = '01' || substr(name_token, 3)",
        "UPDATE claim_representatives SET name_masked = '李**'",
        "UPDATE claim_representatives SET name = 'x'",
        "UPDATE claim_representatives SET document_number = 'x'",
        "UPDATE claim_representatives SET phone = 'x'",
        "UPDATE mandate_checks SET reason = 'x'",
    ],
)
def test_verify_notices_what_an_erasure_left_of_who_acted(
    database: Database, environ: dict[str, str], damage: str
) -> None:
    world = World(database)
    claim = represented(world)
    world.decide(claim, by=champion(0.9))
    check(world, claim.claim_id)
    world.review(claim.claim_id, "approve")
    take(world, PoliciesErased(policy_ids=[claim.policy_id], erased_at=NOW + timedelta(days=3)))
    checks = TOOLS.checks(TOOLS.settings.load(environ), database)
    assert {finding.number for finding in verify(checks) if not finding.holds} == set()
    with database.transaction() as tx:
        assert tx.execute(damage) > 0
    assert {finding.number for finding in verify(checks) if not finding.holds} == {12}


def test_the_database_takes_no_agent_for_ever(world: World) -> None:
    represented(world)
    with pytest.raises(psycopg2.errors.CheckViolation, match="an_agents_mandate_ends"):
        world.rows("UPDATE claim_representatives SET valid_until = NULL RETURNING 1")

"""What becomes of a mandate: it ends, another account is named, keys are changed, its document is used again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import pytest

from services.fraud_detection.claims.domain.claims import Claim, Evidence
from services.fraud_detection.claims.store import representatives
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.evidence.store import of_claims
from services.fraud_detection.filing.usecases.change_claim import name_payee
from services.fraud_detection.filing.usecases.complete_claim import add_documents
from services.fraud_detection.reviews.domain.errors import PayeeIsAgent, PayeeMayBeAgent
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.process.new_ids import new_id
from shared.values.ids import TokenHex
from tests.services.fraud_detection.builders import KEYS, NOW, Caller, Person, World, complete, evidence
from tests.services.fraud_detection.claims.test_life_of_a_claim import payout
from tests.services.fraud_detection.insured import why
from tests.services.fraud_detection.representing import (
    ACCOUNT,
    NAME,
    account_of_who_acts,
    acting,
    check,
    register,
    represented,
)

Callers = Callable[[str], Caller]
MONTHS_LATER: Final = NOW + timedelta(days=330)
ROTATED: Final = PersonalData(Tokenizer(KeyRing({2: b"r" * 32, 1: KEYS.key(1)})), Sealer(KEYS))


def paid_in_vain(world: World, person: Person, valid_until: date | None) -> Claim:
    """A guardian's claim that a person approved; months after the payment failed they name their own account."""
    acts = acting(world, "guardian", valid_until=valid_until)
    claim = represented(world, "guardian", person, representative=acts)
    assert world.decide(claim) == "review"
    check(world, claim.claim_id)
    assert world.review(claim.claim_id, "approve") == "approved"
    payout(world, claim, "rejected", payout_id=new_id(), version=1)
    with world.database.transaction() as tx:
        account = account_of_who_acts(world, person)
        name_payee(tx, claim.claim_id, account, tenant="mobile-backend", now=MONTHS_LATER)
    return claim


@pytest.mark.parametrize(
    ("valid_until", "reason"),
    [
        pytest.param((NOW + timedelta(days=30)).date(), "representative", id="ended"),
        pytest.param(MONTHS_LATER.date(), "payee_name_differs", id="holds, and the account is new"),
        pytest.param(None, "payee_name_differs", id="never ends, and the account is new"),
    ],
)
def test_the_machine_pays_no_guardian_whose_mandate_ended_or_whose_account_nobody_looked_at(
    world: World, valid_until: date | None, reason: str
) -> None:
    claim = paid_in_vain(world, world.covered(), valid_until)
    assert world.decide(claim, claim_round=2, now=MONTHS_LATER) == "review"
    assert why(world, claim) == reason
    assert world.review(claim.claim_id, "approve", reviewer="reviewer-wang", now=MONTHS_LATER) == "approved"


def test_a_word_said_since_the_account_was_named_is_of_that_account_too(world: World) -> None:
    claim = paid_in_vain(world, world.covered(), None)
    world.decide(claim, claim_round=2, now=MONTHS_LATER)

    def account_seen() -> bool:
        with world.database.transaction() as tx:
            return representatives.of_claims(tx, [claim.claim_id])[claim.claim_id].account_seen

    assert not account_seen()
    check(world, claim.claim_id, reviewer="reviewer-wang")
    assert account_seen()


def named_after_a_rotation(world: World, name: str) -> Claim:
    """A claim that an agent filed, to an account of which payout has the name under the next key alone."""
    person = world.covered()
    token = ROTATED.tokenizer.name(name)
    account: TokenHex = world.announce_payee(replace(person, name=name), ACCOUNT, name_tokens=[token])
    claim = represented(world, "agent", person, payee_token=account)
    assert world.decide(claim) == "review"
    assert world.events("claims.decided")[-1]["reason_codes"] == ["representative", "payee_agent_unknown"]
    check(world, claim.claim_id)
    with pytest.raises(PayeeMayBeAgent):
        world.review(claim.claim_id, "approve")
    world.personal_data = ROTATED
    check(world, claim.claim_id)
    return claim


def test_an_agent_is_not_paid_because_keys_were_changed(world: World) -> None:
    claim = named_after_a_rotation(world, NAME)
    with pytest.raises(PayeeIsAgent):
        world.review(claim.claim_id, "approve")


def test_another_relative_is_paid_once_the_name_is_told_from_the_agents_by_a_new_word(world: World) -> None:
    claim = named_after_a_rotation(world, "王芳")
    assert world.review(claim.claim_id, "approve") == "approved"


def test_a_mandate_that_is_used_again_is_no_proof_of_a_loss(world: World, caller: Callers) -> None:
    person, letter = world.covered(), evidence("mandate")
    first = represented(world, person=person, evidence=(*complete(), letter))
    assert world.decide(first) == "review"
    second = represented(
        world, person=person, evidence=(*complete(), letter), scam_type="fake_police", amount_fen=1_000_000
    )
    assert world.decide(second) == "review"
    assert why(world, second) == "representative"
    case = caller("reviewer-li").get(f"/v1/reviews/{second.claim_id}").json
    assert [each["other_claims"] for each in case["evidence"]] == [0, 0, 0]
    assert case["features"][0]["snapshot"]["evidence_seen_elsewhere"] == 0


def at_once(world: World, identity: Evidence, mandate: Evidence) -> Claim:
    return told(world, identity, mandate)


def at_once_the_other_way_round(world: World, identity: Evidence, mandate: Evidence) -> Claim:
    return told(world, mandate, identity)


def the_mandate_later(world: World, identity: Evidence, mandate: Evidence) -> Claim:
    return told(world, identity, later=mandate)


def the_identity_later(world: World, identity: Evidence, mandate: Evidence) -> Claim:
    return told(world, mandate, later=identity)


def told(world: World, *shown: Evidence, later: Evidence | None = None) -> Claim:
    """A guardian's claim that waits for a person, all of it told at once or one document after it was asked for."""
    claim = represented(world, "guardian", world.covered(required_evidence=["identity"]), evidence=shown)
    if later is not None:
        assert world.decide(claim) == "documents_requested"
        with world.database.transaction() as tx:
            add_documents(tx, claim.claim_id, (later,), tenant="mobile-backend", now=NOW)
    assert world.decide(claim, claim_round=1 if later is None else 2) == "review"
    assert why(world, claim) == "representative"
    return claim


@pytest.mark.parametrize("filed", [at_once, at_once_the_other_way_round, the_mandate_later, the_identity_later])
def test_one_file_may_be_the_mandate_and_another_paper(
    world: World, caller: Callers, filed: Callable[[World, Evidence, Evidence], Claim]
) -> None:
    identity, mandate = register()
    claim = filed(world, identity, mandate)
    check(world, claim.claim_id)
    assert world.rows("SELECT document_sha256 FROM mandate_checks") == [(identity.sha256,)]
    assert world.rows("SELECT kind, also_mandate FROM evidence") == [("identity", True)]
    shown = caller("reviewer-li").get(f"/v1/reviews/{claim.claim_id}").json["evidence"]
    assert [each["kind"] for each in shown] == ["identity", "mandate"]
    with world.database.transaction() as tx:
        assert [each.kind for each in of_claims.documents(tx, claim.claim_id)] == ["identity", "mandate"]
    with world.database.transaction() as tx:
        add_documents(
            tx, claim.claim_id, (evidence("chat_record", "one"), *register()), tenant="mobile-backend", now=NOW
        )
        add_documents(
            tx, claim.claim_id, (mandate, replace(identity, kind="chat_record")), tenant="mobile-backend", now=NOW
        )
    rows = world.rows(f"SELECT kind, also_mandate FROM evidence WHERE sha256 = '{identity.sha256}'")
    assert rows == [("identity", True)]

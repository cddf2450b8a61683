"""What only a person decides, and how it is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.claims.domain.errors import ClaimClosed, NotAppealable, UnknownClaim
from services.fraud_detection.filing.usecases.complete_claim import add_documents, appeal
from services.fraud_detection.reviews.domain.errors import AnotherPersonDecides, CoverRuleStands, NoOpenReview
from shared.db import audit
from shared.values.errors import InvalidField
from shared.values.ids import ClaimId
from tests.rules.fraud_detection.builders import LOSS
from tests.services.fraud_detection.builders import NOW, World, champion, complete, evidence


def in_review(world: World, **changes: Any) -> ClaimId:
    claim = world.file(world.covered(), **changes)
    assert world.decide(claim, by=champion(0.9)) == "review"
    return claim.claim_id


def refused(world: World) -> ClaimId:
    claim_id = in_review(world)
    assert world.review(claim_id, "refuse") == "refused"
    return claim_id


def file_appeal(world: World, claim_id: ClaimId, tenant: str = "mobile-backend") -> None:
    with world.database.transaction() as tx:
        appeal(tx, claim_id, "我没有参与。", tenant=tenant, personal_data=world.personal_data, now=NOW)


def test_a_person_approves_and_the_limit_is_reserved(world: World) -> None:
    claim_id = in_review(world)
    assert world.review(claim_id, "approve", clause=None, reasons=None) == "approved"
    assert world.rows("SELECT reserved_fen FROM limit_use") == [(1_440_000,)]
    event = world.events("claims.decided")[-1]
    assert (event["outcome"], event["decided_by"]) == ("approved", "reviewer-li")
    assert event["version"] == 3


def test_a_refusal_carries_its_clause_its_person_and_a_link_in_the_audit_chain(world: World) -> None:
    claim_id = refused(world)
    event = world.events("claims.decided")[-1]
    assert (event["outcome"], event["clauses"], event["amount_fen"]) == ("refused", ["2.4"], 0)
    assert world.rows("SELECT actor, action FROM audit_log") == [("reviewer-li", "claim.refused")]
    with world.database.transaction() as tx:
        assert audit.broken_links(tx) == []
    assert world.claim(claim_id).state == "refused"


def test_the_reviewers_words_never_leave_in_an_event(world: World) -> None:
    refused(world)
    assert "与条款不符" not in str(world.events("claims.decided"))


@pytest.mark.parametrize(
    ("clause", "reasons", "pointer"),
    [(None, "why", "/clause"), ("99.9", "why", "/clause"), ("2.4", None, "/reasons"), ("2.4", "  ", "/reasons")],
)
def test_a_refusal_needs_a_clause_of_the_terms_and_reasons(
    world: World, clause: str | None, reasons: str | None, pointer: str
) -> None:
    claim_id = in_review(world)
    with pytest.raises(InvalidField) as wrong:
        world.review(claim_id, "refuse", clause=clause, reasons=reasons)
    assert wrong.value.pointer == pointer
    assert world.claim(claim_id).state == "review"


def test_an_exclusion_is_a_clause_too(world: World) -> None:
    assert world.review(in_review(world), "refuse", clause="own_crime") == "refused"


def test_a_claim_that_was_decided_is_not_decided_again(world: World) -> None:
    claim_id = refused(world)
    with pytest.raises(NoOpenReview):
        world.review(claim_id, "approve", reviewer="reviewer-wang")


def test_a_person_cannot_make_cover_where_there_is_none(world: World) -> None:
    claim = world.file(world.covered(), scam_type="illegal_online")
    assert world.decide(claim) == "refusal_proposed"
    with pytest.raises(CoverRuleStands) as stands:
        world.review(claim.claim_id, "approve")
    assert stands.value.codes == "scam_type_excluded"
    assert world.review(claim.claim_id, "refuse", clause="3.2") == "refused"


def test_a_person_may_excuse_a_late_report(world: World) -> None:
    late = LOSS + timedelta(hours=60)
    claim = world.file(world.covered(), discovered_at=LOSS, reported_at=late, now=late + timedelta(hours=1))
    assert world.decide(claim) == "refusal_proposed"
    assert world.review(claim.claim_id, "approve", clause=None, reasons="住院无法报警。") == "approved"


def test_an_appeal_goes_to_another_person(world: World) -> None:
    claim_id = refused(world)
    file_appeal(world, claim_id)
    assert world.decide(world.claim(claim_id), claim_round=2) == "review"
    assert world.rows("SELECT kind FROM reviews WHERE closed_at IS NULL") == [("appeal",)]
    with pytest.raises(AnotherPersonDecides):
        world.review(claim_id, "refuse")
    assert world.review(claim_id, "approve", reviewer="reviewer-wang", clause=None, reasons=None) == "approved"


def test_only_a_refused_claim_of_ones_own_is_appealed(world: World) -> None:
    claim_id = in_review(world)
    with pytest.raises(NotAppealable):
        file_appeal(world, claim_id)
    world.review(claim_id, "refuse")
    with pytest.raises(UnknownClaim):
        file_appeal(world, claim_id, tenant="bank-app")


def test_missing_documents_are_asked_for_and_the_completed_claim_is_decided_anew(world: World) -> None:
    claim = world.file(world.covered(), evidence=(evidence("police_receipt"),))
    assert world.decide(claim) == "documents_requested"
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, [evidence("transfer_record")], tenant="mobile-backend", now=NOW)
    assert [event["round"] for event in world.events("claims.submitted")] == [1, 2]
    assert world.decide(claim, claim_round=1) is None
    assert world.decide(claim, claim_round=2) == "approved"


def test_documents_during_a_review_are_noticed_by_who_read_the_case_before(world: World) -> None:
    claim_id = in_review(world)
    before = world.claim(claim_id).version
    with world.database.transaction() as tx:
        add_documents(tx, claim_id, complete(), tenant="mobile-backend", now=NOW)
    assert world.claim(claim_id).version == before + 1
    assert world.claim(claim_id).state == "review"


def test_a_decided_claim_takes_no_documents(world: World) -> None:
    claim_id = refused(world)
    with pytest.raises(ClaimClosed), world.database.transaction() as tx:
        add_documents(tx, claim_id, complete(), tenant="mobile-backend", now=NOW)


def test_another_channels_claim_is_as_unknown_as_none(world: World) -> None:
    claim_id = in_review(world)
    with pytest.raises(UnknownClaim), world.database.transaction() as tx:
        add_documents(tx, claim_id, complete(), tenant="bank-app", now=NOW)

"""What only a person decides, and how it is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from services.fraud_detection.claims.domain.errors import ClaimClosed, NotAppealable, UnknownClaim
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.filing.usecases.complete_claim import add_documents, appeal
from services.fraud_detection.reviews.domain.errors import AnotherPersonDecides, CoverRuleStands, NoOpenReview
from services.fraud_detection.reviews.domain.verdicts import Finding, Verdict
from services.fraud_detection.reviews.usecases.decide_review import decide_review
from shared.db import audit
from shared.values.errors import InvalidFields
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
    assert (event["outcome"], event["clauses"], event["amount_fen"]) == ("refused", ["own_crime"], 0)
    assert world.rows("SELECT actor, action FROM audit_log") == [("reviewer-li", "claim.refused")]
    with world.database.transaction() as tx:
        assert audit.broken_links(tx) == []
    assert world.claim(claim_id).state == "refused"


def test_the_reviewers_words_never_leave_in_an_event(world: World) -> None:
    refused(world)
    assert "与条款不符" not in str(world.events("claims.decided"))


FOUND: Final = Finding(exclusion="own_crime", found_zh="本人参与。", found_en="The claimant took part.")
SAID: Final = Verdict(
    outcome="refuse", clause=None, reasons_zh="与条款不符。", reasons_en="It does not fit.", finding=FOUND
)


def say(world: World, claim_id: ClaimId, verdict: Verdict, reviewer: str = "reviewer-li") -> DecisionRow:
    with world.database.transaction() as tx:
        row = decide_review(
            tx,
            claim_id,
            verdict,
            reviewer=reviewer,
            require_match=lambda _version: None,
            personal_data=world.personal_data,
            now=NOW,
        )
        assert isinstance(row, DecisionRow)
        return row


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"reasons_zh": None}, ["/reasons_zh"]),
        ({"reasons_en": " "}, ["/reasons_en"]),
        ({"reasons_zh": None, "reasons_en": None, "finding": None}, ["/reasons_zh", "/reasons_en", "/clause"]),
        ({"reasons_zh": "It does not fit."}, ["/reasons_zh"]),
        ({"reasons_en": "与条款不符。 (2.4)"}, ["/reasons_en"]),
        ({"reasons_en": "..."}, ["/reasons_en"]),
        ({"finding": replace(FOUND, found_zh="took part")}, ["/finding/found_zh"]),
        ({"finding": replace(FOUND, found_en="本人参与")}, ["/finding/found_en"]),
        ({"finding": replace(FOUND, exclusion="war")}, ["/finding/exclusion"]),
        ({"finding": replace(FOUND, found_en=" ")}, ["/finding"]),
        ({"finding": None, "clause": "own_crime"}, ["/finding"]),
        ({"clause": "2.4"}, ["/clause"]),
        ({"clause": "2.4", "finding": None}, ["/clause"]),
        ({"clause": "waiting_period", "finding": None}, ["/clause"]),
        ({"clause": "99.9", "finding": None}, ["/clause"]),
    ],
)
def test_a_refusal_needs_a_ground_that_stands_and_reasons_in_both_languages(
    world: World, changes: dict[str, Any], pointers: list[str]
) -> None:
    claim_id = in_review(world)
    with pytest.raises(InvalidFields) as wrong:
        say(world, claim_id, replace(SAID, **changes))
    assert [each.pointer for each in wrong.value.faults] == pointers
    assert world.claim(claim_id).state == "in_review"
    assert say(world, claim_id, SAID).clause == "own_crime"


def test_who_names_a_clause_that_does_not_stand_is_told_which_do(world: World) -> None:
    claim = world.file(world.covered(), scam_type="illegal_online")
    world.decide(claim)
    with pytest.raises(InvalidFields) as wrong:
        say(world, claim.claim_id, replace(SAID, clause="2.4", finding=None))
    fault = wrong.value.faults[0]
    assert fault.detail == "No rule that stands against this claim has this clause."
    assert fault.fix == (
        "Send a clause, one of: 3.2, scam_type_excluded; or a finding with its exclusion, one of: own_crime."
    )
    assert say(world, claim.claim_id, replace(SAID, clause="3.2", finding=None)).clause == "3.2"


def test_a_rule_that_fails_only_now_is_a_ground_too(world: World) -> None:
    """The machine found nothing; meanwhile the policy ended before the loss."""
    person = world.covered()
    claim = world.file(person)
    assert world.decide(claim, by=champion(0.9)) == "review"
    world.cancel(person, LOSS - timedelta(days=1))
    assert say(world, claim.claim_id, replace(SAID, clause="not_in_force", finding=None)).outcome == "refused"


def test_a_rule_that_stood_when_the_machine_looked_is_a_ground_still(world: World) -> None:
    claim = world.file(world.covered(), evidence=(evidence("police_receipt"),), scam_type="illegal_online")
    assert world.decide(claim) == "refusal_proposed"
    assert world.review(claim.claim_id, "refuse", clause="scam_type_excluded") == "refused"


def test_what_a_person_writes_is_sealed_in_both_languages(world: World) -> None:
    claim_id = in_review(world)
    say(world, claim_id, SAID)
    kept = str(world.rows("SELECT decisions::text FROM decisions WHERE by_person"))
    for words in (SAID.reasons_zh, SAID.reasons_en, FOUND.found_zh, FOUND.found_en):
        assert words is not None
        assert words not in kept
        assert words.encode().hex() not in kept


def test_a_claim_of_its_own_language_may_quote_the_other(world: World) -> None:
    mixed = replace(
        SAID, reasons_zh="VPN 记录不符。", reasons_en="The receipt 报警回执 of May 1 does not agree with it."
    )
    assert say(world, in_review(world), mixed).outcome == "refused"


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
    assert world.claim(claim_id).state == "in_review"


def test_a_decided_claim_takes_no_documents(world: World) -> None:
    claim_id = refused(world)
    with pytest.raises(ClaimClosed), world.database.transaction() as tx:
        add_documents(tx, claim_id, complete(), tenant="mobile-backend", now=NOW)


def test_another_channels_claim_is_as_unknown_as_none(world: World) -> None:
    claim_id = in_review(world)
    with pytest.raises(UnknownClaim), world.database.transaction() as tx:
        add_documents(tx, claim_id, complete(), tenant="bank-app", now=NOW)

"""Files whose persons are forgotten, or that nobody named, are gone: from the database at once, from the store soon."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from services.fraud_detection.erasure.store.integrity import INVARIANTS
from services.fraud_detection.erasure.usecases.erase_policies import erase_the_rest
from services.fraud_detection.evidence.store import forgetting
from services.fraud_detection.evidence.usecases.sweep import UNCLAIMED_FOR, drop_unclaimed
from shared.events.policies import PoliciesErased
from shared.values.ids import ClaimId
from tests import clock
from tests.rules.fraud_detection.evidence.pictures import jpeg, png
from tests.services.fraud_detection.builders import NOW, World, champion, take
from tests.services.fraud_detection.evidence.office import Office
from tests.who_may import slug


def forget(world: World, *claim_ids: str) -> None:
    with world.database.transaction() as tx:
        forgetting.forget(tx, [ClaimId(each) for each in claim_ids])


def test_the_files_of_a_forgotten_person_are_gone(world: World, office: Office) -> None:
    evidence_id = office.ready(jpeg())
    claim_id = office.claimed(world, jpeg())
    link, sealed_link = office.link(evidence_id), office.sealed_link(evidence_id, "original")
    assert len(office.objects()) == 3
    forget(world, claim_id)
    for each in (link, sealed_link):
        assert slug(office.follow(each)) == "unknown-link"
    assert slug(office.link(evidence_id)) == "unknown-evidence"
    assert [each["file"] for each in office.documents(claim_id)] == [None]
    assert world.rows("SELECT count(*) FROM evidence_objects WHERE sealed_key IS NOT NULL") == [(0,)]
    office.sweep()
    assert office.objects() == []
    assert world.rows("SELECT count(*) FROM evidence_objects") == [(0,)]


def test_a_file_that_somebody_else_claims_with_too_stays_until_they_are_forgotten_too(
    world: World, office: Office
) -> None:
    office.ready(jpeg())
    first, second = office.claimed(world, jpeg()), office.claimed(world, jpeg())
    forget(world, first)
    forget(world, first)
    assert office.documents(second)[0]["file"]["state"] == "ready"
    forget(world, second)
    office.sweep()
    assert office.objects() == []


def test_two_claims_of_one_person_keep_nothing_for_each_other(world: World, office: Office) -> None:
    office.ready(jpeg())
    both = office.claimed(world, jpeg()), office.claimed(world, jpeg())
    forget(world, *both)
    office.sweep()
    assert office.objects() == []


def test_the_same_document_of_another_channel_and_other_documents_stay(world: World, office: Office) -> None:
    office.sent(jpeg())
    office.sent(jpeg(), by="bank-app")
    office.sent(png())
    claim_id = office.claimed(world, jpeg())
    forget(world, claim_id)
    office.sweep()
    left = world.rows("SELECT tenant, media_type FROM evidence_files ORDER BY tenant")
    assert left == [("bank-app", "image/jpeg"), ("mobile-backend", "image/png")]
    assert len(office.objects()) == 2


def test_an_erasure_takes_the_files_once_the_claim_is_over(world: World, office: Office) -> None:
    evidence_id = office.ready(jpeg())
    person, other = world.covered(), world.covered()
    shared = office.claimed(world, jpeg(), person=other, complete=True)
    claim_id = office.claimed(world, jpeg(), png(), person=person, complete=True)
    office.ready(png())
    take(world, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW))
    sent = [each["file"] for each in office.documents(claim_id) if each["kind"] == "transfer_record"]
    assert [each["state"] for each in sent] == ["ready", "ready"], "it is not decided yet"
    world.decide(world.claim(ClaimId(claim_id)), by=champion(0.9))
    world.review(ClaimId(claim_id), "refuse")
    assert not erase_the_rest(world.database, clock.CLOCK)
    left = {each["sha256"] for each in office.documents(claim_id) if each["file"] is not None}
    assert left == {hashlib.sha256(jpeg()).hexdigest()}
    assert evidence_id in str(office.documents(shared))
    take(world, PoliciesErased(policy_ids=[other.policy_id], erased_at=NOW))
    world.decide(world.claim(ClaimId(shared)), by=champion(0.9))
    world.review(ClaimId(shared), "refuse")
    erase_the_rest(world.database, clock.CLOCK)
    office.sweep()
    assert office.objects() == []


def test_a_file_that_was_left_behind_by_an_erasure_is_found(world: World, office: Office) -> None:
    office.ready(jpeg())
    person = world.covered()
    claim_id = office.claimed(world, jpeg(), person=person, complete=True)
    world.decide(world.claim(ClaimId(claim_id)), by=champion(0.9))
    world.review(ClaimId(claim_id), "refuse")
    take(world, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW))
    assert faults(world) == []
    office.sent(jpeg())
    assert faults(world) == [], "whoever sends it anew, after a month it is dropped"
    drop_unclaimed(office.sealed, now=clock.now() + UNCLAIMED_FOR + timedelta(days=1))
    assert world.rows("SELECT count(*) FROM evidence_files") == [(0,)]
    office.sent(jpeg())
    world.rows("DELETE FROM evidence_forgotten RETURNING 1")
    assert faults(world) == [f"file of claim {claim_id} still holds what names an erased person"]
    world.rows(f"INSERT INTO evidence_forgotten VALUES ('{claim_id}', now()) RETURNING 1")


def faults(world: World) -> list[str]:
    with world.database.transaction() as tx:
        return [fault for each in INVARIANTS for fault in each.find(tx)]


def test_a_file_that_was_forgotten_may_be_sent_again_for_another_claim(world: World, office: Office) -> None:
    first = office.ready(jpeg())
    forget(world, office.claimed(world, jpeg()))
    assert office.ready(jpeg()) != first


def test_a_file_that_is_forgotten_while_its_pictures_are_made_leaves_nothing(world: World, office: Office) -> None:
    office.sent(jpeg())
    claim_id = office.claimed(world, jpeg())
    write = office.sealed.write

    class Forgetting:
        """The store, in which the person is forgotten as the last picture is written."""

        database, sealer, store = office.sealed.database, office.sealed.sealer, office.sealed.store
        keep, give_up, key, read = office.sealed.keep, office.sealed.give_up, office.sealed.key, office.sealed.read

        @staticmethod
        def write(data: object) -> object:
            forget(world, claim_id)
            return write(data)  # type: ignore[arg-type]

    office.sealed, real = Forgetting(), office.sealed  # type: ignore[assignment]
    office.prepare()
    office.sealed = real
    office.sweep()
    assert office.objects() == []
    assert world.rows("SELECT count(*) FROM evidence_views") == [(0,)]


def test_a_file_that_no_claim_names_is_dropped_after_a_month(world: World, office: Office) -> None:
    office.sent(jpeg())
    office.sent(png())
    office.claimed(world, png())
    almost = clock.now() + UNCLAIMED_FOR - timedelta(minutes=10)
    for now, left in ((almost, 2), (almost + timedelta(minutes=20), 1)):
        assert not drop_unclaimed(office.sealed, now=now)
        assert world.rows("SELECT count(*) FROM evidence_files") == [(left,)]
    assert world.rows("SELECT media_type FROM evidence_files") == [("image/png",)]


def test_a_file_that_is_sent_again_is_kept_for_another_month(world: World, office: Office) -> None:
    office.sent(jpeg())
    world.rows("UPDATE evidence_files SET received_at = received_at - interval '29 days' RETURNING 1")
    office.sent(jpeg())
    drop_unclaimed(office.sealed, now=clock.now() + timedelta(days=2))
    assert world.rows("SELECT count(*) FROM evidence_files") == [(1,)]

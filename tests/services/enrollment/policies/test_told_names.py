"""Whose name is told, masked: the insured's whose claim a person looks at because of its account, and nobody else's."""

from __future__ import annotations

import pytest

from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.consumers.claim_decisions import SUBSCRIPTION
from services.enrollment.policies.domain.endorsements import NameCorrected
from services.enrollment.policies.usecases.erase_person import erase_person
from services.enrollment.policies.usecases.tell_names import tell_names
from shared.events.claims import ClaimDecided
from shared.events.envelope import Envelope
from shared.events.policies import PolicyNamed
from shared.process.new_ids import new_id
from shared.values.ids import EventId
from shared.values.payee_doubts import PAYEE_DOUBTS
from tests.services.enrollment.builders import NOW, decided
from tests.services.enrollment.partners.wind_down import EAST
from tests.services.enrollment.policies.lifecycle import SHORTLY_BEFORE, Office
from tests.services.enrollment.statements.a_full_month import endorse


def look(office: Office, policy: Policy, *codes: str, version: int = 2) -> None:
    """What enrollment hears when a person is to look at a claim on this policy."""
    event = decided(policy.policy_id, version=version, outcome="review", amount_fen=0, reason_codes=list(codes))
    envelope = Envelope(EventId(new_id()), event.TYPE, "test", NOW, "claim", event)
    with office.database.transaction() as tx:
        SUBSCRIPTION.handlers[ClaimDecided](tx, envelope)


def work(office: Office) -> list[tuple[str, int, str]]:
    """Policy, version and mask of all that was told so far."""
    with office.database.transaction() as tx:
        while tell_names(tx, vault=office.vault, now=NOW):
            pass
    events = office.told(PolicyNamed)
    return [(each.policy_id, each.version, each.name_masked) for each in events]


@pytest.mark.parametrize("code", PAYEE_DOUBTS)
def test_the_insured_of_a_claim_with_a_doubtful_account_is_named_once(office: Office, code: str) -> None:
    policy, other = office.enroll(1, name="張小明"), office.enroll(2)
    look(office, policy, "score", code)
    look(office, policy, code, version=3)
    look(office, other, "score")
    assert work(office) == [(policy.policy_id, 1, "張**")]
    assert work(office) == [(policy.policy_id, 1, "張**")]
    (event,) = office.told(PolicyNamed)
    assert event.name_token == office.vault.tokenizer.name("张小明")


def test_a_name_that_was_told_is_told_anew_once_it_is_corrected(office: Office) -> None:
    named, unnamed = office.enroll(1), office.enroll(2)
    look(office, named, "payee_name_differs")
    work(office)
    for each in (named, unnamed):
        endorse(office, each, NameCorrected("李大明"), tenant=EAST, now=SHORTLY_BEFORE)
    assert work(office) == [(named.policy_id, 1, "张**"), (named.policy_id, 2, "李**")]


def test_of_who_was_forgotten_nothing_is_told(office: Office) -> None:
    policy = office.enroll(1)
    look(office, policy, "payee_shared")
    with office.database.transaction() as tx:
        erase_person(
            tx,
            policy.policy_id,
            "court_order",
            vault=office.vault,
            elsewhere=lambda _tx, _ids: None,
            actor="test",
            now=NOW,
        )
    assert work(office) == []
    with office.database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM told_names") == (0,)

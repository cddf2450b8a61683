"""Which payees others hear of: each account once, whose it is by tokens and masks, and that it was forgotten."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from flask.testing import FlaskClient

from deploy.local.issuer import Issuer
from services.payout.usecases.announce_payees import announce_next
from shared.db.pool import Database
from shared.events.envelope import Event
from shared.events.payouts import PayeeAnnounced, PayeeErased
from shared.events.policies import PoliciesErased
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.privacy.vault import Vault
from shared.values.ids import TokenHex
from tests.services.payout.builders import NOW, Service, decided
from tests.services.payout.conftest import KEYS
from tests.services.payout.problems import PAYEE, Person
from tests.services.payout.test_erasure import erase

E = TypeVar("E", bound=Event)
ROTATED = Vault(Tokenizer(KeyRing({2: bytes(32), 1: KEYS.key(1)})), Sealer(KEYS))
AFTER_IT = Vault(Tokenizer(KeyRing({2: bytes(32)})), Sealer(KEYS))
THE_NEXT = Vault(Tokenizer(KeyRing({3: bytes(range(1, 33)), 2: bytes(32)})), Sealer(KEYS))


def told(database: Database, kind: type[E]) -> list[E]:
    with database.transaction() as tx:
        rows = tx.all("SELECT body FROM outbox WHERE type = %s ORDER BY id", (kind.TYPE,))
    return [msgspec.json.decode(each[0], type=kind) for each in rows]


def announce(service: Service, vault: Vault | None = None) -> None:
    while announce_next(service.database, vault or service.vault, service.calendar):
        pass


def as_if_from_before(service: Service) -> None:
    """The payees as the release before kept them."""
    with service.database.transaction() as tx:
        tx.execute("UPDATE payees SET version = 0, announced_under = '{}'")


def test_an_account_is_announced_once_by_whomever_it_is_registered_again(
    service: Service, http: FlaskClient, issuer: Issuer
) -> None:
    first = Person(http, issuer, "bank-app").register()
    again = Person(http, issuer, "bank-app").register(holder_name="張 小明")
    assert (first.status_code, again.status_code) == (201, 201)
    (event,) = told(service.database, PayeeAnnounced)
    assert again.json == first.json
    assert first.json is not None
    assert event.payee_token == first.json["payee_token"]
    assert event.name_tokens == [service.vault.tokenizer.name("张小明")]
    assert (event.holder_masked, event.account_masked) == (first.json["holder_name"], first.json["account"])
    said = msgspec.json.encode(event).decode()
    account = PAYEE["account"].replace(" ", "").replace("-", "")
    assert [each for each in (account, PAYEE["holder_name"]) if each in said] == []


def test_another_holder_of_a_known_account_is_refused_and_not_announced(
    service: Service, http: FlaskClient, issuer: Issuer
) -> None:
    Person(http, issuer, "bank-app").register()
    assert Person(http, issuer, "bank-app").register(holder_name="张小红").status_code == 409
    assert len(told(service.database, PayeeAnnounced)) == 1


def test_payees_from_before_are_announced_by_the_worker_once(service: Service) -> None:
    tokens = sorted(service.payee() for _ in range(3))
    as_if_from_before(service)
    before = len(told(service.database, PayeeAnnounced))
    announce(service)
    announce(service)
    events = told(service.database, PayeeAnnounced)[before:]
    assert sorted(each.payee_token for each in events) == tokens
    assert {tuple(each.name_tokens) for each in events} == {(service.vault.tokenizer.name("张小明"),)}


def test_a_new_token_key_announces_the_payees_under_it_too_and_a_worker_without_it_takes_nothing_back(
    service: Service,
) -> None:
    token = service.payee()
    announce(service, ROTATED)
    first, second = told(service.database, PayeeAnnounced)
    assert (first.payee_token, second.payee_token) == (token, token)
    assert second.version > first.version
    assert second.name_tokens == list(ROTATED.tokenizer.candidates("name", "张小明"))
    announce(service)
    announce(service, AFTER_IT)
    assert len(told(service.database, PayeeAnnounced)) == 2
    announce(service, THE_NEXT)
    assert told(service.database, PayeeAnnounced)[2].name_tokens == list(
        THE_NEXT.tokenizer.candidates("name", "张小明")
    )


def test_a_payee_that_is_forgotten_is_told_so_once_and_may_come_anew(
    service: Service, http: FlaskClient, issuer: Issuer
) -> None:
    person = Person(http, issuer, "bank-app")
    reply = person.register().json
    assert reply is not None
    claim = decided(TokenHex(reply["payee_token"]))
    service.take(claim)
    service.work_until_state(claim.claim_id, "paid")
    erase(service, claim)
    erase(service, claim)
    (announced,) = told(service.database, PayeeAnnounced)
    (erased,) = told(service.database, PayeeErased)
    assert (erased.payee_token, erased.version > announced.version) == (announced.payee_token, True)
    announce(service)
    assert len(told(service.database, PayeeAnnounced)) == 1
    service.calendar.advance(days=1)
    assert person.register().status_code == 201
    _, anew = told(service.database, PayeeAnnounced)
    assert (anew.payee_token, anew.version > erased.version) == (announced.payee_token, True)


def test_of_two_claims_that_name_an_account_the_last_one_forgets_it(service: Service) -> None:
    token = service.payee()
    claims = [decided(token), decided(token)]
    for each in claims:
        service.take(each)
        service.work_until_state(each.claim_id, "paid")
    erase(service, claims[0])
    assert told(service.database, PayeeErased) == []
    service.take(PoliciesErased(policy_ids=[claims[1].policy_id], erased_at=NOW))
    erase(service, claims[1])
    assert [each.payee_token for each in told(service.database, PayeeErased)] == [token]

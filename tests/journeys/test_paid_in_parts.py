"""Claims that are not paid in one go to who filed them, on the whole system: one that is split, and a guardian's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from deploy.demo import clocks, enrolling
from deploy.demo.deciding import SUPERVISOR
from deploy.demo.expectations import Expectations
from deploy.demo.filing import MOBILE
from deploy.demo.paying import bank_book
from deploy.demo.users import FRAUD_DETECTION, PAYOUT, Json, Refused, User
from deploy.demo.waiting import silent, until
from deploy.simulator import claims as simulated
from deploy.simulator.claims import Payee, SimulatedClaim, Terms
from deploy.simulator.identity_numbers import account_number, phone_ending
from tests.running import RunningSystem

SEED = 20261201
SECOND_THOUGHTS = timedelta(minutes=2)
BEFORE_A_PERSON, PAID = "9002", "6001"
"""Ends of phones and accounts by which a sandbox passes a claim on, and its bank pays."""
LINES = (800_000, 400_000)
"""Fen of the two transfers of a loss."""
WORDS = {"reasons_zh": "等待银行流水核对。", "reasons_en": "The bank's records are still to be compared."}

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Desk:
    """Who acts, and the claims that may be filed: honest ones, on policies past their waiting period."""

    system: RunningSystem
    mobile: User
    vault: User
    reviewer: User
    recovery_wait: timedelta
    claims: list[SimulatedClaim]

    def file(self, holder: str | None = None, **more: object) -> str:
        """A claim of two transfers, to an account of ``holder`` or the insured, once it waits for a person; its id."""
        claim = self.claims.pop()
        loss = claim.body["loss"] | {"amount_fen": sum(LINES)}
        common = {"occurred_at": loss["occurred_at"], "channel": "bank"}
        loss["transfers"] = [
            common | {"amount_fen": fen, "reference": f"parts-{len(self.claims)}-{line}"}
            for line, fen in enumerate(LINES)
        ]
        payee = Payee(
            holder or claim.payee.holder_name,
            account_number(SEED + len(self.claims), tail=PAID),
            claim.payee.bank_code,
        )
        named = {"holder_name": payee.holder_name, "account": payee.account, "bank_code": payee.bank_code}
        claimant = claim.body["claimant"]
        body = claim.body | {
            "claimant": claimant | {"phone": phone_ending(claimant["phone"], BEFORE_A_PERSON)},
            "loss": loss,
            "payee_token": self.vault.post("/v1/payees", named)["payee_token"],
            "recovered_fen": 0,
            "other_insurance_fen": 0,
        }
        body["evidence"] = [*body["evidence"], *more.pop("evidence", [])]  # type: ignore[misc]
        claim_id = str(self.mobile.post("/v1/claims", body | more)["claim_id"])
        self.come_to(claim_id, "in_review")
        return claim_id

    def seen(self, claim_id: str) -> Json:
        """What its resident sees."""
        return self.mobile.get(f"/v1/claims/{claim_id}")

    def come_to(self, claim_id: str, state: str) -> Json:
        def there() -> Json | None:
            view = self.seen(claim_id)
            return view if view["state"] == state else None

        return until(f"the claim does not come to {state}, it is {self.seen(claim_id)['state']}", there, seconds=120)

    def decide(self, claim_id: str, **body: object) -> None:
        self.say(claim_id, "decisions", {"outcome": "approve"} | body)
        self.later(SECOND_THOUGHTS)

    def say(self, claim_id: str, what: str, body: Json) -> None:
        case = self.reviewer.get(f"/v1/reviews/{claim_id}")
        self.reviewer.post(f"/v1/reviews/{claim_id}/{what}", body, match=case["_etag"])

    def happened(self, claim_id: str) -> list[str]:
        """By its trace, in the order of time."""
        return [each["what"] for each in self.reviewer.get(f"/v1/claims/{claim_id}/trace")["happened"]]

    def later(self, by: timedelta) -> None:
        clocks.advance(self.system, clocks.now(self.system) + by)

    def paid(self, claim_id: str) -> Json:
        """The claim once the bank has paid it; and that it paid it once, as much as was decided."""
        self.later(self.recovery_wait)
        view = self.come_to(claim_id, "paid")
        sent = [each for each in bank_book(self.system) if each["reference"] == view["payout"]["payout_id"]]
        assert [each["amount_fen"] for each in sent] == [view["decision"]["amount_fen"]]
        return view


@pytest.fixture(scope="module")
def desk(running_system: RunningSystem) -> Iterator[Desk]:
    now = clocks.now(running_system)
    enrolled = enrolling.enroll(running_system, SEED, 40, now=now, expectations=Expectations(), told=silent)
    clocks.advance(running_system, now + timedelta(days=40))
    policies = enrolling.look_up(running_system, enrolled, 8)
    honest = simulated.Mix(outside_cover=0, twice_filed=0, ring=0, repeat_victim=0, scheme=0, sandbox=0)
    terms = Terms.of(enrolled.product)
    made = simulated.make(policies, clocks.now(running_system), SEED, count=4, terms=terms, mix=honest)
    wait = timedelta(days=enrolled.product["recovery_wait_days"], hours=1)
    with ExitStack() as stack:
        users = [
            stack.enter_context(User.of(running_system, client, service))
            for client, service in (
                (MOBILE, FRAUD_DETECTION),
                (MOBILE, PAYOUT),
                ("reviewer-li", FRAUD_DETECTION),
                (SUPERVISOR, FRAUD_DETECTION),
            )
        ]
        users[3].put("/v1/authorities/reviewer-li", {"pays_up_to_fen": 10**9, "claims_up_to_fen": 10**11})
        yield Desk(running_system, users[0], users[1], users[2], wait, list(made))


def test_the_undisputed_part_is_paid_first_and_the_rest_once_it_is_decided(desk: Desk) -> None:
    claim_id = desk.file()
    desk.decide(
        claim_id,
        transfers=[{"line": 0, "accepted": True}, {"line": 1, "accepted": False, "open": True, **WORDS}],
    )
    (rest,) = until("it is not split", lambda: desk.seen(claim_id)["split_into"] or None, seconds=60)
    assert (rest["state"], rest["amount_fen"]) == ("in_review", LINES[1])
    first = desk.paid(claim_id)
    assert 0 < first["decision"]["amount_fen"] <= LINES[0]

    assert desk.seen(rest["claim_id"])["state"] == "in_review"
    desk.decide(rest["claim_id"])
    second = desk.paid(rest["claim_id"])
    assert second["payout"]["payout_id"] != first["payout"]["payout_id"]
    assert first["decision"]["amount_fen"] + second["decision"]["amount_fen"] <= sum(LINES)
    assert desk.seen(claim_id)["state"] == "paid"
    assert "split_into" in desk.happened(claim_id)
    assert {desk.happened(each).count("payout_paid") for each in (claim_id, rest["claim_id"])} == {1}


def test_a_guardian_is_paid_once_a_person_found_that_they_are_it(desk: Desk) -> None:
    guardian = desk.claims[-2]
    name = guardian.payee.holder_name
    mandate = {"kind": "mandate", "sha256": f"{SEED:064x}"}
    claim_id = desk.file(
        name,
        representative={
            "role": "guardian",
            "name": name,
            "document_type": guardian.body["claimant"]["document_type"],
            "document_number": guardian.body["claimant"]["document_number"],
            "mandate": {"document_sha256": mandate["sha256"]},
        },
        evidence=[mandate],
    )
    told = desk.seen(claim_id)
    assert told["representative"]["name_masked"] != name
    with pytest.raises(Refused, match="mandate"):
        desk.decide(claim_id)
    desk.say(claim_id, "mandate-checks", {"holds": True, "reason": "户口簿上是监护人。"})
    desk.decide(claim_id)
    view = desk.paid(claim_id)
    assert "score" not in str(view)
    assert view["status"]["now_zh"]
    assert view["status"]["now_en"]


def test_nothing_is_broken_afterwards(desk: Desk) -> None:
    for service in (FRAUD_DETECTION, PAYOUT):
        verified = desk.system.run(service, "verify")
        assert verified.returncode == 0, verified.stdout

"""A loss is its transfers, and each of them is claimed once: the database holds the guard."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle, islice
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.transfers import SAME_WITHIN, Transfer, is_same
from services.fraud_detection.claims.store import claims, transfers
from services.fraud_detection.claims.store.transfers import KeptTransfer
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.decisions.domain.errors import TransferPaid
from services.fraud_detection.filing.domain.filing import Claimant
from services.fraud_detection.filing.domain.told_transfers import ToldTransfer
from services.fraud_detection.filing.usecases.change_claim import withdraw
from services.fraud_detection.filing.usecases.complete_claim import add_documents
from shared.events.policies import PoliciesErased
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import ClaimId, TokenHex
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import LOSS, liability, product
from tests.services.fraud_detection.builders import KEYS, NOW, Caller, World, claim_body, complete, take
from tests.services.fraud_detection.insured import Insured, file, insure, told

MINUTE = timedelta(minutes=1)


def transfer(reference: str | None = None, *, minutes: float = 0, yuan: int = 5_000, **changes: Any) -> ToldTransfer:
    """One payment, so many minutes after the loss began."""
    values: dict[str, Any] = {
        "occurred_at": LOSS + minutes * MINUTE,
        "amount_fen": Fen(yuan * 100),
        "channel": "bank",
        "reference": reference,
        **changes,
    }
    return ToldTransfer(**values)


def claimed(world: World, insured: Insured, *paid: ToldTransfer, later: float = 0, **changes: Any) -> Claim:
    """A claim of these transfers, filed so many minutes after the first one."""
    given: dict[str, Any] = {"amount_fen": None, "transfers": paid, "now": NOW + later * MINUTE, **changes}
    return file(world, insured, **given)


def two_policies(world: World) -> tuple[Insured, Insured]:
    """One person with two products at two partners."""
    first = insure(world, product())
    return first, insure(world, product(product_code="family"), first.elsewhere(), partner_id="telecom-west")


def holders(world: World) -> list[tuple[str, str | None]]:
    """Which claim holds a transfer, and which does not, in the order of filing."""
    return world.rows("SELECT claim_id, place FROM transfers ORDER BY claim_id, line")


def approve(world: World, claim: Claim) -> str:
    return world.review(claim.claim_id, "approve", clause=None, reasons=None)


def test_the_second_claim_of_a_transfer_names_the_first_whatever_else_it_tells(world: World) -> None:
    here, there = two_policies(world)
    first = claimed(world, here, transfer("2026 0430-77"), transfer("2026 0430-78", minutes=20))
    second = claimed(
        world,
        there,
        transfer("20260430 78", minutes=45, yuan=7_000, channel="wallet"),
        later=10,
        scam_type="romance",
        occurred_at=LOSS + 45 * MINUTE,
    )
    assert (world.decide(first), world.decide(second)) == ("approved", "refusal_proposed")
    assert told(world, second) == [("duplicate_loss", "4.5")]


@pytest.mark.parametrize("reference", [None, "R1"])
def test_leaving_out_the_reference_on_either_side_claims_the_transfer_once_still(
    world: World, reference: str | None
) -> None:
    here, there = two_policies(world)
    first = claimed(world, here, transfer(reference))
    second = claimed(world, there, transfer("R1" if reference is None else None, minutes=4), later=10)
    assert holders(world) == [(first.claim_id, "own"), (second.claim_id, None)]


def test_transfers_of_two_references_are_two_although_all_else_is_alike(world: World) -> None:
    here, there = two_policies(world)
    first, second = claimed(world, here, transfer("R1")), claimed(world, there, transfer("R2"), later=10)
    assert holders(world) == [(first.claim_id, "own"), (second.claim_id, "own")]
    assert world.decide(first) == "approved"
    # That they are two is the claimant's word so far.
    assert world.decide(second) == "review"


def test_a_claim_that_tells_no_transfers_is_one_of_its_whole_loss(world: World) -> None:
    here, there = two_policies(world)
    first = file(world, here, amount_fen=500_000)
    second = claimed(world, there, transfer("R1", minutes=3), later=10)
    assert holders(world) == [(first.claim_id, "own"), (second.claim_id, None)]


def test_one_of_fifty_claims_of_one_transfer_filed_at_one_moment_may_be_paid(world: World) -> None:
    policies = two_policies(world)
    together = threading.Barrier(8)

    def run(numbered: tuple[int, Insured]) -> ClaimId:
        number, insured = numbered
        if number < together.parties:
            together.wait()
        paid = transfer("R1" if number % 2 else None, minutes=number % 4, channel="card" if number % 3 else "bank")
        return claimed(world, insured, paid, occurred_at=LOSS, later=number).claim_id

    def pay(claim_id: ClaimId) -> str:
        """As much as the machine, and then a person, would pay."""
        if world.decide(world.claim(claim_id)) == "approved":
            return "approved"
        try:
            return approve(world, world.claim(claim_id))
        except TransferPaid:
            return "paid before"

    with ThreadPoolExecutor(together.parties) as pool:
        filed = list(pool.map(run, enumerate(islice(cycle(policies), 50))))
        assert world.rows("SELECT count(*) FROM transfers WHERE place = 'own'") == [(1,)]
        outcomes = list(pool.map(pay, filed))

    assert sorted(outcomes) == ["approved", *["paid before"] * 49]
    assert world.rows("SELECT count(*) FROM decisions WHERE outcome = 'approved'") == [(1,)]


def test_two_claims_whose_transfers_cross_do_not_wait_for_each_other(world: World) -> None:
    here, there = two_policies(world)
    paid = [transfer(f"R{number}", minutes=10 * number, yuan=100) for number in range(20)]
    together = threading.Barrier(2)

    def run(at: tuple[Insured, list[ToldTransfer]]) -> Claim:
        together.wait()
        return claimed(world, at[0], *at[1])

    with ThreadPoolExecutor(2) as pool:
        filed = sorted(pool.map(run, [(here, paid), (there, paid[::-1])]), key=lambda claim: claim.claim_id)
    holder = world.rows("SELECT claim_id, count(*) FROM transfers WHERE place = 'own' GROUP BY 1")
    assert [count for _, count in holder] == [20]
    outcomes = {claim.claim_id: str(world.decide(claim)) for claim in filed}
    held = outcomes.pop(holder[0][0])
    assert list(outcomes.values()) == ["refusal_proposed"]
    # Where the holder's number is the higher of two made at one moment, the other claim was before it.
    assert held == ("approved" if holder[0][0] == filed[0].claim_id else "review")


TOKENS = st.sampled_from([None, TokenHex("01" + "a" * 32), TokenHex("01" + "b" * 32)])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two transfers of one amount, some seconds apart around what is taken for one."""
    start = draw(st.integers(0, 10_000_000))
    apart = draw(st.one_of(st.integers(-300, 300), st.integers(-1_000, 1_000), st.sampled_from([-301, -300, 300, 301])))
    amounts = draw(st.sampled_from([(100, 100), (100, 101)]))
    return (
        {"second": start, "amount": amounts[0], "reference": draw(TOKENS), "payee": draw(TOKENS)},
        {"second": start + apart, "amount": amounts[1], "reference": draw(TOKENS), "payee": draw(TOKENS)},
    )


def kept(claim_id: ClaimId, values: dict[str, Any]) -> Transfer:
    return Transfer(
        claim_id=claim_id,
        line=1,
        person_token=TokenHex("01" + "e" * 32),
        told=True,
        occurred_at=LOSS + timedelta(seconds=values["second"]),
        amount_fen=Fen(values["amount"]),
        channel="bank",
        reference_token=values["reference"],
        payee_token=values["payee"],
        refunded_fen=Fen(0),
        frozen_fen=Fen(0),
    )


def test_the_database_and_the_rule_say_alike_whether_two_transfers_are_one(world: World) -> None:
    first, second = (world.file(world.covered()).claim_id for _ in range(2))

    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(pair=pairs())
    def check(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        one, other = kept(first, pair[0]), kept(second, pair[1])
        with world.database.transaction() as tx, tx.attempt(keep=False):
            transfers.add(tx, [KeptTransfer(transfer=one)])
            transfers.add(tx, [KeptTransfer(transfer=other)])
            held = transfers.held_by_others(tx, [second])
        assert (second in held) == is_same(one, other)
        if None in {one.reference_token, other.reference_token} and None in {one.payee_token, other.payee_token}:
            near = abs(one.occurred_at - other.occurred_at) <= SAME_WITHIN
            assert is_same(one, other) == (near and one.amount_fen == other.amount_fen)

    check()


def test_no_code_can_give_one_transfer_two_places(world: World) -> None:
    here, there = two_policies(world)
    claimed(world, here, transfer())
    claimed(world, there, transfer("R1"), later=10)
    with pytest.raises(psycopg2.errors.ExclusionViolation, match="one_claim_per_transfer"):
        world.rows("UPDATE transfers SET place = 'own' RETURNING 1")
    claimed(world, here, transfer("R2", yuan=77))
    claimed(world, there, transfer("R2", yuan=78), later=10)
    with pytest.raises(psycopg2.errors.UniqueViolation, match="one_claim_per_reference"):
        world.rows("UPDATE transfers SET place = 'own' WHERE amount_fen < 8000 RETURNING 1")


def test_of_one_person_one_claim_after_the_other_takes_its_transfers(world: World) -> None:
    first, second = (world.file(world.covered()).claim_id for _ in range(2))
    alike = {"second": 0, "amount": 100, "reference": None, "payee": None}
    with world.database.transaction() as tx, world.database.transaction() as other:
        transfers.add(tx, [KeptTransfer(transfer=kept(first, alike))])
        other.execute("SET LOCAL lock_timeout = '2s'")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            transfers.add(other, [KeptTransfer(transfer=kept(second, alike | {"amount": 200}))])


def test_a_rotation_of_keys_parts_no_two_claims_of_one_transfer(world: World) -> None:
    here, there = two_policies(world)
    first = claimed(world, here, transfer("R1", payee_account="6222 0000 1111"))
    rotated = KeyRing({2: b"n" * 32, **KEYS.keys})
    world.personal_data = PersonalData(Tokenizer(rotated), Sealer(rotated))
    insure(world, product(product_code="family"), there, partner_id="telecom-west")
    second = claimed(world, there, transfer("r-1", yuan=70, payee_account="62220000-1111"), later=10)
    assert holders(world) == [(first.claim_id, "own"), (second.claim_id, None)]


# What a person does


def test_no_person_approves_a_transfer_that_was_approved_before(world: World) -> None:
    here, there = two_policies(world)
    first, second = claimed(world, here, transfer("R1")), claimed(world, there, transfer("R1"), later=10)
    assert (world.decide(first), world.decide(second)) == ("approved", "refusal_proposed")
    with pytest.raises(TransferPaid) as refused:
        approve(world, second)
    assert (refused.value.line, refused.value.holder) == (0, first.claim_id)


def test_who_approves_the_second_claim_of_an_undecided_one_gives_it_the_transfer(world: World) -> None:
    here, there = two_policies(world)
    first, second = claimed(world, here, transfer("R1")), claimed(world, there, transfer("R1"), later=10)
    assert world.decide(second) == "refusal_proposed"
    assert approve(world, second) == "approved"
    assert holders(world) == [(first.claim_id, None), (second.claim_id, "own")]
    assert world.decide(first) == "refusal_proposed"
    with pytest.raises(TransferPaid):
        approve(world, first)


def test_a_claim_that_is_given_up_leaves_its_transfers_to_the_next_one_and_may_ask_for_them_again(world: World) -> None:
    here, there = two_policies(world)
    first, second = claimed(world, here, transfer("R1")), claimed(world, there, transfer("R1"), later=10)
    with world.database.transaction() as tx:
        transfers.release(tx, first.claim_id)
    assert holders(world) == [(first.claim_id, "released"), (second.claim_id, "own")]
    with world.database.transaction() as tx:
        transfers.hold_again(tx, first.claim_id)
    assert holders(world) == [(first.claim_id, None), (second.claim_id, "own")]
    with world.database.transaction() as tx:
        transfers.release(tx, second.claim_id)
    assert holders(world) == [(first.claim_id, "own"), (second.claim_id, "released")]
    assert world.decide(first) == "approved"


def test_a_reviewer_says_that_two_transfers_are_different_and_the_reason_is_kept(
    world: World, caller: Callable[[str], Caller]
) -> None:
    here, there = two_policies(world)
    first, second = claimed(world, here, transfer("R1")), claimed(world, there, transfer(payee_name="张三丰"), later=10)
    assert (world.decide(first), world.decide(second)) == ("approved", "refusal_proposed")
    reviewer, path = caller("reviewer-li"), f"/v1/reviews/{second.claim_id}"
    (shown,) = reviewer.get(path).json["transfers"]
    assert (shown["place"], shown["held_by"], shown["payee_name"]) == (None, [first.claim_id], "张**")
    reason = {"reason": "银行流水显示为两笔，经电话核实。"}
    assert reviewer.put(f"{path}/transfers/0/different", reason).status_code == 428
    said = reviewer.put(f"{path}/transfers/0/different", reason, headers={"If-Match": '"2"'})
    (shown,) = said.json["transfers"]
    assert (shown["place"], shown["held_by"], shown["different_from"]) == ("apart", [], first.claim_id)
    assert shown["different_reason"] == reason["reason"]
    again = reviewer.put(f"{path}/transfers/0/different", reason, headers={"If-Match": said.headers["ETag"]})
    assert (again.status_code, again.json["type"].rpartition("/")[2]) == (409, "transfer-not-held")
    assert approve(world, second) == "approved"
    ((actor, details),) = world.rows(
        "SELECT actor, details::text FROM audit_log WHERE action = 'claim.transfer_told_apart'"
    )
    assert (actor, first.claim_id in details, "核实" in details) == ("reviewer-li", True, False)
    assert "核实".encode() not in world.rows("SELECT different_reason FROM transfers WHERE place = 'apart'")[0][0]


def told_apart(world: World, caller: Callable[[str], Caller], reference: str) -> tuple[Claim, dict[str, str]]:
    """The second claim of a transfer of this person's whose reference is R1, told apart by reviewer-li."""
    here, there = two_policies(world)
    first, second = claimed(world, here, transfer("R1")), claimed(world, there, transfer(reference), later=10)
    assert (world.decide(first), world.decide(second)) == ("approved", "refusal_proposed")
    said = caller("reviewer-li").put(
        f"/v1/reviews/{second.claim_id}/transfers/0/different",
        {"reason": "银行流水显示为两笔。"},
        headers={"If-Match": '"2"'},
    )
    assert said.status_code == 200, said.text
    return second, {"If-Match": said.headers["ETag"]}


def test_what_was_told_apart_from_a_transfer_of_the_same_reference_is_approved_by_two_persons(
    world: World, caller: Callable[[str], Caller]
) -> None:
    second, match = told_apart(world, caller, "r-1")
    li, wang, path = caller("reviewer-li"), caller("reviewer-wang"), f"/v1/reviews/{second.claim_id}"
    preview = li.post(f"{path}/previews", {}).json
    assert (preview["within_authority"], preview["same_reference"]) == (True, [0])
    approval = li.post(f"{path}/decisions", {"outcome": "approve"}, headers=match)
    assert (approval.status_code, approval.json["outcome"]) == (202, "approval_proposed"), approval.text
    assert world.claim(second.claim_id).state == "in_review"
    seen = wang.get(path)
    assert [each["same_reference"] for each in seen.json["proposals"]] == [[0]]
    body = {"proposal_id": approval.json["decision_id"]}
    confirmed = wang.post(f"{path}/confirmations", body, headers={"If-Match": seen.headers["ETag"]})
    assert (confirmed.status_code, confirmed.json["outcome"]) == (201, "approved"), confirmed.text


# What a claim tells


def test_the_amount_is_the_transfers_sum_and_what_was_refunded_is_no_loss(world: World) -> None:
    insured = insure(world, product())
    claim = claimed(world, insured, transfer("R1", refunded_fen=Fen(100_000)), transfer("R2", frozen_fen=Fen(200_000)))
    assert (claim.amount_fen, claim.recovered_fen) == (1_000_000, 100_000)
    assert world.decide(claim) == "approved"
    assert world.rows("SELECT amount_fen FROM decisions") == [(900_000,)]


@pytest.mark.parametrize(
    ("paid", "changes", "pointer"),
    [
        ([transfer("R1")], {"amount_fen": Fen(500_001)}, "/loss/amount_fen"),
        ([], {}, "/loss/amount_fen"),
        ([transfer("R1", minutes=-1)], {}, "/loss/transfers/0/occurred_at"),
        ([transfer("R1", minutes=301)], {}, "/loss/transfers/0/occurred_at"),
        ([transfer(refunded_fen=Fen(300_000), frozen_fen=Fen(200_001))], {}, "/loss/transfers/0/refunded_fen"),
        ([transfer(" - ")], {}, "/loss/transfers/0/reference"),
        ([transfer("R1"), transfer("R2"), transfer("r 1", yuan=3)], {}, "/loss/transfers/2"),
        ([transfer(), transfer("R1", minutes=5)], {}, "/loss/transfers/1"),
        ([transfer("R1", yuan=1_000_000_001)], {}, "/loss/amount_fen"),
    ],
)
def test_transfers_that_contradict_themselves_or_each_other_name_the_field(
    world: World, paid: list[ToldTransfer], changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidFields) as refused:
        claimed(world, insure(world, product()), *paid, **changes)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_an_organizations_claim_has_no_transfers(world: World) -> None:
    terms = product(insured_kind="organization", scam_types={}, liabilities=[liability("repair")])
    insured = insure(world, terms)
    with pytest.raises(InvalidField) as refused:
        claimed(world, insured, transfer("R1"), liability="repair")
    assert refused.value.pointer == "/loss/transfers"
    file(world, insured, liability="repair")
    assert holders(world) == []


def test_neither_reference_nor_account_nor_name_is_kept_in_clear(world: World) -> None:
    paid = transfer("REF-4711", payee_account="6222000011112222", payee_name="张三")
    claimed(world, insure(world, product()), paid)
    ((row,),) = world.rows("SELECT transfers::text FROM transfers")
    for clear in ("REF-4711", "REF4711", "6222000011112222", "张三", "张三".encode().hex(), b"REF-4711".hex()):
        assert clear not in row


def test_transfers_are_filed_over_http_and_the_second_channel_is_told_who_has_them(
    world: World, caller: Callable[[str], Caller]
) -> None:
    person = world.covered()
    # A bank's reference may look like anything, a number of a person's included.
    paid = {
        "occurred_at": LOSS.isoformat(),
        "amount_fen": 500_000,
        "channel": "bank",
        "reference": "110101199003070000",
    }
    loss = {"transfers": [paid], "amount_fen": None}
    first = caller("mobile-backend").post("/v1/claims", claim_body(person, loss=loss))
    assert (first.status_code, first.json["amount_fen"], first.json["duplicate_of"]) == (202, 500_000, None)
    second = caller("mobile-backend").post("/v1/claims", claim_body(person, loss={**loss, "scam_type": "romance"}))
    assert second.json["duplicate_of"] == first.json["claim_id"]
    listed = caller("mobile-backend").get("/v1/claims").json["items"]
    assert [each["duplicate_of"] for each in listed] == [first.json["claim_id"], None]


def test_of_an_erased_person_no_transfer_says_whose_it_was_or_where_it_went(world: World) -> None:
    person = world.covered()
    claimant = Claimant(document_type="resident_id", document_number=person.document_number, phone=person.phone)
    insured = Insured(person.policy_id, claimant)
    paid = [transfer("R1", payee_account="A", payee_name="张三"), transfer("R2", payee_account="B"), transfer("R3")]
    world.decide(claimed(world, insured, *paid))
    before = set(world.rows("SELECT unnest(ARRAY[person_token, reference_token, payee_token]) FROM transfers"))
    take(world, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW + timedelta(days=3)))
    after = set(world.rows("SELECT unnest(ARRAY[person_token, reference_token, payee_token]) FROM transfers"))
    assert before & after == {(None,)}
    assert world.rows("SELECT count(*) FROM transfers WHERE reference IS NOT NULL OR payee_name IS NOT NULL") == [(0,)]
    assert world.rows("SELECT DISTINCT place FROM transfers") == [("own",)]


def test_a_claim_that_is_withdrawn_stands_in_nobodys_way(world: World) -> None:
    here, there = two_policies(world)
    first, second = claimed(world, here, transfer("R1")), claimed(world, there, transfer("R1"), later=10)
    with world.database.transaction() as tx:
        withdraw(tx, first.claim_id, tenant="mobile-backend", now=NOW)
    assert holders(world) == [(first.claim_id, "released"), (second.claim_id, "own")]
    assert world.decide(second) == "approved"


def test_a_claim_that_lapsed_takes_its_transfers_up_again_when_its_documents_come(world: World) -> None:
    here, there = two_policies(world)
    first = claimed(world, here, transfer("R1"), transfer("R2"), evidence=())
    assert world.decide(first) == "documents_requested"
    with world.database.transaction() as tx:
        claims.step(tx, world.claim(first.claim_id), "lapsed", now=NOW, by="timer")
    second = claimed(world, there, transfer("R1"), later=10)
    with world.database.transaction() as tx:
        add_documents(tx, first.claim_id, complete(), tenant="mobile-backend", now=NOW)
    assert holders(world) == [(first.claim_id, None), (first.claim_id, "own"), (second.claim_id, "own")]

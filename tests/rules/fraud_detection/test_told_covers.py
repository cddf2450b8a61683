"""Which covers of other insurers a claim may tell, at its filing and later."""

from __future__ import annotations

from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim, OtherCover
from services.fraud_detection.coverage.domain.cover import NOTHING_USED
from services.fraud_detection.decisions.domain.payable import payable
from services.fraud_detection.filing.domain.amending import (
    Amendment,
    ToldLater,
    covers_after,
    faults,
    paid_elsewhere_after,
)
from services.fraud_detection.filing.domain.draft import ToldSoFar
from services.fraud_detection.filing.domain.draft import faults as draft_faults
from services.fraud_detection.filing.domain.filing import faults as filing_faults
from shared.values.ids import DecisionId
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import FIRST_CLAIM, LOSS, claim, product

NOTHING_LATER = ToldLater(0, 0)


def cover(paid: int = 0, insured: int = 5_000_000) -> OtherCover:
    return OtherCover(insurer="平安财险", sum_insured_fen=Fen(insured), paid_fen=Fen(paid))


def part(**changes: Any) -> Claim:
    """A claim that was split off another one."""
    by = DecisionId("0190163d-8694-739b-aea5-966c26f8ad95")
    return claim(split_from=FIRST_CLAIM, split_root=FIRST_CLAIM, split_by=by, **changes)


def pointers(told: Claim, *covers: OtherCover) -> list[str]:
    """Where an amendment to these covers is faulty."""
    found = list(faults(told, Amendment(other_covers=covers), (), (), papers=0, now=LOSS))
    assert all(each.fix for each in found)
    return [each.pointer for each in found]


def test_an_empty_list_leaves_the_amount_that_was_told_without_covers() -> None:
    told = claim(other_insurance_fen=Fen(500_000))
    none = Amendment(other_covers=())
    assert pointers(told) == []
    left = paid_elsewhere_after(told, none, ToldLater(0, 7_000))
    assert left == 500_000
    amended = claim(other_insurance_fen=left, other_covers=covers_after(told, none))
    assert payable(product(), amended, NOTHING_USED).amount_fen == 940_000


@pytest.mark.parametrize(("paid", "found"), [(499_999, ["/other_covers"]), (500_000, []), (600_000, [])])
def test_covers_that_come_later_paid_no_less_than_was_told_without_them(paid: int, found: list[str]) -> None:
    told = claim(other_insurance_fen=Fen(500_000))
    assert pointers(told, cover(), cover(paid)) == found
    assert paid_elsewhere_after(told, Amendment(other_covers=(cover(paid),)), NOTHING_LATER) == paid


def test_what_covers_told_is_corrected_either_way() -> None:
    told = claim(other_insurance_fen=Fen(500_000), other_covers=(cover(500_000),))
    for covers in ((cover(400_000),), ()):
        assert pointers(told, *covers) == []
    assert paid_elsewhere_after(told, Amendment(other_covers=(cover(400_000),)), NOTHING_LATER) == 400_000
    assert paid_elsewhere_after(told, Amendment(other_covers=()), NOTHING_LATER) == 0


def test_of_a_claim_that_was_split_off_no_covers_are_amended() -> None:
    for told in (part(), part(other_covers=(cover(720_000),), other_insurance_fen=Fen(360_000))):
        assert pointers(told, cover(720_000)) == pointers(told) == ["/other_covers"]
        assert list(faults(told, Amendment(phone="13900019999"), (), (), papers=0, now=LOSS)) == []


def test_nobody_paid_more_than_they_insure() -> None:
    covers = (cover(5), cover(1_000_000, insured=1), cover(7, insured=7))
    draft = ToldSoFar(other_covers=covers)
    for found in (filing_faults(draft, now=LOSS), draft_faults(draft, None, sandbox=False, now=LOSS)):
        assert [(each.pointer, each.detail) for each in found if each.pointer.startswith("/other_covers")] == [
            ("/other_covers/1/paid_fen", "This is more than the sum insured of 1 fen.")
        ]
    assert pointers(claim(), *covers) == ["/other_covers/1/paid_fen"]

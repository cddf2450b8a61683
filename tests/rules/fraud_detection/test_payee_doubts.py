"""Whose account the machine trusts: the insured's own, known, and named by nobody else's claim."""

from __future__ import annotations

import pytest

from services.fraud_detection.decisions.domain.payee_doubts import payee_doubts
from shared.values.ids import TokenHex

ZHANG, LI = TokenHex("01" + "a" * 32), TokenHex("01" + "b" * 32)
ZHANG_BY_NEW_KEY, LI_BY_NEW_KEY = TokenHex("02" + "c" * 32), TokenHex("02" + "d" * 32)


@pytest.mark.parametrize(
    ("holder", "insured", "doubts"),
    [
        pytest.param([ZHANG], ZHANG, (), id="the insured's own"),
        pytest.param([LI], ZHANG, ("payee_name_differs",), id="another's"),
        pytest.param(None, ZHANG, ("payee_unknown",), id="not announced"),
        pytest.param(None, None, ("payee_unknown",), id="not announced, nor is the insured's name"),
        pytest.param([ZHANG], None, ("payee_name_unknown",), id="enrolled before names were told"),
        pytest.param([ZHANG_BY_NEW_KEY, ZHANG], ZHANG, (), id="own, enrolled before the new key"),
        pytest.param([ZHANG_BY_NEW_KEY, ZHANG], ZHANG_BY_NEW_KEY, (), id="own, enrolled since"),
        pytest.param([LI_BY_NEW_KEY, LI], ZHANG, ("payee_name_differs",), id="another's while keys rotate"),
        pytest.param([LI_BY_NEW_KEY], ZHANG, ("payee_name_unknown",), id="no key made both"),
        pytest.param([], ZHANG, ("payee_name_unknown",), id="no name"),
    ],
)
def test_a_name_is_compared_where_one_key_made_both(
    holder: list[TokenHex] | None, insured: TokenHex | None, doubts: tuple[str, ...]
) -> None:
    assert payee_doubts(holder, insured, other_insureds=0) == doubts
    assert payee_doubts(holder, insured, other_insureds=2) == (*doubts, "payee_shared")

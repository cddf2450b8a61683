"""Whose account the machine trusts: the insured's own, known, and named by nobody else's claim."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.fraud_detection.claims.domain.representatives import Representative, Role
from services.fraud_detection.decisions.domain.payee_doubts import Holder, holder_is, payee_doubts
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


@pytest.mark.parametrize(
    ("role", "mandate_holds", "holder", "doubts", "whose"),
    [
        pytest.param("guardian", True, [LI], (), "guardian", id="a guardian's, who may act"),
        pytest.param("guardian", None, [LI], ("payee_name_differs",), "guardian", id="a guardian's, not looked at yet"),
        pytest.param("guardian", False, [LI], ("payee_name_differs",), "guardian", id="of who may not act"),
        pytest.param("agent", True, [LI], ("payee_is_agent",), "agent", id="an agent's, who may act"),
        pytest.param("agent", None, [LI], ("payee_is_agent",), "agent", id="an agent's, not looked at yet"),
        pytest.param("agent", True, [ZHANG], (), "insured", id="an agent acts, and the insured is paid"),
        pytest.param("agent", True, [ZHANG, LI], (), "insured", id="both bear one name"),
        pytest.param("guardian", True, [LI_BY_NEW_KEY], ("payee_name_unknown",), None, id="no key made both"),
        pytest.param("agent", True, [LI_BY_NEW_KEY], ("payee_agent_unknown",), None, id="no key made the agent's too"),
        pytest.param("agent", True, [], ("payee_agent_unknown",), None, id="an agent acts, and there is no name"),
        pytest.param(
            "agent", True, [LI_BY_NEW_KEY, LI], ("payee_is_agent",), "agent", id="an agent's while keys rotate"
        ),
        pytest.param("agent", True, [ZHANG_BY_NEW_KEY, ZHANG], (), "insured", id="the insured's while keys rotate"),
        pytest.param("guardian", True, None, ("payee_unknown",), None, id="not announced"),
    ],
)
def test_a_guardian_who_may_act_is_paid_and_an_agent_never(
    role: Role,
    *,
    mandate_holds: bool | None,
    holder: list[TokenHex] | None,
    doubts: tuple[str, ...],
    whose: Holder | None,
) -> None:
    acting = Representative(role=role, name_token=LI, mandate_holds=mandate_holds)
    assert payee_doubts(holder, ZHANG, other_insureds=0, acting=acting) == doubts
    assert payee_doubts(holder, ZHANG, other_insureds=1, acting=acting) == (*doubts, "payee_shared")
    assert holder_is(holder, ZHANG, acting) == whose


def test_an_agent_is_not_paid_because_the_insured_was_forgotten() -> None:
    acting = Representative(role="agent", name_token=LI, mandate_holds=True)
    assert payee_doubts([LI], None, other_insureds=0, erased=True, acting=acting) == ("payee_is_agent",)
    assert payee_doubts([ZHANG], None, other_insureds=0, erased=True, acting=acting) == ()


def test_a_guardians_account_that_was_named_after_the_word_on_the_mandate_is_looked_at() -> None:
    acting = Representative(role="guardian", name_token=LI, mandate_holds=True, account_seen=False)
    assert payee_doubts([LI], ZHANG, other_insureds=0, acting=acting) == ("payee_name_differs",)
    assert payee_doubts([ZHANG], ZHANG, other_insureds=0, acting=acting) == ()


def test_an_agent_who_cannot_be_told_apart_is_not_paid_though_the_insured_was_forgotten() -> None:
    acting = Representative(role="agent", name_token=LI, mandate_holds=True)
    doubts = payee_doubts([LI_BY_NEW_KEY], None, other_insureds=0, erased=True, acting=acting)
    assert doubts == ("payee_agent_unknown",)


@pytest.mark.parametrize(
    ("last_day", "ended"),
    [(None, False), (date(2026, 5, 2), False), (date(2026, 5, 1), True)],
)
def test_a_mandate_ends_with_its_last_day_in_shanghai(last_day: date | None, *, ended: bool) -> None:
    acting = Representative(role="guardian", name_token=LI, valid_until=last_day)
    assert acting.mandate_ended(datetime(2026, 5, 1, 16, tzinfo=UTC)) == ended
    assert not acting.mandate_ended(datetime(2026, 5, 1, 15, 59, tzinfo=UTC))

"""Whether the machine may approve that money goes to an account: it is known, and is the insured's own. Pure.

A guardian's account is as good as the insured's own once a person who could see it found the mandate to hold; an
agent's is never paid to, nor one of which nobody can tell whether it is. A spouse's account or a firm's is no fault: a
person looks at both names and decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from services.fraud_detection.claims.domain.representatives import Representative
from shared.values.ids import TokenHex
from shared.values.payee_doubts import PayeeDoubt

Holder: TypeAlias = Literal["insured", "guardian", "agent"]


def payee_doubts(
    holder: Sequence[TokenHex] | None,
    insured: TokenHex | None,
    *,
    other_insureds: int,
    erased: bool = False,
    acting: Representative | None = None,
) -> tuple[PayeeDoubt, ...]:
    """What speaks against an account, the weightiest first; nothing where it is the insured's alone.

    ``holder`` is the name of whose it is, under each token key that payout has; None where the account was not
    announced. ``insured`` is the insured's name, None where enrollment did not tell it; ``acting`` acts for them.
    ``other_insureds`` are those of other claims that name the account. ``erased``: the insured was forgotten, and no
    name is left to compare; then a person decides anyway.
    """
    shared: tuple[PayeeDoubt, ...] = ("payee_shared",) if other_insureds else ()
    name = _of_names(holder, insured, acting, erased=erased)
    return shared if name is None else (name, *shared)


def holder_is(
    holder: Sequence[TokenHex] | None, insured: TokenHex | None, acting: Representative | None
) -> Holder | None:
    """Whose name an account bears; None where it is another's, or not known. Namesakes are not told apart."""
    if holder is None:
        return None
    if insured in holder:
        return "insured"
    return acting.role if acting is not None and acting.name_token in holder else None


def _of_names(
    holder: Sequence[TokenHex] | None, insured: TokenHex | None, acting: Representative | None, *, erased: bool
) -> PayeeDoubt | None:
    if holder is None:
        return "payee_unknown"
    bears = holder_is(holder, insured, acting)
    if bears == "agent":
        return "payee_is_agent"
    if bears != "insured" and _may_be_the_agents(holder, acting):
        return "payee_agent_unknown"
    if bears == "insured" or erased or (bears == "guardian" and acting is not None and _is_paid(acting)):
        return None
    return "payee_name_differs" if insured is not None and _comparable(insured, holder) else "payee_name_unknown"


def _is_paid(guardian: Representative) -> bool:
    """Whether a person found that they may act, and had the account before them."""
    return guardian.may_act and guardian.account_seen


def _may_be_the_agents(holder: Sequence[TokenHex], acting: Representative | None) -> bool:
    return acting is not None and acting.role == "agent" and not _comparable(acting.name_token, holder)


def _comparable(name: TokenHex, holder: Sequence[TokenHex]) -> bool:
    """Whether one key made both: only then can two tokens be told apart."""
    return any(each[:2] == name[:2] for each in holder)

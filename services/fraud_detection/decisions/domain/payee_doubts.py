"""Whether the machine may approve that money goes to an account: it is known, and is the insured's own. Pure.

A guardian's account, a spouse's or a firm's is no fault: a person looks at both names and decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.values.ids import TokenHex
from shared.values.payee_doubts import PayeeDoubt


def payee_doubts(
    holder: Sequence[TokenHex] | None, insured: TokenHex | None, *, other_insureds: int, erased: bool = False
) -> tuple[PayeeDoubt, ...]:
    """What speaks against an account, the weightiest first; nothing where it is the insured's alone.

    ``holder`` is the name of whose it is, under each token key that payout has; None where the account was not
    announced. ``insured`` is the insured's name, None where enrollment did not tell it. ``other_insureds`` are those
    of other claims that name the account. ``erased``: the insured was forgotten, and no name is left to compare; then a
    person decides anyway.
    """
    shared: tuple[PayeeDoubt, ...] = ("payee_shared",) if other_insureds else ()
    name = None if erased and holder is not None else _of_names(holder, insured)
    return shared if name is None else (name, *shared)


def _of_names(holder: Sequence[TokenHex] | None, insured: TokenHex | None) -> PayeeDoubt | None:
    if holder is None:
        return "payee_unknown"
    if insured in holder:
        return None
    # Two tokens can be told apart only where one key made both.
    comparable = insured is not None and any(each[:2] == insured[:2] for each in holder)
    return "payee_name_differs" if comparable else "payee_name_unknown"

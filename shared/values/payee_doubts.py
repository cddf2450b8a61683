"""Why a claim's account is looked at by a person, by codes: a reason of the decision, so that others know to name the
insured. When each holds is fraud detection's.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

PayeeDoubt = Literal[
    "payee_unknown",
    "payee_is_agent",
    "payee_agent_unknown",
    "payee_name_differs",
    "payee_name_unknown",
    "payee_shared",
]

PAYEE_DOUBTS: Final[tuple[PayeeDoubt, ...]] = get_args(PayeeDoubt)

"""Which refusals may be confirmed many at a time, and the digest that says of which cases it was. Pure.

Dates and places alone: they are read from the terms and the claim, and two persons who look find the same. What a
model says, what documents show and what kind of scam it was takes a look at each case.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias, get_args

from shared.values.errors import FangzhaError
from shared.values.ids import ClaimId
from shared.values.money import Fen

CertainRule: TypeAlias = Literal["not_in_force", "waiting_period", "act_before_retroactive_date", "outside_territory"]
CERTAIN: Final[tuple[CertainRule, ...]] = get_args(CertainRule)
MOST: Final = 200
"""Cases in one bulk: as many as a person may still look over, and some seconds of work."""
PREVIEWED_FOR: Final = timedelta(minutes=30)
"""As long as a case is held: after that, one looks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A case as it was previewed."""

    claim_id: ClaimId
    version: int
    amount_fen: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What became of one case. ``why`` is set where it was left out: the error's name, as its problem has it."""

    claim_id: ClaimId
    outcome: Literal["refused", "left_out"]
    why: str | None = None
    decision_id: str | None = None


def digest(rule: CertainRule, cases: Iterable[Pinned]) -> str:
    """SHA-256 in hex of the rule and of each case with its version, in the order of their ids."""
    lines = sorted(f"{each.claim_id} {each.version}" for each in cases)
    return hashlib.sha256("\n".join([rule, *lines]).encode()).hexdigest()


def left_out(claim_id: ClaimId, error: FangzhaError) -> Confirmed:
    """What one says of a case that could not be decided: ``HeldByAnother`` is ``held-by-another``."""
    why = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
    return Confirmed(claim_id=claim_id, outcome="left_out", why=why)

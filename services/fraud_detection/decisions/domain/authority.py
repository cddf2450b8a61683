"""How much a person may approve alone. More than that is paid by the word of two persons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.values.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """``pays_up_to_fen`` is the most that one approval pays, ``claims_up_to_fen`` the largest claim that it is of."""

    pays_up_to_fen: Fen
    claims_up_to_fen: Fen

    def covers(self, *, pays_fen: Fen, claimed_fen: Fen) -> bool:
        """Whether an approval of ``pays_fen`` on a claim of ``claimed_fen`` is within it."""
        return pays_fen <= self.pays_up_to_fen and claimed_fen <= self.claims_up_to_fen


LOWEST: Final = Authority(pays_up_to_fen=Fen(2_000_000), claims_up_to_fen=Fen(10_000_000))
"""Of who has none set, unless the settings say otherwise: 20,000 yuan of a claim of at most 100,000. The mean loss is
about 14,400 yuan, so that most cases need one person; the tail is heavy."""

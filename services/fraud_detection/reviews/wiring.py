"""What reviews need of the settings: the authority of who has none set."""

from __future__ import annotations

from services.fraud_detection.decisions.domain.authority import Authority
from services.fraud_detection.settings import Settings
from shared.values.money import Fen


def lowest_authority_of(settings: Settings) -> Authority:
    """Of each reviewer for whom no supervisor set another one."""
    return Authority(
        pays_up_to_fen=Fen(settings.lowest_authority_pays_fen),
        claims_up_to_fen=Fen(settings.lowest_authority_claims_fen),
    )

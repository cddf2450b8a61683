"""What the views of webhooks work with."""

from __future__ import annotations

from dataclasses import dataclass

from services.enrollment.people.usecases.vault import Vault
from services.enrollment.webhooks.usecases.try_endpoint import Trials


@dataclass(frozen=True, slots=True)
class Deps:
    """``trials`` sends test messages."""

    vault: Vault
    trials: Trials

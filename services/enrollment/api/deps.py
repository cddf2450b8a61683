"""What enrollment's views work with, made once by app.py."""

from __future__ import annotations

from dataclasses import dataclass

from services.enrollment.usecases.vault import Vault


@dataclass(frozen=True, slots=True)
class Deps:
    """``sandbox`` says whether simulated people may be enrolled."""

    vault: Vault
    sandbox: bool

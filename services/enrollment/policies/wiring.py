"""The vault that enrollment's processes make of the settings."""

from __future__ import annotations

from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.settings import Settings
from shared.entry import wiring
from shared.privacy.tokens import Tokenizer


def vault_of(settings: Settings) -> Vault:
    """Ends the process if a key is not set."""
    return Vault(Tokenizer(wiring.token_keys(settings)), wiring.sealer(settings))

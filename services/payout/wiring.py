"""What payout's processes make of its settings: the vault of accounts, and the bank."""

from __future__ import annotations

from services.payout.rail.bank import Bank
from services.payout.rail.http_bank import HttpBank
from services.payout.settings import Settings
from shared.entry import wiring
from shared.privacy.tokens import Tokenizer
from shared.privacy.vault import Vault
from shared.process.settings import refuse


def bank_of(settings: Settings) -> Bank:
    """The bank at ``rail_url``; ends the process if that is not set, or not encrypted outside a sandbox."""
    settings.needs("rail_url", "rail_token")
    assert settings.rail_url is not None  # noqa: S101  # for mypy; `needs` has ended the process otherwise
    assert settings.rail_token is not None  # noqa: S101
    if settings.rail_url.startswith("http://") and not settings.sandbox:
        refuse(settings.variable("rail_url"), "is not encrypted", "an address that starts with https://")
    return HttpBank(settings.rail_url, settings.rail_token.get_secret_value(), settings.rail_timeout_seconds)


def vault_of(settings: Settings) -> Vault:
    """Ends the process if a key is not set."""
    return Vault(Tokenizer(wiring.token_keys(settings)), wiring.sealer(settings))

"""Put an account and its holder into the vault, and give back the token that claims carry instead."""

from __future__ import annotations

from datetime import datetime

from services.payout.domain.errors import HolderDiffers
from services.payout.domain.payees import PayeeDetails
from services.payout.store import payees
from services.payout.store.payees import StoredPayee
from services.payout.usecases.announce_payees import account_context, announce, holder_context, next_version
from shared.db.transaction import Tx
from shared.privacy.masking import mask_account, mask_name
from shared.privacy.vault import Vault
from shared.values.ids import TokenHex
from shared.values.names import normal_name


def register_payee(tx: Tx, details: PayeeDetails, *, vault: Vault, caller: str, now: datetime) -> StoredPayee:
    """The payee of this account, new and announced, or as it was registered before: one account has one token, whoever
    sends it.

    Raises:
        HolderDiffers: the account is there under another name. Two names on one account are how mules are run.
    """
    tokens = vault.tokenizer.candidates("payee", details.account)
    found = payees.find(tx, tokens)
    if found is None:
        new = _sealed(tx, details, tokens[0], vault=vault, caller=caller, now=now)
        if payees.insert(tx, new):
            announce(tx, new, details.holder_name, vault=vault, now=now)
            return new
        # Somebody else registered it between the two statements; it is committed now, so it is seen.
        found = payees.find(tx, tokens)
        assert found is not None  # noqa: S101  # nobody forgets an account within a moment; for mypy
    holder = vault.sealer.open(tx, found.holder_sealed, holder_context(found.payee_token))
    if normal_name(holder) != normal_name(details.holder_name):
        raise HolderDiffers
    return found


def _sealed(tx: Tx, details: PayeeDetails, token: TokenHex, *, vault: Vault, caller: str, now: datetime) -> StoredPayee:
    key = vault.sealer.new_data_key(tx)
    return StoredPayee(
        payee_token=token,
        account_sealed=key.seal(details.account, account_context(token)),
        holder_sealed=key.seal(details.holder_name, holder_context(token)),
        account_masked=mask_account(details.account),
        holder_masked=mask_name(details.holder_name),
        bank_code=details.bank_code,
        registered_by=caller,
        registered_at=now,
        version=next_version(0, now),
        announced_under=vault.tokenizer.keys,
    )

-- The books are only added to; which accounts, states and steps there are is no process's to say.
REVOKE UPDATE, DELETE ON ledger_transfers, ledger_entries, bank_entries, payout_history FROM {processes};
REVOKE INSERT, UPDATE, DELETE ON ledger_accounts, payout_states, payout_steps FROM {processes};

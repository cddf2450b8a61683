-- As the platform's tables say it: what each text column holds, and so how strictly it is searched for personal numbers.

COMMENT ON COLUMN bank_entries.reference IS 'reference';
COMMENT ON COLUMN bank_entries.status IS 'ours';
COMMENT ON COLUMN bank_entries.reason IS 'ours';
COMMENT ON COLUMN bank_entries.currency IS 'ours';

COMMENT ON COLUMN claim_payees.payee_token IS 'ours';

COMMENT ON COLUMN decisions.outcome IS 'ours';
COMMENT ON COLUMN decisions.currency IS 'ours';
COMMENT ON COLUMN decisions.effect IS 'ours';

COMMENT ON COLUMN ledger_accounts.account IS 'ours';
COMMENT ON COLUMN ledger_accounts.kind IS 'ours';
COMMENT ON COLUMN ledger_accounts.name_zh IS 'ours';
COMMENT ON COLUMN ledger_accounts.name_en IS 'ours';

COMMENT ON COLUMN ledger_entries.account IS 'ours';
COMMENT ON COLUMN ledger_entries.currency IS 'ours';

COMMENT ON COLUMN ledger_transfers.kind IS 'ours';
COMMENT ON COLUMN ledger_transfers.cause IS 'ours';
COMMENT ON COLUMN ledger_transfers.partner_id IS 'label';

COMMENT ON COLUMN payees.payee_token IS 'ours';
COMMENT ON COLUMN payees.account_sealed IS 'sealed';
COMMENT ON COLUMN payees.holder_sealed IS 'sealed';
COMMENT ON COLUMN payees.account_masked IS 'ours';
COMMENT ON COLUMN payees.holder_masked IS 'ours';
COMMENT ON COLUMN payees.bank_code IS 'label';
COMMENT ON COLUMN payees.registered_by IS 'name';

COMMENT ON COLUMN payout_history.from_state IS 'ours';
COMMENT ON COLUMN payout_history.to_state IS 'ours';
COMMENT ON COLUMN payout_history.reason IS 'ours';

COMMENT ON COLUMN payout_states.state IS 'ours';
COMMENT ON COLUMN payout_states.meaning IS 'ours';

COMMENT ON COLUMN payout_steps.from_state IS 'ours';
COMMENT ON COLUMN payout_steps.to_state IS 'ours';

COMMENT ON COLUMN payouts.partner_id IS 'label';
COMMENT ON COLUMN payouts.payee_token IS 'ours';
COMMENT ON COLUMN payouts.currency IS 'ours';
COMMENT ON COLUMN payouts.state IS 'ours';
COMMENT ON COLUMN payouts.reason IS 'ours';
COMMENT ON COLUMN payouts.lease_by IS 'ours';

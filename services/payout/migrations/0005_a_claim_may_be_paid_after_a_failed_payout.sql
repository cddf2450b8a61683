-- A claim whose payout failed may be approved anew, for another account: one payout of a claim may be paid or on its way,
-- and as many as there are may have failed. And what came back of a loss that was paid for is owed to the insurer.

-- squawk-ignore ban-drop-constraint
ALTER TABLE payouts DROP CONSTRAINT one_payout_per_claim;
-- Claims are few, thousands to the millions of policies: the lock is short.
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX one_payout_per_claim ON payouts (claim_id) WHERE state NOT IN ('rejected', 'returned');
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX payouts_of_claim ON payouts (claim_id, payout_id);

INSERT INTO ledger_accounts (account, kind, name_zh, name_en) VALUES
    ('recoveries_receivable', 'asset', '应收追回款', 'Recovered money that is owed to the insurer');
-- squawk-ignore ban-drop-constraint
ALTER TABLE ledger_transfers DROP CONSTRAINT ledger_transfers_kind_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE ledger_transfers ADD CONSTRAINT ledger_transfers_kind_check CHECK (kind IN
    ('premium', 'premium_refund', 'premium_added', 'premium_returned', 'claim_owed', 'claim_withdrawn', 'payout_paid',
     'payout_returned', 'recovery_owed'));

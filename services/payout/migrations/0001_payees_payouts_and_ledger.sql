-- Who is paid, what is paid, and the book that proves it. The database itself refuses what would cost money twice.

CREATE TABLE payees (
    payee_token text PRIMARY KEY CHECK (length(payee_token) = 34),
    account_sealed bytea NOT NULL,
    holder_sealed bytea NOT NULL,
    account_masked text NOT NULL,
    holder_masked text NOT NULL,
    bank_code text NOT NULL,
    registered_by text NOT NULL,
    registered_at timestamptz NOT NULL
);

-- Every decision that was heard of, and what it led to. The newest version of a claim rules.
CREATE TABLE decisions (
    decision_id uuid PRIMARY KEY,
    claim_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    outcome text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    cover_limit_fen bigint NOT NULL CHECK (cover_limit_fen >= 0),
    decided_at timestamptz NOT NULL,
    effect text NOT NULL CHECK (effect IN ('payout', 'not_approved', 'overtaken', 'claim_has_payout'))
);
CREATE INDEX decisions_by_claim ON decisions (claim_id, version DESC);

CREATE TABLE payout_states (
    state text PRIMARY KEY,
    meaning text NOT NULL
);
INSERT INTO payout_states (state, meaning) VALUES
    ('scheduled', 'to be sent when it is due'),
    ('sending', 'the intent to send is on record; the bank may or may not have heard of it'),
    ('in_doubt', 'the bank gave no clear answer; it is asked by reference before anything is sent again'),
    ('accepted', 'the bank took the order and has not carried it out yet'),
    ('paid', 'the money moved'),
    ('rejected', 'never paid; the reason stands beside it'),
    ('returned', 'paid, and the payee''s bank sent it back');

-- The only steps there are. A step that is not a row here is refused by the trigger below.
CREATE TABLE payout_steps (
    from_state text NOT NULL REFERENCES payout_states,
    to_state text NOT NULL REFERENCES payout_states,
    PRIMARY KEY (from_state, to_state)
);
INSERT INTO payout_steps (from_state, to_state) VALUES
    ('scheduled', 'sending'),
    ('scheduled', 'rejected'),
    ('sending', 'in_doubt'),
    ('sending', 'accepted'),
    ('sending', 'paid'),
    ('sending', 'rejected'),
    ('in_doubt', 'scheduled'),
    ('in_doubt', 'accepted'),
    ('in_doubt', 'paid'),
    ('in_doubt', 'rejected'),
    ('accepted', 'paid'),
    ('accepted', 'rejected'),
    ('paid', 'returned');

-- payable_from is business time; not_before and lease_until are real time, by this server's clock.
CREATE TABLE payouts (
    payout_id uuid PRIMARY KEY,
    decision_id uuid NOT NULL REFERENCES decisions,
    claim_id uuid NOT NULL,
    policy_id uuid NOT NULL,
    partner_id text NOT NULL,
    payee_token text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    cover_limit_fen bigint NOT NULL,
    state text NOT NULL REFERENCES payout_states,
    reason text,
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    questions integer NOT NULL DEFAULT 0 CHECK (questions >= 0),
    payable_from timestamptz NOT NULL,
    not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_by text,
    lease_until timestamptz,
    last_sent_at timestamptz,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT one_payout_per_decision UNIQUE (decision_id),
    CONSTRAINT one_payout_per_claim UNIQUE (claim_id),
    CONSTRAINT never_above_the_cover CHECK (amount_fen <= cover_limit_fen OR state = 'rejected'),
    CONSTRAINT a_rejection_has_a_reason CHECK (state <> 'rejected' OR reason IS NOT NULL)
);
CREATE INDEX payouts_due ON payouts (payable_from) WHERE state = 'scheduled';
CREATE INDEX payouts_to_ask ON payouts (not_before) WHERE state IN ('sending', 'in_doubt', 'accepted');
CREATE INDEX payouts_by_state ON payouts (state, payout_id);

CREATE TABLE payout_history (
    payout_id uuid NOT NULL REFERENCES payouts,
    version integer NOT NULL,
    from_state text,
    to_state text NOT NULL,
    reason text,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (payout_id, version)
);

CREATE FUNCTION payouts_take_legal_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('scheduled', 'rejected') OR NEW.version <> 1 THEN
            RAISE EXCEPTION 'a payout begins as scheduled or rejected, not as %', NEW.state;
        END IF;
        INSERT INTO payout_history (payout_id, version, from_state, to_state, reason, at)
        VALUES (NEW.payout_id, NEW.version, NULL, NEW.state, NEW.reason, NEW.changed_at);
        RETURN NEW;
    END IF;
    IF (NEW.payout_id, NEW.decision_id, NEW.claim_id, NEW.policy_id, NEW.partner_id, NEW.payee_token,
        NEW.amount_fen, NEW.currency, NEW.cover_limit_fen)
       IS DISTINCT FROM
       (OLD.payout_id, OLD.decision_id, OLD.claim_id, OLD.policy_id, OLD.partner_id, OLD.payee_token,
        OLD.amount_fen, OLD.currency, OLD.cover_limit_fen) THEN
        RAISE EXCEPTION 'what a payout pays, to whom and for which decision never changes';
    END IF;
    IF NEW.state = OLD.state THEN
        IF NEW.version <> OLD.version THEN
            RAISE EXCEPTION 'a payout''s version grows with its steps alone';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM payout_steps WHERE from_state = OLD.state AND to_state = NEW.state) THEN
        RAISE EXCEPTION 'a payout cannot go from % to %', OLD.state, NEW.state;
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'each step of a payout raises its version by one';
    END IF;
    INSERT INTO payout_history (payout_id, version, from_state, to_state, reason, at)
    VALUES (NEW.payout_id, NEW.version, OLD.state, NEW.state, NEW.reason, NEW.changed_at);
    RETURN NEW;
END $$;
CREATE TRIGGER payouts_take_legal_steps AFTER INSERT OR UPDATE ON payouts
    FOR EACH ROW EXECUTE FUNCTION payouts_take_legal_steps();

-- What the bank said, in its own order. A reference that is no payout of ours is kept too: reconciliation shows it.
CREATE TABLE bank_entries (
    number bigint PRIMARY KEY,
    reference text NOT NULL,
    payout_id uuid REFERENCES payouts,
    status text NOT NULL,
    reason text,
    amount_fen bigint NOT NULL,
    currency text NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE bank_statement (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    read_up_to bigint NOT NULL DEFAULT 0
);
INSERT INTO bank_statement DEFAULT VALUES;

-- The chart of accounts is data: a new account is a row.
CREATE TABLE ledger_accounts (
    account text PRIMARY KEY CHECK (account ~ '^[a-z_]+$'),
    kind text NOT NULL CHECK (kind IN ('asset', 'liability', 'income', 'expense')),
    name_zh text NOT NULL,
    name_en text NOT NULL
);
INSERT INTO ledger_accounts (account, kind, name_zh, name_en) VALUES
    ('bank', 'asset', '银行存款', 'Money at the bank'),
    ('partner_receivable', 'asset', '应收保费', 'Premium that partners owe'),
    ('claims_payable', 'liability', '应付赔付款', 'Approved claims not paid yet'),
    ('premium_income', 'income', '保费收入', 'Premium of issued policies'),
    ('claims_expense', 'expense', '赔付支出', 'Approved claims');

-- One booking per kind and cause: a repeated event or a second worker finds it there already.
CREATE TABLE ledger_transfers (
    transfer_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN
        ('premium', 'premium_refund', 'premium_added', 'premium_returned', 'claim_owed', 'claim_withdrawn', 'payout_paid',
         'payout_returned')),
    cause text NOT NULL,
    payout_id uuid REFERENCES payouts,
    partner_id text NOT NULL,
    booked_at timestamptz NOT NULL,
    CONSTRAINT booked_once UNIQUE (kind, cause),
    CHECK ((payout_id IS NULL) = (kind IN ('premium', 'premium_refund', 'premium_added', 'premium_returned')))
);
CREATE INDEX ledger_transfers_by_payout ON ledger_transfers (payout_id) WHERE payout_id IS NOT NULL;

-- Debits are positive, credits negative.
CREATE TABLE ledger_entries (
    transfer_id uuid NOT NULL REFERENCES ledger_transfers,
    line smallint NOT NULL CHECK (line > 0),
    account text NOT NULL REFERENCES ledger_accounts,
    amount_fen bigint NOT NULL CHECK (amount_fen <> 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    PRIMARY KEY (transfer_id, line)
);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account, currency) INCLUDE (amount_fen);

CREATE FUNCTION ledger_transfers_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM ledger_entries WHERE transfer_id = NEW.transfer_id) < 2 THEN
        RAISE EXCEPTION 'a ledger transfer has two sides at least' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM ledger_entries WHERE transfer_id = NEW.transfer_id
               GROUP BY currency HAVING sum(amount_fen) <> 0) THEN
        RAISE EXCEPTION 'a ledger transfer sums to zero in each currency' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- Looked at when the transaction commits: until then a transfer may be half written.
CREATE CONSTRAINT TRIGGER ledger_transfers_balance AFTER INSERT ON ledger_transfers
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_transfers_balance();
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_transfers_balance();

CREATE FUNCTION is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME;
END $$;
CREATE TRIGGER ledger_transfers_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfers
    FOR EACH STATEMENT EXECUTE FUNCTION is_only_added_to();
CREATE TRIGGER ledger_entries_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION is_only_added_to();
CREATE TRIGGER payout_history_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_history
    FOR EACH STATEMENT EXECUTE FUNCTION is_only_added_to();
CREATE TRIGGER bank_entries_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_entries
    FOR EACH STATEMENT EXECUTE FUNCTION is_only_added_to();

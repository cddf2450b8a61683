-- Forgetting a payee: which claims of which policies an account was named for, and whose persons are to be forgotten.

CREATE TABLE erased_policies (
    policy_id uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL
);

-- A row lives from the first decision that is heard of, approved or not, until the claim's person is forgotten.
-- An account's row in the vault goes with the last of them.
CREATE TABLE claim_payees (
    claim_id uuid NOT NULL,
    payee_token text NOT NULL,
    policy_id uuid NOT NULL,
    to_be_erased boolean NOT NULL DEFAULT false,
    CONSTRAINT a_claim_names_a_payee_once PRIMARY KEY (claim_id, payee_token)
);
INSERT INTO claim_payees (claim_id, payee_token, policy_id) SELECT claim_id, payee_token, policy_id FROM payouts;
CREATE INDEX claim_payees_by_policy ON claim_payees (policy_id);
CREATE INDEX claim_payees_by_payee ON claim_payees (payee_token);
CREATE INDEX claim_payees_to_be_erased ON claim_payees (claim_id) WHERE to_be_erased;

ALTER TABLE payees ADD COLUMN erased_at timestamptz;

-- As before, but for one change: where nothing is open any more, the payee's token may give way to the one of nobody.
CREATE OR REPLACE FUNCTION payouts_take_legal_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('scheduled', 'rejected') OR NEW.version <> 1 THEN
            RAISE EXCEPTION 'a payout begins as scheduled or rejected, not as %', NEW.state;
        END IF;
        INSERT INTO payout_history (payout_id, version, from_state, to_state, reason, at)
        VALUES (NEW.payout_id, NEW.version, NULL, NEW.state, NEW.reason, NEW.changed_at);
        RETURN NEW;
    END IF;
    IF (NEW.payout_id, NEW.decision_id, NEW.claim_id, NEW.policy_id, NEW.partner_id, NEW.amount_fen, NEW.currency,
        NEW.cover_limit_fen)
       IS DISTINCT FROM
       (OLD.payout_id, OLD.decision_id, OLD.claim_id, OLD.policy_id, OLD.partner_id, OLD.amount_fen, OLD.currency,
        OLD.cover_limit_fen)
       OR (NEW.payee_token <> OLD.payee_token
           AND (NEW.payee_token <> '00' || replace(NEW.payout_id::text, '-', '')
                OR OLD.state NOT IN ('paid', 'rejected', 'returned'))) THEN
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

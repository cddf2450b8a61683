-- Which accounts payout's vault has and whose they are, by tokens and masks; and what is told of an insured's name.

CREATE TABLE payees (
    payee_token text PRIMARY KEY,
    version bigint NOT NULL,
    name_tokens text[] NOT NULL,
    holder_masked text NOT NULL,
    account_masked text NOT NULL,
    bank_code text NOT NULL,
    announced_at timestamptz NOT NULL
);
COMMENT ON COLUMN payees.payee_token IS 'ours';
COMMENT ON COLUMN payees.name_tokens IS 'ours';
COMMENT ON COLUMN payees.holder_masked IS 'ours';
COMMENT ON COLUMN payees.account_masked IS 'ours';
COMMENT ON COLUMN payees.bank_code IS 'label';

-- None where the policy was enrolled before names were told.
ALTER TABLE coverage ADD COLUMN name_token bytea;

-- What was told of a name apart from the enrollment: it was corrected, or a person has to see it, masked.
CREATE TABLE coverage_names (
    policy_id uuid PRIMARY KEY,
    version integer NOT NULL,
    name_token bytea NOT NULL,
    name_masked text
);
COMMENT ON COLUMN coverage_names.name_token IS 'digest';
COMMENT ON COLUMN coverage_names.name_masked IS 'ours';
COMMENT ON COLUMN coverage.name_token IS 'digest';

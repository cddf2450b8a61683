-- What a claimant amended before the decision: a row each with the values of before, sealed.

CREATE TABLE claim_amendments (
    claim_id uuid NOT NULL REFERENCES claims,
    -- The claim's, by which its facts are as amended.
    version integer NOT NULL,
    fields text[] NOT NULL CHECK (cardinality(fields) > 0),
    amount_before_fen bigint NOT NULL,
    amount_after_fen bigint NOT NULL,
    before bytea NOT NULL,
    amended_at timestamptz NOT NULL,
    amended_by text NOT NULL,
    PRIMARY KEY (claim_id, version)
);
COMMENT ON COLUMN claim_amendments.fields IS 'ours';
COMMENT ON COLUMN claim_amendments.before IS 'sealed';
COMMENT ON COLUMN claim_amendments.amended_by IS 'name';

-- Amended after the machine had passed it on to a person: it approves the claim no more.
ALTER TABLE claims ADD COLUMN amended_in_review boolean NOT NULL DEFAULT false;

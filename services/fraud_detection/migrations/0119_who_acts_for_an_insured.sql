-- Who acts for an insured, a guardian or an agent, and what persons said of the mandate.

CREATE TABLE claim_representatives (
    claim_id uuid PRIMARY KEY REFERENCES claims,
    role text NOT NULL CHECK (role IN ('guardian', 'agent')),
    -- Under the oldest key at hand, as a transfer's person.
    person_token text NOT NULL CHECK (length(person_token) = 34),
    name_token text NOT NULL CHECK (length(name_token) = 34),
    name_masked text NOT NULL,
    name bytea NOT NULL,
    document_type text NOT NULL,
    document_number bytea NOT NULL,
    phone bytea,
    mandate_sha256 text CHECK (length(mandate_sha256) = 64),
    valid_until date,
    CONSTRAINT an_agents_mandate_ends CHECK (role = 'guardian' OR valid_until IS NOT NULL)
);
CREATE INDEX claim_representatives_of_person ON claim_representatives (person_token);
COMMENT ON COLUMN claim_representatives.role IS 'ours';
COMMENT ON COLUMN claim_representatives.person_token IS 'ours';
COMMENT ON COLUMN claim_representatives.name_token IS 'ours';
COMMENT ON COLUMN claim_representatives.name_masked IS 'ours';
COMMENT ON COLUMN claim_representatives.name IS 'sealed';
COMMENT ON COLUMN claim_representatives.document_type IS 'ours';
COMMENT ON COLUMN claim_representatives.document_number IS 'sealed';
COMMENT ON COLUMN claim_representatives.phone IS 'sealed';
COMMENT ON COLUMN claim_representatives.mandate_sha256 IS 'ours';

CREATE TABLE mandate_checks (
    claim_id uuid NOT NULL REFERENCES claim_representatives,
    -- The claim's, from the check on.
    version integer NOT NULL,
    holds boolean NOT NULL,
    document_sha256 text CHECK (length(document_sha256) = 64),
    reason bytea NOT NULL,
    checked_by text NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (claim_id, version),
    FOREIGN KEY (claim_id, document_sha256) REFERENCES evidence (claim_id, sha256),
    CONSTRAINT what_holds_was_looked_at CHECK (NOT holds OR document_sha256 IS NOT NULL)
);
COMMENT ON COLUMN mandate_checks.document_sha256 IS 'ours';
COMMENT ON COLUMN mandate_checks.reason IS 'sealed';
COMMENT ON COLUMN mandate_checks.checked_by IS 'name';

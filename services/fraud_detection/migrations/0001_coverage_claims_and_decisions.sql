-- What is covered, what is claimed, what was decided and by whom; the constraints are the last guard of money.

-- Terms as enrollment published them; a version never changes.
CREATE TABLE products (
    product_code text NOT NULL,
    product_version integer NOT NULL CHECK (product_version > 0),
    terms jsonb NOT NULL,
    PRIMARY KEY (product_code, product_version)
);

-- Policies as enrollment announced them. Millions of rows that come in bulk: fixed-width columns first, no other index.
CREATE TABLE coverage (
    policy_id uuid PRIMARY KEY,
    effective_from timestamptz NOT NULL,
    effective_to timestamptz NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    product_version integer NOT NULL,
    birth_year smallint NOT NULL,
    person_token bytea NOT NULL CHECK (length(person_token) = 17),
    phone_token bytea NOT NULL CHECK (length(phone_token) = 17),
    partner_id text NOT NULL,
    product_code text NOT NULL
);

-- Early ends. A table of its own, because a cancellation may overtake its enrollment and must not be lost on it.
CREATE TABLE coverage_ends (
    policy_id uuid PRIMARY KEY,
    version integer NOT NULL CHECK (version > 1),
    effective_to timestamptz NOT NULL,
    canceled_at timestamptz NOT NULL
);

-- What approved claims took of a policy's annual limit; changed only by a conditional update.
CREATE TABLE limit_use (
    policy_id uuid PRIMARY KEY,
    annual_limit_fen bigint NOT NULL CHECK (annual_limit_fen > 0),
    reserved_fen bigint NOT NULL CHECK (reserved_fen >= 0),
    deductible_fen bigint NOT NULL CHECK (deductible_fen >= 0),
    CHECK (reserved_fen <= annual_limit_fen)
);

CREATE TABLE claims (
    claim_id uuid PRIMARY KEY,
    tenant text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    round integer NOT NULL CHECK (round > 0),
    state text NOT NULL CHECK (
        state IN ('submitted', 'review', 'documents_requested', 'refusal_proposed', 'approved', 'refused')
    ),
    policy_id uuid NOT NULL,
    person_token text NOT NULL CHECK (length(person_token) = 34),
    phone_token text NOT NULL CHECK (length(phone_token) = 34),
    payee_token text NOT NULL CHECK (length(payee_token) = 34),
    device_token text CHECK (length(device_token) = 34),
    handler_token text CHECK (length(handler_token) = 34),
    scam_type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    discovered_at timestamptz NOT NULL,
    reported_at timestamptz NOT NULL,
    submitted_at timestamptz NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    currency text NOT NULL,
    recovered_fen bigint NOT NULL CHECK (recovered_fen >= 0),
    other_insurance_fen bigint NOT NULL CHECK (other_insurance_fen >= 0),
    description bytea,
    description_chars integer NOT NULL,
    sandbox_value text,
    appealed boolean NOT NULL DEFAULT false,
    CHECK (occurred_at <= discovered_at AND discovered_at <= reported_at)
);
CREATE INDEX claims_of_tenant ON claims (tenant, claim_id);
CREATE INDEX claims_of_policy ON claims (policy_id);
CREATE INDEX claims_of_person ON claims (person_token, submitted_at);
CREATE INDEX claims_of_phone ON claims (phone_token, submitted_at);
CREATE INDEX claims_of_payee ON claims (payee_token, submitted_at);
CREATE INDEX claims_of_device ON claims (device_token, submitted_at) WHERE device_token IS NOT NULL;
CREATE INDEX claims_of_handler ON claims (handler_token, submitted_at) WHERE handler_token IS NOT NULL;

-- Each step of a claim, so that an illegal one can be found afterwards.
CREATE TABLE claim_steps (
    claim_id uuid NOT NULL REFERENCES claims,
    version integer NOT NULL,
    from_state text,
    to_state text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (claim_id, version)
);

CREATE TABLE evidence (
    claim_id uuid NOT NULL REFERENCES claims,
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    kind text NOT NULL CHECK (kind IN ('police_receipt', 'transfer_record', 'chat_record', 'identity')),
    captured_at timestamptz,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (claim_id, sha256)
);
CREATE INDEX evidence_by_sha256 ON evidence (sha256);

-- What was known and what the model saw when a claim was decided: what was scored is what is trained on.
CREATE TABLE claim_features (
    claim_id uuid NOT NULL REFERENCES claims,
    round integer NOT NULL,
    computed_at timestamptz NOT NULL,
    snapshot jsonb NOT NULL,
    names text[] NOT NULL,
    vector double precision[] NOT NULL,
    PRIMARY KEY (claim_id, round),
    CHECK (cardinality(names) = cardinality(vector))
);

CREATE TABLE decisions (
    decision_id uuid PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES claims,
    round integer NOT NULL,
    version integer NOT NULL,
    outcome text NOT NULL CHECK (
        outcome IN ('approved', 'review', 'documents_requested', 'refusal_proposed', 'refused')
    ),
    why text,
    amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
    deductible_fen bigint NOT NULL CHECK (deductible_fen >= 0),
    failures jsonb NOT NULL,
    rule_version text NOT NULL,
    model_id uuid,
    model_sha256 text,
    score double precision CHECK (score BETWEEN 0 AND 1),
    score_reasons jsonb NOT NULL,
    sandbox_value text,
    by_person boolean NOT NULL,
    decided_by text NOT NULL,
    clause text,
    reasons bytea,
    decided_at timestamptz NOT NULL,
    payable_from timestamptz,
    UNIQUE (claim_id, version),
    CHECK ((outcome = 'approved') = (amount_fen > 0)),
    CHECK ((outcome = 'approved') = (payable_from IS NOT NULL)),
    CHECK (outcome <> 'refused' OR (by_person AND clause IS NOT NULL AND reasons IS NOT NULL)),
    CHECK ((model_id IS NULL) = (model_sha256 IS NULL) AND (model_id IS NULL) = (score IS NULL)),
    -- No model, no payment: a machine approves with a model, or where a sandbox forced it.
    -- (coalesce: a comparison with an absent value is neither true nor false, and a CHECK lets that pass)
    CONSTRAINT no_approval_without_a_model CHECK (
        outcome <> 'approved' OR by_person OR model_id IS NOT NULL OR coalesce(sandbox_value = 'approve', false)
    )
);
-- The same submission twice is decided once, and a claim is approved once.
CREATE UNIQUE INDEX one_machine_decision_per_round ON decisions (claim_id, round) WHERE NOT by_person;
CREATE UNIQUE INDEX one_approval_per_claim ON decisions (claim_id) WHERE outcome = 'approved';

-- What waits for a person.
CREATE TABLE reviews (
    claim_id uuid NOT NULL REFERENCES claims,
    round integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('review', 'refusal_proposed', 'appeal')),
    waiting_since timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (claim_id, round)
);
CREATE UNIQUE INDEX one_open_review_per_claim ON reviews (claim_id) WHERE closed_at IS NULL;
CREATE INDEX reviews_open ON reviews (waiting_since, claim_id) WHERE closed_at IS NULL;

CREATE TABLE appeals (
    claim_id uuid NOT NULL REFERENCES claims,
    round integer NOT NULL,
    reason bytea NOT NULL,
    filed_at timestamptz NOT NULL,
    PRIMARY KEY (claim_id, round)
);

-- The payout as the payout service last told it.
CREATE TABLE claim_payouts (
    claim_id uuid PRIMARY KEY,
    payout_id uuid NOT NULL,
    version integer NOT NULL,
    decision_id uuid NOT NULL,
    state text NOT NULL,
    amount_fen bigint NOT NULL,
    reason text,
    changed_at timestamptz NOT NULL
);

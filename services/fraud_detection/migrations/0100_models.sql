-- Past claims to learn from, the models made of them, and which one a named person promoted under which thresholds.

CREATE TABLE past_claim_datasets (
    dataset_id uuid PRIMARY KEY,
    uploaded_by text NOT NULL,
    uploaded_at timestamptz NOT NULL,
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    rows integer NOT NULL CHECK (rows > 0),
    dishonest integer NOT NULL CHECK (dishonest BETWEEN 0 AND rows)
);

-- The raw inputs of the features, so that training computes them as a decision does. No personal data: see the API.
CREATE TABLE past_claims (
    dataset_id uuid NOT NULL,
    line integer NOT NULL CHECK (line > 0),
    dishonest boolean NOT NULL,
    snapshot jsonb NOT NULL,
    PRIMARY KEY (dataset_id, line)
);

CREATE TABLE models (
    model_id uuid PRIMARY KEY,
    dataset_id uuid NOT NULL REFERENCES past_claim_datasets,
    note text NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'training', 'ready', 'failed')),
    version integer NOT NULL CHECK (version > 0),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    finished_at timestamptz,
    failure text,
    report jsonb,
    CHECK ((state = 'ready') = (report IS NOT NULL)),
    CHECK ((state = 'failed') = (failure IS NOT NULL))
);
CREATE INDEX models_to_train ON models (model_id) WHERE state IN ('queued', 'training');

-- Apart from models, so that listing models never reads them.
CREATE TABLE model_artifacts (
    model_id uuid PRIMARY KEY REFERENCES models,
    data bytea NOT NULL,
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    signature bytea NOT NULL
);

-- Each promotion, with its thresholds; rows are only added.
CREATE TABLE model_promotions (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id uuid NOT NULL REFERENCES model_artifacts,
    approve_below double precision NOT NULL CHECK (approve_below BETWEEN 0 AND 1),
    auto_approve_limit_fen bigint NOT NULL CHECK (auto_approve_limit_fen >= 0),
    reason text NOT NULL,
    promoted_by text NOT NULL,
    promoted_at timestamptz NOT NULL
);

CREATE TABLE model_aliases (
    name text PRIMARY KEY CHECK (name IN ('champion', 'previous')),
    promotion_number bigint NOT NULL REFERENCES model_promotions
);

-- Grows with each promotion and rollback, and is locked by both: two people do not promote at once.
CREATE TABLE model_registry (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version integer NOT NULL DEFAULT 0
);
INSERT INTO model_registry DEFAULT VALUES;

-- What each dataset looks like, and what is doubtful about it and about how a model did on its newest stretch: a person
-- acknowledges it by name before the model is promoted. Datasets of before are profiled by the job like new ones.

CREATE TABLE dataset_profiles (
    dataset_id uuid PRIMARY KEY REFERENCES past_claim_datasets,
    profiled_at timestamptz NOT NULL,
    profile jsonb NOT NULL
);
COMMENT ON COLUMN dataset_profiles.profile IS 'json';

CREATE TABLE dataset_warnings (
    dataset_id uuid NOT NULL REFERENCES dataset_profiles,
    number integer NOT NULL CHECK (number > 0),
    name text NOT NULL,
    text_zh text NOT NULL,
    text_en text NOT NULL,
    details jsonb NOT NULL,
    PRIMARY KEY (dataset_id, number),
    UNIQUE (dataset_id, name)
);
COMMENT ON COLUMN dataset_warnings.name IS 'ours';
COMMENT ON COLUMN dataset_warnings.text_zh IS 'ours';
COMMENT ON COLUMN dataset_warnings.text_en IS 'ours';
COMMENT ON COLUMN dataset_warnings.details IS 'json';

CREATE TABLE model_warnings (
    model_id uuid NOT NULL REFERENCES models,
    number integer NOT NULL CHECK (number > 0),
    name text NOT NULL,
    text_zh text NOT NULL,
    text_en text NOT NULL,
    details jsonb NOT NULL,
    PRIMARY KEY (model_id, number),
    UNIQUE (model_id, name)
);
COMMENT ON COLUMN model_warnings.name IS 'ours';
COMMENT ON COLUMN model_warnings.text_zh IS 'ours';
COMMENT ON COLUMN model_warnings.text_en IS 'ours';
COMMENT ON COLUMN model_warnings.details IS 'json';

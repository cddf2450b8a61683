-- Proposed refusals that a person previewed and confirmed many at a time, where the rule is certain.

CREATE TABLE bulk_refusals (
    bulk_id uuid PRIMARY KEY,
    rule text NOT NULL,
    digest text NOT NULL,
    cases jsonb NOT NULL,
    previewed_by text NOT NULL,
    previewed_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    confirmed jsonb,
    CHECK ((confirmed_at IS NULL) = (confirmed IS NULL))
);
COMMENT ON COLUMN bulk_refusals.rule IS 'ours';
COMMENT ON COLUMN bulk_refusals.digest IS 'ours';
COMMENT ON COLUMN bulk_refusals.cases IS 'json';
COMMENT ON COLUMN bulk_refusals.previewed_by IS 'name';
COMMENT ON COLUMN bulk_refusals.confirmed IS 'json';

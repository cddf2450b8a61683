-- A dataset of past claims tells where it comes from and never changes: what a model's report says holds of it for ever.
-- Past claims are handed in by hand, a file at a time: the table is rewritten once, with nobody waiting for it.
-- squawk-ignore-file adding-not-nullable-field, adding-field-with-default, require-concurrent-index-creation, prefer-robust-stmts

ALTER TABLE past_claim_datasets
    ADD COLUMN source text NOT NULL DEFAULT 'upload' CHECK (source IN ('upload', 'own_history')),
    -- A digest of the features' names when it came; of datasets before this column nobody knows.
    ADD COLUMN feature_spec text NOT NULL DEFAULT 'unknown';
COMMENT ON COLUMN past_claim_datasets.source IS 'ours';
COMMENT ON COLUMN past_claim_datasets.feature_spec IS 'ours';

-- Tells equal rows, whatever their label; no secret and no proof, so the fastest digest will do.
ALTER TABLE past_claims
    ADD COLUMN content_hash uuid NOT NULL GENERATED ALWAYS AS (md5(snapshot::text)::uuid) STORED;
CREATE INDEX past_claims_by_content ON past_claims (content_hash);

CREATE FUNCTION datasets_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a dataset never changes; hand in another one' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER past_claim_datasets_never_change BEFORE UPDATE ON past_claim_datasets
    FOR EACH STATEMENT EXECUTE FUNCTION datasets_never_change();
CREATE TRIGGER past_claims_never_change BEFORE UPDATE ON past_claims
    FOR EACH STATEMENT EXECUTE FUNCTION datasets_never_change();

-- Rows come before their dataset, in the same transaction; once it is there, it is closed. The schema is named, so that
-- no temporary table hides what the trigger reads.
CREATE FUNCTION datasets_are_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN public.past_claim_datasets USING (dataset_id)) THEN
        RAISE EXCEPTION 'a dataset never changes; hand in another one' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER datasets_are_closed AFTER INSERT ON past_claims REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION datasets_are_closed();

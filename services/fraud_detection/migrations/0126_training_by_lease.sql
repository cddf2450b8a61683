-- Models are trained by a process of its own: held by a lease, with progress, canceled by a person; their states and
-- the legal steps between them as rows.
-- Models are few: locks and passes over the table are short.
-- squawk-ignore-file adding-foreign-key-constraint, constraint-missing-not-valid, ban-drop-constraint, adding-not-nullable-field, adding-field-with-default, require-concurrent-index-creation, require-concurrent-index-deletion, prefer-robust-stmts

CREATE TABLE model_states (
    state text PRIMARY KEY,
    meaning text NOT NULL
);
COMMENT ON COLUMN model_states.state IS 'ours';
COMMENT ON COLUMN model_states.meaning IS 'ours';
INSERT INTO model_states (state, meaning) VALUES
    ('queued', 'waits for a trainer'),
    ('training', 'a trainer holds it, or held it until it died'),
    ('ready', 'trained, with a report and an artifact'),
    ('failed', 'could not be trained; failure says why'),
    ('canceled', 'called off by a person before it was ready');

-- The only steps there are. A step that is not a row here is refused by the trigger below.
CREATE TABLE model_legal_steps (
    from_state text NOT NULL REFERENCES model_states,
    to_state text NOT NULL REFERENCES model_states,
    PRIMARY KEY (from_state, to_state)
);
COMMENT ON COLUMN model_legal_steps.from_state IS 'ours';
COMMENT ON COLUMN model_legal_steps.to_state IS 'ours';
INSERT INTO model_legal_steps (from_state, to_state) VALUES
    ('queued', 'training'),
    ('queued', 'failed'),
    ('queued', 'canceled'),
    ('training', 'queued'),
    ('training', 'ready'),
    ('training', 'failed'),
    ('training', 'canceled');

ALTER TABLE models DROP CONSTRAINT models_state_check;
ALTER TABLE models
    ADD CONSTRAINT models_state FOREIGN KEY (state) REFERENCES model_states,
    -- Until when a trainer holds it, in the server's own time; from then on any may take it.
    ADD COLUMN leased_until timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN phase text CHECK (phase IN ('reading', 'fitting', 'evaluating', 'storing')),
    ADD COLUMN share double precision CHECK (share BETWEEN 0 AND 1),
    ADD COLUMN canceled_by text,
    ADD CHECK ((state = 'canceled') = (canceled_by IS NOT NULL)),
    ADD CHECK (state = 'training' OR (phase IS NULL AND share IS NULL)),
    ADD CHECK ((state IN ('queued', 'training')) = (finished_at IS NULL));
COMMENT ON COLUMN models.phase IS 'ours';
COMMENT ON COLUMN models.canceled_by IS 'name';

-- The schema is named, so that no temporary table hides what the trigger reads.
CREATE FUNCTION models_take_legal_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'queued' OR NEW.version <> 1 THEN
            RAISE EXCEPTION 'a model begins queued, not as %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (SELECT FROM public.model_legal_steps WHERE from_state = OLD.state AND to_state = NEW.state) THEN
        RAISE EXCEPTION 'a model cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'each step of a model raises its version by one' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER models_take_legal_steps AFTER INSERT OR UPDATE OF state ON models
    FOR EACH ROW EXECUTE FUNCTION models_take_legal_steps();

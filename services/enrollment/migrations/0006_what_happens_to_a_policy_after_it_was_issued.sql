-- A policy's steps, its end by term or by file, renewals of a whole window, certificates, and the erasure of a person.

-- The only steps there are: the same table as in domain/lifecycle.py, which a test holds against this.
CREATE FUNCTION policies_take_legal_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ((OLD.state = 'upcoming' AND NEW.state IN ('in_force', 'canceled'))
            OR (OLD.state = 'in_force' AND NEW.state IN ('expired', 'canceled'))) THEN
        RAISE EXCEPTION 'a policy cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'each step of a policy raises its version by one' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER policies_take_legal_steps AFTER UPDATE ON policies
FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION policies_take_legal_steps();

-- All policies of one partner and product that end until a moment, to be renewed chunk by chunk in the order of their ends.
CREATE TABLE renewal_runs (
    run_id uuid PRIMARY KEY,
    partner_no integer NOT NULL REFERENCES partners,
    product_id integer NOT NULL REFERENCES products,
    expiring_through timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    started_by text NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'stopped')),
    -- Why not all of them were worked off. A suspended partner's run is still running: it goes on where that resumes.
    stop_reason text CHECK (stop_reason IN ('wind_down', 'product_not_sold')),
    after_end timestamptz NOT NULL DEFAULT '-infinity',
    after_chunk uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    renewed bigint NOT NULL DEFAULT 0,
    skipped bigint NOT NULL DEFAULT 0,
    finished_at timestamptz,
    CHECK ((state = 'running') = (finished_at IS NULL)),
    CHECK ((state = 'stopped') = (stop_reason IS NOT NULL))
);
CREATE INDEX renewal_runs_to_do ON renewal_runs (started_at, run_id) WHERE state = 'running';
CREATE INDEX renewal_runs_of_partner ON renewal_runs (partner_no, run_id);

-- Policies of a run that could not be renewed, and why: a stable code.
CREATE TABLE renewal_skips (
    run_id uuid NOT NULL REFERENCES renewal_runs,
    policy_id uuid NOT NULL REFERENCES policies,
    code text NOT NULL CHECK (code <> ''),
    PRIMARY KEY (run_id, policy_id)
);

-- Codes by which anybody may ask whether a certificate is true. Made of a key and the policy's id, so that they cannot
-- be guessed; a row is made when a certificate is first asked for.
CREATE TABLE certificates (
    code text PRIMARY KEY CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{20}$'),
    policy_id uuid NOT NULL REFERENCES policies,
    issued_at timestamptz NOT NULL
);
CREATE INDEX certificates_of_policy ON certificates (policy_id);

-- How long records of a contract are kept after its end, by the length of its term. Insurance Law of the PRC, article
-- 87: five years where the term is one year or less, ten where it is longer.
CREATE TABLE retention_rules (
    terms_up_to_days integer PRIMARY KEY CHECK (terms_up_to_days > 0),
    kept_years integer NOT NULL CHECK (kept_years >= 0)
);
INSERT INTO retention_rules (terms_up_to_days, kept_years) VALUES (366, 5), (2147483647, 10);

-- Persons who were forgotten. Who they were stands nowhere.
CREATE TABLE erasures (
    erasure_id uuid PRIMARY KEY,
    ground text NOT NULL CHECK (ground IN ('request_after_retention', 'enrolled_by_mistake', 'court_order')),
    erased_at timestamptz NOT NULL,
    erased_by text NOT NULL,
    event_id uuid NOT NULL UNIQUE
);
CREATE TABLE erased_policies (
    policy_id uuid PRIMARY KEY REFERENCES policies,
    erasure_id uuid NOT NULL REFERENCES erasures
);
CREATE INDEX erased_policies_of_erasure ON erased_policies (erasure_id);

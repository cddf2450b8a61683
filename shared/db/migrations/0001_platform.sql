-- What every service needs whatever it insures: events on their way out and in, keys, replies to repeat, an audit trail.

-- Events that Kafka has not acknowledged yet. The relay takes them in the order of id and removes them.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    type text NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    occurred_at timestamptz NOT NULL,
    trace text NOT NULL DEFAULT '',
    body text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Where each event came to lie. Emptied by age; event ids are UUIDv7, so the key's order is the order of time.
CREATE TABLE outbox_sent (
    event_id uuid PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Which event had its effect in which consumer group. Emptied by age, as outbox_sent.
CREATE TABLE inbox (
    event_id uuid NOT NULL,
    consumer text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id, consumer)
);

-- Replies kept for a repeated Idempotency-Key. Written in the transaction of the effect, so a crash leaves none behind.
CREATE TABLE idempotency_keys (
    client_id text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (client_id, route, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Data keys, each wrapped by a key that only the settings hold. Without the wrapping key they are noise.
CREATE TABLE data_keys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wrapping_key smallint NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX data_keys_by_wrapping_key ON data_keys (wrapping_key);

-- How far a sandbox's business time is ahead of real time. One row; never back.
CREATE TABLE sandbox_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    ahead interval NOT NULL DEFAULT '0' CHECK (ahead >= interval '0'),
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO sandbox_clock DEFAULT VALUES;

CREATE FUNCTION sandbox_clock_never_goes_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.ahead < OLD.ahead THEN
        RAISE EXCEPTION 'a sandbox''s time never goes back';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sandbox_clock_never_goes_back BEFORE UPDATE OR DELETE ON sandbox_clock
    FOR EACH ROW EXECUTE FUNCTION sandbox_clock_never_goes_back();

-- Who did what. Each row carries the hash of the one before; audit_head holds the last, so a cut tail shows too.
CREATE TABLE audit_log (
    number bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details text NOT NULL,
    previous_hash bytea NOT NULL CHECK (length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX audit_log_by_subject ON audit_log (subject, number);

CREATE TABLE audit_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    number bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO audit_head (number, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION audit_log_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only added to';
END $$;
CREATE TRIGGER audit_log_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_only_added_to();

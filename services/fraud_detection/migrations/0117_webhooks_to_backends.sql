-- Residents' backends are told what became of their claims: where, and what waits to be told. As enrollment tells partners.

-- Who has endpoints; webhook_endpoints.partner_no is its number.
CREATE TABLE channels (
    channel_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL UNIQUE
);
COMMENT ON COLUMN channels.tenant IS 'label';

CREATE TABLE webhook_endpoints (
    endpoint_id uuid PRIMARY KEY,
    partner_no integer NOT NULL REFERENCES channels,
    url text NOT NULL CHECK (length(url) <= 2000),
    types text[] NOT NULL CHECK (cardinality(types) > 0),
    state text NOT NULL CHECK (state IN ('enabled', 'disabled', 'deleted')),
    secret bytea,
    -- Attempts that failed in a row, and since when there was nothing else.
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    paused_until timestamptz,
    disabled_at timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('gone', 'only_failures', 'address_refused')),
    created_at timestamptz NOT NULL,
    CHECK ((state = 'deleted') = (secret IS NULL)),
    CHECK ((failures = 0) = (failing_since IS NULL)),
    CHECK ((state = 'disabled') = (disabled_at IS NOT NULL)),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CREATE INDEX webhook_endpoints_of_partner ON webhook_endpoints (partner_no) WHERE state <> 'deleted';

-- Secrets that a rotation replaced and that sign until their overlap is over, each for as long as it was granted.
CREATE TABLE webhook_former_secrets (
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoints,
    secret bytea NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (endpoint_id, secret)
);

-- One fact for one endpoint, written in the transaction of the fact; that of a disabled one waits. webhook_id is the fact's: the same at each endpoint
-- and in each attempt. due_at is also the lease: who takes a delivery moves it past the end of the attempt.
CREATE TABLE webhook_deliveries (
    delivery_id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoints,
    type text NOT NULL,
    body text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    -- Begun since it was written, and since it was last asked for.
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    tries integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND attempts),
    -- How often it was asked for again: what came of an attempt from before that settles nothing.
    asked integer NOT NULL DEFAULT 0 CHECK (asked >= 0),
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    UNIQUE (endpoint_id, webhook_id),
    CHECK ((state = 'pending') = (settled_at IS NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id, delivery_id DESC);

-- What is kept of an attempt: nothing of the reply but its status.
CREATE TABLE webhook_attempts (
    delivery_id uuid NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
    number integer NOT NULL CHECK (number > 0),
    began_at timestamptz NOT NULL,
    milliseconds integer NOT NULL CHECK (milliseconds >= 0),
    status smallint CHECK (status BETWEEN 100 AND 999),
    failure text,
    PRIMARY KEY (delivery_id, number),
    CHECK ((status BETWEEN 200 AND 299 AND status IS NOT NULL) = (failure IS NULL))
);

COMMENT ON COLUMN webhook_attempts.failure IS 'ours';
COMMENT ON COLUMN webhook_deliveries.type IS 'ours';
COMMENT ON COLUMN webhook_deliveries.body IS 'json';
COMMENT ON COLUMN webhook_deliveries.state IS 'ours';
COMMENT ON COLUMN webhook_endpoints.url IS 'url';
COMMENT ON COLUMN webhook_endpoints.types IS 'ours';
COMMENT ON COLUMN webhook_endpoints.state IS 'ours';
COMMENT ON COLUMN webhook_endpoints.secret IS 'sealed';
COMMENT ON COLUMN webhook_endpoints.disabled_reason IS 'ours';
COMMENT ON COLUMN webhook_former_secrets.secret IS 'sealed';

-- What is sold, by whom, to whom, and the files in which partners hand their subscribers over.

CREATE TABLE partners (
    partner_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner_id text NOT NULL UNIQUE CHECK (partner_id ~ '^[a-z][a-z0-9-]{1,39}$'),
    name text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    back_dating_days integer NOT NULL CHECK (back_dating_days BETWEEN 0 AND 366),
    state text NOT NULL CHECK (state IN ('active', 'suspended', 'wind_down')),
    CHECK (last_day >= first_day)
);

CREATE TABLE products (
    product_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_code text NOT NULL UNIQUE CHECK (product_code ~ '^[a-z][a-z0-9-]{1,63}$')
);

CREATE TABLE product_versions (
    product_id integer NOT NULL REFERENCES products,
    version integer NOT NULL CHECK (version > 0),
    terms jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    event_id uuid NOT NULL UNIQUE,
    PRIMARY KEY (product_id, version)
);

-- People hold policies under these very words, so they are only ever followed by a next version.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published product version never changes; publish the next version';
END
$$;
CREATE TRIGGER product_versions_never_change BEFORE UPDATE OR DELETE ON product_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE partner_products (
    partner_no integer NOT NULL REFERENCES partners,
    product_code text NOT NULL,
    PRIMARY KEY (partner_no, product_code)
);

CREATE TABLE batches (
    batch_id uuid PRIMARY KEY,
    partner_no integer NOT NULL REFERENCES partners,
    product_id integer NOT NULL,
    product_version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('received', 'processing', 'finished', 'failed')),
    header text NOT NULL,
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    rows_total bigint NOT NULL CHECK (rows_total >= 0),
    rows_read bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    working_seconds double precision NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    finished_at timestamptz,
    failure text,
    FOREIGN KEY (product_id, product_version) REFERENCES product_versions,
    CHECK (rows_read = accepted + rejected AND rows_read <= rows_total),
    CHECK (state <> 'finished' OR (rows_read = rows_total AND finished_at IS NOT NULL))
);
CREATE INDEX batches_of_partner ON batches (partner_no, batch_id);
CREATE INDEX batches_to_do ON batches (received_at, batch_id) WHERE state IN ('received', 'processing');

-- Some thousand lines of an upload, sealed: they are people's documents in clear. Emptied in the transaction that
-- enrolls them, so a part is either still to be done or done, whatever dies in between.
CREATE TABLE batch_parts (
    batch_id uuid NOT NULL REFERENCES batches,
    part_no integer NOT NULL CHECK (part_no >= 0),
    first_line bigint NOT NULL,
    rows integer NOT NULL CHECK (rows > 0),
    sealed bytea,
    accepted integer,
    rejected integer,
    PRIMARY KEY (batch_id, part_no),
    CHECK (CASE WHEN sealed IS NULL THEN accepted + rejected = rows ELSE accepted IS NULL AND rejected IS NULL END)
);

CREATE TABLE batch_rejections (
    batch_id uuid NOT NULL REFERENCES batches,
    line bigint NOT NULL,
    field text NOT NULL,
    code text NOT NULL,
    detail text NOT NULL,
    fix text NOT NULL,
    PRIMARY KEY (batch_id, line)
);

-- Policies announced together by one event; one enrolled singly is a chunk of one.
CREATE TABLE policy_chunks (
    chunk_id uuid PRIMARY KEY,
    batch_id uuid REFERENCES batches,
    policies integer NOT NULL CHECK (policies BETWEEN 1 AND 1000),
    enrolled_at timestamptz NOT NULL,
    event_id uuid NOT NULL UNIQUE
);
CREATE INDEX policy_chunks_of_batch ON policy_chunks (batch_id) WHERE batch_id IS NOT NULL;

-- Fixed-width columns first, largest first: no padding in millions of rows. No foreign keys on the two that every row
-- of a chunk shares with its chunk: looking them up once a row costs more than the row (the verify command checks them).
CREATE TABLE policies (
    policy_id uuid PRIMARY KEY,
    chunk_id uuid NOT NULL,
    effective_from timestamptz NOT NULL,
    effective_to timestamptz NOT NULL,
    consent_given_at timestamptz NOT NULL,
    premium_fen bigint NOT NULL CHECK (premium_fen >= 0),
    partner_no integer NOT NULL,
    product_id integer NOT NULL,
    product_version integer NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    birth_year smallint NOT NULL,
    state text NOT NULL CHECK (state IN ('in_force', 'canceled')),
    person_token bytea NOT NULL CHECK (length(person_token) = 17),
    phone_token bytea NOT NULL CHECK (length(phone_token) = 17),
    partner_reference text NOT NULL,
    consent_text_version text NOT NULL,
    consent_channel text NOT NULL,
    sealed bytea NOT NULL,
    CHECK (effective_to >= effective_from)
);
-- One cover per person and product, whichever partner sells it: what two enrollments at once cannot both pass.
CREATE UNIQUE INDEX one_cover_per_person_and_product ON policies (person_token, product_id) WHERE state = 'in_force';
CREATE INDEX policies_of_partner ON policies (partner_no, partner_reference, policy_id);
CREATE INDEX policies_of_chunk ON policies (chunk_id);

CREATE TABLE cancellations (
    policy_id uuid PRIMARY KEY REFERENCES policies,
    reason text NOT NULL,
    canceled_at timestamptz NOT NULL,
    refund_fen bigint NOT NULL CHECK (refund_fen >= 0),
    canceled_by text NOT NULL,
    event_id uuid NOT NULL UNIQUE
);

-- What the other services announced of this service's policies; the newest version wins.
CREATE TABLE claim_outcomes (
    claim_id uuid PRIMARY KEY,
    policy_id uuid NOT NULL,
    version integer NOT NULL,
    outcome text NOT NULL,
    amount_fen bigint NOT NULL,
    decided_at timestamptz NOT NULL
);
CREATE INDEX claim_outcomes_of_policy ON claim_outcomes (policy_id);

CREATE TABLE payout_states (
    payout_id uuid PRIMARY KEY,
    policy_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    amount_fen bigint NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX payout_states_of_policy ON payout_states (policy_id);

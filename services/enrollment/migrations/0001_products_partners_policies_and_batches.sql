-- What is sold, by whom, to whom, and the files in which partners hand their subscribers over.

CREATE TABLE partners (
    partner_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner_id text NOT NULL UNIQUE CHECK (partner_id ~ '^[a-z][a-z0-9-]{1,39}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    first_day date NOT NULL,
    last_day date NOT NULL,
    back_dating_days integer NOT NULL CHECK (back_dating_days BETWEEN 0 AND 366),
    state text NOT NULL CHECK (state IN ('active', 'suspended', 'wind_down')),
    -- What the partner keeps: hundredths of a percent of the premium, or fen a policy for its technical service.
    compensation_kind text NOT NULL DEFAULT 'none' CHECK (compensation_kind IN ('none', 'commission', 'service_fee')),
    compensation_value integer NOT NULL DEFAULT 0 CHECK (compensation_value >= 0),
    settlement_day smallint NOT NULL DEFAULT 10 CHECK (settlement_day BETWEEN 1 AND 28),
    contact text NOT NULL DEFAULT '' CHECK (length(contact) <= 200),
    suspension_reason text,
    CHECK (last_day >= first_day),
    CHECK (state = 'suspended' OR suspension_reason IS NULL),
    CHECK (compensation_kind <> 'none' OR compensation_value = 0),
    CHECK (compensation_kind <> 'commission' OR compensation_value <= 10000)
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
    kind text NOT NULL DEFAULT 'enrollment' CHECK (kind IN ('enrollment', 'removal', 'renewal')),
    format text NOT NULL DEFAULT 'csv',
    dry_run boolean NOT NULL DEFAULT false,
    state text NOT NULL CHECK (state IN ('received', 'processing', 'finished', 'failed')),
    header text NOT NULL,
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    rows_total bigint NOT NULL CHECK (rows_total >= 0),
    rows_read bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    working_seconds double precision NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    -- The contract as it was then: rows are judged by it whenever a worker comes to them.
    contract jsonb NOT NULL,
    finished_at timestamptz,
    failure text,
    -- Who did a part of it last: a process, by an id of its own.
    worker uuid,
    FOREIGN KEY (product_id, product_version) REFERENCES product_versions,
    CHECK (rows_read = accepted + rejected AND rows_read <= rows_total),
    CHECK (state <> 'finished' OR rows_read = rows_total),
    CHECK (state NOT IN ('finished', 'failed') OR finished_at IS NOT NULL)
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
    -- How often it ended by a bug, so that a part that no worker can do does not hold up all others for ever.
    tries integer NOT NULL DEFAULT 0,
    PRIMARY KEY (batch_id, part_no),
    CHECK (CASE WHEN sealed IS NULL THEN accepted + rejected = rows ELSE accepted IS NULL AND rejected IS NULL END)
);

-- The sentences that rejected rows are told, once each: a file that comes again has millions of rows for one of them.
CREATE TABLE rejection_reasons (
    reason_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    field text NOT NULL,
    code text NOT NULL,
    detail text NOT NULL,
    fix text NOT NULL,
    UNIQUE (code, field, detail, fix)
);

-- No foreign key on the reason: looking it up once a row costs more than the row (the verify command checks it).
CREATE TABLE batch_rejections (
    batch_id uuid NOT NULL,
    line bigint NOT NULL,
    reason_no integer NOT NULL,
    -- The partner's own number of the row, where it gave one that is no personal number.
    partner_reference text,
    PRIMARY KEY (batch_id, line)
);

-- Who stands further up in the file of a dry run, which stores no policies. Emptied when the run ends.
CREATE TABLE dry_run_persons (
    batch_id uuid NOT NULL,
    person_token bytea NOT NULL CHECK (length(person_token) = 17),
    partner_reference text NOT NULL,
    PRIMARY KEY (batch_id, person_token)
);

-- Rows of a dry run that would have been done.
CREATE TABLE dry_run_rows (
    batch_id uuid NOT NULL,
    line bigint NOT NULL,
    partner_reference text NOT NULL,
    PRIMARY KEY (batch_id, line)
);
CREATE INDEX dry_run_rows_by_reference ON dry_run_rows (batch_id, partner_reference);

-- Policies announced together by one event; one enrolled singly is a chunk of one. Premium, the tax in it and what the
-- partner keeps of it, and by which kind of agreement, are those of each policy of the chunk, as they were when it was
-- sold. ``sealed`` is who is insured, a line for each chunk_place: one cipher run a chunk.
CREATE TABLE policy_chunks (
    chunk_id uuid PRIMARY KEY,
    batch_id uuid REFERENCES batches,
    partner_no integer NOT NULL REFERENCES partners,
    product_id integer NOT NULL,
    product_version integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('enrolled', 'renewed')),
    policies integer NOT NULL CHECK (policies BETWEEN 1 AND 1000),
    premium_fen bigint NOT NULL CHECK (premium_fen >= 0),
    tax_fen bigint NOT NULL CHECK (tax_fen BETWEEN 0 AND premium_fen),
    compensation_fen bigint NOT NULL CHECK (compensation_fen >= 0),
    compensation_kind text NOT NULL CHECK (compensation_kind IN ('none', 'commission', 'service_fee')),
    enrolled_at timestamptz NOT NULL,
    -- When the next policy of the chunk ends: a job looks here and not at millions of policies, which so need no index
    -- on their end. A chunk that does not say is looked at once and then rests until its day.
    ends_next timestamptz NOT NULL DEFAULT '-infinity',
    event_id uuid NOT NULL UNIQUE,
    sealed bytea NOT NULL,
    FOREIGN KEY (product_id, product_version) REFERENCES product_versions
);
CREATE INDEX policy_chunks_ending ON policy_chunks (ends_next, chunk_id) WHERE ends_next < 'infinity';
CREATE INDEX policy_chunks_of_partner ON policy_chunks (partner_no, enrolled_at);
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
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    -- Of a product that one person holds once, 0; of one whose covers share a loss, the partner_no of who sold the first
    -- term. A policy that moves to another partner keeps it, and so do its renewals.
    stacks_by integer NOT NULL,
    birth_year smallint NOT NULL,
    -- Which line of the chunk's sealed record is this policy's, from 0.
    chunk_place smallint NOT NULL CHECK (chunk_place BETWEEN 0 AND 999),
    -- upcoming: a renewal whose term has not begun; its predecessor is still in force.
    state text NOT NULL DEFAULT 'in_force' CHECK (state IN ('in_force', 'upcoming', 'canceled', 'expired')),
    person_token bytea NOT NULL CHECK (length(person_token) = 17),
    phone_token bytea NOT NULL CHECK (length(phone_token) = 17),
    partner_reference text NOT NULL,
    consent_text_version text NOT NULL,
    consent_channel text NOT NULL,
    consent_sha256 bytea NOT NULL CHECK (length(consent_sha256) = 32),
    CHECK (effective_to >= effective_from)
);
-- One cover per person and product, whichever partner sells it: what two enrollments at once cannot both pass.
CREATE UNIQUE INDEX one_cover_per_person_and_product ON policies (person_token, product_id, stacks_by)
WHERE state = 'in_force';
-- Renewals that wait, by person: an opt-out ends them too.
CREATE INDEX policies_waiting_of_person ON policies (person_token) WHERE state = 'upcoming';
CREATE INDEX policies_of_partner ON policies (partner_no, partner_reference, policy_id);
CREATE INDEX policies_of_chunk ON policies (chunk_id);

-- What is sealed is noise: trying to compress it takes longer than storing it.
ALTER TABLE batch_parts ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE policy_chunks ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE cancellations (
    policy_id uuid PRIMARY KEY REFERENCES policies,
    reason text NOT NULL,
    canceled_at timestamptz NOT NULL,
    refund_fen bigint NOT NULL CHECK (refund_fen >= 0),
    tax_refund_fen bigint NOT NULL DEFAULT 0 CHECK (tax_refund_fen BETWEEN 0 AND refund_fen),
    compensation_refund_fen bigint NOT NULL DEFAULT 0 CHECK (compensation_refund_fen >= 0),
    canceled_by text NOT NULL,
    -- One event may tell of a thousand cancellations, and a file may have asked for them.
    event_id uuid NOT NULL,
    batch_id uuid REFERENCES batches,
    -- A renewal that fell with the policy that it was to follow: no row of a file asked for it.
    with_predecessor boolean NOT NULL DEFAULT false
);
CREATE INDEX cancellations_of_event ON cancellations (event_id);
CREATE INDEX cancellations_of_batch ON cancellations (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX cancellations_by_time ON cancellations (canceled_at, policy_id);

-- Changes of a running policy. Amounts are charged, or given back where below zero.
CREATE TABLE endorsements (
    endorsement_id uuid PRIMARY KEY,
    policy_id uuid NOT NULL REFERENCES policies,
    version integer NOT NULL CHECK (version > 1),
    kind text NOT NULL CHECK (kind IN ('item_added', 'item_removed', 'phone_changed', 'name_corrected')),
    endorsed_at timestamptz NOT NULL,
    effective_at timestamptz NOT NULL,
    premium_delta_fen bigint NOT NULL,
    tax_delta_fen bigint NOT NULL,
    compensation_delta_fen bigint NOT NULL,
    endorsed_by text NOT NULL,
    details jsonb NOT NULL,
    event_id uuid NOT NULL UNIQUE,
    UNIQUE (policy_id, version)
);
CREATE INDEX endorsements_by_time ON endorsements (endorsed_at, endorsement_id);

-- Which policy follows which without a gap: a policy has one successor, and waiting days count from the first one.
CREATE TABLE renewals (
    policy_id uuid PRIMARY KEY REFERENCES policies,
    renews uuid NOT NULL UNIQUE REFERENCES policies,
    waits_from timestamptz NOT NULL,
    CHECK (policy_id <> renews)
);

-- Persons who want no cover from us, whichever partner enrolls them; and, once a consent lifted it, since when consents
-- count again: those given before go on counting for nobody.
CREATE TABLE opt_outs (
    person_token bytea PRIMARY KEY CHECK (length(person_token) = 17),
    opted_out_at timestamptz NOT NULL,
    channel text NOT NULL,
    recorded_by text NOT NULL,
    lifted_at timestamptz
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

-- What a contract holds besides what may be sold: how much, signed by which keys, with which consents, and how it ends.

ALTER TABLE partners
ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version > 0),
-- The operator's file rules a contract until somebody changes it over HTTP; from then on only HTTP does.
ADD COLUMN managed_by text NOT NULL DEFAULT 'file' CHECK (managed_by IN ('file', 'http')),
ADD COLUMN enrollments_a_minute bigint CHECK (enrollments_a_minute > 0),
ADD COLUMN rows_a_day bigint CHECK (rows_a_day > 0),
-- Whether the texts that insured people agreed to must stand in consent_texts.
ADD COLUMN consent_texts text NOT NULL DEFAULT 'any' CHECK (consent_texts IN ('any', 'registered'));

-- Ed25519 keys with which the partner's delivered files may be signed.
CREATE TABLE partner_file_keys (
    partner_no integer NOT NULL REFERENCES partners,
    name text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    PRIMARY KEY (partner_no, name),
    CONSTRAINT one_name_per_key UNIQUE (partner_no, public_key)
);

-- How much of a quota is given out in one window. Web processes take blocks of permits ahead, in transactions of their
-- own, so that no enrollment waits for another one's commit here.
CREATE TABLE quota_windows (
    partner_no integer NOT NULL REFERENCES partners,
    kind text NOT NULL CHECK (kind IN ('enrollments_a_minute', 'rows_a_day')),
    begins_at timestamptz NOT NULL,
    taken bigint NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (partner_no, kind, begins_at)
) WITH (fillfactor = 50);

-- The words that people agree to. A policy names the version; what it said then must be readable for ever.
CREATE TABLE consent_texts (
    text_version text PRIMARY KEY CHECK (text_version ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$'),
    zh text NOT NULL CHECK (zh <> ''),
    en text NOT NULL CHECK (en <> ''),
    zh_sha256 bytea NOT NULL CHECK (zh_sha256 = sha256(convert_to(zh, 'UTF8'))),
    en_sha256 bytea NOT NULL CHECK (en_sha256 = sha256(convert_to(en, 'UTF8'))),
    -- Where the text is shown; empty: anywhere.
    channels text[] NOT NULL,
    valid_from timestamptz NOT NULL,
    published_at timestamptz NOT NULL,
    published_by text NOT NULL
);
CREATE FUNCTION refuse_change_of_consent_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'people agreed to a consent text as it is; publish another version';
END
$$;
CREATE TRIGGER consent_texts_never_change BEFORE UPDATE OR DELETE ON consent_texts
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_consent_text();

-- That a person who had opted out agreed anew. What was opted out from before stays told here.
CREATE TABLE opt_out_lifts (
    lift_id uuid PRIMARY KEY,
    person_token bytea NOT NULL CHECK (length(person_token) = 17),
    opted_out_at timestamptz NOT NULL,
    lifted_at timestamptz NOT NULL,
    lifted_by text NOT NULL,
    consent_text_version text NOT NULL,
    consent_given_at timestamptz NOT NULL,
    consent_channel text NOT NULL,
    consent_sha256 bytea NOT NULL CHECK (length(consent_sha256) = 32),
    CHECK (consent_given_at > opted_out_at)
);
CREATE INDEX opt_out_lifts_of_person ON opt_out_lifts (person_token);

-- The end of working with a partner: once for ever, worked off by a job.
CREATE TABLE wind_downs (
    partner_no integer PRIMARY KEY REFERENCES partners,
    -- NULL: running cover stays with the partner until its end.
    transfer_to integer REFERENCES partners,
    started_at timestamptz NOT NULL,
    started_by text NOT NULL,
    state text NOT NULL DEFAULT 'draining' CHECK (state IN ('draining', 'listing', 'done')),
    -- The transactions that may still enroll, because they read the contract before it ended.
    waits_for text [],
    listed_reference text NOT NULL DEFAULT '',
    listed_policy uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    listed bigint NOT NULL DEFAULT 0,
    transferred bigint NOT NULL DEFAULT 0,
    finished_at timestamptz,
    CHECK (transfer_to <> partner_no),
    CHECK ((state = 'done') = (finished_at IS NOT NULL))
);
CREATE INDEX wind_downs_to_do ON wind_downs (started_at) WHERE state <> 'done';

-- Who is to be told that the partner ends. The policy's own row says by which reference the partner knows the person.
CREATE TABLE notices (
    partner_no integer NOT NULL REFERENCES wind_downs,
    policy_id uuid NOT NULL REFERENCES policies,
    notified_at timestamptz,
    notified_by text,
    notified_channel text,
    CONSTRAINT one_notice_per_policy PRIMARY KEY (partner_no, policy_id),
    CHECK ((notified_at IS NULL) = (notified_by IS NULL) AND (notified_at IS NULL) = (notified_channel IS NULL))
);
CREATE INDEX notices_to_give ON notices (partner_no, policy_id) WHERE notified_at IS NULL;

-- Which policies went from which partner to which. A policy leaves a partner once.
CREATE TABLE policy_transfers (
    policy_id uuid NOT NULL REFERENCES policies,
    from_partner_no integer NOT NULL REFERENCES partners,
    to_partner_no integer NOT NULL REFERENCES partners,
    version integer NOT NULL CHECK (version > 1),
    transferred_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    CONSTRAINT one_transfer_from_a_partner PRIMARY KEY (policy_id, from_partner_no)
);
CREATE INDEX policy_transfers_of_event ON policy_transfers (event_id);

-- Whose a policy was when it came to a version: what was booked with that change belongs on that partner's statement. By
-- versions and not by times, for a change that waits for a transfer to commit carries the earlier time of its request.
CREATE FUNCTION partner_as_of(asked_policy uuid, at_version integer) RETURNS integer LANGUAGE sql STABLE AS $$
SELECT coalesce(
    (SELECT t.from_partner_no FROM policy_transfers t
     WHERE t.policy_id = asked_policy AND t.version > at_version ORDER BY t.version LIMIT 1),
    (SELECT p.partner_no FROM policies p WHERE p.policy_id = asked_policy))
$$;

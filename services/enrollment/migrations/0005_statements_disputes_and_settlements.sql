-- What finance settles with a partner for a month: drawn once as a file that never changes, disputed, settled by two.

CREATE TABLE statements (
    statement_id uuid PRIMARY KEY,
    partner_no integer NOT NULL REFERENCES partners,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    state text NOT NULL CHECK (state IN ('drawing', 'drawn', 'settled')),
    -- Where the drawing goes on after a restart: which kind of lines, and the last one written.
    stage text NOT NULL,
    after_at timestamptz,
    after_id uuid,
    parts integer NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL,
    started_by text NOT NULL,
    drawn_at timestamptz,
    sha256 text CHECK (length(sha256) = 64),
    due_day date NOT NULL,
    UNIQUE (partner_no, month, currency),
    CHECK ((state = 'drawing') = (sha256 IS NULL)),
    CHECK ((state = 'drawing') = (drawn_at IS NULL))
);

-- Tells which lines were added up, in whatever order: sums of it are kept modulo 2^64. The same function as in
-- domain/line_digest.py, which a test holds against this.
CREATE FUNCTION line_digest(kind text, reference uuid, policy uuid, premium bigint) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT ('x' || encode(substring(sha256(
    uuid_send(reference) || uuid_send(coalesce(policy, '00000000-0000-0000-0000-000000000000'))
    || int8send(premium) || convert_to(kind, 'UTF8')) FROM 1 FOR 8), 'hex'))::bit(64)::bigint
$$;

-- One row for each kind of line. Premium is gross, tax is contained in it; compensation is what the partner keeps.
CREATE TABLE statement_totals (
    statement_id uuid NOT NULL REFERENCES statements,
    transaction_type text NOT NULL CHECK (
        transaction_type IN ('issued', 'renewed', 'endorsed', 'canceled', 'adjusted')
    ),
    lines bigint NOT NULL CHECK (lines > 0),
    premium_fen bigint NOT NULL,
    tax_fen bigint NOT NULL,
    compensation_fen bigint NOT NULL,
    digest numeric(20) NOT NULL CHECK (digest BETWEEN 0 AND 18446744073709551615),
    PRIMARY KEY (statement_id, transaction_type)
);

-- The file: members of one gzip stream. Kept, not made anew: policies change afterwards, what was stated does not.
CREATE TABLE statement_parts (
    statement_id uuid NOT NULL REFERENCES statements,
    part_no integer NOT NULL CHECK (part_no >= 0),
    lines integer NOT NULL CHECK (lines >= 0),
    csv_gzip bytea NOT NULL,
    PRIMARY KEY (statement_id, part_no)
);
ALTER TABLE statement_parts ALTER COLUMN csv_gzip SET STORAGE EXTERNAL;

CREATE FUNCTION refuse_statement_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was stated never changes; adjust it in the next month';
END
$$;
CREATE TRIGGER statement_parts_never_change BEFORE UPDATE OR DELETE ON statement_parts
    FOR EACH ROW EXECUTE FUNCTION refuse_statement_change();

-- Lines and totals come while a statement is drawn, and never again.
CREATE FUNCTION statements_grow_while_drawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM statements
               WHERE statement_id IN (NEW.statement_id, OLD.statement_id) AND state <> 'drawing') THEN
        RAISE EXCEPTION 'what was stated never changes; adjust it in the next month';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER statement_parts_come_while_drawn BEFORE INSERT ON statement_parts
    FOR EACH ROW EXECUTE FUNCTION statements_grow_while_drawn();
CREATE TRIGGER statement_totals_grow_while_drawn BEFORE INSERT OR UPDATE OR DELETE ON statement_totals
    FOR EACH ROW EXECUTE FUNCTION statements_grow_while_drawn();

-- All that still happens to a drawn statement is that it is settled.
CREATE FUNCTION drawn_statements_are_only_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.state, NEW.state) = ('drawn', 'settled')
       AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what was stated never changes; adjust it in the next month';
END
$$;
CREATE TRIGGER drawn_statements_are_only_settled BEFORE UPDATE OR DELETE ON statements
    FOR EACH ROW WHEN (OLD.state <> 'drawing') EXECUTE FUNCTION drawn_statements_are_only_settled();

CREATE FUNCTION refuse_change_of_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was answered or decided stands';
END
$$;

-- A line or the whole of a statement that a partner does not accept. An upheld one is adjusted in a later statement.
CREATE TABLE statement_disputes (
    dispute_id uuid PRIMARY KEY,
    statement_id uuid NOT NULL REFERENCES statements,
    policy_id uuid,
    reason text NOT NULL,
    expected_net_fen bigint,
    raised_at timestamptz NOT NULL,
    raised_by text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'upheld', 'rejected')),
    answered_at timestamptz,
    answered_by text,
    premium_fen bigint NOT NULL DEFAULT 0,
    tax_fen bigint NOT NULL DEFAULT 0,
    compensation_fen bigint NOT NULL DEFAULT 0,
    CHECK ((state = 'open') = (answered_at IS NULL AND answered_by IS NULL)),
    CHECK (state = 'upheld' OR (premium_fen, tax_fen, compensation_fen) = (0, 0, 0))
);
CREATE INDEX statement_disputes_of_statement ON statement_disputes (statement_id, dispute_id);
CREATE INDEX statement_disputes_answered ON statement_disputes (answered_at, dispute_id) WHERE state = 'upheld';
CREATE INDEX statement_disputes_of_policy ON statement_disputes (policy_id) WHERE state = 'upheld';
CREATE TRIGGER answered_disputes_never_change BEFORE UPDATE OR DELETE ON statement_disputes
    FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse_change_of_answer();

-- That the net amount was received or paid, or that there is none: recorded by one person, approved by another.
CREATE TABLE statement_settlements (
    settlement_id uuid PRIMARY KEY,
    statement_id uuid NOT NULL REFERENCES statements,
    net_fen bigint NOT NULL,
    -- Of the transfer. Where nothing is owed there is none.
    bank_reference text COLLATE "C" CHECK (bank_reference ~ '^[!-~]{1,64}$'),
    value_day date,
    state text NOT NULL CHECK (state IN ('recorded', 'approved', 'rejected')),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    decided_at timestamptz,
    decided_by text,
    CHECK ((net_fen = 0) = (bank_reference IS NULL) AND (net_fen = 0) = (value_day IS NULL)),
    CHECK (decided_by <> recorded_by),
    CHECK ((state = 'recorded') = (decided_at IS NULL AND decided_by IS NULL))
);
CREATE UNIQUE INDEX one_settlement_per_statement ON statement_settlements (statement_id) WHERE state <> 'rejected';
-- One transfer settles one statement, in whatever capitals a person copies its reference.
CREATE UNIQUE INDEX one_statement_per_bank_reference ON statement_settlements (upper(bank_reference))
WHERE state <> 'rejected';
CREATE TRIGGER decided_settlements_never_change BEFORE UPDATE OR DELETE ON statement_settlements
    FOR EACH ROW WHEN (OLD.state <> 'recorded') EXECUTE FUNCTION refuse_change_of_answer();
-- What waits for a decision is decided as it was recorded.
CREATE FUNCTION settlements_are_decided_as_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.statement_id, OLD.net_fen, OLD.bank_reference, OLD.value_day, OLD.recorded_by)
        IS DISTINCT FROM (NEW.statement_id, NEW.net_fen, NEW.bank_reference, NEW.value_day, NEW.recorded_by) THEN
        RAISE EXCEPTION 'a settlement is decided as it was recorded; reject it and record it anew';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER settlements_are_decided_as_recorded BEFORE UPDATE OR DELETE ON statement_settlements
    FOR EACH ROW EXECUTE FUNCTION settlements_are_decided_as_recorded();

-- What each event said of premium, as Kafka delivered it to us as to everybody: topics are emptied after days, and a month
-- is proved weeks later. A consumer writes it; no foreign keys, for it is there to be compared with the other tables.
CREATE TABLE event_tallies (
    event_id uuid PRIMARY KEY,
    booked_at timestamptz NOT NULL,
    premium_fen bigint NOT NULL,
    lines integer NOT NULL CHECK (lines > 0),
    digest numeric(20) NOT NULL CHECK (digest BETWEEN 0 AND 18446744073709551615),
    partner_id text NOT NULL,
    currency text NOT NULL,
    transaction_type text NOT NULL CHECK (transaction_type IN ('issued', 'renewed', 'endorsed', 'canceled'))
);
CREATE INDEX event_tallies_of_partner ON event_tallies (partner_id, booked_at);
CREATE FUNCTION refuse_change_of_what_was_heard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what an event said never changes';
END
$$;
CREATE TRIGGER event_tallies_never_change BEFORE UPDATE OR DELETE ON event_tallies
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_what_was_heard();

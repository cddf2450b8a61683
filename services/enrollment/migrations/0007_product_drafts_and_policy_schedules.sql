-- A product version is published by two persons; and what a policy holds besides its insured stands in its schedule.

CREATE TABLE product_drafts (
    draft_id uuid PRIMARY KEY,
    product_code text NOT NULL CHECK (product_code ~ '^[a-z][a-z0-9-]{1,63}$'),
    -- The newest version when this was proposed (0: none): who approves saw it compared with that one.
    based_on integer NOT NULL CHECK (based_on >= 0),
    terms jsonb NOT NULL,
    begins_when_approved boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'approved', 'rejected')),
    proposed_at timestamptz NOT NULL,
    proposed_by text NOT NULL CHECK (proposed_by <> ''),
    decided_at timestamptz,
    decided_by text CHECK (decided_by <> ''),
    reason text CHECK (reason <> ''),
    CONSTRAINT a_decision_has_its_person_and_its_time
    CHECK ((state = 'proposed') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT approved_by_a_second_person CHECK (state <> 'approved' OR decided_by <> proposed_by),
    CONSTRAINT rejected_with_a_reason CHECK ((state = 'rejected') = (reason IS NOT NULL))
);
CREATE INDEX product_drafts_by_state ON product_drafts (state, draft_id);
-- The version that an approved draft became follows the one that it was based on.
CREATE UNIQUE INDEX one_approved_draft_per_version ON product_drafts (product_code, based_on) WHERE state = 'approved';

-- What is approved is what was proposed, and a decision stands.
CREATE FUNCTION refuse_change_of_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'proposed'
       OR (NEW.product_code, NEW.based_on, NEW.terms, NEW.begins_when_approved, NEW.proposed_at, NEW.proposed_by)
          IS DISTINCT FROM
          (OLD.product_code, OLD.based_on, OLD.terms, OLD.begins_when_approved, OLD.proposed_at, OLD.proposed_by) THEN
        RAISE EXCEPTION 'a draft changes by one decision alone; propose another';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER product_drafts_keep_their_words BEFORE UPDATE OR DELETE ON product_drafts
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_draft();

-- A version comes from an approved draft; only those that the service is shipped with come from the installation.
CREATE FUNCTION refuse_version_of_one_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.published_by <> 'installation' AND NOT EXISTS (
        SELECT FROM product_drafts d JOIN products p USING (product_code)
        WHERE p.product_id = NEW.product_id AND d.based_on = NEW.version - 1
          AND d.state = 'approved' AND d.decided_by = NEW.published_by
    ) THEN
        RAISE EXCEPTION 'a product version is published by two persons: propose it, and let another one approve it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'published_by_two_persons';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER product_versions_are_published_by_two BEFORE INSERT ON product_versions
FOR EACH ROW EXECUTE FUNCTION refuse_version_of_one_person();

-- Only policies of products that ask for it have one. Answers and the names of items are about a risk, not a person.
CREATE TABLE policy_schedules (
    policy_id uuid PRIMARY KEY REFERENCES policies,
    answers jsonb NOT NULL CHECK (jsonb_typeof(answers) = 'object'),
    points integer,
    grade text,
    rate_percent integer NOT NULL CHECK (rate_percent > 0),
    items jsonb NOT NULL CHECK (jsonb_typeof(items) = 'array'),
    -- With products that are claims-made: acts before midnight of this day, in the product's zone, are not covered.
    retroactive_date date,
    CHECK ((points IS NULL) = (grade IS NULL))
);

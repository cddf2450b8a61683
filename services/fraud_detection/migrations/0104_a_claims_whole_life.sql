-- A claim's whole life: its states and legal steps as rows, each step kept with who took it and why, dates for whoever is
-- waited for, and what a claim holds of limits apart from what was once decided, so that it can be given back.
-- Claims are few, thousands to the millions of policies: locks and passes over the table are short.
-- squawk-ignore-file adding-foreign-key-constraint, constraint-missing-not-valid, ban-drop-constraint, ban-drop-default, require-concurrent-index-creation, require-concurrent-index-deletion, adding-not-nullable-field, adding-serial-primary-key-field

CREATE TABLE claim_states (
    state text PRIMARY KEY,
    -- Nobody decides anything about such a claim: what it says of an erased person is overwritten.
    nothing_open boolean NOT NULL,
    meaning text NOT NULL
);
COMMENT ON COLUMN claim_states.state IS 'ours';
COMMENT ON COLUMN claim_states.meaning IS 'ours';
INSERT INTO claim_states (state, nothing_open, meaning) VALUES
    ('draft', true, 'begun and not handed in yet'),
    ('filed', false, 'handed in, completed or changed: to be decided within moments'),
    ('waiting_for_policy', false, 'its policy has not been heard of yet'),
    ('waiting_for_payee', false, 'the account to be paid to has not been heard of yet'),
    ('documents_requested', false, 'the claimant was asked for documents, once and for all of them together'),
    ('waiting_for_police', false, 'the police''s paper is waited for'),
    ('in_review', false, 'a person decides'),
    ('approved', true, 'decided; the payout service has not answered yet'),
    ('recovery_wait', true, 'to be paid once the days are over in which the police may get the money back'),
    ('paying', true, 'the money is on its way'),
    ('paid', true, 'the money arrived'),
    ('payment_failed', true, 'the bank refused or returned it: another account is needed'),
    ('stopping', false, 'the approval was taken back; whether the money had left already, the payout service says'),
    ('recovered', true, 'paid, and the lost money came back afterwards, in part or whole'),
    ('refused', true, 'refused by a person; an appeal is open'),
    ('appealed', false, 'appealed: to be brought before another person within moments'),
    ('withdrawn', true, 'taken back by the claimant'),
    ('lapsed', true, 'nothing came by the date; what was waited for may still be handed in'),
    ('closed', true, 'over');

-- The only steps there are. A step that is not a row here is refused by the trigger below.
CREATE TABLE claim_legal_steps (
    from_state text NOT NULL REFERENCES claim_states,
    to_state text NOT NULL REFERENCES claim_states,
    PRIMARY KEY (from_state, to_state)
);
COMMENT ON COLUMN claim_legal_steps.from_state IS 'ours';
COMMENT ON COLUMN claim_legal_steps.to_state IS 'ours';
INSERT INTO claim_legal_steps (from_state, to_state) VALUES
    ('draft', 'filed'),
    ('draft', 'waiting_for_policy'),
    ('draft', 'withdrawn'),
    ('draft', 'lapsed'),
    ('filed', 'waiting_for_payee'),
    ('filed', 'documents_requested'),
    ('filed', 'in_review'),
    ('filed', 'approved'),
    ('filed', 'withdrawn'),
    ('waiting_for_policy', 'filed'),
    ('waiting_for_policy', 'in_review'),
    ('waiting_for_policy', 'withdrawn'),
    ('waiting_for_payee', 'filed'),
    ('waiting_for_payee', 'withdrawn'),
    ('documents_requested', 'filed'),
    ('documents_requested', 'withdrawn'),
    ('documents_requested', 'lapsed'),
    ('waiting_for_police', 'filed'),
    ('waiting_for_police', 'withdrawn'),
    ('in_review', 'filed'),
    ('in_review', 'documents_requested'),
    ('in_review', 'waiting_for_police'),
    ('in_review', 'approved'),
    ('in_review', 'refused'),
    ('in_review', 'withdrawn'),
    ('approved', 'recovery_wait'),
    ('approved', 'paying'),
    ('approved', 'paid'),
    ('approved', 'payment_failed'),
    ('approved', 'stopping'),
    ('recovery_wait', 'paying'),
    ('recovery_wait', 'paid'),
    ('recovery_wait', 'payment_failed'),
    ('recovery_wait', 'stopping'),
    ('paying', 'paid'),
    ('paying', 'payment_failed'),
    ('paid', 'payment_failed'),
    ('paid', 'recovered'),
    ('paid', 'closed'),
    ('payment_failed', 'filed'),
    ('payment_failed', 'withdrawn'),
    ('payment_failed', 'closed'),
    ('stopping', 'filed'),
    ('stopping', 'paid'),
    ('stopping', 'withdrawn'),
    ('recovered', 'payment_failed'),
    ('recovered', 'closed'),
    ('refused', 'appealed'),
    ('refused', 'closed'),
    ('appealed', 'in_review'),
    ('appealed', 'withdrawn'),
    ('lapsed', 'filed'),
    ('lapsed', 'closed'),
    ('closed', 'recovered');

ALTER TABLE claim_steps
    ADD COLUMN by_whom text NOT NULL DEFAULT 'rules_and_model',
    ADD COLUMN why text;
COMMENT ON COLUMN claim_steps.by_whom IS 'name';
COMMENT ON COLUMN claim_steps.why IS 'ours';
ALTER TABLE claim_steps ALTER COLUMN by_whom DROP DEFAULT;
UPDATE claim_steps SET
    from_state = CASE from_state WHEN 'submitted' THEN 'filed' WHEN 'review' THEN 'in_review'
                                 WHEN 'refusal_proposed' THEN 'in_review' ELSE from_state END,
    to_state = CASE to_state WHEN 'submitted' THEN 'filed' WHEN 'review' THEN 'in_review'
                             WHEN 'refusal_proposed' THEN 'in_review' ELSE to_state END;
ALTER TABLE claim_steps
    ADD CONSTRAINT claim_steps_from_state FOREIGN KEY (from_state) REFERENCES claim_states,
    ADD CONSTRAINT claim_steps_to_state FOREIGN KEY (to_state) REFERENCES claim_states;

ALTER TABLE claims DROP CONSTRAINT claims_state_check;
ALTER TABLE claims
    -- By when whoever is waited for must have acted; then the worker's job moves the claim on.
    ADD COLUMN due_at timestamptz,
    -- The last step: when, by whom and why. The trigger keeps them as a row of claim_steps.
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN changed_by text NOT NULL DEFAULT 'rules_and_model',
    ADD COLUMN changed_why text,
    -- The person asked that a person decides, not the machine.
    ADD COLUMN person_wanted boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN claims.changed_by IS 'name';
COMMENT ON COLUMN claims.changed_why IS 'ours';
UPDATE claims SET
    state = CASE state WHEN 'submitted' THEN 'filed' WHEN 'review' THEN 'in_review'
                       WHEN 'refusal_proposed' THEN 'in_review' ELSE state END,
    changed_at = coalesce((SELECT max(at) FROM claim_steps WHERE claim_steps.claim_id = claims.claim_id), submitted_at);
ALTER TABLE claims ADD CONSTRAINT claims_state FOREIGN KEY (state) REFERENCES claim_states;
ALTER TABLE claims ALTER COLUMN changed_by DROP DEFAULT;
ALTER TABLE claims ALTER COLUMN changed_at SET NOT NULL;
CREATE INDEX claims_due ON claims (due_at) WHERE due_at IS NOT NULL;

-- The schema is named, so that no temporary table hides what the trigger reads.
CREATE FUNCTION claims_take_legal_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('draft', 'filed', 'waiting_for_policy') OR NEW.version <> 1 THEN
            RAISE EXCEPTION 'a claim begins as a draft, filed or waiting for its policy, not as %', NEW.state;
        END IF;
        INSERT INTO public.claim_steps (claim_id, version, from_state, to_state, at, by_whom, why)
        VALUES (NEW.claim_id, NEW.version, NULL, NEW.state, NEW.changed_at, NEW.changed_by, NEW.changed_why);
        RETURN NULL;
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (SELECT FROM public.claim_legal_steps WHERE from_state = OLD.state AND to_state = NEW.state) THEN
        RAISE EXCEPTION 'a claim cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'each step of a claim raises its version by one' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO public.claim_steps (claim_id, version, from_state, to_state, at, by_whom, why)
    VALUES (NEW.claim_id, NEW.version, OLD.state, NEW.state, NEW.changed_at, NEW.changed_by, NEW.changed_why);
    RETURN NULL;
END $$;
CREATE TRIGGER claims_take_legal_steps AFTER INSERT OR UPDATE OF state ON claims
    FOR EACH ROW EXECUTE FUNCTION claims_take_legal_steps();

-- What an approval holds of the limits of policy and liability, until the money is surely not paid.
CREATE TABLE reservations (
    decision_id uuid PRIMARY KEY REFERENCES decisions,
    claim_id uuid NOT NULL REFERENCES claims,
    policy_id uuid NOT NULL,
    liability text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    released_at timestamptz
);
COMMENT ON COLUMN reservations.liability IS 'label';
-- A claim is approved once; again only after what it held was given back.
CREATE UNIQUE INDEX one_standing_approval_per_claim ON reservations (claim_id) WHERE released_at IS NULL;
INSERT INTO reservations (decision_id, claim_id, policy_id, liability, amount_fen)
SELECT decision_id, claim_id, policy_id, liability, decisions.amount_fen
FROM decisions JOIN claims USING (claim_id) WHERE outcome = 'approved';
DROP INDEX one_approval_per_claim;

-- A claim may be paid by a second payout after the first one failed.
ALTER TABLE claim_payouts DROP CONSTRAINT claim_payouts_pkey;
ALTER TABLE claim_payouts ADD PRIMARY KEY (payout_id);
CREATE INDEX claim_payouts_of_claim ON claim_payouts (claim_id, payout_id);
-- What payout told before there were states for it.
UPDATE claims SET
    state = CASE claim_payouts.state WHEN 'paid' THEN 'paid' WHEN 'scheduled' THEN 'recovery_wait'
                                     ELSE 'payment_failed' END,
    version = claims.version + 1, changed_at = claim_payouts.changed_at, changed_by = 'payout',
    changed_why = claim_payouts.state,
    due_at = CASE claim_payouts.state
        WHEN 'scheduled' THEN (SELECT payable_from FROM decisions WHERE decision_id = claim_payouts.decision_id) END
FROM claim_payouts WHERE claim_payouts.claim_id = claims.claim_id AND claims.state = 'approved';

-- What came back of a loss after the claim was filed, as it was told. ``insurers_fen`` is the insurer's, for it had paid.
CREATE TABLE recoveries (
    recovery_id uuid PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES claims,
    kind text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    insurers_fen bigint NOT NULL DEFAULT 0 CHECK (insurers_fen BETWEEN 0 AND amount_fen),
    came_at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    told_by text NOT NULL
);
COMMENT ON COLUMN recoveries.kind IS 'ours';
COMMENT ON COLUMN recoveries.told_by IS 'name';
CREATE INDEX recoveries_of_claim ON recoveries (claim_id);

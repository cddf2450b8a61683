-- A promotion is proposed by one person within bounds that are data, passes gates, and is confirmed by another person.

CREATE FUNCTION promotion_history_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', tg_table_name;
END $$;

-- What a promotion may allow and a model must reach; the newest holds.
CREATE TABLE promotion_policies (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    most_approve_below double precision NOT NULL CHECK (most_approve_below BETWEEN 0 AND 1),
    most_auto_approve_limit_fen bigint NOT NULL CHECK (most_auto_approve_limit_fen >= 0),
    most_auto_approve_loss_limit_fen bigint NOT NULL CHECK (most_auto_approve_loss_limit_fen >= 0),
    least_auc double precision NOT NULL CHECK (least_auc BETWEEN 0 AND 1),
    logistic_margin double precision NOT NULL CHECK (logistic_margin BETWEEN 0 AND 1),
    most_calibration_error double precision NOT NULL CHECK (most_calibration_error BETWEEN 0 AND 1),
    most_latency_us integer NOT NULL CHECK (most_latency_us > 0),
    proposal_hours integer NOT NULL CHECK (proposal_hours > 0),
    reason text NOT NULL,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL
);
COMMENT ON COLUMN promotion_policies.reason IS 'sentence';
COMMENT ON COLUMN promotion_policies.set_by IS 'name';
INSERT INTO promotion_policies (
    most_approve_below, most_auto_approve_limit_fen, most_auto_approve_loss_limit_fen, least_auc, logistic_margin,
    most_calibration_error, most_latency_us, proposal_hours, reason, set_by, set_at
) VALUES (0.5, 5000000, 50000000, 0.5, 0.02, 0.05, 5000, 72, 'as delivered', 'fangzha', now());

CREATE TABLE promotion_proposals (
    proposal_id uuid PRIMARY KEY,
    model_id uuid NOT NULL REFERENCES models,
    sha256 text NOT NULL,
    -- Of a registry or a policy that changed since, the proposal does not stand.
    registry_version integer NOT NULL,
    policy_number bigint NOT NULL REFERENCES promotion_policies,
    approve_below double precision NOT NULL CHECK (approve_below BETWEEN 0 AND 1),
    auto_approve_limit_fen bigint NOT NULL CHECK (auto_approve_limit_fen >= 0),
    auto_approve_loss_limit_fen bigint NOT NULL CHECK (auto_approve_loss_limit_fen >= 0),
    acknowledged jsonb NOT NULL,
    reason text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ending text CHECK (ending IN ('gates_failed', 'confirmed', 'rejected')),
    ended_by text,
    ended_at timestamptz,
    note text,
    CHECK ((ending IS NULL) = (ended_at IS NULL) AND (ending IS NULL) = (ended_by IS NULL)),
    CONSTRAINT promotion_confirmed_by_a_second_person CHECK (ending <> 'confirmed' OR ended_by <> proposed_by)
);
COMMENT ON COLUMN promotion_proposals.sha256 IS 'ours';
COMMENT ON COLUMN promotion_proposals.acknowledged IS 'json';
COMMENT ON COLUMN promotion_proposals.reason IS 'sentence';
COMMENT ON COLUMN promotion_proposals.proposed_by IS 'name';
COMMENT ON COLUMN promotion_proposals.ending IS 'ours';
COMMENT ON COLUMN promotion_proposals.ended_by IS 'name';
COMMENT ON COLUMN promotion_proposals.note IS 'sentence';

CREATE TABLE promotion_gates (
    proposal_id uuid NOT NULL REFERENCES promotion_proposals,
    name text NOT NULL,
    passed boolean NOT NULL,
    told text NOT NULL,
    PRIMARY KEY (proposal_id, name)
);
COMMENT ON COLUMN promotion_gates.name IS 'ours';
COMMENT ON COLUMN promotion_gates.told IS 'ours';

-- Who did what, when and why.
CREATE TABLE promotion_history (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what text NOT NULL CHECK (what IN ('proposed', 'gates_failed', 'confirmed', 'rejected', 'rolled_back')),
    model_id uuid NOT NULL REFERENCES models,
    proposal_id uuid REFERENCES promotion_proposals,
    model_before uuid,
    approve_below double precision NOT NULL,
    auto_approve_limit_fen bigint NOT NULL,
    auto_approve_loss_limit_fen bigint NOT NULL,
    person text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON COLUMN promotion_history.what IS 'ours';
COMMENT ON COLUMN promotion_history.person IS 'name';
COMMENT ON COLUMN promotion_history.reason IS 'sentence';
-- Promotions of before took one person.
INSERT INTO promotion_history (
    what, model_id, approve_below, auto_approve_limit_fen, auto_approve_loss_limit_fen, person, reason, at
)
SELECT 'confirmed', model_id, approve_below, auto_approve_limit_fen, auto_approve_loss_limit_fen, promoted_by, reason,
    promoted_at
FROM model_promotions ORDER BY number;

ALTER TABLE model_promotions
    ADD COLUMN proposed_by text,
    ADD CONSTRAINT promoted_by_a_second_person CHECK (proposed_by <> promoted_by) NOT VALID;
COMMENT ON COLUMN model_promotions.proposed_by IS 'name';

CREATE TRIGGER model_promotions_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON model_promotions
    FOR EACH STATEMENT EXECUTE FUNCTION promotion_history_is_only_added_to();
CREATE TRIGGER promotion_policies_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON promotion_policies
    FOR EACH STATEMENT EXECUTE FUNCTION promotion_history_is_only_added_to();
CREATE TRIGGER promotion_gates_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON promotion_gates
    FOR EACH STATEMENT EXECUTE FUNCTION promotion_history_is_only_added_to();
CREATE TRIGGER promotion_history_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON promotion_history
    FOR EACH STATEMENT EXECUTE FUNCTION promotion_history_is_only_added_to();

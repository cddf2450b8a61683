-- How much each person may approve alone; what is more waits as a proposal for a second person.

CREATE TABLE authorities (
    person text PRIMARY KEY,
    -- The most that is paid by an approval of this person alone, and the largest claim that it may be of.
    pays_up_to_fen bigint NOT NULL CHECK (pays_up_to_fen >= 0),
    claims_up_to_fen bigint NOT NULL CHECK (claims_up_to_fen >= 0),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    CONSTRAINT nobody_sets_their_own_authority CHECK (set_by <> person)
);
COMMENT ON COLUMN authorities.person IS 'name';
COMMENT ON COLUMN authorities.set_by IS 'name';

-- An approval that waits for a second person; once it is confirmed, its decision has its id.
CREATE TABLE approval_proposals (
    proposal_id uuid PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES claims,
    round integer NOT NULL,
    -- The claim's, as it was proposed on: of a claim that changed since, the proposal does not stand.
    version integer NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    deductible_fen bigint NOT NULL CHECK (deductible_fen >= 0),
    event_deductible_fen bigint NOT NULL CHECK (event_deductible_fen >= 0),
    clause text,
    reasons bytea,
    reasons_en bytea,
    ending text CHECK (ending IN ('confirmed', 'sent_back', 'outdated')),
    ended_by text,
    ended_at timestamptz,
    note bytea,
    CHECK ((ending IS NULL) = (ended_at IS NULL) AND (ending IS NULL) = (ended_by IS NULL)),
    CHECK ((ending = 'sent_back') = (note IS NOT NULL)),
    CONSTRAINT confirmed_by_a_second_person CHECK (ending <> 'confirmed' OR ended_by <> proposed_by)
);
COMMENT ON COLUMN approval_proposals.proposed_by IS 'name';
COMMENT ON COLUMN approval_proposals.clause IS 'sentence';
COMMENT ON COLUMN approval_proposals.reasons IS 'sealed';
COMMENT ON COLUMN approval_proposals.reasons_en IS 'sealed';
COMMENT ON COLUMN approval_proposals.ending IS 'ours';
COMMENT ON COLUMN approval_proposals.ended_by IS 'name';
COMMENT ON COLUMN approval_proposals.note IS 'sealed';
CREATE UNIQUE INDEX one_open_proposal_per_claim ON approval_proposals (claim_id) WHERE ended_at IS NULL;
CREATE INDEX approval_proposals_of_claim ON approval_proposals (claim_id, proposal_id);

-- Who proposed what another person, ``decided_by``, confirmed.
ALTER TABLE decisions
    ADD COLUMN proposed_by text,
    ADD CONSTRAINT proposed_by_another_person CHECK (proposed_by <> decided_by) NOT VALID;
COMMENT ON COLUMN decisions.proposed_by IS 'name';

-- A person approves a claim transfer by transfer: what was said of each, and which of them the claim is not paid for.

CREATE TABLE transfer_verdicts (
    -- The decision's, or the proposal's that becomes it.
    decision_id uuid NOT NULL,
    claim_id uuid NOT NULL REFERENCES claims,
    -- The transfer as it was told by then; the claim may tell it otherwise later.
    line smallint NOT NULL,
    occurred_at timestamptz NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    accepted boolean NOT NULL,
    clause text,
    reasons bytea,
    reasons_en bytea,
    found_zh bytea,
    found_en bytea,
    PRIMARY KEY (decision_id, line),
    CONSTRAINT what_is_not_accepted_says_why CHECK (
        accepted = (clause IS NULL) AND accepted = (reasons IS NULL) AND accepted = (reasons_en IS NULL)
    ),
    CHECK ((found_zh IS NULL) = (found_en IS NULL) AND NOT (accepted AND found_zh IS NOT NULL))
);
CREATE INDEX transfer_verdicts_of_claim ON transfer_verdicts (claim_id);
COMMENT ON COLUMN transfer_verdicts.clause IS 'sentence';
COMMENT ON COLUMN transfer_verdicts.reasons IS 'sealed';
COMMENT ON COLUMN transfer_verdicts.reasons_en IS 'sealed';
COMMENT ON COLUMN transfer_verdicts.found_zh IS 'sealed';
COMMENT ON COLUMN transfer_verdicts.found_en IS 'sealed';

-- The claim's newest approval does not pay it; the claim has it still.
ALTER TABLE transfers ADD COLUMN refused boolean NOT NULL DEFAULT false;

-- What of the loss an approval does not accept. Only a person leaves anything out.
ALTER TABLE decisions
    ADD COLUMN refused_fen bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT only_a_person_approves_in_part
    CHECK (refused_fen = 0 OR (refused_fen > 0 AND by_person AND outcome = 'approved')) NOT VALID;
ALTER TABLE approval_proposals
    ADD COLUMN refused_fen bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT nothing_is_refused_below_zero CHECK (refused_fen >= 0) NOT VALID;

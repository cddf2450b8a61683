-- What is undisputed is paid first: the transfers that stay open become a claim of its own, split off the first one.
-- squawk-ignore-file adding-foreign-key-constraint, constraint-missing-not-valid, require-concurrent-index-creation

ALTER TABLE claims
    -- The claim that it was split off, ...
    ADD COLUMN split_from uuid REFERENCES claims,
    -- ... the first of all that it is a part of, and ...
    ADD COLUMN split_root uuid REFERENCES claims,
    -- ... the approval that left its transfers open.
    ADD COLUMN split_by uuid REFERENCES decisions,
    ADD CONSTRAINT split_off_a_claim_by_a_decision CHECK (
        (split_from IS NULL) = (split_root IS NULL) AND (split_from IS NULL) = (split_by IS NULL)
        AND split_from <> claim_id AND split_root <> claim_id
    ) NOT VALID;
-- One decision splits a claim once.
CREATE UNIQUE INDEX one_split_per_decision ON claims (split_by) WHERE split_by IS NOT NULL;
CREATE INDEX claims_split_off ON claims (split_root) WHERE split_root IS NOT NULL;

-- Neither accepted nor refused by the approval: decided in the claim that is split off.
ALTER TABLE transfer_verdicts
    ADD COLUMN open boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT what_stays_open_is_not_accepted CHECK (NOT (open AND accepted)) NOT VALID;

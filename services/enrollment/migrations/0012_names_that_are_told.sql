-- Whose name a person who looks at a claim has to see: told masked, by a job, and again when it is corrected.

CREATE TABLE told_names (
    policy_id uuid PRIMARY KEY,
    -- The policy's version at which its name was told last; none where it is to be told.
    told_version integer
);
CREATE INDEX told_names_to_tell ON told_names (policy_id) WHERE told_version IS NULL;

-- Which reviewers are known here, and which cases a senior person handed to one of them by name.

CREATE TABLE reviewers (
    reviewer text PRIMARY KEY,
    senior boolean NOT NULL,
    seen_at timestamptz NOT NULL
);
COMMENT ON COLUMN reviewers.reviewer IS 'name';

-- Whether they are senior is told by their next token.
INSERT INTO reviewers (reviewer, senior, seen_at)
SELECT decided_by, false, max(decided_at) FROM decisions WHERE by_person GROUP BY decided_by;

CREATE TABLE review_assignments (
    claim_id uuid NOT NULL,
    round integer NOT NULL,
    assigned_to text NOT NULL REFERENCES reviewers,
    assigned_by text NOT NULL,
    assigned_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (claim_id, round),
    FOREIGN KEY (claim_id, round) REFERENCES reviews
);
CREATE INDEX review_assignments_of_reviewer ON review_assignments (assigned_to);
COMMENT ON COLUMN review_assignments.assigned_to IS 'name';
COMMENT ON COLUMN review_assignments.assigned_by IS 'name';

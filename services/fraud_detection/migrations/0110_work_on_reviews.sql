-- Who holds which case and until when; what staff note on a case; which cases were handed to a senior person.

CREATE TABLE review_leases (
    claim_id uuid PRIMARY KEY REFERENCES claims,
    held_by text NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON COLUMN review_leases.held_by IS 'name';

CREATE TABLE review_notes (
    note_id uuid PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES claims,
    written_by text NOT NULL,
    note bytea NOT NULL,
    written_at timestamptz NOT NULL
);
CREATE INDEX review_notes_of_claim ON review_notes (claim_id, note_id);
COMMENT ON COLUMN review_notes.written_by IS 'name';
COMMENT ON COLUMN review_notes.note IS 'sealed';

CREATE TABLE review_escalations (
    claim_id uuid NOT NULL,
    round integer NOT NULL,
    escalated_by text NOT NULL,
    reason bytea NOT NULL,
    escalated_at timestamptz NOT NULL,
    PRIMARY KEY (claim_id, round),
    FOREIGN KEY (claim_id, round) REFERENCES reviews
);
COMMENT ON COLUMN review_escalations.escalated_by IS 'name';
COMMENT ON COLUMN review_escalations.reason IS 'sealed';

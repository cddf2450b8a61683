-- What a person decided and may still take back: it takes effect, and is told, once the time for that is over.

CREATE TABLE undoable_decisions (
    claim_id uuid PRIMARY KEY REFERENCES claims,
    decision_id uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('verdict', 'request')),
    outcome text NOT NULL,
    said bytea NOT NULL,
    decided_by text NOT NULL,
    senior boolean NOT NULL,
    decided_at timestamptz NOT NULL,
    undo_until timestamptz NOT NULL
);
CREATE INDEX undoable_decisions_by_time ON undoable_decisions (undo_until);
COMMENT ON COLUMN undoable_decisions.kind IS 'ours';
COMMENT ON COLUMN undoable_decisions.outcome IS 'ours';
COMMENT ON COLUMN undoable_decisions.said IS 'sealed';
COMMENT ON COLUMN undoable_decisions.decided_by IS 'name';

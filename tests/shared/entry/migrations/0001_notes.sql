-- What the notes of the tests need.
CREATE TABLE notes (
    id uuid PRIMARY KEY,
    tenant text NOT NULL,
    title text NOT NULL,
    amount_fen bigint NOT NULL,
    version integer NOT NULL DEFAULT 1,
    written_at timestamptz NOT NULL
);
CREATE TABLE ticks (pen integer NOT NULL);
COMMENT ON COLUMN notes.tenant IS 'label';
COMMENT ON COLUMN notes.title IS 'sentence';

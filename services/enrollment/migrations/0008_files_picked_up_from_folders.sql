-- Which files were picked up from partners' folders and object stores: each once, whatever dies in between.

CREATE TABLE picked_files (
    file_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner_no integer NOT NULL REFERENCES partners,
    place text NOT NULL,
    name text NOT NULL,
    -- By what the place tells one content of a file from the next.
    etag text NOT NULL,
    -- NULL where the file was refused, was the same again under another etag, or was sent again after its batch failed.
    sha256 text CHECK (length(sha256) = 64),
    batch_id uuid REFERENCES batches,
    refusal jsonb,
    signed_by text,
    picked_at timestamptz NOT NULL,
    -- Until both are set, something is still to be written beside the file.
    receipt_at timestamptz,
    results_at timestamptz,
    try_again_at timestamptz,
    CONSTRAINT one_answer_per_file UNIQUE (partner_no, place, name, etag),
    CONSTRAINT one_batch_per_content UNIQUE (partner_no, place, name, sha256),
    CHECK ((batch_id IS NULL) <> (refusal IS NULL)),
    CHECK (refusal IS NULL OR sha256 IS NULL)
);
CREATE INDEX picked_files_to_answer ON picked_files (partner_no, place, file_no)
WHERE receipt_at IS NULL OR results_at IS NULL;
CREATE INDEX picked_files_of_batch ON picked_files (batch_id);

-- Whose reading was begun and has not ended, counted before it is read: a file that kills its reader is given up too.
CREATE TABLE pickup_tries (
    partner_no integer NOT NULL REFERENCES partners,
    place text NOT NULL,
    name text NOT NULL,
    etag text NOT NULL,
    tries integer NOT NULL,
    -- Other files of the place go first until then.
    again_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (partner_no, place, name, etag)
);

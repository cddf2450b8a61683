-- Documents of claims as files: sealed objects in a store, what they are, the pictures that reviewers see, and what was forgotten.

-- Each object of the store, told here before it is written: what was left half-way is found without listing the store.
-- Its key lies here, sealed; without it the object says nothing any more.
CREATE TABLE evidence_objects (
    object_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('staged', 'kept', 'dropped')),
    since timestamptz NOT NULL,
    sealed_key bytea,
    CHECK ((state = 'kept') = (sealed_key IS NOT NULL))
);
CREATE INDEX evidence_objects_to_remove ON evidence_objects (since) WHERE state <> 'kept';

CREATE TABLE evidence_files (
    evidence_id uuid PRIMARY KEY,
    tenant text NOT NULL,
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    media_type text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    object_id uuid NOT NULL UNIQUE REFERENCES evidence_objects,
    state text NOT NULL CHECK (state IN ('received', 'ready', 'unreadable', 'infected')),
    why text,
    pages integer CHECK (pages > 0),
    metadata bytea,
    received_at timestamptz NOT NULL,
    tries integer NOT NULL,
    try_at timestamptz NOT NULL,
    CONSTRAINT one_file_per_tenant_and_content UNIQUE (tenant, sha256),
    CHECK ((state = 'unreadable') = (why IS NOT NULL)),
    CHECK ((state = 'ready') = (pages IS NOT NULL))
);
CREATE INDEX evidence_files_to_prepare ON evidence_files (try_at) WHERE state = 'received';
CREATE INDEX evidence_files_by_age ON evidence_files (received_at);

CREATE TABLE evidence_views (
    evidence_id uuid NOT NULL REFERENCES evidence_files,
    view text NOT NULL CHECK (view IN ('thumbnail', 'page')),
    page_no integer NOT NULL CHECK (page_no > 0),
    width integer NOT NULL CHECK (width > 0),
    height integer NOT NULL CHECK (height > 0),
    object_id uuid NOT NULL UNIQUE REFERENCES evidence_objects,
    PRIMARY KEY (evidence_id, view, page_no)
);

-- Claims whose persons were forgotten hold no file any more, though their documents' hashes stay.
CREATE TABLE evidence_forgotten (
    claim_id uuid PRIMARY KEY,
    forgotten_at timestamptz NOT NULL
);

COMMENT ON COLUMN evidence_objects.state IS 'ours';
COMMENT ON COLUMN evidence_objects.sealed_key IS 'sealed';
COMMENT ON COLUMN evidence_files.tenant IS 'label';
COMMENT ON COLUMN evidence_files.sha256 IS 'ours';
COMMENT ON COLUMN evidence_files.media_type IS 'ours';
COMMENT ON COLUMN evidence_files.state IS 'ours';
COMMENT ON COLUMN evidence_files.why IS 'ours';
COMMENT ON COLUMN evidence_files.metadata IS 'sealed';
COMMENT ON COLUMN evidence_views.view IS 'ours';

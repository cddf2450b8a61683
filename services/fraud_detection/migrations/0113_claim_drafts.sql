-- Claims that are begun and not handed in yet: each sealed as a whole, for the client that made it alone. A claim that is
-- filed from one begins as a draft, so a draft neither lapses nor is withdrawn as a claim: it is deleted.
-- squawk-ignore-file require-concurrent-index-creation

CREATE TABLE claim_drafts (
    -- The claim's own once it is filed.
    draft_id uuid PRIMARY KEY,
    tenant text NOT NULL,
    client_id text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    -- As far as they are told: by these an erasure finds it.
    policy_id uuid,
    person_token text CHECK (length(person_token) = 34),
    -- What is told so far, as JSON.
    content bytea NOT NULL,
    begun_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL CHECK (lapses_at > begun_at)
);
COMMENT ON COLUMN claim_drafts.tenant IS 'label';
COMMENT ON COLUMN claim_drafts.client_id IS 'name';
COMMENT ON COLUMN claim_drafts.person_token IS 'ours';
COMMENT ON COLUMN claim_drafts.content IS 'sealed';
CREATE INDEX claim_drafts_of_client ON claim_drafts (tenant, client_id, draft_id);
CREATE INDEX claim_drafts_due ON claim_drafts (lapses_at);
CREATE INDEX claim_drafts_of_policy ON claim_drafts (policy_id);
CREATE INDEX claim_drafts_of_person ON claim_drafts (person_token);

DELETE FROM claim_legal_steps WHERE from_state = 'draft' AND to_state IN ('withdrawn', 'lapsed');

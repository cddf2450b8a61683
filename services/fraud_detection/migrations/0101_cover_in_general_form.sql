-- Cover in general form: renewals, acts before inception, policies that share a loss, liabilities with limits of their own, erasure.

ALTER TABLE coverage
    -- Where waiting days are counted from; absent: effective_from. A renewal keeps that of the first policy.
    ADD COLUMN waits_from timestamptz,
    -- With products that are claims-made: acts before it are not covered.
    ADD COLUMN retroactive_from timestamptz,
    -- Whether the person may hold the product several times, each policy paying its share of a loss.
    ADD COLUMN stacks boolean NOT NULL DEFAULT false,
    -- Which policy this one follows without a gap.
    ADD COLUMN renews uuid;
-- Only policies that share a loss are looked up by their person: the millions of others cost this index nothing.
-- No row of an older version stacks, so building it is one pass over the table and writes nothing.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX coverage_that_stacks ON coverage (person_token, product_code) WHERE stacks;
-- From a policy to its renewal; no row of an older version is known as one.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX coverage_that_renews ON coverage (renews) WHERE renews IS NOT NULL;

-- What changed since the enrollment. Tables of their own, as coverage_ends is: a change may overtake its enrollment.
CREATE TABLE coverage_phones (
    policy_id uuid PRIMARY KEY,
    version integer NOT NULL CHECK (version > 1),
    phone_token bytea NOT NULL CHECK (length(phone_token) = 17)
);
CREATE TABLE coverage_partners (
    policy_id uuid PRIMARY KEY,
    version integer NOT NULL CHECK (version > 1),
    partner_id text NOT NULL
);
-- What a policy lists one by one: from when on a version of it lists a thing or lists it no more. Each version has its
-- own rows, so that they may come in any order.
CREATE TABLE coverage_items (
    policy_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    reference text NOT NULL CHECK (reference <> ''),
    counts_from timestamptz NOT NULL,
    listed boolean NOT NULL,
    PRIMARY KEY (policy_id, version, reference)
);

-- What approved claims took of one liability's annual limit; limit_use holds the policy's, over all of them.
CREATE TABLE liability_use (
    policy_id uuid NOT NULL,
    liability text NOT NULL,
    annual_limit_fen bigint NOT NULL CHECK (annual_limit_fen > 0),
    reserved_fen bigint NOT NULL CHECK (reserved_fen >= 0),
    PRIMARY KEY (policy_id, liability),
    CHECK (reserved_fen <= annual_limit_fen)
);
INSERT INTO liability_use (policy_id, liability, annual_limit_fen, reserved_fen)
SELECT policy_id, 'fraud_loss', annual_limit_fen, reserved_fen FROM limit_use;

ALTER TABLE claims
    ADD COLUMN liability text NOT NULL DEFAULT 'fraud_loss' CHECK (liability <> ''),
    ADD COLUMN territory text NOT NULL DEFAULT 'CN' CHECK (length(territory) = 2),
    -- What the event is called that it is a loss of, and whether a person of the staff called it so.
    ADD COLUMN event_reference text CHECK (event_reference <> ''),
    ADD COLUMN event_named boolean NOT NULL DEFAULT false,
    -- Which of the things that the policy lists the claim is about.
    ADD COLUMN item_reference text CHECK (item_reference <> '');

-- What the claim bore of its event's deductible, before shares; a refusal too, of a loss that was too small.
ALTER TABLE decisions
    ADD COLUMN event_deductible_fen bigint NOT NULL DEFAULT 0 CHECK (event_deductible_fen >= 0);

-- Kinds of evidence are named in one place, shared/values/evidence_kinds.py; a second list here would only lag behind.
-- squawk-ignore ban-drop-constraint
ALTER TABLE evidence DROP CONSTRAINT evidence_kind_check;

-- Policies whose person is to be forgotten. Unfinished while the enrollment has not come or a claim is still open.
CREATE TABLE erased_policies (
    policy_id uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL,
    finished_at timestamptz,
    -- Alike for the policies of one person, as long as a claim on one of them is open; see store/erasure.py.
    erased_with uuid,
    CHECK (finished_at IS NULL OR erased_with IS NULL)
);
CREATE INDEX erased_policies_together ON erased_policies (erased_with) WHERE erased_with IS NOT NULL;
CREATE INDEX erased_policies_unfinished ON erased_policies (policy_id) WHERE finished_at IS NULL;

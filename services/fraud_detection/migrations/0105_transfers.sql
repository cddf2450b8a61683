-- What a loss consists of: transfers, each claimed once; and what the police say of it.

-- For the guard below: two such ranges overlap if both texts are alike, or one of them is not known.
CREATE TYPE text_range AS RANGE (subtype = text, collation = "C");

-- One payment out of the claimant's pocket, by its place in the claim.
CREATE TABLE transfers (
    claim_id uuid NOT NULL REFERENCES claims,
    line smallint NOT NULL CHECK (line >= 0),
    -- The claimant's, under the oldest key at hand: a rotation of keys parts no two claims of one person.
    person_token text NOT NULL CHECK (length(person_token) = 34),
    -- False for the one that stands for a claim in which nobody told any.
    told boolean NOT NULL,
    occurred_at timestamptz NOT NULL,
    -- Up to when another one would be the same, if nothing else tells them apart.
    same_until timestamptz NOT NULL CHECK (same_until >= occurred_at),
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    channel text NOT NULL CHECK (channel IN ('bank', 'card', 'wallet', 'other')),
    reference_token text CHECK (length(reference_token) = 34),
    reference bytea CHECK (reference IS NULL OR reference_token IS NOT NULL),
    payee_token text CHECK (length(payee_token) = 34),
    payee_name bytea,
    refunded_fen bigint NOT NULL CHECK (refunded_fen >= 0),
    frozen_fen bigint NOT NULL CHECK (frozen_fen >= 0),
    -- own: this claim holds the transfer. apart: a person said that it is another one than it looks like. share: it pays
    -- its part of a loss beside the policy that holds it. released: the claim was given up. NULL: another claim holds it.
    place text CHECK (place IN ('own', 'apart', 'share', 'released')),
    different_from uuid REFERENCES claims,
    different_reason bytea,
    PRIMARY KEY (claim_id, line),
    CHECK (refunded_fen + frozen_fen <= amount_fen),
    -- One transfer is held by one claim, whichever policy, product, partner or liability it is made under: by when, how
    -- much and to whom; a reference or a payee that one of them does not tell parts no two.
    CONSTRAINT one_claim_per_transfer EXCLUDE USING gist (
        text_range(person_token, person_token, '[]') WITH &&,
        int8range(amount_fen, amount_fen, '[]') WITH &&,
        tstzrange(occurred_at, same_until, '[]') WITH &&,
        text_range(payee_token, payee_token, '[]') WITH &&,
        text_range(reference_token, reference_token, '[]') WITH &&
    ) WHERE (place = 'own')
);
-- Or by what the bank calls it, whatever else is told.
CREATE UNIQUE INDEX one_claim_per_reference ON transfers (person_token, reference_token)
WHERE place = 'own' AND reference_token IS NOT NULL;
CREATE INDEX transfers_of_person ON transfers (person_token);
CREATE INDEX transfers_by_reference ON transfers (reference_token) WHERE reference_token IS NOT NULL;

COMMENT ON COLUMN transfers.person_token IS 'ours';
COMMENT ON COLUMN transfers.channel IS 'ours';
COMMENT ON COLUMN transfers.reference_token IS 'ours';
COMMENT ON COLUMN transfers.reference IS 'sealed';
COMMENT ON COLUMN transfers.payee_token IS 'ours';
COMMENT ON COLUMN transfers.payee_name IS 'sealed';
COMMENT ON COLUMN transfers.place IS 'ours';
COMMENT ON COLUMN transfers.different_reason IS 'sealed';

-- Persons' claims of before have one each, as those have in which no transfer is told. What was approved comes first; of
-- two that were both approved for what looks like one transfer, a person of that time let the second one pass.
CREATE TEMPORARY TABLE of_before ON COMMIT DROP AS
SELECT claim_id, claims.person_token, occurred_at, amount_fen, submitted_at,
       EXISTS (SELECT FROM decisions WHERE decisions.claim_id = claims.claim_id AND outcome = 'approved') AS approved
FROM claims LEFT JOIN coverage USING (policy_id) LEFT JOIN products USING (product_code, product_version)
WHERE coalesce(products.terms ->> 'insured_kind', 'person') = 'person';
INSERT INTO transfers (claim_id, line, person_token, told, occurred_at, same_until, amount_fen, channel, refunded_fen,
                       frozen_fen, place)
SELECT claim_id, 0, person_token, false, occurred_at, occurred_at + interval '5 minutes', amount_fen, 'other', 0, 0, 'own'
FROM of_before ORDER BY approved DESC, submitted_at
ON CONFLICT DO NOTHING;
INSERT INTO transfers (claim_id, line, person_token, told, occurred_at, same_until, amount_fen, channel, refunded_fen,
                       frozen_fen, place)
SELECT claim_id, 0, person_token, false, occurred_at, occurred_at + interval '5 minutes', amount_fen, 'other', 0, 0,
       CASE WHEN approved THEN 'apart' END
FROM of_before WHERE NOT EXISTS (SELECT FROM transfers WHERE transfers.claim_id = of_before.claim_id);

-- What the police gave the claimant, each as its own thing; number, unit and officer are sealed.
CREATE TABLE police_papers (
    claim_id uuid NOT NULL REFERENCES claims,
    line smallint NOT NULL CHECK (line >= 0),
    kind text NOT NULL CHECK (kind IN ('receipt', 'filing_notice', 'refusal_notice')),
    number bytea NOT NULL,
    unit bytea NOT NULL,
    officer bytea,
    issued_on date NOT NULL,
    scam_type text,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (claim_id, line)
);
COMMENT ON COLUMN police_papers.kind IS 'ours';
COMMENT ON COLUMN police_papers.number IS 'sealed';
COMMENT ON COLUMN police_papers.unit IS 'sealed';
COMMENT ON COLUMN police_papers.officer IS 'sealed';
COMMENT ON COLUMN police_papers.scam_type IS 'ours';

-- What kind of scam the claimant told, where the police say that it was another.
ALTER TABLE claims ADD COLUMN told_scam_type text;
COMMENT ON COLUMN claims.told_scam_type IS 'ours';

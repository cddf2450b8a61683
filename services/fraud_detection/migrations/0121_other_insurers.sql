-- Other insurers' covers of a claim's loss, as told: insurer, sum insured, what it paid so far.
ALTER TABLE claims ADD COLUMN other_covers jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN claims.other_covers IS 'json';

-- How an approval shared the loss with them: its part of all that is insured, and what of the loss it left unpaid.
ALTER TABLE decisions ADD COLUMN among_insurers jsonb;
COMMENT ON COLUMN decisions.among_insurers IS 'json';

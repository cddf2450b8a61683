-- Why a claim scored as it did, in parts that add up: {raw, base, reasons: [{feature, value, contribution}], others}.
-- Decisions of before keep score_reasons, which held some of the features alone.
ALTER TABLE decisions ADD COLUMN explanation jsonb, ALTER COLUMN score_reasons SET DEFAULT '[]';
COMMENT ON COLUMN decisions.explanation IS 'json';

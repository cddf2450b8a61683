-- Which declarations a vector was computed by, and what is kept beside it to watch how groups fare: no model sees that.
-- Both are null of what was computed before features were declared. In a vector NaN is what is missing.
ALTER TABLE claim_features ADD COLUMN specification text, ADD COLUMN monitored jsonb;
COMMENT ON COLUMN claim_features.specification IS 'ours';
COMMENT ON COLUMN claim_features.monitored IS 'json';

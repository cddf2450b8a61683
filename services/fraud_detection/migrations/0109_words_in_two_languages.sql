-- A refusal speaks to its resident in Chinese (`reasons`) and in English; of an exclusion it says what was found.

ALTER TABLE decisions ADD COLUMN reasons_en bytea, ADD COLUMN found_zh bytea, ADD COLUMN found_en bytea;
COMMENT ON COLUMN decisions.reasons_en IS 'sealed';
COMMENT ON COLUMN decisions.found_zh IS 'sealed';
COMMENT ON COLUMN decisions.found_en IS 'sealed';

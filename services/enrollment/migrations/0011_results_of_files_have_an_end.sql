-- So that what a file's rows were told does not pile up for ever: the batch stays, with its counts, and says what is gone.

-- From when the results are told no more; some time later their rows go, bite by bite, and then none is left.
ALTER TABLE batches ADD COLUMN results_expired_at timestamptz;
ALTER TABLE batches ADD COLUMN results_dropped_at timestamptz;
-- squawk-ignore constraint-missing-not-valid -- the table has a row a file
ALTER TABLE batches ADD CONSTRAINT results_expire_after_the_end CHECK (results_expired_at >= finished_at);
-- squawk-ignore constraint-missing-not-valid -- the table has a row a file
ALTER TABLE batches ADD CONSTRAINT results_are_dropped_once_expired CHECK (
    results_dropped_at IS NULL OR (results_expired_at IS NOT NULL AND results_dropped_at >= results_expired_at)
);
-- squawk-ignore require-concurrent-index-creation -- the table has a row a file
CREATE INDEX batches_with_results ON batches (dry_run, finished_at)
WHERE results_expired_at IS NULL AND finished_at IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation -- the table has a row a file
CREATE INDEX batches_with_expired_results ON batches (results_expired_at, batch_id)
WHERE results_dropped_at IS NULL AND results_expired_at IS NOT NULL;

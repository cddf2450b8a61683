-- So that what a worker does with a file, perhaps much later, is found by the trace id that the partner was given.
ALTER TABLE batches ADD COLUMN trace jsonb NOT NULL DEFAULT '{}';

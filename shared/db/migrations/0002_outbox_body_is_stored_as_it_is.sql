-- An event stays in the outbox for milliseconds: compressing a chunk's 160 kB there costs PostgreSQL more than storing it.

ALTER TABLE outbox ALTER COLUMN body SET STORAGE EXTERNAL;

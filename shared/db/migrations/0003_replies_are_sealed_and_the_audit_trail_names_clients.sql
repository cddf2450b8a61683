-- Who asked: an audit row tells the client and the tenant beside the person, and a kept reply, now sealed, whom it is about.

ALTER TABLE audit_log ADD COLUMN client text NOT NULL DEFAULT '', ADD COLUMN tenant text NOT NULL DEFAULT '';

-- A key is now one of client, tenant and person, so no request finds an older row any more; and those are in clear.
DELETE FROM idempotency_keys;
ALTER TABLE idempotency_keys ADD COLUMN about text;
-- An erasure overwrites the replies about a policy, a claim or a payee, and must not read all replies of a week for it.
-- squawk-ignore require-concurrent-index-creation -- the table was emptied just now
CREATE INDEX idempotency_keys_by_whom ON idempotency_keys (about) WHERE about IS NOT NULL;

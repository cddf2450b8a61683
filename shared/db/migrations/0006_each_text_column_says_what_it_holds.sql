-- Each column that can hold text says in its comment what it holds (shared/values/clear_text.py), and verify reads it there.

COMMENT ON COLUMN audit_head.hash IS 'digest';

COMMENT ON COLUMN audit_log.actor IS 'name';
COMMENT ON COLUMN audit_log.action IS 'ours';
COMMENT ON COLUMN audit_log.subject IS 'reference';
COMMENT ON COLUMN audit_log.details IS 'json';
COMMENT ON COLUMN audit_log.previous_hash IS 'digest';
COMMENT ON COLUMN audit_log.hash IS 'digest';
COMMENT ON COLUMN audit_log.client IS 'name';
COMMENT ON COLUMN audit_log.tenant IS 'label';

COMMENT ON COLUMN idempotency_keys.client_id IS 'name';
COMMENT ON COLUMN idempotency_keys.route IS 'ours';
COMMENT ON COLUMN idempotency_keys.key IS 'ours';
COMMENT ON COLUMN idempotency_keys.fingerprint IS 'digest';
COMMENT ON COLUMN idempotency_keys.headers IS 'json';
COMMENT ON COLUMN idempotency_keys.body IS 'sealed';
COMMENT ON COLUMN idempotency_keys.about IS 'ours';

COMMENT ON COLUMN inbox.consumer IS 'ours';

COMMENT ON COLUMN outbox.type IS 'ours';
COMMENT ON COLUMN outbox.topic IS 'ours';
COMMENT ON COLUMN outbox.subject IS 'reference';
COMMENT ON COLUMN outbox.trace IS 'ours';
COMMENT ON COLUMN outbox.body IS 'json';

COMMENT ON COLUMN outbox_sent.topic IS 'ours';

COMMENT ON COLUMN data_keys.wrapped IS 'sealed';

COMMENT ON COLUMN schema_migrations.space IS 'ours';
COMMENT ON COLUMN schema_migrations.name IS 'ours';
COMMENT ON COLUMN schema_migrations.sha256 IS 'ours';

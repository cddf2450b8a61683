-- The audit trail is only added to, and only migrations tell what was migrated.
REVOKE UPDATE, DELETE ON audit_log FROM {processes};
REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM {processes};

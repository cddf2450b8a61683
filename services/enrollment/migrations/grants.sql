-- What people agreed to, what was published, stated or heard never changes; how long records are kept is law.
REVOKE UPDATE, DELETE ON consent_texts, product_versions, statement_parts, event_tallies FROM {processes};
REVOKE INSERT, UPDATE, DELETE ON retention_rules FROM {processes};

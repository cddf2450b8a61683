-- Who asked: an audit row tells the client and the tenant beside the person.

ALTER TABLE audit_log ADD COLUMN client text NOT NULL DEFAULT '', ADD COLUMN tenant text NOT NULL DEFAULT '';

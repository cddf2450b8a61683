-- Others hear of a payee: whose it is as masks and tokens of the holder's name, never the account.

-- What was announced last: as microseconds since 1970, so that it grows also where an account is forgotten and comes
-- anew; and under which token keys the holder's name was told. Payees from before are announced by a job.
ALTER TABLE payees ADD COLUMN version bigint NOT NULL DEFAULT 0 CHECK (version >= 0);
ALTER TABLE payees ADD COLUMN announced_under smallint[] NOT NULL DEFAULT '{}';

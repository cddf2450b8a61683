-- What a claim went through, which model was in charge and what models were made of is only added to.
REVOKE UPDATE, DELETE ON claim_steps, model_promotions, past_claim_datasets, past_claims FROM {processes};
-- Covers come by the thousand, through a temporary table. No trigger here reads a table that such a one could hide.
GRANT TEMPORARY ON DATABASE {database} TO {processes};

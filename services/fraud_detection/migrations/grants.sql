-- What a claim went through, which model was in charge and what models were made of is only added to.
REVOKE UPDATE, DELETE ON claim_steps, model_promotions, past_claim_datasets, past_claims FROM {processes};
REVOKE UPDATE, DELETE ON promotion_policies, promotion_gates, promotion_history FROM {processes};
-- Which states and steps there are is no process's to say.
REVOKE INSERT, UPDATE, DELETE ON claim_states, claim_legal_steps, model_states, model_legal_steps FROM {processes};
-- Covers come by the thousand, through a temporary table. Triggers here name the schema of what they read, so that none hides it.
GRANT TEMPORARY ON DATABASE {database} TO {processes};

-- What a claim went through and which model was in charge is only added to.
REVOKE UPDATE, DELETE ON claim_steps, model_promotions FROM {processes};
-- Covers come by the thousand, through a temporary table. No trigger here reads a table that such a one could hide.
GRANT TEMPORARY ON DATABASE {database} TO {processes};

-- As the platform's tables say it: what each text column holds, and so how strictly it is searched for personal numbers.

COMMENT ON COLUMN appeals.reason IS 'sealed';

COMMENT ON COLUMN claim_features.snapshot IS 'json';
COMMENT ON COLUMN claim_features.names IS 'ours';

COMMENT ON COLUMN claim_payouts.state IS 'ours';
COMMENT ON COLUMN claim_payouts.reason IS 'ours';

COMMENT ON COLUMN claim_steps.from_state IS 'ours';
COMMENT ON COLUMN claim_steps.to_state IS 'ours';

COMMENT ON COLUMN claims.tenant IS 'label';
COMMENT ON COLUMN claims.state IS 'ours';
COMMENT ON COLUMN claims.person_token IS 'ours';
COMMENT ON COLUMN claims.phone_token IS 'ours';
COMMENT ON COLUMN claims.payee_token IS 'ours';
COMMENT ON COLUMN claims.device_token IS 'ours';
COMMENT ON COLUMN claims.handler_token IS 'ours';
COMMENT ON COLUMN claims.scam_type IS 'ours';
COMMENT ON COLUMN claims.currency IS 'ours';
COMMENT ON COLUMN claims.description IS 'sealed';
COMMENT ON COLUMN claims.sandbox_value IS 'ours';
COMMENT ON COLUMN claims.liability IS 'label';
COMMENT ON COLUMN claims.territory IS 'ours';
COMMENT ON COLUMN claims.event_reference IS 'reference';
COMMENT ON COLUMN claims.item_reference IS 'reference';

COMMENT ON COLUMN coverage.person_token IS 'digest';
COMMENT ON COLUMN coverage.phone_token IS 'digest';
COMMENT ON COLUMN coverage.partner_id IS 'label';
COMMENT ON COLUMN coverage.product_code IS 'label';

COMMENT ON COLUMN coverage_items.reference IS 'reference';

COMMENT ON COLUMN coverage_partners.partner_id IS 'label';

COMMENT ON COLUMN coverage_phones.phone_token IS 'digest';

COMMENT ON COLUMN decisions.outcome IS 'ours';
COMMENT ON COLUMN decisions.why IS 'ours';
COMMENT ON COLUMN decisions.failures IS 'json';
COMMENT ON COLUMN decisions.rule_version IS 'ours';
COMMENT ON COLUMN decisions.model_sha256 IS 'ours';
COMMENT ON COLUMN decisions.score_reasons IS 'json';
COMMENT ON COLUMN decisions.sandbox_value IS 'ours';
COMMENT ON COLUMN decisions.decided_by IS 'name';
COMMENT ON COLUMN decisions.clause IS 'sentence';
COMMENT ON COLUMN decisions.reasons IS 'sealed';

COMMENT ON COLUMN evidence.sha256 IS 'ours';
COMMENT ON COLUMN evidence.kind IS 'ours';

COMMENT ON COLUMN liability_use.liability IS 'label';

COMMENT ON COLUMN model_aliases.name IS 'ours';

COMMENT ON COLUMN model_artifacts.data IS 'digest';
COMMENT ON COLUMN model_artifacts.sha256 IS 'ours';
COMMENT ON COLUMN model_artifacts.signature IS 'digest';

COMMENT ON COLUMN model_promotions.reason IS 'sentence';
COMMENT ON COLUMN model_promotions.promoted_by IS 'name';

COMMENT ON COLUMN models.note IS 'sentence';
COMMENT ON COLUMN models.state IS 'ours';
COMMENT ON COLUMN models.requested_by IS 'name';
COMMENT ON COLUMN models.failure IS 'ours';
COMMENT ON COLUMN models.report IS 'json';

COMMENT ON COLUMN past_claim_datasets.uploaded_by IS 'name';
COMMENT ON COLUMN past_claim_datasets.sha256 IS 'ours';

COMMENT ON COLUMN past_claims.snapshot IS 'json';

COMMENT ON COLUMN products.product_code IS 'label';
COMMENT ON COLUMN products.terms IS 'json';

COMMENT ON COLUMN reviews.kind IS 'ours';

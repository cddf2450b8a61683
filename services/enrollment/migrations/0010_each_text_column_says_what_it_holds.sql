-- As the platform's tables say it: what each text column holds, and so how strictly it is searched for personal numbers.

COMMENT ON COLUMN batch_parts.sealed IS 'sealed';

COMMENT ON COLUMN batch_rejections.partner_reference IS 'reference';

COMMENT ON COLUMN batches.kind IS 'ours';
COMMENT ON COLUMN batches.format IS 'ours';
COMMENT ON COLUMN batches.state IS 'ours';
COMMENT ON COLUMN batches.header IS 'sentence';
COMMENT ON COLUMN batches.sha256 IS 'ours';
COMMENT ON COLUMN batches.contract IS 'json';
COMMENT ON COLUMN batches.failure IS 'ours';
COMMENT ON COLUMN batches.trace IS 'json';

COMMENT ON COLUMN cancellations.reason IS 'ours';
COMMENT ON COLUMN cancellations.canceled_by IS 'name';

COMMENT ON COLUMN certificates.code IS 'ours';

COMMENT ON COLUMN claim_outcomes.outcome IS 'ours';

COMMENT ON COLUMN consent_texts.text_version IS 'label';
COMMENT ON COLUMN consent_texts.zh IS 'sentence';
COMMENT ON COLUMN consent_texts.en IS 'sentence';
COMMENT ON COLUMN consent_texts.zh_sha256 IS 'digest';
COMMENT ON COLUMN consent_texts.en_sha256 IS 'digest';
COMMENT ON COLUMN consent_texts.channels IS 'label';
COMMENT ON COLUMN consent_texts.published_by IS 'name';

COMMENT ON COLUMN dry_run_persons.person_token IS 'digest';
COMMENT ON COLUMN dry_run_persons.partner_reference IS 'reference';

COMMENT ON COLUMN dry_run_rows.partner_reference IS 'reference';

COMMENT ON COLUMN endorsements.kind IS 'ours';
COMMENT ON COLUMN endorsements.endorsed_by IS 'name';
COMMENT ON COLUMN endorsements.details IS 'json';

COMMENT ON COLUMN erasures.ground IS 'ours';
COMMENT ON COLUMN erasures.erased_by IS 'name';

COMMENT ON COLUMN event_tallies.partner_id IS 'label';
COMMENT ON COLUMN event_tallies.currency IS 'ours';
COMMENT ON COLUMN event_tallies.transaction_type IS 'ours';

COMMENT ON COLUMN notices.notified_by IS 'name';
COMMENT ON COLUMN notices.notified_channel IS 'label';

COMMENT ON COLUMN opt_out_lifts.person_token IS 'digest';
COMMENT ON COLUMN opt_out_lifts.lifted_by IS 'name';
COMMENT ON COLUMN opt_out_lifts.consent_text_version IS 'label';
COMMENT ON COLUMN opt_out_lifts.consent_channel IS 'label';
COMMENT ON COLUMN opt_out_lifts.consent_sha256 IS 'digest';

COMMENT ON COLUMN opt_outs.person_token IS 'digest';
COMMENT ON COLUMN opt_outs.channel IS 'label';
COMMENT ON COLUMN opt_outs.recorded_by IS 'name';

COMMENT ON COLUMN partner_file_keys.name IS 'label';
COMMENT ON COLUMN partner_file_keys.public_key IS 'digest';

COMMENT ON COLUMN partner_products.product_code IS 'label';

COMMENT ON COLUMN partners.partner_id IS 'label';
COMMENT ON COLUMN partners.name IS 'sentence';
COMMENT ON COLUMN partners.state IS 'ours';
COMMENT ON COLUMN partners.compensation_kind IS 'ours';
COMMENT ON COLUMN partners.contact IS 'sentence';
COMMENT ON COLUMN partners.suspension_reason IS 'ours';
COMMENT ON COLUMN partners.managed_by IS 'ours';
COMMENT ON COLUMN partners.consent_texts IS 'ours';
COMMENT ON COLUMN partners.webhook_types IS 'ours';

COMMENT ON COLUMN payout_states.state IS 'ours';

COMMENT ON COLUMN picked_files.place IS 'url';
COMMENT ON COLUMN picked_files.name IS 'file_name';
COMMENT ON COLUMN picked_files.etag IS 'ours';
COMMENT ON COLUMN picked_files.sha256 IS 'ours';
COMMENT ON COLUMN picked_files.refusal IS 'json';
COMMENT ON COLUMN picked_files.signed_by IS 'label';

COMMENT ON COLUMN pickup_tries.place IS 'url';
COMMENT ON COLUMN pickup_tries.name IS 'file_name';
COMMENT ON COLUMN pickup_tries.etag IS 'ours';

COMMENT ON COLUMN policies.state IS 'ours';
COMMENT ON COLUMN policies.person_token IS 'digest';
COMMENT ON COLUMN policies.phone_token IS 'digest';
COMMENT ON COLUMN policies.partner_reference IS 'reference';
COMMENT ON COLUMN policies.consent_text_version IS 'label';
COMMENT ON COLUMN policies.consent_channel IS 'label';
COMMENT ON COLUMN policies.consent_sha256 IS 'digest';

COMMENT ON COLUMN policy_chunks.kind IS 'ours';
COMMENT ON COLUMN policy_chunks.compensation_kind IS 'ours';
COMMENT ON COLUMN policy_chunks.sealed IS 'sealed';

COMMENT ON COLUMN policy_schedules.answers IS 'json';
COMMENT ON COLUMN policy_schedules.grade IS 'sentence';
COMMENT ON COLUMN policy_schedules.items IS 'json';

COMMENT ON COLUMN product_drafts.product_code IS 'label';
COMMENT ON COLUMN product_drafts.terms IS 'json';
COMMENT ON COLUMN product_drafts.state IS 'ours';
COMMENT ON COLUMN product_drafts.proposed_by IS 'name';
COMMENT ON COLUMN product_drafts.decided_by IS 'name';
COMMENT ON COLUMN product_drafts.reason IS 'sentence';

COMMENT ON COLUMN product_versions.terms IS 'json';
COMMENT ON COLUMN product_versions.published_by IS 'name';

COMMENT ON COLUMN products.product_code IS 'label';

COMMENT ON COLUMN quota_windows.kind IS 'ours';

COMMENT ON COLUMN rejection_reasons.field IS 'ours';
COMMENT ON COLUMN rejection_reasons.code IS 'ours';
COMMENT ON COLUMN rejection_reasons.detail IS 'sentence';
COMMENT ON COLUMN rejection_reasons.fix IS 'sentence';

COMMENT ON COLUMN renewal_runs.started_by IS 'name';
COMMENT ON COLUMN renewal_runs.state IS 'ours';
COMMENT ON COLUMN renewal_runs.stop_reason IS 'ours';

COMMENT ON COLUMN renewal_skips.code IS 'ours';

COMMENT ON COLUMN statement_disputes.reason IS 'ours';
COMMENT ON COLUMN statement_disputes.raised_by IS 'name';
COMMENT ON COLUMN statement_disputes.state IS 'ours';
COMMENT ON COLUMN statement_disputes.answered_by IS 'name';

COMMENT ON COLUMN statement_parts.csv_gzip IS 'gzip';

COMMENT ON COLUMN statement_settlements.bank_reference IS 'reference';
COMMENT ON COLUMN statement_settlements.state IS 'ours';
COMMENT ON COLUMN statement_settlements.recorded_by IS 'name';
COMMENT ON COLUMN statement_settlements.decided_by IS 'name';

COMMENT ON COLUMN statement_totals.transaction_type IS 'ours';

COMMENT ON COLUMN statements.currency IS 'ours';
COMMENT ON COLUMN statements.state IS 'ours';
COMMENT ON COLUMN statements.stage IS 'ours';
COMMENT ON COLUMN statements.started_by IS 'name';
COMMENT ON COLUMN statements.sha256 IS 'ours';

COMMENT ON COLUMN webhook_attempts.failure IS 'ours';

COMMENT ON COLUMN webhook_deliveries.type IS 'ours';
COMMENT ON COLUMN webhook_deliveries.body IS 'json';
COMMENT ON COLUMN webhook_deliveries.state IS 'ours';

COMMENT ON COLUMN webhook_endpoints.url IS 'url';
COMMENT ON COLUMN webhook_endpoints.types IS 'ours';
COMMENT ON COLUMN webhook_endpoints.state IS 'ours';
COMMENT ON COLUMN webhook_endpoints.secret IS 'sealed';
COMMENT ON COLUMN webhook_endpoints.disabled_reason IS 'ours';

COMMENT ON COLUMN webhook_former_secrets.secret IS 'sealed';

COMMENT ON COLUMN wind_downs.started_by IS 'name';
COMMENT ON COLUMN wind_downs.state IS 'ours';
COMMENT ON COLUMN wind_downs.waits_for IS 'ours';
COMMENT ON COLUMN wind_downs.listed_reference IS 'reference';

"""The guards that keep an effect from happening twice or not at all, and the tests that must notice one gone."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard
from tests.faults.statement_guards import STATEMENTS

_PLATFORM: Final = "shared/db/migrations/0001_platform.sql"
_CLAIMS: Final = "services/fraud_detection/migrations/0001_coverage_claims_and_decisions.sql"
_MONEY: Final = "services/payout/migrations/0001_payees_payouts_and_ledger.sql"
_POLICIES: Final = "services/enrollment/migrations/0001_products_partners_policies_and_batches.sql"
_DRAFTS: Final = "services/enrollment/migrations/0007_product_drafts_and_policy_schedules.sql"
_STATEMENTS: Final = "services/enrollment/migrations/0005_statements_disputes_and_settlements.sql"
_PARTNERS: Final = "services/enrollment/migrations/0003_partners_consents_transfers_and_quotas.sql"
_AFTER_ISSUE: Final = "services/enrollment/migrations/0006_what_happens_to_a_policy_after_it_was_issued.sql"
_DATASETS: Final = "services/fraud_detection/migrations/0125_datasets_never_change.sql"

_FAIL_OVER: Final = ("tests/shared/db/test_fail_over.py",)
_DATASET_GUARDS: Final = ("tests/services/fraud_detection/models/test_datasets.py",)
_PRIVILEGES: Final = ("tests/services/test_privileges.py",)
_DELIVERY: Final = ("tests/shared/messaging/test_delivery.py",)
_MEMBERSHIP: Final = ("tests/shared/messaging/test_membership.py",)
_REPEATS: Final = ("tests/shared/web/test_idempotency.py",)
_TOGETHER: Final = ("tests/shared/web/test_together.py",)
_LIFE: Final = "services/fraud_detection/migrations/0104_a_claims_whole_life.sql"
_LIFE_OF_A_CLAIM: Final = ("tests/services/fraud_detection/claims/test_life_of_a_claim.py",)
_TRANSFERS: Final = "services/fraud_detection/migrations/0105_transfers.sql"
_TRANSFER_GUARDS: Final = ("tests/services/fraud_detection/transfers/test_transfers.py",)
_CLAIM_GUARDS: Final = ("tests/services/fraud_detection/test_guards.py",)
_DECIDED_TOGETHER: Final = ("tests/services/fraud_detection/together/test_decided_together.py",)
_ADJUDICATION: Final = ("tests/services/fraud_detection/test_adjudication.py",)
_ANNUAL_DEDUCTIBLE: Final = ("tests/services/fraud_detection/test_annual_deductible.py",)
_ERASURE: Final = ("tests/services/fraud_detection/test_erasure.py",)
_PAYOUT_GUARDS: Final = ("tests/services/payout/test_guards.py",)
_PAYING: Final = ("tests/services/payout/test_paying.py",)
_FORGETTING: Final = ("tests/services/payout/test_erasure.py",)
_PAYEES: Final = "services/payout/store/erasure.py"
_PUBLISHING: Final = ("tests/services/enrollment/products/test_products_over_http.py",)
_STATING: Final = (
    "tests/services/enrollment/statements/test_statements.py",
    "tests/services/enrollment/statements/test_settling.py",
)
_END_OF_TERMS: Final = ("tests/services/enrollment/policies/test_end_of_terms.py",)
_PICKUPS: Final = "services/enrollment/migrations/0008_files_picked_up_from_folders.sql"
_PICKING: Final = ("tests/services/enrollment/files/test_pickups.py",)
_AT_ONCE: Final = ("tests/services/enrollment/policies/test_at_once.py",)
_WIND_DOWN: Final = ("tests/services/enrollment/partners/test_wind_down.py",)
_OPT_OUTS: Final = ("tests/services/enrollment/people/test_opt_outs.py",)
_LIFTED: Final = ("tests/services/enrollment/people/test_lifted_opt_outs.py",)
_QUOTAS: Final = ("tests/services/enrollment/partners/test_quotas.py",)

_IN_SYNC: Final = ("tests/shared/messaging/test_topics_of_a_cluster.py",)
_UNFINISHED: Final = ("tests/shared/server/test_unfinished.py",)

_PROMOTIONS: Final = ("tests/services/fraud_detection/models/test_promotions.py",)
_TWO_PERSONS: Final = "services/fraud_detection/migrations/0129_a_promotion_takes_two_persons.sql"

_SHARED: Final = (
    Guard(
        "no phone or identity number in a field that is stored in clear",
        "shared/web/endpoint.py",
        "        if route.writes:\n",
        "        if route.writes and not arguments:\n",
        ("tests/services/payout/test_http.py",),
    ),
    Guard(
        "a phone or identity number in clear breaks invariant 12",
        "shared/db/text_columns.py",
        "if value is not None and column.holds_number(value):",
        "if value is None:",
        ("tests/shared/db/test_text_columns.py",),
    ),
    Guard(
        "a consent's version and channel tell no number",
        "services/enrollment/policies/domain/rows.py",
        "        if is_personal(TextKind.LABEL, text):\n",
        "        if not text and is_personal(TextKind.LABEL, text):\n",
        ("tests/rules/enrollment/files/test_rows.py",),
    ),
    Guard(
        "server: a request is worked on once it is there as a whole",
        "shared/server/connection.py",
        "return request.whole or self._reader.refusal is not None or _too_long_to_hold(request)",
        "return True",
        _UNFINISHED,
    ),
    Guard(
        "server: who takes too long is given up",
        "shared/server/worker.py",
        "if connection.deadline < now:",
        "if connection.deadline < 0:",
        _UNFINISHED,
    ),
    Guard(
        "server: a byte now and then buys no time",
        "shared/server/connection.py",
        "if awaited is not self._awaited or self._part_received >= PART:",
        "if True:",
        _UNFINISHED,
    ),
    Guard(
        "server: unfinished bodies are bounded together",
        "shared/server/worker.py",
        "if sum(each.held for each in standing) > self.most_held:",
        "if False:",
        _UNFINISHED,
    ),
    Guard(
        "server: a connection makes place for another",
        "shared/server/worker.py",
        "if len(self._connections) >= self.most_connections:",
        "if False:",
        _UNFINISHED,
    ),
    Guard(
        "a key that stands twice in a JSON body is refused",
        "shared/web/field_faults.py",
        "    if key is not None:\n        raise RepeatedKey(",
        "    if key is not None and not key:\n        raise RepeatedKey(",
        ("tests/shared/web/test_bad_input.py",),
    ),
    Guard(
        "a JSON body that is encoded is refused",
        "shared/web/endpoint.py",
        "            raise UnsupportedEncoding\n",
        "            pass\n",
        ("tests/shared/web/test_bad_input.py",),
    ),
    Guard(
        "time begins ahead in a sandbox alone",
        "shared/process/settings.py",
        """if ahead and not info.data.get("sandbox"):""",
        "if ahead is None:",
        ("tests/shared/process/test_settings.py",),
    ),
    Guard(
        "inbox",
        "shared/messaging/inbox.py",
        "return set(tx.all(_RECEIVE, (sorted(set(events)), consumer), into=EventId))",
        "return set(events)",
        _DELIVERY,
    ),
    Guard(
        "an event whose values no column holds is set aside, whatever its handler does",
        "shared/messaging/consumer.py",
        "            with malformed_is_poison():\n",
        "            with suppress(NotImplementedError):\n",
        ("tests/shared/messaging/test_failures.py",),
    ),
    Guard(
        "topics that exist are asked for the copies that a new one has",
        "shared/messaging/topics.py",
        "            if copies.in_sync < _in_sync(copies.all)\n",
        "            if copies.all < copies.in_sync\n",
        _IN_SYNC,
    ),
    Guard(
        "a topic of one copy is not asked for more",
        "shared/messaging/topics.py",
        "            if copies.in_sync < _in_sync(copies.all)\n",
        "            if copies.in_sync < _in_sync(3)\n",
        _IN_SYNC,
    ),
    Guard(
        "unique key: an event in a consumer's inbox",
        _PLATFORM,
        "    PRIMARY KEY (event_id, consumer)",
        "    CHECK (consumer <> '')",
        _DELIVERY,
    ),
    Guard(
        "pool: no connection to a server that takes no writes is kept",
        "shared/db/pool.py",
        " and _may_write(connection)",
        "",
        _FAIL_OVER,
    ),
    Guard(
        "pool: a connection that refused a write is not kept",
        "shared/db/pool.py",
        "            elif isinstance(error, ReadOnlySqlTransaction):\n",
        "            elif isinstance(error, NotImplementedError):\n",
        _FAIL_OVER,
    ),
    Guard(
        "roles: nobody but its owner changes the audit trail",
        "shared/db/migrations/grants.sql",
        "REVOKE UPDATE, DELETE ON audit_log FROM {processes};",
        "",
        _PRIVILEGES,
    ),
    Guard(
        "roles: nobody but their owner changes payout's books",
        "services/payout/migrations/grants.sql",
        "REVOKE UPDATE, DELETE ON ledger_transfers, ",
        "REVOKE UPDATE, DELETE ON ",
        _PRIVILEGES,
    ),
    Guard(
        "a dataset's rows never change",
        _DATASETS,
        "CREATE TRIGGER past_claims_never_change BEFORE UPDATE ON past_claims\n"
        "    FOR EACH STATEMENT EXECUTE FUNCTION datasets_never_change();",
        "",
        _DATASET_GUARDS,
    ),
    Guard(
        "a dataset is profiled before a model is made of it",
        "services/fraud_detection/models/usecases/train_model.py",
        "    profile_next(trainer.database, trainer.clock, dataset_id=hold.work.dataset_id, going=going)\n",
        "",
        ("tests/services/fraud_detection/models/test_profiles.py",),
    ),
    Guard(
        "a dataset that is whole takes no more rows",
        _DATASETS,
        "    IF EXISTS (SELECT FROM added JOIN",
        "    IF FALSE AND EXISTS (SELECT FROM added JOIN",
        _DATASET_GUARDS,
    ),
    Guard(
        "roles: which steps a claim and a model may take is no process's to say",
        "services/fraud_detection/migrations/grants.sql",
        "claim_states, claim_legal_steps, model_states, model_legal_steps FROM",
        "claim_states, model_states FROM",
        _PRIVILEGES,
    ),
    Guard(
        "roles: no process says which steps are legal",
        "services/payout/migrations/grants.sql",
        "payout_states, payout_steps FROM",
        "payout_states FROM",
        _PRIVILEGES,
    ),
    Guard(
        "roles: no table of a process hides a real one",
        "shared/db/privileges.py",
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC, {processes};\n",
        "",
        _PRIVILEGES,
    ),
    Guard(
        "roles: a role that could help itself is refused",
        "shared/db/privileges.py",
        "    if beyond:\n",
        "    if not database:\n",
        _PRIVILEGES,
    ),
    Guard(
        "the outbox's transaction: an event leaves although the change is undone",
        "shared/messaging/outbox.py",
        "    tx.notify(CHANNEL)\n",
        "    tx.notify(CHANNEL)\n    tx.execute('COMMIT')\n",
        _DELIVERY,
    ),
    Guard(
        "the outbox's transaction: a change without its event",
        "shared/messaging/outbox.py",
        "tx.later(_INSERT, (",
        "repr((_INSERT, ",
        _DELIVERY,
    ),
    Guard(
        "the relay reads the outbox by its index",
        "shared/messaging/relay.py",
        "SET enable_seqscan = off",
        "SET enable_seqscan = on",
        _DELIVERY,
    ),
    Guard(
        "idempotency store",
        "shared/web/idempotency.py",
        "        tx.later(_STORE_SQL, ",
        "        str(",
        _REPEATS,
    ),
    Guard(
        "idempotency: another body under the same key",
        "shared/web/idempotency.py",
        "    if before.fingerprint != fingerprint:\n",
        "    if not before.fingerprint:\n",
        _REPEATS,
    ),
    Guard(
        "idempotency: a key of another tenant of the client",
        "shared/web/idempotency.py",
        "\\0{caller.tenant}\\0",
        "\\0",
        _REPEATS,
    ),
    Guard(
        "idempotency: a key of another person at the client",
        "shared/web/idempotency.py",
        "\\0{caller.subject}\\0",
        "\\0",
        _REPEATS,
    ),
    Guard(
        "idempotency: the reply about a person who was forgotten",
        "shared/db/kept_replies.py",
        "    return tx.execute(_FORGET, (list(about),))\n",
        "    return len(about)\n",
        _REPEATS,
    ),
    Guard(
        "idempotency: one at a time",
        "shared/web/idempotency.py",
        "        if not taken:\n",
        "        if taken is None:\n",
        _REPEATS,
    ),
    Guard(
        "idempotency: one of those that are answered together",
        "shared/web/idempotency.py",
        "        elif row not in held:\n",
        "        else:\n",
        _TOGETHER,
    ),
    Guard(
        "requests whose group failed are tried alone",
        "shared/web/group_commit.py",
        "        if not own.outcomes:\n",
        "        if not own:\n",
        _TOGETHER,
    ),
    Guard(
        "unique key: an idempotency key of a client and route",
        _PLATFORM,
        "    PRIMARY KEY (client_id, route, key)",
        "    CHECK (key <> '')",
        _REPEATS,
    ),
    Guard(
        "a consumer outside its group joins anew",
        "shared/messaging/membership.py",
        '            raise JoinAnew("as the broker does not know it as a member")\n',
        "",
        _MEMBERSHIP,
    ),
    Guard(
        "a consumer to which nothing comes joins anew",
        "shared/messaging/consumer.py",
        '            raise JoinAnew("as messages wait and none of them comes")\n',
        "            pass\n",
        _MEMBERSHIP,
    ),
    Guard(
        "verify names who reads outside its group",
        "shared/messaging/verify.py",
        "        if reader.member not in named[group].members\n",
        "        if not reader.member\n",
        _MEMBERSHIP,
    ),
    Guard(
        "a topic that was made anew is read from its beginning",
        "shared/messaging/membership.py",
        "if before.get(place, topic_id) != topic_id]",
        "if not topic_id]",
        ("tests/shared/messaging/test_topics_made_anew.py",),
    ),
    Guard(
        "what is acknowledged is on all copies but one",
        "shared/messaging/topics.py",
        "    return max(1, copies - 1)\n",
        "    return max(1, min(1, copies))\n",
        ("tests/shared/messaging/test_link.py",),
    ),
    Guard(
        "a port is given to one stack",
        "deploy/local/places.py",
        "if preferred and preferred not in theirs else []",
        "if preferred else []",
        ("tests/deploy_local/test_machine.py",),
    ),
)

_ENROLLMENT: Final = (
    Guard(
        "unique key: one cover per person and product",
        _POLICIES,
        "CREATE UNIQUE INDEX one_cover_per_person_and_product",
        "CREATE INDEX one_cover_per_person_and_product",
        _AT_ONCE,
    ),
    Guard(
        "one worker on a batch",
        "services/enrollment/files/store/batches.py",
        "ELSE pg_try_advisory_xact_lock({_LEASES}, hashtext(batch_id::text)) END",
        "ELSE true END",
        ("tests/services/enrollment/policies/test_at_once.py", "tests/services/enrollment/files/test_batches.py"),
    ),
    Guard(
        "no formula in a result file",
        "services/enrollment/files/domain/results.py",
        "    return _PLAIN + cell if cell.startswith(_FORMULA) else cell",
        "    return cell",
        ("tests/rules/enrollment/files/test_results.py",),
    ),
    Guard(
        "unique key: one statement of a partner's month",
        _STATEMENTS,
        "    UNIQUE (partner_no, month, currency),\n",
        "",
        _STATING,
    ),
    Guard(
        "a month in which something was booked is stated however long nobody ran",
        "services/enrollment/statements/usecases/draw_statements.py",
        "    month = min(statements.next_to_begin(tx) or latest, latest)\n",
        "    month = latest\n",
        ("tests/services/enrollment/statements/test_statements.py",),
    ),
    Guard(
        "a settlement takes two persons",
        _STATEMENTS,
        "    CHECK (decided_by <> recorded_by),\n",
        "",
        _STATING,
    ),
    Guard(
        "unique key: a statement is settled once",
        _STATEMENTS,
        "CREATE UNIQUE INDEX one_settlement_per_statement",
        "CREATE INDEX one_settlement_per_statement",
        _STATING,
    ),
    Guard(
        "unique key: a transfer settles one statement",
        _STATEMENTS,
        "CREATE UNIQUE INDEX one_statement_per_bank_reference",
        "CREATE INDEX one_statement_per_bank_reference",
        _STATING,
    ),
    Guard(
        "a transfer is the same in whatever capitals",
        _STATEMENTS,
        "ON statement_settlements (upper(bank_reference))",
        "ON statement_settlements (bank_reference)",
        _STATING,
    ),
    Guard(
        "a bank reference has no blanks",
        _STATEMENTS,
        " CHECK (bank_reference ~ '^[!-~]{1,64}$')",
        "",
        _STATING,
    ),
    Guard(
        "what is owed is settled by a transfer",
        _STATEMENTS,
        "    CHECK ((net_fen = 0) = (bank_reference IS NULL) AND (net_fen = 0) = (value_day IS NULL)),\n",
        "",
        _STATING,
    ),
    Guard(
        "a fee and a premium are decided one after the other",
        "services/enrollment/products/store/service_fees.py",
        "    tx.execute(_HOLD_FEES)",
        "    return",
        _AT_ONCE,
    ),
    Guard(
        "what was stated never changes",
        _STATEMENTS,
        "BEFORE UPDATE OR DELETE ON statement_parts",
        "BEFORE UPDATE ON statement_parts",
        _STATING,
    ),
    Guard(
        "a drawn statement is only settled",
        _STATEMENTS,
        "FOR EACH ROW WHEN (OLD.state <> 'drawing')",
        "FOR EACH ROW WHEN (false)",
        _STATING,
    ),
    Guard(
        "totals grow while a statement is drawn",
        _STATEMENTS,
        "BEFORE INSERT OR UPDATE OR DELETE ON statement_totals",
        "BEFORE INSERT ON statement_totals",
        _STATING,
    ),
    Guard(
        "an answer to a dispute stands",
        _STATEMENTS,
        "FOR EACH ROW WHEN (OLD.state <> 'open')",
        "FOR EACH ROW WHEN (false)",
        _STATING,
    ),
    Guard(
        "a decided settlement stands",
        _STATEMENTS,
        "FOR EACH ROW WHEN (OLD.state <> 'recorded')",
        "FOR EACH ROW WHEN (false)",
        _STATING,
    ),
    Guard(
        "an event's tally is noted once",
        _STATEMENTS,
        "    event_id uuid PRIMARY KEY,\n    booked_at",
        "    event_id uuid NOT NULL,\n    booked_at",
        ("tests/services/enrollment/statements/test_tie_out.py",),
    ),
    Guard(
        "unique key: one batch per content of a picked file",
        _PICKUPS,
        "    CONSTRAINT one_batch_per_content UNIQUE (partner_no, place, name, sha256),\n",
        "",
        _PICKING,
    ),
    Guard(
        "unique key: one answer per picked file",
        _PICKUPS,
        "    CONSTRAINT one_answer_per_file UNIQUE (partner_no, place, name, etag),\n",
        "",
        _PICKING,
    ),
    Guard(
        "an upload that breaks off is no whole file",
        "shared/web/bodies.py",
        "        raise UploadIncomplete from None\n",
        "        raise\n",
        ("tests/services/enrollment/files/test_upload_over_network.py",),
    ),
    Guard(
        "a bomb is refused",
        "services/enrollment/files/intake/compression.py",
        "self._made > MOST_RATIO * self.sent",
        "self._made > MOST_EXPANDED * self.sent",
        ("tests/rules/enrollment/files/test_file_formats.py",),
    ),
    Guard(
        "a file that changes while it is read is not taken",
        "services/enrollment/files/intake/pickup_places.py",
        "                raise FileChanged(found.name)\n",
        "                return\n",
        _PICKING,
    ),
)

_LIFECYCLE: Final = (
    Guard(
        "unique key: one successor per policy",
        _POLICIES,
        "    renews uuid NOT NULL UNIQUE REFERENCES policies,\n",
        "    renews uuid NOT NULL REFERENCES policies,\n",
        ("tests/services/enrollment/policies/test_renewals.py",),
    ),
    Guard(
        "a policy takes legal steps alone",
        _AFTER_ISSUE,
        "FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)",
        "FOR EACH ROW WHEN (false)",
        _END_OF_TERMS,
    ),
    Guard(
        "one worker on a chunk whose terms end",
        "services/enrollment/policies/store/expiry.py",
        "ORDER BY ends_next, chunk_id LIMIT %s FOR UPDATE SKIP LOCKED",
        "ORDER BY ends_next, chunk_id LIMIT %s FOR UPDATE NOWAIT",
        _END_OF_TERMS,
    ),
    Guard(
        "who changes a policy has read it as it is",
        "services/enrollment/policies/usecases/endorse_policy.py",
        "    require_match(policy.version)\n",
        "",
        ("tests/services/enrollment/policies/test_endorsements.py",),
    ),
    Guard(
        "an item that goes gives back what was charged for it, from its own first day on",
        "services/enrollment/policies/usecases/endorse_policy.py",
        "(changed_on or cover.start.astimezone(zone).date(), day)",
        "(cover.start.astimezone(zone).date(), cover.start.astimezone(zone).date())",
        ("tests/services/enrollment/policies/test_endorsements.py",),
    ),
    Guard(
        "what a dispute took off a policy is not given back again",
        "services/enrollment/policies/store/cancellations.py",
        "Charge(self.adjusted, begins), ",
        "",
        ("tests/services/enrollment/statements/test_settling.py",),
    ),
    Guard(
        "an erasure waits for who is renewing the person",
        "services/enrollment/policies/usecases/erase_person.py",
        "    opt_outs.shut(tx, tokens)\n",
        "",
        ("tests/services/enrollment/policies/test_erasures.py",),
    ),
    Guard(
        "a renewal falls with its predecessor",
        "services/enrollment/policies/store/cancellations.py",
        "{*asked, *tx.all(_FOLLOWING, (asked,), into=str)} - locked",
        "{*asked} - locked",
        ("tests/services/enrollment/policies/test_early_ends.py",),
    ),
    Guard(
        "a renewal goes on whatever is asked of a predecessor that is over",
        "services/enrollment/policies/usecases/end_policies.py",
        "for each in may_end if each.policy_id in reasons}",
        "for each in held if each.policy_id in reasons}",
        ("tests/services/enrollment/policies/test_early_ends.py",),
    ),
    Guard(
        "a renewal that is stored after its predecessor ended begins",
        "services/enrollment/policies/usecases/renew_one.py",
        "        expiry.begin_renewals(tx, [old.policy_id])\n",
        "        assert expiry\n",
        ("tests/services/enrollment/policies/test_renewed_anew.py",),
    ),
    Guard(
        "a forgotten person's sealed record is overwritten",
        "services/enrollment/policies/usecases/erase_person.py",
        "        vault.erase(tx, found)\n",
        "",
        ("tests/services/enrollment/policies/test_erasures.py",),
    ),
    Guard(
        "a forgotten person's messages are overwritten",
        "services/enrollment/webhooks/store/told_references.py",
        "WHERE body LIKE ANY (%s)",
        "WHERE body LIKE ANY (%s) AND false",
        ("tests/services/enrollment/policies/test_erasures.py",),
    ),
)

_WEBHOOKS: Final = (
    Guard(
        "one sender of a webhook",
        "shared/webhooks/store/webhook_deliveries.py",
        " FOR UPDATE SKIP LOCKED\n    ) d\n",
        "\n    ) d\n",
        ("tests/services/enrollment/webhooks/test_webhook_sending.py",),
    ),
    Guard(
        "a webhook that is asked for again while it is sent",
        "shared/webhooks/store/webhook_deliveries.py",
        " AND asked = %(asked)s",
        "",
        ("tests/services/enrollment/webhooks/test_webhook_sending.py",),
    ),
    Guard(
        "a webhook is queued only where its fact is committed",
        "services/enrollment/webhooks/usecases/tell.py",
        "    type_ = facts[0][1].TYPE\n",
        "    type_ = facts[0][1].TYPE\n    tx.execute('COMMIT')\n",
        ("tests/services/enrollment/webhooks/test_webhook_facts.py",),
    ),
    Guard(
        "a webhook goes to no address of our own networks",
        "shared/courier/connection.py",
        "[each for each in found if may_be_called(each, self._allowed, encrypted=self._encrypted)]",
        "found",
        ("tests/services/enrollment/webhooks/test_webhook_courier.py",),
    ),
    Guard(
        "a webhook goes to the address that was checked",
        "shared/courier/connection.py",
        "self._plain.connect_tcp(str(address), port",
        "self._plain.connect_tcp(host, port",
        ("tests/services/enrollment/webhooks/test_webhook_courier.py",),
    ),
)

_PARTNERS_AND_PERSONS: Final = (
    Guard(
        "unique key: a policy leaves a partner once",
        _PARTNERS,
        "    CONSTRAINT one_transfer_from_a_partner PRIMARY KEY (policy_id, from_partner_no)",
        "    CHECK (version > 0)",
        _WIND_DOWN,
    ),
    Guard(
        "unique key: an insured is listed once for notice",
        _PARTNERS,
        "    CONSTRAINT one_notice_per_policy PRIMARY KEY (partner_no, policy_id),\n",
        "",
        _WIND_DOWN,
    ),
    Guard(
        "who read the contract before its end is listed too",
        "services/enrollment/policies/usecases/work_off_wind_downs.py",
        "    return running.isdisjoint(ending.waits_for) and not wind_downs.has_open_batch(tx, ending.partner_no)\n",
        "    return True\n",
        _WIND_DOWN,
    ),
    Guard(
        "a published consent text never changes",
        _PARTNERS,
        "CREATE TRIGGER consent_texts_never_change BEFORE UPDATE OR DELETE ON consent_texts\n"
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_consent_text();",
        "",
        ("tests/services/enrollment/people/test_consents.py",),
    ),
    Guard(
        "a part of a file waits for who is being enrolled elsewhere",
        "services/enrollment/policies/store/many_policies.py",
        "    except psycopg2.errors.UniqueViolation:\n        return False\n",
        "    finally:\n        pass\n",
        _AT_ONCE,
    ),
    Guard(
        "who is refused leaves a place in the sealed record of the others",
        "services/enrollment/policies/usecases/enroll_policies.py",
        '[records.get(place, "") for place in range(len(chunk.members))]',
        "list(records.values())",
        ("tests/services/enrollment/policies/test_enrolled_together.py",),
    ),
    Guard(
        "a single enrollment looks for an opt-out",
        "services/enrollment/policies/store/new_policies.py",
        "WHERE NOT EXISTS (\n",
        "WHERE true OR NOT EXISTS (\n",
        _OPT_OUTS,
    ),
    Guard(
        "a single enrollment is by a consent younger than the opt-out",
        "services/enrollment/policies/store/new_policies.py",
        " OR new.consent_given_at <= o.opted_out_at",
        "",
        _LIFTED,
    ),
    Guard(
        "a row of a file is by a consent younger than the opt-out",
        "services/enrollment/people/domain/opt_outs.py",
        " or consent_given_at <= self.opted_out_at",
        "",
        _LIFTED,
    ),
    Guard(
        "a single enrollment and an opt-out of one person go one after the other",
        "services/enrollment/people/store/opt_outs.py",
        '\nHOLD_PERSONS: Final = f"SELECT pg_advisory_xact_lock_shared({_PERSONS}, key) FROM unnest(%(locks)s) AS key"',
        '\nHOLD_PERSONS: Final = "SELECT %(locks)s"',
        _OPT_OUTS,
    ),
    Guard(
        "an opt-out ends the renewal that waits",
        "services/enrollment/people/store/opt_outs.py",
        "UNION ALL SELECT policy_id FROM policies WHERE person_token = ANY(%(tokens)s) AND state = 'upcoming'\n",
        "",
        _OPT_OUTS,
    ),
    Guard(
        "a part of a file and an opt-out go one after the other",
        "services/enrollment/people/store/opt_outs.py",
        "    tx.execute(_HOLD)\n",
        "    assert tx\n",
        _OPT_OUTS,
    ),
    Guard(
        "a file that takes off for opt-outs and an enrollment go one after the other",
        "services/enrollment/files/usecases/remove_rows.py",
        "        opt_outs.shut(tx, chain.from_iterable(persons.values()))\n",
        "        assert opt_outs\n",
        _OPT_OUTS,
    ),
    Guard(
        "whose policy a file of its former partner ends is told",
        "services/enrollment/policies/usecases/end_policies.py",
        " or end.held.partner_id != by_file.partner_id]",
        "]",
        ("tests/services/enrollment/policies/test_early_ends.py",),
    ),
    Guard(
        "a file means no policy that had left its partner",
        "services/enrollment/policies/store/renewals.py",
        " AND t.transferred_at > %(held_at)s",
        "",
        ("tests/services/enrollment/policies/test_early_ends.py",),
    ),
    Guard(
        "an opt-out in a file leaves alone who agreed to cover after the file came",
        "services/enrollment/files/usecases/remove_rows.py",
        " and anew.isdisjoint(*people)",
        "",
        _OPT_OUTS,
    ),
    Guard(
        "no more is taken of a quota than is left",
        "services/enrollment/partners/store/quotas.py",
        " AND taken + %(amount)s <= %(most)s",
        "",
        _QUOTAS,
    ),
)

_FRAUD_DETECTION: Final = (
    Guard(
        "a column for monitoring is not learned from in any table",
        "services/fraud_detection/models/foreign/columns.py",
        "    taken = {spec.label, spec.split.column, *spec.ignore, *spec.monitoring_only}\n",
        "    taken = {spec.label, spec.split.column, *spec.ignore}\n",
        ("tests/services/fraud_detection/models/foreign/test_evaluate_command.py",),
    ),
    Guard(
        "a group with fewer than ten of a label has no number",
        "services/fraud_detection/models/reports/measures.py",
        "        if min(positives, int(rows.sum()) - positives) < FEWEST_OF_EACH:\n",
        "        if min(positives, int(rows.sum()) - positives) < 1:\n",
        ("tests/services/fraud_detection/models/foreign/test_measures.py",),
    ),
    Guard(
        "unique key: one decision by the machine in a round",
        _CLAIMS,
        "CREATE UNIQUE INDEX one_machine_decision_per_round ON decisions (claim_id, round) WHERE NOT by_person;",
        "",
        _CLAIM_GUARDS,
    ),
    Guard(
        "unique key: one approval of a claim",
        _LIFE,
        "CREATE UNIQUE INDEX one_standing_approval_per_claim ON reservations (claim_id) WHERE released_at IS NULL;",
        "",
        _CLAIM_GUARDS,
    ),
    Guard(
        "unique key: one claim of what a bank calls by one reference",
        _TRANSFERS,
        """CREATE UNIQUE INDEX one_claim_per_reference ON transfers (person_token, reference_token)
WHERE place = 'own' AND reference_token IS NOT NULL;""",
        "",
        _TRANSFER_GUARDS,
    ),
    Guard(
        "one claim of a transfer that is alike in time, amount and payee",
        "services/fraud_detection/migrations/0124_a_transfer_is_found_by_its_person.sql",
        """int8range(
        ('x0' || substr(person_token, 3, 15))::bit(64)::bigint,
        ('x0' || substr(person_token, 3, 15))::bit(64)::bigint,
        '[]'
    ) WITH &&,""",
        "text_range(claim_id::text, claim_id::text, '[]') WITH &&,",
        _TRANSFER_GUARDS,
    ),
    Guard(
        "transfers of one person are claimed one claim after the other",
        "services/fraud_detection/claims/store/transfers.py",
        "    one_at_a_time(tx, (each.transfer.person_token for each in kept))\n",
        "",
        _TRANSFER_GUARDS,
    ),
    Guard(
        "a claim takes legal steps alone",
        _LIFE,
        "NOT EXISTS (SELECT FROM public.claim_legal_steps WHERE from_state = OLD.state AND to_state = NEW.state)",
        "false",
        _LIFE_OF_A_CLAIM,
    ),
    Guard(
        "what waits for its date is moved by one worker",
        "services/fraud_detection/claims/store/claims.py",
        "WHERE due_at <= %s ORDER BY due_at, claim_id LIMIT %s FOR UPDATE SKIP LOCKED",
        "WHERE due_at <= %s ORDER BY due_at, claim_id LIMIT %s FOR UPDATE",
        _LIFE_OF_A_CLAIM,
    ),
    Guard(
        "what an approval held is given back only when the money is surely not paid",
        "services/fraud_detection/decisions/usecases/follow_payout.py",
        '            if claim.state == "stopping":\n                limits.release(',
        "            if True:\n                limits.release(",
        _LIFE_OF_A_CLAIM,
    ),
    Guard(
        "a limit is given back once",
        "services/fraud_detection/decisions/store/limits.py",
        "    if tx.execute(_RELEASE, (now, held.decision_id)) == 1:",
        "    if tx.execute(_RELEASE, (now, held.decision_id)) <= 1:",
        _LIFE_OF_A_CLAIM,
    ),
    Guard(
        "unique key: one open review of a claim",
        _CLAIMS,
        "CREATE UNIQUE INDEX one_open_review_per_claim ON reviews (claim_id) WHERE closed_at IS NULL;",
        "",
        _CLAIM_GUARDS,
    ),
    Guard(
        "no approval by the machine without a model",
        _CLAIMS,
        "outcome <> 'approved' OR by_person OR model_id IS NOT NULL OR coalesce(sandbox_value = 'approve', false)",
        "true",
        _CLAIM_GUARDS,
    ),
    Guard(
        "a limit is reserved by a conditional update",
        "services/fraud_detection/decisions/store/limits.py",
        "WHERE limit_use.reserved_fen + excluded.reserved_fen <= excluded.annual_limit_fen\n"
        "  AND (limit_use.reserved_fen, limit_use.deductible_fen)\n      = (SELECT seen, seen_deductible",
        "WHERE limit_use.deductible_fen = (SELECT seen_deductible",
        _CLAIM_GUARDS,
    ),
    Guard(
        "the year's deductible is borne by a conditional update",
        "services/fraud_detection/decisions/store/limits.py",
        "(limit_use.reserved_fen, limit_use.deductible_fen)\n      = (SELECT seen, seen_deductible",
        "limit_use.reserved_fen = (SELECT seen",
        _CLAIM_GUARDS,
    ),
    Guard(
        "a decision replaces what its claim bore of the year's deductible",
        "services/fraud_detection/decisions/store/limits.py",
        "deductible_fen = excluded.deductible_fen\n"
        "        + (SELECT others_deductible FROM asked WHERE asked.policy_id = excluded.policy_id)",
        "deductible_fen = limit_use.deductible_fen + excluded.deductible_fen",
        _ANNUAL_DEDUCTIBLE,
    ),
    Guard(
        "a loss counts for deductibles if nothing but its smallness stands against it",
        "services/fraud_detection/reviews/usecases/decide_review.py",
        'return standing == {"below_deductible"}',
        'return "below_deductible" in standing',
        _ANNUAL_DEDUCTIBLE,
    ),
    Guard(
        "a liability's limit is reserved by a conditional update",
        "services/fraud_detection/decisions/store/limits.py",
        "liability_use.reserved_fen + excluded.reserved_fen <= excluded.annual_limit_fen\n"
        "  AND liability_use.reserved_fen = (SELECT seen FROM asked WHERE asked.policy_id = excluded.policy_id)",
        "true",
        _CLAIM_GUARDS,
    ),
    Guard(
        "policies that share a loss never pay more than it",
        "services/fraud_detection/decisions/domain/payable.py",
        "unpaid = still_lost(claim) - share.loss_paid_fen",
        "unpaid = still_lost(claim)",
        ("tests/rules/fraud_detection/test_general_cover.py",),
    ),
    Guard(
        "the policy and other insurers never pay more than the loss",
        "services/fraud_detection/decisions/domain/payable.py",
        "unpaid = still_lost(claim)",
        "unpaid = loss_to_bear(product, claim)",
        ("tests/rules/fraud_detection/test_other_insurers.py",),
    ),
    Guard(
        "the names of other insurers go with the person",
        "services/fraud_detection/claims/store/erasure.py",
        "_AMENDMENTS, _INSURERS, ",
        "_AMENDMENTS, ",
        ("tests/services/fraud_detection/claims/test_other_insurers.py",),
    ),
    Guard(
        "an erased person's policy takes no claim",
        "services/fraud_detection/filing/usecases/file_claim.py",
        "    if cover is not None and cover.erased:\n",
        "    if False:\n",
        _ERASURE,
    ),
    Guard(
        "no claim is filed past an erasure that is under way",
        "services/fraud_detection/coverage/store/coverage.py",
        "ORDER BY coverage.policy_id FOR SHARE OF coverage",
        "ORDER BY coverage.policy_id",
        _ERASURE,
    ),
    Guard(
        "an erasure that overtakes its enrollment is finished later",
        "services/fraud_detection/erasure/usecases/erase_policies.py",
        "            overwrite(tx, policies)\n",
        "",
        _ERASURE,
    ),
    Guard(
        "an enrollment in the midst of its erasure is forgotten later",
        "services/fraud_detection/coverage/store/erased_policies.py",
        "\n              AND person_token = '\\\\x00'::bytea || uuid_send(coverage.policy_id))",
        ")",
        _ERASURE,
    ),
    Guard(
        "claims of an erased person see each other while one is open",
        "services/fraud_detection/coverage/store/erased_policies.py",
        "uuid_send(coalesce(erased_with, policy_id))",
        "uuid_send(policy_id)",
        _ERASURE,
    ),
    Guard(
        "an appeal beside the erasure of its person is not missed",
        "services/fraud_detection/claims/store/erasure.py",
        "ANY(%s::uuid[]) ORDER BY claim_id FOR UPDATE",
        "ANY(%s::uuid[]) ORDER BY claim_id",
        _ERASURE,
    ),
    Guard(
        "a round is decided once",
        "services/fraud_detection/decisions/usecases/adjudicate.py",
        "return claim.state in TO_BE_DECIDED and (claim.claim_id, claim.round) in rounds",
        "return True",
        _ADJUDICATION,
    ),
    Guard(
        "claims of one person are decided one after the other",
        "services/fraud_detection/decisions/usecases/case_file.py",
        "    turns.one_at_a_time(tx, (person for persons in held.persons().values() for person in persons))\n",
        "",
        _ADJUDICATION,
    ),
    Guard(
        "of claims that are decided together, those that bear on each other take turns",
        "services/fraud_detection/decisions/usecases/adjudicate.py",
        "for wave in waves(due, held.persons()):",
        "for wave in [due]:",
        _DECIDED_TOGETHER,
    ),
    Guard(
        "of two workers, the second takes the claims that the first one decides as it left them",
        "services/fraud_detection/claims/store/claims.py",
        "ORDER BY claim_id FOR UPDATE",
        "ORDER BY claim_id",
        _DECIDED_TOGETHER,
    ),
    Guard(
        "a decision is written on the claim that it was made on",
        "services/fraud_detection/claims/store/claims.py",
        "AND claims.state = asked.from_state AND claims.version = asked.version",
        "",
        ("tests/services/fraud_detection/test_turns.py",),
    ),
    Guard(
        "nobody confirms the promotion that they proposed",
        "services/fraud_detection/models/usecases/end_proposal.py",
        "    if proposal.proposed_by == confirmed_by:\n",
        "    if not confirmed_by:\n",
        _PROMOTIONS,
    ),
    Guard(
        "nor past the service",
        _TWO_PERSONS,
        "CHECK (ending <> 'confirmed' OR ended_by <> proposed_by)\n",
        "CHECK (true)\n",
        _PROMOTIONS,
    ),
    Guard(
        "a model that failed a gate is not put to work",
        "services/fraud_detection/models/usecases/propose_promotion.py",
        'ending="gates_failed" if failed else None,',
        "ending=None,",
        _PROMOTIONS,
    ),
    Guard(
        "what expired is not confirmed",
        "services/fraud_detection/models/usecases/end_proposal.py",
        "    if proposal.expires_at <= now:\n",
        "    if not now:\n",
        _PROMOTIONS,
    ),
    Guard(
        "who promoted what is only added to",
        _TWO_PERSONS,
        "CREATE TRIGGER promotion_history_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON promotion_history\n"
        "    FOR EACH STATEMENT EXECUTE FUNCTION promotion_history_is_only_added_to();\n",
        "",
        _PROMOTIONS,
    ),
    Guard(
        "a model opens here before it is promoted",
        "services/fraud_detection/models/domain/gates.py",
        "    opens = outcome.not_opened is None\n",
        "    opens = True\n",
        ("tests/services/fraud_detection/models/test_models_over_http.py",),
    ),
)

_PAYOUT: Final = (
    Guard(
        "unique key: one payout of a decision",
        _MONEY,
        "    CONSTRAINT one_payout_per_decision UNIQUE (decision_id),\n",
        "",
        _PAYOUT_GUARDS,
    ),
    Guard(
        "unique key: one payout of a claim",
        "services/payout/migrations/0005_a_claim_may_be_paid_after_a_failed_payout.sql",
        "CREATE UNIQUE INDEX one_payout_per_claim ON payouts (claim_id) WHERE state NOT IN ('rejected', 'returned');",
        "",
        _PAYOUT_GUARDS,
    ),
    Guard(
        "unique key: a fact is booked once",
        _MONEY,
        "    CONSTRAINT booked_once UNIQUE (kind, cause),\n",
        "",
        ("tests/services/payout/test_premium.py",),
    ),
    Guard(
        "never above the cover",
        _MONEY,
        "    CONSTRAINT never_above_the_cover CHECK (amount_fen <= cover_limit_fen OR state = 'rejected'),\n",
        "",
        _PAYOUT_GUARDS,
    ),
    Guard(
        "a transfer sums to zero",
        _MONEY,
        "GROUP BY currency HAVING sum(amount_fen) <> 0) THEN",
        "GROUP BY currency HAVING false) THEN",
        _PAYOUT_GUARDS,
    ),
    Guard(
        "a refused claim is not sent again",
        "services/payout/domain/answers.py",
        "    if not standing.still_approved:\n"
        "        why = reasons.APPROVAL_TAKEN_BACK if standing.taken_back else reasons.CLAIM_REFUSED\n"
        '        return (Step("rejected", why),)\n',
        "",
        _PAYING,
    ),
    Guard(
        "what the bank said of an older attempt decides nothing",
        "services/payout/usecases/settle_answer.py",
        "if isinstance(answer, (Unknown, NoAnswer)) and asked_at_version != payout.version:",
        "if False:",
        ("tests/services/payout",),
    ),
    Guard(
        "a claim that is owed keeps its payee",
        _PAYEES,
        "FROM claim_payees c WHERE to_be_erased AND {CLOSED}",
        "FROM claim_payees c WHERE to_be_erased",
        _FORGETTING,
    ),
    Guard(
        "an account that another's claim names is not forgotten",
        _PAYEES,
        "      WHERE NOT EXISTS (SELECT FROM claim_payees c WHERE c.payee_token = token)) AS unused",
        "      ) AS unused",
        _FORGETTING,
    ),
    Guard(
        "an erasure that overtakes the decision is finished later",
        _PAYEES,
        "EXISTS (SELECT FROM erased_policies WHERE policy_id = %(policy)s))",
        "false)",
        _FORGETTING,
    ),
    Guard(
        "a decision beside the erasure of its person is not missed",
        _PAYEES,
        "    tx.execute(_LOCK_SHARED, (policy_id,))\n",
        "",
        _FORGETTING,
    ),
    Guard(
        "two erasures of one account wait for each other",
        _PAYEES,
        "    tx.all(_LOCK_PAYEES, (tokens,))\n",
        "",
        _FORGETTING,
    ),
    Guard(
        "a payee is not forgotten past an approval",
        "services/payout/store/payees.py",
        " WHERE payee_token = %s FOR KEY SHARE",
        " WHERE payee_token = %s",
        _FORGETTING,
    ),
    Guard(
        "unique key: a claim names a payee once",
        "services/payout/migrations/0002_payees_who_were_forgotten.sql",
        "    CONSTRAINT a_claim_names_a_payee_once PRIMARY KEY (claim_id, payee_token)\n",
        "    CHECK (payee_token <> '')\n",
        _FORGETTING,
    ),
)

_PRODUCTS: Final = (
    Guard(
        "a draft is approved by a second person",
        _DRAFTS,
        "    CONSTRAINT approved_by_a_second_person CHECK (state <> 'approved' OR decided_by <> proposed_by),\n",
        "",
        _PUBLISHING,
    ),
    Guard(
        "a product version comes from an approved draft",
        _DRAFTS,
        "CREATE TRIGGER product_versions_are_published_by_two BEFORE INSERT ON product_versions\n"
        "FOR EACH ROW EXECUTE FUNCTION refuse_version_of_one_person();\n",
        "",
        _PUBLISHING,
    ),
    Guard(
        "what is approved is what was proposed",
        _DRAFTS,
        "CREATE TRIGGER product_drafts_keep_their_words BEFORE UPDATE OR DELETE ON product_drafts\n"
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_draft();\n",
        "",
        _PUBLISHING,
    ),
    Guard(
        "nobody approves what they proposed",
        "services/enrollment/products/domain/drafts.py",
        "    if by == draft.proposed_by:\n",
        "    if not by:\n",
        _PUBLISHING,
    ),
)

GUARDS: Final = (
    *_SHARED,
    *_ENROLLMENT,
    *_LIFECYCLE,
    *_PRODUCTS,
    *_PARTNERS_AND_PERSONS,
    *_WEBHOOKS,
    *_FRAUD_DETECTION,
    *_PAYOUT,
    *STATEMENTS,
)

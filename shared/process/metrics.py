"""Every metric there is, with a sentence each, and how they are rendered. Who counts what is the other modules' work.

Labels are few and closed: a route's pattern, a topic, an outcome. Never an id, a name or anything a caller chose.
"""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, multiprocess
from prometheus_client import generate_latest as _generate_latest

from shared.process.metrics_directory import VARIABLE

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

# From half a millisecond (a read) to ten seconds (beyond any client's patience).
_REQUEST_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# From a tenth of a second to ten minutes: what waits on other processes.
_WAITING_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)

# HTTP
HTTP_REQUESTS: Final = Counter(
    "fangzha_http_requests_total", "HTTP requests answered, by route, method and status.", ["route", "method", "status"]
)
HTTP_SECONDS: Final = Histogram(
    "fangzha_http_request_seconds",
    "Time from a request's headers read to its reply ready.",
    ["route", "method"],
    buckets=_REQUEST_SECONDS,
)
HTTP_REPLAYS: Final = Counter(
    "fangzha_http_replays_total", "Replies given again for a repeated Idempotency-Key.", ["route"]
)
TOKENS_REFUSED: Final = Counter(
    "fangzha_tokens_refused_total",
    "Bearer tokens that were not accepted, by reason and by client where a signature stands behind its name.",
    ["reason", "client"],
)
KEY_FETCHES: Final = Counter(
    "fangzha_issuer_key_fetches_total", "Times the issuer's keys were fetched, by outcome.", ["outcome"]
)
KEYS_PASSED_OVER: Final = Counter(
    "fangzha_issuer_keys_passed_over_total",
    "Entries of the issuer's key set that were not taken, by reason; counted at each fetch.",
    ["reason"],
)
UPLOADS: Final = Gauge(
    "fangzha_uploads_under_way", "Files that are being sent to this service now.", multiprocess_mode="livesum"
)
CONNECTIONS_REFUSED: Final = Counter(
    "fangzha_database_connections_refused_total", "Times no database connection came free within the bounded wait."
)

# Outbox and relay
OUTBOX_ROWS: Final = Gauge(
    "fangzha_outbox_rows", "Events written but not yet acknowledged by Kafka.", multiprocess_mode="mostrecent"
)
OUTBOX_AGE_SECONDS: Final = Gauge(
    "fangzha_outbox_oldest_seconds", "Age of the oldest event that still waits.", multiprocess_mode="mostrecent"
)
OUTBOX_PUBLISHED: Final = Counter("fangzha_outbox_published_total", "Events acknowledged by Kafka.", ["topic"])
OUTBOX_PUBLISH_SECONDS: Final = Histogram(
    "fangzha_outbox_publish_seconds",
    "Time from an event written to it acknowledged by Kafka.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, *_WAITING_SECONDS),
)
RELAY_ACTIVE: Final = Gauge(
    "fangzha_relay_active", "1 in the relay that is elected, 0 in one that stands by.", multiprocess_mode="mostrecent"
)

# Consumers and jobs
CONSUMER_LAG: Final = Gauge(
    "fangzha_consumer_lag",
    "Messages between what a group has done and the end of the partition.",
    ["group", "topic", "partition"],
    multiprocess_mode="mostrecent",
)
CONSUMER_EVENTS: Final = Counter(
    "fangzha_consumer_events_total",
    "Events consumed, by group, type and outcome (done, repeated, passed_over, dead).",
    ["group", "type", "outcome"],
)
CONSUMER_RETRIES: Final = Counter(
    "fangzha_consumer_retries_total", "Batches tried again after a passing fault.", ["group"]
)
CONSUMER_REJOINS: Final = Counter(
    "fangzha_consumer_rejoins_total",
    "Times a consumer left its group and joined anew, as the broker did not know it or gave it nothing.",
    ["group"],
)
CONSUMER_BATCH_SECONDS: Final = Histogram(
    "fangzha_consumer_batch_seconds",
    "Time to work off one polled batch, its commit included.",
    ["group"],
    buckets=_REQUEST_SECONDS,
)
CONSUMER_PROGRESS: Final = Gauge(
    "fangzha_consumer_progress_timestamp",
    "When a group last worked off a batch or found nothing to do, as Unix time.",
    ["group"],
    multiprocess_mode="mostrecent",
)
KAFKA_SLOW_STEPS: Final = Counter(
    "fangzha_kafka_client_slow_steps_total",
    "Steps of the Kafka client's event loop that took over a tenth of a second; many of them ask for more CPU.",
)
DEAD_LETTERS: Final = Counter(
    "fangzha_dead_letters_total", "Messages that went to a dead letter topic.", ["group", "topic"]
)
JOB_RUNS: Final = Counter("fangzha_job_runs_total", "Runs of a scheduled job, by outcome.", ["job_name", "outcome"])
JOB_SECONDS: Final = Histogram("fangzha_job_seconds", "Time of one run of a scheduled job.", ["job_name"])

# Insurance
POLICIES_ENROLLED: Final = Counter("fangzha_policies_enrolled_total", "Policies issued, by way (one, batch).", ["way"])
BATCH_ROWS: Final = Counter(
    "fangzha_batch_rows_total", "Rows of partners' files, by outcome (accepted, rejected).", ["outcome"]
)
BATCHES_FAILED: Final = Counter("fangzha_batches_failed_total", "Partners' files that were given up midway.")
BATCHES_OLDEST_SECONDS: Final = Gauge(
    "fangzha_batches_oldest_seconds",
    "How long ago the oldest of partners' files came that is not worked off.",
    multiprocess_mode="mostrecent",
)
PICKUP_FILES: Final = Counter(
    "fangzha_pickup_files_total",
    "Files found at partners' places, by outcome (taken, known, refused, failed: by a bug, and tried again).",
    ["outcome"],
)
PICKUPS_LOOKED: Final = Gauge(
    "fangzha_pickups_looked_timestamp",
    "When this process last looked at every place of files and reached each, as Unix time.",
    multiprocess_mode="mostrecent",
)
CLAIMS_SUBMITTED: Final = Counter("fangzha_claims_submitted_total", "Claims accepted for a decision.")
DECISIONS: Final = Counter(
    "fangzha_decisions_total", "Decisions on claims, by outcome and by whom (machine, person).", ["outcome", "by"]
)
DECISION_SECONDS: Final = Histogram(
    "fangzha_decision_seconds",
    "Time from a claim submitted to its decision durable.",
    buckets=(0.005, 0.01, 0.025, 0.05, *_WAITING_SECONDS),
)
SCORES: Final = Histogram(
    "fangzha_claim_score", "The model's probability that a claim is dishonest.", buckets=[n / 20 for n in range(1, 21)]
)
TRAININGS: Final = Counter(
    "fangzha_trainings_total",
    "Trainings of models that are over, by outcome (ready, unusable, out_of_memory, out_of_time, crashed, killed, "
    "given_up, let_go: canceled or another's).",
    ["outcome"],
)
TRAINING_UNATTENDED_SECONDS: Final = Gauge(
    "fangzha_training_unattended_seconds",
    "How long the oldest model that waits has waited while no trainer is at work; 0 if none waits.",
    multiprocess_mode="mostrecent",
)
REVIEWS_WAITING: Final = Gauge(
    "fangzha_reviews_waiting", "Claims that wait for a person.", multiprocess_mode="mostrecent"
)
CLAIM_CLOCKS: Final = Gauge(
    "fangzha_claim_clocks",
    "Clocks that run on open claims, by kind and by whether they are running, near their end, or broken.",
    ["kind", "standing"],
    multiprocess_mode="mostrecent",
)
PAYOUTS: Final = Counter("fangzha_payouts_total", "Payouts that reached a state.", ["state"])
PAYOUTS_WAITING: Final = Gauge(
    "fangzha_payouts_in_state", "Payouts that are in a state now.", ["state"], multiprocess_mode="mostrecent"
)
RAIL_CALLS: Final = Counter("fangzha_rail_calls_total", "Calls to the bank, by call and outcome.", ["call", "outcome"])
RAIL_UNREADABLE: Final = Counter(
    "fangzha_rail_unreadable_total", "Entries of the bank's statement and book that could not be read.", ["call"]
)
RAIL_SECONDS: Final = Histogram("fangzha_rail_call_seconds", "Time of one call to the bank.", ["call"])

# Webhooks
WEBHOOK_ATTEMPTS: Final = Counter(
    "fangzha_webhook_attempts_total", "Messages sent to partners' servers, by outcome.", ["outcome"]
)
WEBHOOK_SECONDS: Final = Histogram("fangzha_webhook_attempt_seconds", "Time of one message to a partner's server.")
WEBHOOKS_DUE: Final = Gauge(
    "fangzha_webhooks_due", "Messages that could be sent to partners' servers now.", multiprocess_mode="mostrecent"
)
WEBHOOKS_DUE_SECONDS: Final = Gauge(
    "fangzha_webhooks_due_oldest_seconds",
    "How long the oldest message that could be sent has waited for it.",
    multiprocess_mode="mostrecent",
)
WEBHOOK_ENDPOINTS_DISABLED: Final = Counter(
    "fangzha_webhook_endpoints_disabled_total",
    "Partners' endpoints that were taken out, by reason (gone, only_failures, address_refused).",
    ["reason"],
)


def render() -> bytes:
    """All metrics of this process, or of all processes of its web server, in Prometheus's text format."""
    if VARIABLE in os.environ:
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # untyped in prometheus-client
        return _generate_latest(together)
    return _generate_latest(REGISTRY)

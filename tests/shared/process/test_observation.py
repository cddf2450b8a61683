"""Logs, traces, metrics and health of a process."""

from __future__ import annotations

import json
import logging
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import httpx
import psycopg2
import pytest
from kafka.net.selector import NetworkSelector
from prometheus_client import REGISTRY

from shared.process import logs, metrics, traces
from shared.process.health import Health, serve
from shared.values.errors import InvalidField
from tests.real_parts import Postgres


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_log_line_is_one_json_object_with_where_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("payout", "worker")
    with traces.span("work"):
        logs.get_logger().info("paid", amount_fen=5)
        trace_id = traces.trace_id()
    (line,) = written(capsys)
    assert line | {"timestamp": ""} == {
        "event": "paid",
        "amount_fen": 5,
        "level": "info",
        "service": "payout",
        "process": "worker",
        "trace_id": trace_id,
        "timestamp": "",
    }


def test_a_crash_below_python_says_where_it_was() -> None:
    crash = "from shared.process import logs; logs.configure('payout', 'worker'); import os; os.kill(os.getpid(), 11)"
    done = subprocess.run([sys.executable, "-c", crash], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGSEGV
    assert 'File "<string>", line 1 in <module>' in done.stderr


def test_the_kafka_clients_slow_steps_are_counted_and_not_told_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("payout", "worker")
    counted = REGISTRY.get_sample_value("fangzha_kafka_client_slow_steps_total") or 0.0
    loop = NetworkSelector(slow_task_threshold_secs=0.01)

    async def busy() -> None:
        time.sleep(0.02)  # noqa: ASYNC251  # what is told of is just this

    loop.run(busy)
    loop.close()
    logging.getLogger("kafka.net.selector").warning("something else")

    assert [line["event"] for line in written(capsys)] == ["something else"]
    assert REGISTRY.get_sample_value("fangzha_kafka_client_slow_steps_total") == counted + 1


def test_secrets_and_persons_are_blanked_at_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("payout", "worker")
    logs.get_logger().info(
        "paid",
        holder_name="张三",
        rail_token="hunter2",
        Authorization="Bearer hunter2",
        request={"account": "6222020200011112222", "items": [{"phone": "13800138000"}], "bank": "ICBC"},
        payee_token="01" + "ab" * 16,
    )
    (line,) = written(capsys)
    text = json.dumps(line, ensure_ascii=False)
    for hidden in ("张三", "hunter2", "6222020200011112222", "13800138000"):
        assert hidden not in text
    assert line["payee_token"] == "01" + "ab" * 16
    assert "ICBC" in text


def test_the_words_of_postgresql_do_not_bring_a_row_into_the_log(
    capsys: pytest.CaptureFixture[str], postgres: Postgres, payout_url: str
) -> None:
    logs.configure("payout", "worker")
    insert, person = "INSERT INTO people VALUES (%s)", ("13800138000",)
    connection = psycopg2.connect(postgres.owner_url(payout_url))
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE people (phone text CONSTRAINT one_phone PRIMARY KEY)")
            cursor.execute(insert, person)
            try:
                cursor.execute(insert, person)
            except psycopg2.Error:
                logs.get_logger().exception("failed")
    finally:
        connection.close()
    (line,) = written(capsys)
    assert "13800138000" not in json.dumps(line)
    assert "SQLSTATE 23505, constraint one_phone" in str(line["exception"])


def test_an_exception_is_told_with_its_cause_and_without_variables(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("payout", "worker")

    def look_up(password: str) -> None:
        raise LookupError(f"a word of {len(password)} letters")

    def pay(password: str) -> None:
        try:
            look_up(password)
        except LookupError as error:
            raise RuntimeError("could not pay") from error

    secret = "hunter" + str(len("ab"))
    try:
        pay(secret)
    except RuntimeError:
        logs.get_logger().exception("failed")
    (line,) = written(capsys)
    story = str(line["exception"])
    assert story.index("LookupError: a word of 7 letters") < story.index("RuntimeError: could not pay")
    assert "hunter2" not in story


def test_lines_of_libraries_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("payout", "web", "WARNING")
    logging.getLogger("gunicorn.error").warning("worker %s is gone", 7)
    logs.get_logger().info("unheard")
    (line,) = written(capsys)
    assert (line["event"], line["level"], line["service"]) == ("worker 7 is gone", "warning", "payout")


def test_a_trace_goes_from_one_process_to_the_next() -> None:
    with traces.span("first"):
        carried = traces.carrier()
        began = traces.trace_id()
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", carried["traceparent"])
    assert traces.trace_id() == ""
    with traces.span("elsewhere", parent=carried):
        assert traces.trace_id() == began
        assert traces.carrier()["traceparent"] != carried["traceparent"]
    assert traces.trace_id_of(carried) == began
    assert traces.trace_id_of({}) == traces.trace_id_of({"traceparent": "made up"}) == ""


def test_a_span_without_a_parent_begins_a_trace_of_its_own() -> None:
    with traces.span("outer"):
        outer = traces.trace_id()
        with traces.span("inner"):
            assert traces.trace_id() == outer
        with traces.span("unrelated", parent={}):
            assert traces.trace_id() not in {"", outer}
        with traces.span("nonsense", parent={"traceparent": "made up"}):
            assert traces.trace_id() not in {"", outer}


def test_every_metric_has_a_sentence_and_a_name_of_ours() -> None:
    ours = [family for family in REGISTRY.collect() if family.name.startswith("fangzha_")]
    assert len(ours) > 20
    for family in ours:
        assert family.documentation.endswith("."), family.name
        assert family.documentation[0] == family.documentation[0].upper(), family.name
    assert b"fangzha_outbox_rows" in metrics.render()


def test_no_label_could_hold_an_id_or_a_person() -> None:
    allowed = {
        "route", "method", "status", "reason", "outcome", "topic", "group", "partition", "type", "job_name", "way",
        "by", "state", "call", "kind", "standing",
        "client",  # as the issuer named it; empty where none is known
    }  # fmt: skip
    for collector in vars(metrics).values():
        names = getattr(collector, "_labelnames", ())
        assert set(names) <= allowed


def test_health_tells_who_is_unwell_and_what_to_do() -> None:
    health = Health()
    faults: dict[str, str | None] = {"database": None, "consumer": None}
    health.register("database", lambda: faults["database"])
    health.register("consumer", lambda: faults["consumer"], live=True)
    server = serve(health, "127.0.0.1", 0)
    try:
        url = f"http://127.0.0.1:{server.port}"
        get = partial(httpx.get, timeout=60)
        assert get(f"{url}/readyz").json() == {"status": "ok", "checks": {"database": "ok", "consumer": "ok"}}
        faults["database"] = "PostgreSQL is away; start it"
        ready = get(f"{url}/readyz")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "PostgreSQL is away; start it")
        assert get(f"{url}/livez").status_code == 200
        faults["consumer"] = "no progress for 5 minutes; it will be restarted"
        assert get(f"{url}/livez").status_code == 503
        assert "fangzha_outbox_rows" in get(f"{url}/metrics").text
        assert get(f"{url}/anything").status_code == 404
    finally:
        server.stop()


def test_an_error_passes_through_a_context_manager_as_it_is() -> None:
    @contextmanager
    def around() -> Iterator[None]:
        yield

    with pytest.raises(InvalidField) as caught, around():
        raise InvalidField("/title", "Too short.", "Send more.")
    assert caught.value.sentence() == "Too short. Send more."
    assert caught.value.__traceback__ is not None

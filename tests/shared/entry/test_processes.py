"""A service's processes and commands, started as an operator starts them, on real PostgreSQL, Kafka and gunicorn."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import httpx
import psycopg2
import pytest

from deploy.local.issuer import Issuer
from deploy.local.places import free_port
from shared.db.migrate import migrate
from shared.process.new_ids import new_id
from tests.real_parts import Postgres, Room
from tests.shared.web.builders import a_note

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tests.shared.entry.notes"]
PATIENCE = 60.0
WAITING_SQL = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
get, post = partial(httpx.get, timeout=PATIENCE), partial(httpx.post, timeout=PATIENCE)


@pytest.fixture
def settings(postgres: Postgres, issuer: Issuer, room: Room) -> Iterator[dict[str, str]]:
    name = f"entry_{new_id().replace('-', '')}"
    postgres.run(f"CREATE DATABASE {name}")
    yield {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "NOTES_DATABASE_URL": postgres.url_of("payout", name),
        "NOTES_MIGRATION_DATABASE_URL": postgres.server.url(name),
        "NOTES_PEN": "a very secret pen",
        "OIDC_ISSUER": issuer.url,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "SEAL_KEYS": "1:" + "ab" * 32,
        "WEB_PORT": str(free_port()),
        "HEALTH_PORT": str(free_port()),
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        **room.mark,
    }
    postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


def migrated(settings: dict[str, str]) -> None:
    """The tables, without starting a process for it."""
    migrate(settings["NOTES_MIGRATION_DATABASE_URL"], [Path(__file__).parent / "migrations"], processes="payout")


def run(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=settings, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@contextmanager
def running(settings: dict[str, str], log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen([*COMMAND, *arguments], env=settings, cwd=ROOT, stderr=output, stdout=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def of_web(settings: dict[str, str]) -> str:
    return f"http://127.0.0.1:{settings['WEB_PORT']}"


def of_health(settings: dict[str, str]) -> str:
    return f"http://127.0.0.1:{settings['HEALTH_PORT']}"


def until_ready(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"{url} did not become ready")


def one(settings: dict[str, str], sql: str) -> int:
    connection = psycopg2.connect(settings["NOTES_DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone()
            return int(row[0]) if row else 0
    finally:
        connection.close()


def token(issuer: Issuer, settings: dict[str, str]) -> str:
    return issuer.token("telecom-east", audience="fangzha-notes", scope="notes:read notes:write")


@pytest.mark.parametrize("process", ["worker", "relay"])
def test_a_port_that_another_process_has_is_told_in_a_sentence(settings: dict[str, str], process: str) -> None:
    with socket.create_server(("127.0.0.1", int(settings["HEALTH_PORT"]))):
        done = run(settings, process)
    assert done.returncode == 78
    assert "HEALTH_PORT cannot be listened on (Address already in use)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_web_server_of_two_processes_serves_and_adds_up_its_metrics(
    settings: dict[str, str], issuer: Issuer, tmp_path: Path
) -> None:
    migrated(settings)
    url, health_url = of_web(settings), of_health(settings)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    own = {**settings, "WEB_WORKERS": "2", "WEB_THREADS": "2", "TMPDIR": str(scratch)}
    headers = {"Authorization": f"Bearer {token(issuer, settings)}"}
    log = tmp_path / "web.log"
    with running(own, log, "web"):
        until_ready(health_url)
        for _ in range(20):
            reply = post(f"{url}/v1/notes", json=a_note(), headers={**headers, "Idempotency-Key": new_id()})
            assert reply.status_code == 201, reply.text
        counts = {metric(get(f"{health_url}/metrics").text) for _ in range(10)}
        assert counts == {20.0}
        workers = {int(each) for each in re.findall(r"Booting worker with pid: (\d+)", log.read_text())}
        assert len(workers) == 2
        os.kill(min(workers), signal.SIGKILL)
        until_ready(health_url)
        assert metric(get(f"{health_url}/metrics").text) == 20.0
    assert list(scratch.iterdir()) == []
    text = log.read_text()
    assert "a very secret pen" not in text
    assert settings["NOTES_DATABASE_URL"] not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert len(lines) >= 20
    assert not [line for line in text.splitlines() if not line.startswith("{")]


def metric(text: str) -> float:
    wanted = 'fangzha_http_requests_total{method="POST",route="/v1/notes",status="201"}'
    return float(next(line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(wanted)))


def test_a_large_file_sent_in_pieces_is_taken_and_one_above_the_limit_is_not(
    settings: dict[str, str], issuer: Issuer, tmp_path: Path
) -> None:
    migrated(settings)
    url = of_web(settings)
    headers = {"Authorization": f"Bearer {token(issuer, settings)}", "Content-Type": "text/csv"}
    with running(settings, tmp_path / "web.log", "web"):
        until_ready(of_health(settings))
        taken = post(
            f"{url}/v1/uploads",
            content=(b"x" * 65536 for _ in range(64)),
            headers={**headers, "Idempotency-Key": new_id()},
        )
        assert taken.status_code == 202
        assert taken.json()["bytes_read"] == 64 * 65536
        body = post(
            f"{url}/v1/notes",
            content=(b"x" * 65536 for _ in range(32)),
            headers={**headers, "Content-Type": "application/json", "Idempotency-Key": new_id()},
        )
        assert body.status_code == 413
        assert body.headers["Content-Type"] == "application/problem+json"
        assert get(f"{url}/v1/notes", headers=headers).status_code == 200


def test_a_web_server_all_of_whose_threads_wait_still_says_how_it_is(
    settings: dict[str, str], issuer: Issuer, tmp_path: Path
) -> None:
    migrated(settings)
    headers = {"Authorization": f"Bearer {token(issuer, settings)}"}
    with (
        running({**settings, "WEB_THREADS": "2"}, tmp_path / "web.log", "web"),
        closing(psycopg2.connect(settings["NOTES_DATABASE_URL"])) as other,
        ThreadPoolExecutor() as clients,
    ):
        until_ready(of_health(settings))
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE notes")
        waiting = [clients.submit(get, f"{of_web(settings)}/v1/notes", headers=headers) for _ in range(4)]
        deadline = time.monotonic() + PATIENCE
        while one(settings, WAITING_SQL) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert get(f"{of_health(settings)}/livez").status_code == 200
        assert get(f"{of_health(settings)}/readyz").status_code == 200
        assert "fangzha_http_requests_total" in get(f"{of_health(settings)}/metrics").text
        other.rollback()
        assert [each.result().status_code for each in waiting] == [200] * 4


def test_a_web_server_told_to_stop_finishes_and_ends_well(settings: dict[str, str], tmp_path: Path) -> None:
    migrated(settings)
    with running(settings, tmp_path / "web.log", "web") as process:
        until_ready(of_health(settings))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_migrating_twice_is_once_and_the_first_note_is_there(settings: dict[str, str]) -> None:
    first, second = run(settings, "migrate"), run(settings, "migrate")
    assert "applied service/0001_notes.sql" in first.stdout
    assert second.stdout == "the database is up to date\n"
    assert one(settings, "SELECT count(*) FROM notes") == 1


def test_a_missing_setting_is_one_clear_line_and_exit_code_78(settings: dict[str, str]) -> None:
    for missing, command in (
        ("NOTES_DATABASE_URL", "migrate"),
        ("NOTES_MIGRATION_DATABASE_URL", "migrate"),
        ("OIDC_JWKS_URL", "web"),
        ("SEAL_KEYS", "rotate-keys"),
    ):
        ended = run({name: value for name, value in settings.items() if name != missing}, command)
        assert ended.returncode == 78
        assert ended.stderr.startswith(f"{missing} is not set. ")
        assert ended.stderr.count("\n") == 1
    ended = run({**settings, "NOTES_DATABASE_URL": "mysql://root:hunter2@host/db"}, "migrate")
    assert ended.returncode == 78
    assert "hunter2" not in ended.stderr
    ended = run({**settings, "NOTES_DATABASE_URL": settings["NOTES_MIGRATION_DATABASE_URL"]}, "migrate")
    assert ended.returncode == 78
    assert ended.stderr.startswith("NOTES_DATABASE_URL names a role that will not do: it owns the database")


def test_the_document_is_printed_without_any_setting(settings: dict[str, str]) -> None:
    printed = run({"PATH": settings["PATH"]}, "openapi")
    assert printed.returncode == 0, printed.stderr
    assert json.loads(printed.stdout)["paths"]["/v1/notes"]


def test_a_command_that_a_service_adds_stands_beside_those_of_all_services(settings: dict[str, str]) -> None:
    bare = {"PATH": settings["PATH"]}
    assert run(bare, "say-hello", "Li").stdout == "hello Li\n"
    listed = run(bare, "--help").stdout
    assert "say-hello" in listed
    assert "migrate" in listed


def test_rotating_keys_wraps_what_there_is(settings: dict[str, str]) -> None:
    migrated(settings)
    assert run(settings, "rotate-keys").stdout == "0 data keys wrapped anew\n"


def test_a_worker_runs_its_jobs_shows_its_health_and_drains(
    settings: dict[str, str], kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    own = {**settings, "KAFKA_BOOTSTRAP_SERVERS": kafka, "KAFKA_TOPIC_PREFIX": topic_prefix}
    migrated(own)
    assert "all topics are there" in run(own, "topics").stdout
    url = of_health(settings)
    with running(own, tmp_path / "worker.log", "worker") as process:
        until_ready(url)
        deadline = time.monotonic() + PATIENCE
        while one(own, "SELECT count(*) FROM ticks") < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert one(own, "SELECT max(pen) FROM ticks") == len("a very secret pen")
        assert 'fangzha_job_runs_total{job_name="tick",outcome="done"}' in get(f"{url}/metrics").text
        assert get(f"{url}/livez").status_code == 200
        assert get(f"{url}/v1/notes").status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_relay_shows_its_health_and_drains(
    settings: dict[str, str], kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    own = {**settings, "KAFKA_BOOTSTRAP_SERVERS": kafka, "KAFKA_TOPIC_PREFIX": topic_prefix}
    migrated(own)
    with running(own, tmp_path / "relay.log", "relay") as process:
        until_ready(of_health(settings))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_verify_names_what_is_broken(settings: dict[str, str], kafka: str, topic_prefix: str) -> None:
    own = {**settings, "KAFKA_BOOTSTRAP_SERVERS": kafka, "KAFKA_TOPIC_PREFIX": topic_prefix}
    run(own, "migrate")
    run(own, "topics")
    well = run(own, "verify")
    assert well.returncode == 0, well.stdout + well.stderr
    assert "holds    4  every note has a title" in well.stdout
    assert "holds   11  the audit chain is whole" in well.stdout
    connection = psycopg2.connect(settings["NOTES_DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE notes SET title = ''")
    connection.close()
    broken = run(own, "verify", "--json")
    assert broken.returncode == 1
    faults = {row["name"]: row["faults"] for row in json.loads(broken.stdout)}
    assert faults["every note has a title"] == ["note 0190163d-8694-739b-aea5-966c26f8ad91 has no title"]


def last_words_where_a_server_is_away(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 69
    assert "Traceback" not in ended.stderr
    return ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["verify", "topics"])
def test_a_command_that_finds_no_kafka_says_so_and_not_that_something_is_broken(
    settings: dict[str, str], command: str
) -> None:
    migrated(settings)
    last = last_words_where_a_server_is_away(run(settings, command))
    assert "127.0.0.1:9" in last
    assert last.endswith("Is Kafka up, and are KAFKA_BOOTSTRAP_SERVERS and its security settings right?")


@pytest.mark.parametrize("command", ["migrate", "verify"])
def test_a_command_that_finds_no_database_says_so(settings: dict[str, str], command: str) -> None:
    address = f"postgresql://notes:a-secret@127.0.0.1:{free_port()}/notes"
    ended = run({**settings, "NOTES_DATABASE_URL": address, "NOTES_MIGRATION_DATABASE_URL": address}, command)
    last = last_words_where_a_server_is_away(ended)
    assert "Connection refused" in last
    assert last.endswith("NOTES_DATABASE_URL right, and for migrate NOTES_MIGRATION_DATABASE_URL?")
    assert "a-secret" not in ended.stderr


def test_dead_letters_of_an_unknown_subscription_are_told_the_known_ones(settings: dict[str, str]) -> None:
    ended = run(settings, "dlq", "list", "nothing")
    assert ended.returncode == 2
    assert "no subscription 'nothing'" in ended.stderr

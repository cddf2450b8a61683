"""What the local stack says of the machine, and what it takes from outside."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.doctor import machine
from deploy.local.durations import parse_duration
from deploy.local.places import CHECKOUT, cache, free_port
from deploy.local.state import PREFERRED_PORTS


def test_the_doctor_names_the_missing_jars_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANGZHA_CACHE", str(tmp_path / "empty"))
    (finding,) = [finding for finding in machine(tmp_path) if finding.what == "Kafka's jars"]
    assert not finding.fine
    assert ".jar" in finding.seen
    assert "make up" in str(finding.remedy)


def test_the_doctor_names_a_java_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bin" / "java"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    (finding,) = [finding for finding in machine(tmp_path) if finding.what == "Java"]
    assert "exit code 3" in finding.seen
    assert "JAVA_HOME" in str(finding.remedy)


def test_a_jar_whose_bytes_are_not_the_locked_ones_is_refused(tmp_path: Path) -> None:
    def download(jar: jars.Jar, arriving: Path) -> Path:
        arriving.mkdir()
        path = arriving / jar.file_name
        path.write_bytes(b"not what was locked")
        return path

    jar = jars.Jar("org.example", "broker", "1.0", hashlib.sha256(b"what was locked").hexdigest())
    fault = jars.fetch_one(jar, tmp_path, tmp_path, download=download)
    assert fault == "broker-1.0.jar: its SHA-256 is not the locked one"
    assert not (tmp_path / jar.file_name).exists()


def test_the_lock_names_no_address() -> None:
    assert not re.search(r"https?:", jars.LOCK.read_text())


def test_downloads_stand_where_cleaning_does_not_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FANGZHA_CACHE", raising=False)
    for home in ("/home/somebody", ""):
        monkeypatch.setenv("HOME", home)
        assert not cache().is_relative_to(CHECKOUT)


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    import socket  # noqa: PLC0415 - here alone

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port


def test_a_port_is_given_once_for_who_got_it_may_not_listen_there_yet() -> None:
    assert len({free_port() for _ in range(500)}) == 500


CHOOSES = """
import json, sys
from deploy.local.state import new_state
print(json.dumps(list(new_state(preferred=True).ports.values())), flush=True)
sys.stdin.read()
"""


def test_stacks_that_start_at_once_get_ports_of_their_own() -> None:
    """Each has chosen, and none of their processes listens yet."""
    starting = [
        subprocess.Popen([sys.executable, "-c", CHOOSES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    chosen = []
    for process in starting:
        assert process.stdout is not None
        chosen += json.loads(process.stdout.readline())
    for process in starting:
        process.communicate("")
    assert len(set(chosen)) == len(chosen) == 3 * len(PREFERRED_PORTS)


def test_an_operator_types_durations() -> None:
    assert parse_duration("3d") == timedelta(days=3)
    assert parse_duration("1d12h") == timedelta(days=1, hours=12)


@pytest.mark.parametrize("text", ["", "3", "d3", "-3d", "3 d"])
def test_what_is_no_duration_is_told_its_form(text: str) -> None:
    with pytest.raises(ValueError, match="write 90s, 15m, 6h, 3d"):
        parse_duration(text)


def test_each_target_of_the_makefile_says_what_it_does() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE))
    told = set(re.findall(r"^([a-z%-]+):.*## .+$", makefile, re.MULTILINE))
    assert targets == told

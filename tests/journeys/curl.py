"""As much of curl as docs/tour.md uses, since a machine that runs the tests need not have it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import httpx

REFUSED = 22


def main() -> int:
    """Send the request; what curl would print, and how it would end."""
    words = argparse.ArgumentParser()
    words.add_argument("-sS", action="store_true", required=True)
    words.add_argument("--fail-with-body", action="store_true", required=True)
    words.add_argument("-X", dest="method", required=True)
    words.add_argument("-H", dest="headers", action="append", default=[])
    words.add_argument("-d", dest="data")
    words.add_argument("-T", dest="file", type=Path)
    words.add_argument("-o", dest="out", type=Path)
    words.add_argument("-w", dest="ending", default="")
    words.add_argument("url")
    asked = words.parse_args()
    headers = [tuple(line.split(": ", 1)) for line in asked.headers]
    body = asked.file.read_bytes() if asked.file else asked.data
    with httpx.Client(trust_env=False, timeout=60) as http:
        reply = http.request(asked.method, asked.url, content=body, headers=headers)
    if asked.out and reply.is_success:
        asked.out.write_bytes(reply.content)
    else:
        sys.stdout.buffer.write(reply.content)
    sys.stdout.buffer.write(asked.ending.replace("\\n", "\n").encode())
    return 0 if reply.is_success else REFUSED


if __name__ == "__main__":
    sys.exit(main())

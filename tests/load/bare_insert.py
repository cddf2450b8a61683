"""The bare cost of taking a claim: one Flask route that inserts the body and commits. No checks, no events, no model.

It is the ceiling that bench-latency measures against. A thread decides what came in once a second, as a naive system
without messaging would; that is the baseline.
"""

from __future__ import annotations

import os
import threading
import time

import psycopg2
from flask import Flask, request

from shared.process.new_ids import new_id

TABLE = """
CREATE TABLE IF NOT EXISTS bare_claims (id uuid PRIMARY KEY, body text NOT NULL);
CREATE TABLE IF NOT EXISTS bare_decisions (id uuid PRIMARY KEY REFERENCES bare_claims)
"""
_DECIDE = """
INSERT INTO bare_decisions SELECT id FROM bare_claims c
WHERE NOT EXISTS (SELECT FROM bare_decisions d WHERE d.id = c.id)
"""
POLL_SECONDS = 1.0


def _decide_for_ever(url: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_DECIDE)
            time.sleep(POLL_SECONDS)


def build() -> Flask:
    """The application; one connection for each thread, kept open."""
    url = os.environ["BARE_DATABASE_URL"]
    app = Flask(__name__)
    mine = threading.local()
    threading.Thread(target=_decide_for_ever, args=(url,), daemon=True).start()

    @app.post("/v1/claims")
    def insert() -> tuple[dict[str, str], int]:
        if not hasattr(mine, "connection"):
            mine.connection = psycopg2.connect(url)
        claim_id = new_id()
        with mine.connection, mine.connection.cursor() as cursor:
            cursor.execute("INSERT INTO bare_claims VALUES (%s, %s)", (claim_id, request.get_data(as_text=True)))
        return {"claim_id": claim_id}, 202

    return app

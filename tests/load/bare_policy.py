"""The ceiling and the baseline of bench-enroll-one: what enrolling one person costs with nothing but the database.

The ceiling inserts the request's body, which is as wide as the rows of a policy and its chunk, and commits: no checks,
no tokens, no sealing, no event, no idempotency. The naive way does what ours does at its simplest: a connection for
each request, and a commit each for the person, the policy, the event and the reply.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading

import psycopg2
from flask import Flask, request

from shared.process.new_ids import new_id

TABLES = """
CREATE TABLE IF NOT EXISTS bare_policies (id uuid PRIMARY KEY, body text NOT NULL);
CREATE TABLE IF NOT EXISTS naive_people (id text PRIMARY KEY);
CREATE TABLE IF NOT EXISTS naive_policies (id uuid PRIMARY KEY, person text NOT NULL UNIQUE, body jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS naive_events (id uuid PRIMARY KEY, body jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS naive_replies (key text PRIMARY KEY, body jsonb NOT NULL)
"""


def build() -> Flask:
    """The application; one connection for each thread, kept open, as many as our pool has."""
    url = os.environ["BARE_DATABASE_URL"]
    app = Flask(__name__)
    mine = threading.local()

    @app.post("/bare")
    def bare() -> tuple[dict[str, str], int]:
        if not hasattr(mine, "connection"):
            mine.connection = psycopg2.connect(url)
        policy_id = new_id()
        with mine.connection, mine.connection.cursor() as cursor:
            cursor.execute("INSERT INTO bare_policies VALUES (%s, %s)", (policy_id, request.get_data(as_text=True)))
        return {"policy_id": policy_id}, 201

    @app.post("/naive")
    def naive() -> tuple[dict[str, str], int]:
        text = request.get_data(as_text=True)
        person = hashlib.sha256(json.loads(text)["insured"]["document_number"].encode()).hexdigest()
        policy_id = new_id()
        statements: list[tuple[str, tuple[str, ...]]] = [
            ("INSERT INTO naive_people VALUES (%s)", (person,)),
            ("INSERT INTO naive_policies VALUES (%s, %s, %s)", (policy_id, person, text)),
            ("INSERT INTO naive_events VALUES (%s, %s)", (new_id(), text)),
            ("INSERT INTO naive_replies VALUES (%s, %s)", (request.headers["Idempotency-Key"], text)),
        ]
        connection = psycopg2.connect(url)
        try:
            for statement, values in statements:
                with connection, connection.cursor() as cursor:
                    cursor.execute(statement, values)
        finally:
            connection.close()
        return {"policy_id": policy_id}, 201

    return app

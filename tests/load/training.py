"""``make bench-training``: what a decision waits while a model is made beside, and what making one costs.

Decisions are those of bench-latency, sent at its rate, in turns with and without a training. Then a model is made
alone, and bare ``fit`` runs on the matrix of the same past claims: ROWS of them, 200,000 unless told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np

from deploy.demo.users import FRAUD_DETECTION, Json, User
from deploy.demo.waiting import until
from deploy.local.stack import Stack
from deploy.simulator import past_claims as simulated
from services.fraud_detection.models.api.past_claims import read_line
from services.fraud_detection.models.scoring.reading import Columns
from services.fraud_detection.models.store import past_claims
from services.fraud_detection.models.store.past_claims import Dataset, PastClaim
from shared.db.pool import Database
from shared.process.clock import wall_now
from shared.process.new_ids import new_id
from tests.load.latency import _DECIDED, CLAIMS_PER_RUN, CLAIMS_PER_SECOND, SEED, _bodies, _decided, _send_all
from tests.load.report import Figure, middle, percentile, write

ROWS = int(os.environ.get("ROWS", "200000"))
RUNS = int(os.environ.get("RUNS", "3"))
PAGE, AT_ONCE = 5_000, 50_000
GOAL = 1.3
PATIENCE_SECONDS = 3600


def _lines() -> Iterator[bytes]:
    """Some at a time: a million simulated claims at once are gigabytes of objects."""
    for start in range(0, ROWS, AT_ONCE):
        yield from simulated.ndjson(simulated.make(SEED + start, min(AT_ONCE, ROWS - start), until=wall_now()))


def load_dataset(database: Database, folder: Path) -> str:
    """Simulated past claims, read as the API reads them, in the database and as bare fit's matrix; their dataset."""
    dataset_id, dishonest, columns = new_id(), 0, Columns(ROWS)
    lines, numbers = _lines(), count(1)
    while page := list(islice(lines, PAGE)):
        read = [read_line(next(numbers), line, now=wall_now()) for line in page]
        rows = [each for each in read if isinstance(each, PastClaim)]
        with database.transaction() as tx:
            past_claims.add_rows(tx, dataset_id, rows)
        dishonest += sum(each.dishonest for each in rows)
        columns.add([(each.dishonest, msgspec.json.encode(each.snapshot).decode()) for each in rows])
    dataset = Dataset(
        dataset_id=dataset_id,
        uploaded_by="bench",
        uploaded_at=wall_now(),
        source="upload",
        feature_spec="bench",
        sha256="0" * 64,
        rows=ROWS,
        dishonest=dishonest,
    )
    with database.transaction() as tx:
        past_claims.add_dataset(tx, dataset)
    ordered = columns.rows()
    np.save(folder / "vectors.npy", ordered.vectors)
    np.save(folder / "dishonest.npy", ordered.dishonest)
    return dataset_id


class Team:
    """Asks for models of one dataset."""

    def __init__(self, user: User, dataset_id: str) -> None:
        self._user = user
        self._dataset_id = dataset_id

    def ask(self) -> str:
        """A model that is being made when this returns."""
        body = {"dataset_id": self._dataset_id, "note": "bench-training"}
        model_id = str(self._user.post("/v1/models", body)["model_id"])
        until("no trainer takes it", lambda: None if self.look(model_id)["state"] == "queued" else True)
        return model_id

    def look(self, model_id: str) -> Json:
        return self._user.get(f"/v1/models/{model_id}")

    def call_off(self, model_id: str) -> bool:
        """Whether it was still being made."""
        if self.look(model_id)["state"] != "training":
            return False
        self._user.post(f"/v1/models/{model_id}/cancellation", {"reason": "measured"})
        return True

    def over(self, model_id: str) -> Json | None:
        model = self.look(model_id)
        return model if model["state"] in {"ready", "failed"} else None


def decisions(stack: Stack, team: Team, bodies: list[Json]) -> dict[str, list[list[float]]]:
    """Milliseconds from sent to durable, by whether a model was made beside; a list for each run."""
    found: dict[str, list[list[float]]] = {"alone": [], "beside": []}
    headers = {"Authorization": f"Bearer {stack.token('mobile-backend')}"}
    with httpx.Client(base_url=stack.url(FRAUD_DETECTION), headers=headers, timeout=60) as mobile:

        def file(body: dict[str, Any]) -> str:
            reply = mobile.post("/v1/claims", json=body, headers={"Idempotency-Key": new_id()})
            return str(reply.raise_for_status().json()["claim_id"])

        parts = [bodies[start : start + CLAIMS_PER_RUN] for start in range(0, len(bodies), CLAIMS_PER_RUN)]
        url = stack.owner_url(FRAUD_DETECTION)
        _decided(url, _DECIDED, _send_all(parts.pop(), file))  # connections, caches and the model are warm afterwards
        while parts:
            found["alone"].append(_decided(url, _DECIDED, _send_all(parts.pop(), file)))
            model = team.ask()
            beside = _decided(url, _DECIDED, _send_all(parts.pop(), file))
            if not team.call_off(model):
                print("a training ended before the claims did; more ROWS would last longer")
            found["beside"].append(beside)
    return found


def made_alone(stack: Stack, team: Team) -> dict[str, float]:
    """Seconds from a trainer's taking it to the model ready, and the most memory of the child that made it."""
    model_id = team.ask()
    began = time.monotonic()
    model = until("no model", lambda: team.over(model_id), seconds=PATIENCE_SECONDS, every=0.1)
    seconds = time.monotonic() - began
    if model["state"] != "ready":
        raise SystemExit(model["failure"])
    (line,) = [
        line
        for line in stack.log("fraud_detection-trainer").read_text().splitlines()
        if model_id in line and "training_over" in line
    ]
    return {"seconds": seconds, "peak_mib": float(json.loads(line)["peak_mib"])}


def bare(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.load.bare_fit", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _figures(waited: dict[str, list[list[float]]], ours: dict[str, float], theirs: dict[str, float]) -> list[Figure]:
    figures = []
    for share in (50, 99):
        beside, alone = (middle([percentile(run, share) for run in waited[name]]) for name in ("beside", "alone"))
        figures.append(
            Figure(
                name=f"sent to decision durable while a model is made, p{share}",
                value=beside,
                unit="ms",
                baseline=None,
                ceiling=alone,
                goal=f"at most {GOAL} times without" if share > 50 else "-",
                holds=beside <= GOAL * alone,
            )
        )
    for name, unit, label in (("seconds", "s", "wall"), ("peak_mib", "MiB", "most memory")):
        figures.append(
            Figure(
                name=f"a model of {ROWS:,} past claims, {label}",
                value=round(ours[name], 1),
                unit=unit,
                baseline=None,
                ceiling=round(theirs[name], 1),
                goal=f"at most {GOAL} times bare fit",
                holds=ours[name] <= GOAL * theirs[name],
            )
        )
    return figures


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="fangzha-bench-") as name:
        folder = Path(name)
        settings = {"track_commit_timestamp": "on"}
        with Stack(folder / "stack", preferred_ports=False, say=print, postgresql_settings=settings) as stack:
            bodies = _bodies(stack, (2 * RUNS + 1) * CLAIMS_PER_RUN)
            database = Database(stack.database_url(FRAUD_DETECTION), size=2)
            dataset_id = load_dataset(database, folder)
            database.close()
            with User.of(stack, "fraud-team", FRAUD_DETECTION) as user:
                team = Team(user, dataset_id)
                waited = decisions(stack, team, bodies)
                ours = made_alone(stack, team)
        theirs = bare(folder)
    notes = [
        f"{CLAIMS_PER_SECOND} claims a second, {CLAIMS_PER_RUN} claims a run, medians of {RUNS} runs, in turns.",
        "bare: the same claims without a training beside; scikit-learn's fit on the whole matrix, with one thread.",
        "Our wall begins when a trainer takes the model: reading, features, fit, calibration, report and artifact.",
    ]
    print(f"wrote {write('training', _figures(waited, ours, theirs), notes=notes)}")


if __name__ == "__main__":
    main()

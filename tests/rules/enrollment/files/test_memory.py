"""What files take in memory, under a real limit: each case runs in a process of its own that may not take more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.enrollment.files.intake import upload
from services.enrollment.files.usecases import prepare_part
from services.enrollment.files.worker import PARTS_AT_ONCE
from shared.web.receiving import MOST_AT_ONCE
from tests.rules.enrollment.files import memory_child

ROOT = Path(__file__).parents[4]
KEPT = 64 * 1024**2
"""Afterwards, beside what the process had: what interpreter and libraries keep for the next time."""


def within(most: int, at_once: int, *work: str) -> dict[str, Any]:
    command = [sys.executable, "-m", memory_child.__name__, str(most), str(at_once), *work]
    environment = os.environ | {"MALLOC_ARENA_MAX": "2", "POLARS_MAX_THREADS": "2"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("form", "letters"),
    [("csv", "ascii"), ("gb18030", "Chinese"), ("ndjson", "ascii"), ("ndjson", "Chinese"), ("parquet", "ascii")],
)
def test_as_many_uploads_as_are_taken_at_once_stay_within_their_memory_and_give_it_back(
    form: str, letters: str
) -> None:
    found = within(upload.MEMORY_BYTES * MOST_AT_ONCE, MOST_AT_ONCE, "taking-in", form, letters)
    assert found["failed"] == []
    assert found["kept"] < KEPT


@pytest.mark.parametrize("odd", ["usual", "long", "nameless", "quoted", "commas"])
def test_parts_of_odd_rows_stay_within_their_memory(odd: str) -> None:
    found = within(prepare_part.MEMORY_BYTES * PARTS_AT_ONCE, PARTS_AT_ONCE, "preparing", odd)
    assert found["failed"] == []

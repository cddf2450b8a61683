from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_parts import Room
from tests.sandbox_bank.bank_process import RunningBank


@pytest.fixture
def bank(tmp_path: Path, room: Room) -> Iterator[RunningBank]:
    bank = RunningBank(tmp_path, room.mark)
    yield bank
    bank.close()

"""docs/tour.md, run as it stands: what it shows works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from deploy.demo.users import ENROLLMENT
from tests.running import RunningSystem

ROOT: Final = Path(__file__).parents[2]
BLOCK: Final = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE_SECONDS: Final = 240.0


def commands(page: Path) -> str:
    """What stands in the page's blocks, without the first one, which starts a stack of its own."""
    first, *others = BLOCK.findall(page.read_text("utf-8"))
    assert "make up" in first
    return "\n".join(others)


@pytest.fixture
def environ(running_system: RunningSystem, tmp_path: Path) -> dict[str, str]:
    """Where ``make`` means the tests' stack, and ``curl`` is the one beside this file."""
    curl = tmp_path / "bin/curl"
    curl.parent.mkdir()
    curl.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).parent / "curl.py"} "$@"\n', "utf-8")
    curl.chmod(0o755)
    outer = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    return outer | {
        "PATH": f"{curl.parent}:{os.environ['PATH']}",
        "TMPDIR": str(tmp_path),
        "NAME": str(running_system.folder),
        "URL": running_system.url(ENROLLMENT),
    }


def test_every_command_of_the_tour_does_what_the_page_says(environ: dict[str, str], tmp_path: Path) -> None:
    ran = subprocess.run(
        ["/bin/sh", "-eu", "-c", commands(ROOT / "docs/tour.md")],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3,rejected,TOUR-3,,document_number,document_number_invalid" in ran.stdout
    assert ",accepted,TOUR-2," in ran.stdout
    assert "statement = file = policies = events, to the fen" in ran.stdout
    assert '"state":"canceled"' in ran.stdout.splitlines()[-1]
    (certificate,) = tmp_path.glob("*/certificate.pdf")
    assert certificate.read_bytes().startswith(b"%PDF-")

"""Switches the guards off one at a time and asks that the suite fails each time: ``make proof-guards``.

Each guard is taken out of a copy of the tree by replacing its text; the product itself has no switch for it.
Which guards there are, and which tests must notice, stands in guard_list.py
and statement_guards.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.faults.guard import Guard
from tests.faults.guard_list import GUARDS

ROOT = Path(__file__).resolve().parents[2]
COPIES = ROOT / "build" / "guards"
TESTS_FAILED = 1
"""pytest's exit code when tests ran and some failed, or what they stand on did."""


def _copy_without(guard: Guard) -> Path:
    """A copy of the tree in which this guard is gone."""
    target = COPIES / guard.name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("shared", "services", "deploy", "tests", "pyproject.toml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    path = target / guard.file
    text = path.read_text()
    found = text.count(guard.text)
    if found != 1:
        sys.exit(f"{guard.name}: its text stands {found} times in {guard.file}, not once; mend guard_list.py")
    path.write_text(text.replace(guard.text, guard.without))
    return target


def _suite_fails(guard: Guard, tree: Path) -> tuple[bool, str]:
    """Whether the tests named by the guard fail in ``tree``; and the end of what they printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *guard.tests],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    # The log of a test has lines that begin with ERROR as well: only the summary's are pytest's own.
    summary = done.stdout.rpartition(" short test summary info ")[2]
    words = [line.split(" ", 2) for line in summary.splitlines() if " " in line]
    failures, broken = ({line[1] for line in words if line[0] == word} for word in ("FAILED", "ERROR"))
    # A fixture that breaks where its test did not, as where the tree itself is broken, notices nothing.
    failed = done.returncode == TESTS_FAILED and bool(failures) and broken <= failures
    return failed, f"exit code {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-500:]}"


def main() -> int:
    wanted = set(sys.argv[1:])
    missed = []
    for guard in GUARDS:
        if wanted and guard.name not in wanted:
            continue
        began = time.monotonic()
        noticed, said = _suite_fails(guard, _copy_without(guard))
        print(f"{'noticed' if noticed else 'MISSED '}  {guard.name:44} {time.monotonic() - began:5.1f} s", flush=True)
        if not noticed:
            missed.append(guard.name)
            print(said)
    shutil.rmtree(COPIES, ignore_errors=True)
    print(
        f"{len(missed)} guards can go without the suite noticing" if missed else "the suite notices each missing guard"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

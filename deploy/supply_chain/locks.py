"""Reads what is locked: the Python packages of requirements/, and the jars of the local Kafka."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from packaging.requirements import Requirement

CHECKOUT: Final = Path(__file__).parents[2]
REQUIREMENTS: Final = CHECKOUT / "requirements"
JARS: Final = CHECKOUT / "deploy" / "local" / "kafka.lock.toml"
SERVICES: Final = ("enrollment", "fraud_detection", "payout")

_PYTHON: Final = re.compile(r"^ARG PYTHON_VERSION=(\d+\.\d+)$", re.MULTILINE)
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_MACHINES: Final = ("x86_64", "aarch64")


@dataclass(frozen=True)
class Package:
    """One locked package. ``sha256`` has each of its files, of which an installation takes one."""

    ecosystem: Literal["PyPI", "Maven"]
    name: str
    version: str
    sha256: tuple[str, ...]
    via: tuple[str, ...] = ()
    """Who asked for it; empty where nobody but this project did."""

    @property
    def purl(self) -> str:
        """Its package URL."""
        kind, name = ("pypi", self.name) if self.ecosystem == "PyPI" else ("maven", self.name.replace(":", "/"))
        return f"pkg:{kind}/{name}@{self.version}"


def of_image(service: str) -> list[Package]:
    """What an image of this service installs: packages for other systems are locked too, and not in it."""
    return [package for package, requirement in _read(service) if _in_an_image(requirement)]


def everything() -> list[Package]:
    """All that any lock names, whatever it is installed for, each once."""
    locks = sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))
    found = {package.purl: package for lock in locks for package, _ in _read(lock)}
    found |= {jar.purl: jar for jar in _jars()}
    return [found[purl] for purl in sorted(found)]


def _read(lock: str) -> Iterator[tuple[Package, Requirement]]:
    text = (REQUIREMENTS / f"{lock}.txt").read_text(encoding="utf-8")
    for block in re.split(r"\n(?=\S)", text.strip()):
        first = block.partition("\n")[0].removesuffix("\\")
        requirement = Requirement(first)
        (pin,) = requirement.specifier
        via = re.findall(r"^    #(?: via)?\s+(\S+)$", block, re.MULTILINE)
        parents = tuple(name for name in via if not name.startswith(("-", "pyproject", "fangzha")))
        yield Package("PyPI", requirement.name, pin.version, tuple(_HASH.findall(block)), parents), requirement


def _in_an_image(requirement: Requirement) -> bool:
    if requirement.marker is None:
        return True
    (python,) = _PYTHON.findall((CHECKOUT / "deploy" / "Dockerfile").read_text(encoding="utf-8"))
    image = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
    return any(requirement.marker.evaluate(image | {"platform_machine": machine}) for machine in _MACHINES)


def _jars() -> Iterator[Package]:
    for jar in tomllib.loads(JARS.read_text(encoding="utf-8"))["jar"]:
        yield Package("Maven", f"{jar['group']}:{jar['artifact']}", jar["version"], (jar["sha256"],))

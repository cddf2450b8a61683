"""Reads deploy/Dockerfile and does in a folder what its COPY and uv lines do in an image. Running is the tests' work.

No container engine is needed: the folder holds exactly the files that the image would hold, in the same places.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """One FROM with its instructions, as ``(KEYWORD, rest)``."""

    name: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        return [rest for word, rest in self.instructions if word == keyword]


def stages(file: Path) -> list[Stage]:
    """The stages of a Dockerfile in order; lines ended by a backslash are joined, comments dropped."""
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    text = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found: list[Stage] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append(Stage(name=rest.partition(" AS ")[2] or "final"))
        elif found:
            found[-1].instructions.append((word, rest))
    return found


@dataclass(frozen=True)
class Ignored:
    """What .dockerignore keeps out of the build context: the last matching line wins."""

    lines: tuple[str, ...]

    @classmethod
    def read(cls, file: Path) -> Ignored:
        return cls(tuple(line for line in file.read_text().splitlines() if line and not line.startswith("#")))

    def keeps_out(self, path: str) -> bool:
        out = False
        for line in self.lines:
            pattern = line.removeprefix("!")
            parts = path.split("/")
            prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
            if pattern.startswith("**/"):
                hit = any(fnmatch.fnmatch(part, pattern[3:]) for part in parts)
            else:
                # In Docker's patterns a star stops at a slash, so each one is compared with as many parts as it has.
                hit = any(p.count("/") == pattern.count("/") and fnmatch.fnmatch(p, pattern) for p in prefixes)
            if hit:
                out = not line.startswith("!")
        return out


def context(root: Path) -> list[str]:
    """The files that would be sent to the builder, as paths below the root of the checkout."""
    ignored = Ignored.read(root / "deploy" / "Dockerfile.dockerignore")
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if not each.startswith(".") and each not in {"build", "__pycache__"}]
        here = Path(folder).relative_to(root)
        found += [(here / file).as_posix() for file in files if not ignored.keeps_out((here / file).as_posix())]
    return found


def copy(root: Path, service: str, instruction: str, workdir: Path, files: list[str]) -> None:
    """Do one COPY of files of the build context into ``workdir``."""
    *sources, target = instruction.replace("${SERVICE}", service).split()
    for source in sources:
        chosen = [file for file in files if file == source or file.startswith(source.rstrip("/") + "/")]
        if not chosen:
            raise FileNotFoundError(f"COPY {source}: nothing of that name reaches the builder")
        for file in chosen:
            inside = file.removeprefix(source).lstrip("/") if source.endswith("/") else Path(file).name
            place = workdir / target / inside if target.endswith("/") else workdir / target
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / file, place)


@dataclass(frozen=True)
class Image:
    """What an image would hold."""

    python: Path
    app: Path

    def files(self) -> set[str]:
        return {file.relative_to(self.app).as_posix() for file in self.app.rglob("*") if file.is_file()}


def build(root: Path, service: str, folder: Path) -> Image:
    """Do the build of one service's image below ``folder``: its files in ``app``, its packages in ``opt``."""
    first, last = stages(root / "deploy" / "Dockerfile")
    files = context(root)
    packages, work, app = folder / "opt", folder / "build", folder / "app"
    for each in (work, app):
        each.mkdir(parents=True)
    for instruction in first.all("COPY"):
        copy(root, service, instruction, work, files)
    for command in first.all("RUN"):
        if command.startswith("uv "):
            here = command.replace("/opt/fangzha", str(packages)).replace("${SERVICE}", service)
            here = here.replace("python${PYTHON_VERSION}", sys.executable)
            # uv stands beside this Python; UV_NO_CACHE of the image is left out, so that nothing is downloaded twice.
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            environment = {"PATH": path, "HOME": str(Path.home())} | {
                name: value for name, value in os.environ.items() if name.startswith(("UV_", "SSL_", "XDG_", "PIP_"))
            }
            subprocess.run(command_words(here), cwd=work, check=True, env=environment, capture_output=True)
    for instruction in last.all("COPY"):
        if not instruction.startswith("--from="):
            copy(root, service, instruction, app, files)
    return Image(python=packages / "bin" / "python", app=app)


def command_words(command: str) -> list[str]:
    """A RUN line without shell features, as words."""
    words = command.split()
    if {"&&", "||", "|", ";"} & set(words):
        raise ValueError(f"this reader runs one plain command a line, not: {command}")
    return words

"""The libraries that a model was made with, and whether those here open it. What is inside of it is ``artifact``'s.

Tried with scikit-learn 1.7.2, 1.8.0, 1.9.0 and 1.9.1, numpy 2.2 and 2.4, skops 0.13 to 0.16: see decision 57.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Final

from services.fraud_detection.models.domain.errors import MadeWithAnotherVersion

LIBRARIES: Final = ("numpy", "scikit-learn", "skops")


def here() -> dict[str, str]:
    """The versions of this process, without loading a library; of Python the first two numbers."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{library: version(library) for library in LIBRARIES}}


def check(model_id: str, made: Mapping[str, str]) -> None:
    """Return if the libraries here open a model that was made with ``made``.

    - scikit-learn is the same up to its second number: where a boosting's parts lie changes with that one.
    - numpy is the same up to its first number.
    - skops is no older, up to its second number: it reads what earlier ones wrote.
    - Python may be any, for no code of its own is in a model.

    Raises:
        MadeWithAnotherVersion: they do not.
    """
    found = here()
    for library, told in made.items():
        if not _opens(library, _numbers(told), _numbers(found.get(library, ""))):
            raise MadeWithAnotherVersion(model_id, library, told, found.get(library, "none"))


def _opens(library: str, made: tuple[int, ...], here: tuple[int, ...]) -> bool:
    match library:
        case "scikit-learn":
            return made == here
        case "numpy":
            return made[:1] == here[:1]
        case "skops":
            return made <= here
        case _:
            return True


def _numbers(told: str) -> tuple[int, ...]:
    return tuple(int(each) for each in told.split(".")[:2] if each.isdigit())

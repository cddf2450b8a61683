"""What a training says: how far it is, and in the end how it came out. Acting on it is the use case's."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

import msgspec

from services.fraud_detection.models.domain.training import LabelledLine, Phase


class TrainingProgress(msgspec.Struct, frozen=True, tag="progress"):
    """``share`` of the phase, from 0 to 1."""

    phase: Phase
    share: float


class Made(msgspec.Struct, frozen=True, tag="made"):
    """A model: its bytes, to be signed, and its report as JSON."""

    artifact: bytes
    report: str
    auc: float
    average_precision: float
    peak_mib: int
    """The most memory that making it took."""


class Unusable(msgspec.Struct, frozen=True, tag="unusable"):
    """The past claims make no model."""

    reason: str


class OutOfMemory(msgspec.Struct, frozen=True, tag="out_of_memory"):
    """It needed more than it may have."""

    mebibytes: int


class OutOfTime(msgspec.Struct, frozen=True, tag="out_of_time"):
    """It took longer than it may."""

    minutes: int


class Crashed(msgspec.Struct, frozen=True, tag="crashed"):
    """By a fault in the program."""

    error: str


class Killed(msgspec.Struct, frozen=True, tag="killed"):
    """From outside: nothing is known of what it was given."""


Word: TypeAlias = TrainingProgress | Made | Unusable | OutOfMemory | OutOfTime | Crashed | Killed
Training: TypeAlias = Generator[Word | None, None, None]
"""Words as they come, None while there is none: its taker may stop it at each by closing it."""
Train: TypeAlias = Callable[[int, Iterator[list[LabelledLine]]], Training]
"""Begins a training on so many past claims, which come page by page."""

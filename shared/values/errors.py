"""The root of errors, and the two that name a field. What HTTP says of each stands in a table at the HTTP edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


class FangzhaError(Exception):
    """Something went wrong that a caller can understand.

    A subclass is a frozen dataclass: its docstring is the sentence that the caller reads, with its fields in braces.
    """

    def __new__(cls, *values: object, **_named: object) -> Self:
        # Frozen is a promise to readers and to mypy. At run time Python's own tools write to an exception in flight
        # (contextlib sets __traceback__), and a frozen dataclass would raise in the middle of that.
        for kind in cls.__mro__:
            if issubclass(kind, FangzhaError) and "__setattr__" in vars(kind):
                del kind.__setattr__
        return super().__new__(cls, *values)

    def sentence(self) -> str:
        """The docstring's first line with the fields filled in."""
        doc = type(self).__doc__ or type(self).__name__
        return doc.strip().splitlines()[0].format(**vars(self))

    def __str__(self) -> str:
        return self.sentence()


@dataclass(frozen=True)
class InvalidField(FangzhaError):
    """{detail} {fix}"""

    pointer: str
    """JSON pointer (RFC 6901) into the request's body, e.g. ``/insured/phone``; ``""`` is the whole body."""
    detail: str
    """What is wrong, as a sentence, without the value itself: it may be personal."""
    fix: str
    """What to send instead, as a sentence."""


@dataclass(frozen=True)
class InvalidFields(FangzhaError):
    """Several fields are not acceptable."""

    faults: tuple[InvalidField, ...]
    """At least one. One alone is said as itself."""

    def sentence(self) -> str:
        return self.faults[0].sentence() if len(self.faults) == 1 else super().sentence()

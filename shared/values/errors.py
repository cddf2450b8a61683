"""The root of errors. What HTTP says of each stands in a table at the HTTP edge, not here."""

from __future__ import annotations


class FangzhaError(Exception):
    """Something went wrong that a caller can understand.

    A subclass is a frozen dataclass: its docstring is the sentence that the caller reads, with its fields in braces.
    """

    def sentence(self) -> str:
        """The docstring's first line with the fields filled in."""
        doc = type(self).__doc__ or type(self).__name__
        return doc.strip().splitlines()[0].format(**vars(self))

    def __str__(self) -> str:
        return self.sentence()

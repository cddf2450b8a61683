"""What can go wrong with the local stack in a way that a person can mend. Each text says what to read or do."""

from __future__ import annotations


class StackFailed(RuntimeError):
    """The stack did not come up, or a command was not carried out."""


class JarsUnavailable(StackFailed):
    """The broker's jars could not be fetched."""


class BrokerUnavailable(StackFailed):
    """The local Kafka did not come up."""


class ServerUnavailable(StackFailed):
    """The local PostgreSQL did not come up."""


class NotSupervised(StackFailed):
    """There is no supervisor, it does not answer, or it refused."""


class UnknownClient(StackFailed, LookupError):
    """A client that clients.json does not list."""

"""The command line of every service, built from its parts. What the parts do is the service's."""

from shared.entry.command_line import build_cli
from shared.entry.service_parts import ServiceParts
from shared.entry.verify import Check

__all__ = ["Check", "ServiceParts", "build_cli"]

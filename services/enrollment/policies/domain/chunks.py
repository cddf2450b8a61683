"""How many policies one event tells of. What it says of them is the events' own business (shared.events.policies)."""

from __future__ import annotations

from typing import Final

CHUNK_ROWS: Final = 1000
"""Most policies in one event, and under one data key: about 200 kB of JSON, well under a broker's usual 1 MB."""

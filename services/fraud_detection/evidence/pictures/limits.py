"""How much a file may be, and how much reading one may take."""

from __future__ import annotations

from typing import Final

LARGEST_FILE: Final = 20 * 1024**2
"""Bytes. Phones' pictures have up to 15 MB, scans of a few pages less."""
MOST_PIXELS: Final = 50_000_000
"""Of a picture, before anything of it is decoded: phones make 48 and 50 million."""
MOST_PAGES: Final = 50
"""Of a PDF."""
VIEW_PIXELS: Final = 6_000_000
"""Of what a reviewer sees. By its area and not by its longer side: a conversation in one long picture stays legible."""
PAGE_SCALE: Final = 2.0
"""Of a PDF's page, in pixels a point: 144 dpi, A4 is 1190 by 1684."""
THUMBNAIL_SIDE: Final = 320
QUALITY: Final = 88
"""Of JPEG: letters of screenshots have no visible fringes."""

MEMORY_BYTES: Final = 640 * 1024**2
"""Of data, for the child."""
CPU_SECONDS: Final = 120
"""Fifty pages take some ten."""
SILENT_SECONDS: Final = 60.0
"""Of real time between two pictures: machines may be five times slower than this one and busy."""
AT_ONCE: Final = 1
"""Children of one worker."""
MOST_METADATA: Final = 65_536
"""Bytes that are kept of what was taken out of a file."""

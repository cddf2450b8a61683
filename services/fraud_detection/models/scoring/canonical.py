"""One form for a skops file: what was trained the same way is the same bytes, whenever and wherever it was written.

skops names each array by the address at which it lay in memory, gives each part that address as its id, and dates each
entry; nothing else in its files differs between two trainings of the same rows.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any, Final

SCHEMA: Final = "schema.json"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say."""
_UNIX: Final = 3


def canonical(data: bytes) -> bytes:
    """A skops file that opens to the same, without ids, with arrays named by what they hold, each of them kept once.

    skops reads an id only to open one thing once that stood in two places.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    kept: dict[str, bytes] = {}
    schema = _renamed(json.loads(parts.pop(SCHEMA)), parts, kept)
    kept[SCHEMA] = json.dumps(schema, separators=(",", ":")).encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, part in sorted(kept.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            archive.writestr(entry, part)
    return written.getvalue()


def _renamed(node: Any, parts: dict[str, bytes], kept: dict[str, bytes]) -> Any:
    """The order of a dict is kept: skops reads the types of its keys by their places."""
    if isinstance(node, list):
        return [_renamed(child, parts, kept) for child in node]
    if not isinstance(node, dict):
        return node
    changed = {name: _renamed(child, parts, kept) for name, child in node.items() if name != "__id__"}
    # A node is told from a dict that it describes by its loader.
    if "__loader__" in node and isinstance(node.get("file"), str):
        part = parts[node["file"]]
        changed["file"] = f"{hashlib.sha256(part).hexdigest()}.{node['file'].rpartition('.')[2]}"
        kept[changed["file"]] = part
    return changed

"""clamd: the system's own with a database of one harmless line, and a stand-in that answers as it was measured to.

The stand-in is for machines that have no clamd; where there is one, the same tests hold for both.
"""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from typing_extensions import override

CLAMD: Final = shutil.which("clamd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
LINE: Final = b"a harmless line that these tests call a virus"
LARGEST: Final = 1024**2
"""Bytes of a stream."""

_CONFIG: Final = """
Foreground yes
DatabaseDirectory {folder}/database
LocalSocket {folder}/clamd.sock
StreamMaxLength {largest}
CommandReadTimeout 5
"""


@contextmanager
def clamd(folder: Path) -> Iterator[str]:
    """The system's; its URL."""
    assert CLAMD is not None
    (folder / "database").mkdir()
    (folder / "database" / "own.ndb").write_text(f"Fangzha.Harmless.Line:0:*:{LINE.hex()}\n")
    (folder / "clamd.conf").write_text(_CONFIG.format(folder=folder, largest=LARGEST))
    log = (folder / "clamd.log").open("wb")
    with log, subprocess.Popen([CLAMD, f"--config-file={folder}/clamd.conf"], stdout=log, stderr=log) as server:
        try:
            _wait(server, folder / "clamd.sock")
            yield f"unix://{folder}/clamd.sock"
        finally:
            server.terminate()


def _wait(server: subprocess.Popen[bytes], path: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, (path.parent / "clamd.log").read_text()
        with socket.socket(socket.AF_UNIX) as asking:
            if asking.connect_ex(str(path)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("clamd did not get ready")


@contextmanager
def stand_in(folder: Path) -> Iterator[str]:
    """Answers as ClamAV 1.4.6 did."""
    path = folder / "stand-in.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), _Answering) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{path}"
        server.shutdown()


class _Answering(socketserver.StreamRequestHandler):
    @override
    def handle(self) -> None:
        if self.rfile.read(10) != b"zINSTREAM\0":
            return
        stream = b""
        while length := self.rfile.read(4):
            size = int.from_bytes(length)
            if not size:
                found = b"Fangzha.Harmless.Line.UNOFFICIAL FOUND" if LINE in stream else b"OK"
                self.wfile.write(b"stream: " + found + b"\0")
                return
            if len(stream) + size > LARGEST:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
            stream += self.rfile.read(size)

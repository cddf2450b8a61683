"""PDF documents as residents send them, written by hand: small, and of nobody."""

from __future__ import annotations

from collections.abc import Sequence


def pdf(pages: int = 1, *, box: str = "0 0 595 842", info: str = "secret-author") -> bytes:
    """Each page has its upper half black."""
    drawing = b"0 421 595 421 re f"
    kids = " ".join(f"{5 + number} 0 R" for number in range(pages))
    return _written(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            f"<< /Type /Pages /Count {pages} /Kids [{kids}] /MediaBox [{box}] >>".encode(),
            f"<< /Author ({info}) /Producer (SecretScanner) >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
            *[b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << >> >>"] * pages,
        ]
    )


def _written(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, each in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)

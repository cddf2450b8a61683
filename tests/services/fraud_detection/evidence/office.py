"""A channel that sends files, the worker that makes pictures of them, and staff that looks at them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from services.fraud_detection.evidence.antivirus.clamd import Clamd
from services.fraud_detection.evidence.usecases.prepare_files import Preparing
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects
from services.fraud_detection.evidence.usecases.sweep import sweep
from tests.services.fraud_detection.builders import Caller, Person, World, claim_body


@dataclass
class Office:
    app: Flask
    caller: Callable[[str], Caller]
    sealed: SealedObjects
    place: Path

    def send(self, data: bytes, *, by: str = "mobile-backend", content_type: str = "image/jpeg", **headers: str) -> Any:
        """As a channel's backend sends a file."""
        token = self.caller(by).token
        given = {"Authorization": f"Bearer {token}", **headers}
        return self.app.test_client().post("/v1/evidence", data=data, content_type=content_type, headers=given)

    def sent(self, data: bytes, *, by: str = "mobile-backend") -> str:
        """The file's id."""
        reply = self.send(data, by=by)
        assert reply.status_code == 201, reply.text
        return str(reply.json["evidence_id"])

    def prepare(self, scanner: Clamd | None = None) -> None:
        """What the worker's job does, until nothing is left."""
        while Preparing(self.sealed, scanner).next():
            pass

    def ready(self, data: bytes) -> str:
        evidence_id = self.sent(data)
        self.prepare()
        return evidence_id

    def claimed(
        self,
        world: World,
        *files: bytes,
        by: str = "mobile-backend",
        person: Person | None = None,
        complete: bool = False,
    ) -> str:
        """The id of a claim, a new person's unless told, that names these files."""
        named = [{"kind": "transfer_record", "sha256": hashlib.sha256(each).hexdigest()} for each in files]
        named += [{"kind": "police_receipt", "sha256": "ab" * 32}] if complete else []
        reply = self.caller(by).post("/v1/claims", claim_body(person or world.covered(), evidence=named))
        assert reply.status_code == 202, reply.text
        return str(reply.json["claim_id"])

    def shown(self, evidence_id: str, *, by: str = "mobile-backend") -> dict[str, Any]:
        reply = self.caller(by).get(f"/v1/evidence/{evidence_id}")
        assert reply.status_code == 200, reply.text
        return dict(reply.json)

    def documents(self, claim_id: str) -> list[dict[str, Any]]:
        """As a reviewer sees them."""
        reply = self.caller("reviewer-li").get(f"/v1/reviews/{claim_id}/evidence")
        assert reply.status_code == 200, reply.text
        return list(reply.json["documents"])

    def link(self, evidence_id: str, view: str = "page", page_no: int = 1, *, by: str = "reviewer-li") -> Any:
        return self.caller(by).post(f"/v1/evidence/{evidence_id}/links", {"view": view, "page_no": page_no})

    def sealed_link(self, evidence_id: str, view: str, *, by: str = "fraud-team", reason: str = "图片疑似改动") -> Any:
        return self.caller(by).post(f"/v1/evidence/{evidence_id}/sealed-links", {"view": view, "reason": reason})

    def follow(self, link: Any) -> Any:
        """Without any token."""
        assert link.status_code == 201, link.text
        return self.app.test_client().get(link.json["url"])

    def picture(self, evidence_id: str, view: str = "page", page_no: int = 1) -> bytes:
        reply = self.follow(self.link(evidence_id, view, page_no))
        assert (reply.status_code, reply.content_type) == (200, "image/jpeg"), reply.text
        return bytes(reply.data)

    def objects(self) -> list[Path]:
        """What lies in the store."""
        return sorted(each for each in self.place.rglob("*") if each.is_file())

    def sweep(self) -> None:
        while sweep(self.sealed):
            pass

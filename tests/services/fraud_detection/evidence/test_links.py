"""Links to pictures and files: short-lived, of nobody's making but ours, and each with its trace."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from services.fraud_detection.evidence.domain.files import EvidenceId
from services.fraud_detection.evidence.domain.links import LASTS, Link
from services.fraud_detection.evidence.usecases.link_seal import LinkSeal
from shared.db import audit
from tests import clock
from tests.rules.fraud_detection.evidence.pictures import jpeg
from tests.services.fraud_detection.builders import KEYS, World
from tests.services.fraud_detection.evidence.office import Office
from tests.who_may import slug

SEAL = LinkSeal(KEYS.keys)


def trail(world: World) -> list[tuple[str, ...]]:
    return world.rows("SELECT actor, action, subject, details::text FROM audit_log ORDER BY number")


def test_who_asked_for_a_link_and_that_it_was_followed_stand_in_the_audit_trail(world: World, office: Office) -> None:
    evidence_id = office.ready(jpeg())
    office.follow(office.link(evidence_id, "thumbnail"))
    office.follow(office.sealed_link(evidence_id, "original", reason="图片疑似改动"))
    details = '{"page_no": 1, "shown": "thumbnail"}'
    assert trail(world) == [
        ("reviewer-li", "evidence.link_made", evidence_id, details),
        ("reviewer-li", "evidence.opened", evidence_id, details),
        (
            "fraud-team",
            "evidence.link_made",
            evidence_id,
            '{"page_no": 1, "reason": "图片疑似改动", "shown": "original"}',
        ),
        ("fraud-team", "evidence.opened", evidence_id, '{"page_no": 1, "shown": "original"}'),
    ]
    with world.database.transaction() as tx:
        assert audit.broken_links(tx) == []


def test_a_link_is_for_some_minutes(world: World, office: Office) -> None:
    evidence_id = EvidenceId(office.ready(jpeg()))
    for left, status in ((timedelta(seconds=30), 200), (timedelta(seconds=-1), 410)):
        link = SEAL.seal(Link(evidence_id, "page", 1, "reviewer-li", clock.real_now() + left))
        assert office.app.test_client().get(f"/v1/evidence-content/{link}").status_code == status
    assert timedelta(minutes=1) < LASTS < timedelta(minutes=15)
    assert [row[1] for row in trail(world)] == ["evidence.opened"]


def test_a_link_that_was_changed_or_made_by_others_leads_nowhere(office: Office) -> None:
    evidence_id = EvidenceId(office.ready(jpeg()))
    link = Link(evidence_id, "original", 1, "reviewer-li", clock.real_now() + LASTS)
    good = SEAL.seal(link)
    raw = bytearray(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    tried = [
        "a",
        "AAAA",
        good[:-3],
        good + "AA",
        LinkSeal({1: b"x" * 32}).seal(link),
        LinkSeal({2: b"k" * 32}).seal(link),
    ]
    for place in range(0, len(raw), 7):
        changed = bytearray(raw)
        changed[place] ^= 1
        tried.append(base64.urlsafe_b64encode(changed).rstrip(b"=").decode())
    for text in tried:
        reply = office.app.test_client().get(f"/v1/evidence-content/{text}")
        assert (reply.status_code, slug(reply)) == (404, "unknown-link"), text


def test_a_link_tells_neither_the_file_nor_who_asked(office: Office) -> None:
    evidence_id = EvidenceId(office.ready(jpeg()))
    text = SEAL.seal(Link(evidence_id, "page", 1, "reviewer-li", clock.real_now()))
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert b"reviewer" not in raw
    assert evidence_id.encode() not in raw
    assert bytes.fromhex(evidence_id.replace("-", "")) not in raw


@pytest.mark.parametrize("view", ["original", "metadata"])
def test_a_reviewer_gets_no_file_as_it_was_sent(office: Office, view: str) -> None:
    evidence_id = office.ready(jpeg())
    assert slug(office.sealed_link(evidence_id, view, by="reviewer-li")) == "scope-missing"
    assert slug(office.sealed_link(evidence_id, view, by="mobile-backend")) == "scope-missing"
    reply = office.caller("reviewer-li").post(f"/v1/evidence/{evidence_id}/links", {"view": view})
    assert slug(reply) == "invalid-request"


def test_the_fraud_team_says_why_and_names_nobody(office: Office) -> None:
    evidence_id = office.ready(jpeg())
    assert slug(office.sealed_link(evidence_id, "original", reason="")) == "invalid-request"
    assert slug(office.sealed_link(evidence_id, "original", reason="call 13812345678")) == "invalid-request"


def test_the_original_is_saved_and_not_opened_by_a_browser(office: Office) -> None:
    evidence_id = office.ready(jpeg())
    reply = office.follow(office.sealed_link(evidence_id, "original"))
    assert reply.data == jpeg()
    assert reply.headers["Content-Disposition"].startswith("attachment;")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert reply.headers["Cache-Control"] == "no-store"
    page = office.follow(office.link(evidence_id))
    assert page.headers["Content-Disposition"].startswith("inline;")

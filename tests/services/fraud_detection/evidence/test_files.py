"""A document's way: sent by a channel, kept sealed, named by a claim, seen by a reviewer as a picture."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

from services.fraud_detection.evidence.pictures.limits import LARGEST_FILE
from tests.rules.fraud_detection.evidence.documents import pdf
from tests.rules.fraud_detection.evidence.pictures import heic, jpeg, opened, png
from tests.services.fraud_detection.builders import World
from tests.services.fraud_detection.evidence.office import Office
from tests.who_may import slug


def test_a_reviewer_sees_the_picture_of_a_document_that_a_claim_names(world: World, office: Office) -> None:
    reply = office.send(jpeg())
    assert reply.status_code == 201
    said = reply.json
    assert (said["media_type"], said["size_bytes"], said["state"]) == ("image/jpeg", len(jpeg()), "received")
    assert said["sha256"] == hashlib.sha256(jpeg()).hexdigest()
    claim_id = office.claimed(world, jpeg())
    office.prepare()
    (document,) = office.documents(claim_id)
    assert (document["kind"], document["other_claims"]) == ("transfer_record", [])
    assert (document["file"]["state"], document["file"]["pages"]) == ("ready", 1)
    page = opened(office.picture(document["file"]["evidence_id"]))
    assert page.size == (64, 48)
    red, _green, blue = page.getpixel((10, 20))  # type: ignore[misc]
    assert red > 200
    assert blue < 50
    assert opened(office.picture(document["file"]["evidence_id"], "thumbnail")).size == (64, 48)


def test_what_a_file_is_goes_by_its_content(office: Office) -> None:
    cases = {"image/jpeg": jpeg(), "image/png": png(), "image/heic": heic(), "application/pdf": pdf()}
    for media_type, data in cases.items():
        reply = office.send(data, content_type="application/pdf")
        assert reply.json["media_type"] == media_type
        office.prepare()
        assert office.shown(reply.json["evidence_id"])["state"] == "ready", media_type
    assert office.send(b"GIF89a").json["media_type"] == "application/octet-stream"


def test_the_same_file_of_one_channel_is_one_and_of_another_channel_another(office: Office) -> None:
    first, again, other = office.send(jpeg()), office.send(jpeg()), office.send(jpeg(), by="bank-app")
    assert first.json == again.json
    assert other.json["evidence_id"] != first.json["evidence_id"]
    assert len(office.objects()) == 2


def test_one_file_that_is_sent_twice_at_once_is_one(world: World, office: Office) -> None:
    office.caller("mobile-backend")
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda _: office.send(jpeg()), range(8)))
    answers = {reply.json["evidence_id"] for reply in replies if reply.status_code == 201}
    assert len(answers) == 1, [reply.text for reply in replies]
    office.sweep()
    assert len(office.objects()) == 1
    assert world.rows("SELECT state FROM evidence_objects") == [("kept",)]


def test_the_same_file_in_two_claims_shows(world: World, office: Office) -> None:
    office.sent(png())
    first, second = office.claimed(world, png()), office.claimed(world, png(), by="bank-app")
    assert [each["other_claims"] for each in office.documents(first)] == [[second]]
    (document,) = office.documents(second)
    assert (document["other_claims"], document["file"]) == ([first], None)  # the bank's app sent no file


def test_what_cannot_be_read_is_kept_and_stops_no_claim(world: World, office: Office) -> None:
    cases = {
        "unknown_type": b"GIF89a and more",
        "damaged": jpeg()[:600],
        "too_many_pages": pdf(51),
    }
    for why, data in cases.items():
        evidence_id = office.ready(data)
        claim_id = office.claimed(world, data)
        (document,) = office.documents(claim_id)
        assert (document["file"]["state"], document["file"]["why"]) == ("unreadable", why)
        assert slug(office.link(evidence_id)) == "nothing-to-show"
        assert office.follow(office.sealed_link(evidence_id, "original")).data == data


def test_an_empty_and_a_too_large_file_are_refused(office: Office) -> None:
    assert slug(office.send(b"")) == "empty-file"
    assert slug(office.send(bytes(LARGEST_FILE + 1))) == "body-too-large"
    assert slug(office.send(jpeg(), **{"Content-Encoding": "gzip"})) == "unsupported-encoding"
    assert office.objects() == []


def test_a_channel_sees_its_own_files_alone(office: Office) -> None:
    evidence_id = office.sent(jpeg())
    assert office.shown(evidence_id)["evidence_id"] == evidence_id
    assert slug(office.caller("bank-app").get(f"/v1/evidence/{evidence_id}")) == "unknown-evidence"


def test_nothing_of_a_file_lies_readable_in_the_store_or_the_database(world: World, office: Office) -> None:
    data = png()
    office.ready(data)
    stored = b"".join(each.read_bytes() for each in office.objects())
    assert len(office.objects()) == 3  # itself, a page and a thumbnail
    for mark in (b"PNG", b"IHDR", b"JFIF", data[100:120]):
        assert mark not in stored
    for table in ("evidence_files", "evidence_objects", "evidence_views"):
        assert "SecretPhone" not in str(world.rows(f"SELECT convert_from(t::text::bytea, 'latin1') FROM {table} t"))


def test_each_page_of_a_pdf_is_a_picture(office: Office) -> None:
    evidence_id = office.ready(pdf(3))
    assert office.shown(evidence_id)["pages"] == 3
    for number in (1, 2, 3):
        page = opened(office.picture(evidence_id, page_no=number)).convert("L")
        assert page.size == (1190, 1684)
        assert (page.getpixel((600, 100)), page.getpixel((600, 1600))) == (0, 255)
    assert slug(office.link(evidence_id, page_no=4)) == "nothing-to-show"

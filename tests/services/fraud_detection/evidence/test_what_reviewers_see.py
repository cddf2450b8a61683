"""What a picture shows is seen; where, by which device and with which words it was made is for the fraud team alone."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from tests.rules.fraud_detection.evidence.documents import pdf
from tests.rules.fraud_detection.evidence.pictures import SECRETS, heic, jpeg, opened, png
from tests.services.fraud_detection.evidence.office import Office

FILES = {"jpeg": jpeg(), "png": png(), "png with a palette": png(mode="P"), "heic": heic(), "pdf": pdf()}
ALL_SECRETS = (*SECRETS, b"secret-author", b"SecretScanner", b"Exif", b"<x:xmpmeta", b"ICC_PROFILE", b"acsp")


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_place_device_profile_and_words_are_in_no_picture(office: Office, data: bytes) -> None:
    assert any(secret in data for secret in ALL_SECRETS)
    evidence_id = office.ready(data)
    for view in ("page", "thumbnail"):
        seen = office.picture(evidence_id, view)
        assert [secret for secret in ALL_SECRETS if secret in seen] == []
        picture = opened(seen)
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert dict(picture.getexif()) == {}


@pytest.mark.parametrize("data", [jpeg(), heic()], ids=["jpeg", "heic"])
def test_the_fraud_team_sees_where_and_by_which_device_a_picture_was_made(office: Office, data: bytes) -> None:
    evidence_id = office.ready(data)
    reply = office.follow(office.sealed_link(evidence_id, "metadata"))
    assert reply.content_type == "application/json"
    found = json.loads(reply.data)
    assert found["exif"]["Model"] == "SecretPhone 9"
    assert found["gps"]["GPSLatitude"] == "(31.0, 13.0, 49.0)"
    assert "secret-xmp" in found["texts"]["xmp"]


def test_the_fraud_team_sees_the_words_in_a_file(office: Office) -> None:
    found = json.loads(office.follow(office.sealed_link(office.ready(png()), "metadata")).data)
    assert found["texts"] == {"Comment": "secret-text", "Description": "secret-text", "Author": "秘密"}
    found = json.loads(office.follow(office.sealed_link(office.ready(jpeg()), "metadata")).data)
    assert found["texts"]["comment"] == "secret-comment"
    found = json.loads(office.follow(office.sealed_link(office.ready(pdf()), "metadata")).data)
    assert found["document"] == {"Author": "secret-author", "Producer": "SecretScanner"}


@pytest.mark.parametrize(("orientation", "size"), [(1, (64, 48)), (6, (48, 64)), (8, (48, 64))])
def test_a_picture_is_seen_upright_although_nothing_says_so_any_more(
    office: Office, orientation: int, size: tuple[int, int]
) -> None:
    seen = opened(office.picture(office.ready(jpeg(orientation))))
    assert seen.size == size


def test_what_is_transparent_is_seen_on_white(office: Office) -> None:
    picture = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    seen = opened(office.picture(office.ready(_png(picture))))
    assert seen.getpixel((10, 10)) == (255, 255, 255)


def test_a_picture_of_sixteen_bits_a_pixel_is_seen_as_it_is(office: Office) -> None:
    grey = opened(office.picture(office.ready(_png(Image.new("I;16", (3000, 2500), 40_000))))).convert("L")
    assert abs(int(str(grey.getpixel((10, 10)))) - 40_000 // 256) <= 2


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()

#!/bin/sh
# Pillow 13.0.0 and pillow-heif 1.8.1
#
# Expected: a picture that is opened, made smaller and saved anew has none of what was said of the first one. Where it was
#   taken (Exif's GPS) is indeed left out of a JPEG, and so one believes that all of it is.
# Seen: what is left out depends on the format that is written. A JPEG keeps the comment of a JPEG, a PNG its colour
#   profile, a HEIC everything, the place too, and so it is after convert(), resize() and thumbnail().
#
#   JPEG resized and saved as   kept
#   JPEG                        comment
#   PNG                         profile
#   WEBP                        nothing
#   HEIF                        place device xmp profile
#   JPEG, of a new picture with the old one pasted in: nothing
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 pillow-heif==1.8.1
"$folder/venv/bin/python" - <<'PYTHON'
import io

import pillow_heif
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()
PLACE = (31.0, 13.0, 49.0)

exif = Image.Exif()
exif[0x0110] = "a telling device"
exif.get_ifd(0x8825).update({1: "N", 2: PLACE, 3: "E", 4: (121.0, 28.0, 27.0)})
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
taken = io.BytesIO()
Image.new("RGB", (64, 48), "red").save(
    taken, "JPEG", exif=exif, xmp=b"<x:xmpmeta>a telling text</x:xmpmeta>", icc_profile=profile, comment=b"a telling comment"
)


def kept(picture, form):
    out = io.BytesIO()
    picture.save(out, form)
    seen = Image.open(io.BytesIO(out.getvalue()))
    found = seen.getexif()
    said = {
        "comment": seen.info.get("comment") == b"a telling comment",
        "place": found.get_ifd(0x8825).get(2) == PLACE,
        "device": found.get(0x0110) == "a telling device",
        "xmp": b"a telling text" in seen.info.get("xmp", b""),
        "profile": seen.info.get("icc_profile") == profile,
    }
    return [name for name, there in said.items() if there]


def opened():
    return Image.open(io.BytesIO(taken.getvalue()))


def small():
    picture = opened()
    picture.thumbnail((32, 24))
    return picture


expected = {"JPEG": ["comment"], "PNG": ["profile"], "WEBP": [], "HEIF": ["place", "device", "xmp", "profile"]}
for form, names in expected.items():
    for how, picture in {
        "saved": opened(),
        "converted": opened().convert("L").convert("RGB"),
        "resized": opened().resize((32, 24)),
        "thumbnail": small(),
    }.items():
        found = kept(picture, form)
        print(how, form, *found or ["nothing"])
        assert found == names, (how, form, found)

bare = Image.new("RGB", (64, 48))
bare.paste(opened())
print("pasted into a new one", *kept(bare, "JPEG") or ["nothing"])
assert kept(bare, "JPEG") == []
PYTHON

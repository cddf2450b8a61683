#!/bin/sh
# standardwebhooks 1.1.0
#
# Expected: sign() takes a datetime; an aware one is an instant, so 08:00+08:00 and 00:00Z get the same signature,
#   and a delivery that was signed at datetime.now(ZoneInfo("Asia/Shanghai")) verifies.
# Seen: sign() replaces the zone by UTC instead of converting to it. The signature is over a moment eight hours off,
#   and the library's own verify() refuses the delivery at once, on both ends with the right key and the right clock.
#
#   signed at 1767225600 in Asia/Shanghai: the signature of 1767254400
#   signed now in UTC: verified
#   signed now in Asia/Shanghai: WebhookVerificationError: No matching signature found
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check standardwebhooks==1.1.0 tzdata==2025.2
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(b"k" * 32)
body = '{"policy":"P1"}'
utc = datetime(2026, 1, 1, tzinfo=UTC)
shanghai = utc.astimezone(ZoneInfo("Asia/Shanghai"))
later = datetime(2026, 1, 1, 8, tzinfo=UTC)
assert utc == shanghai
assert webhook.sign("m1", shanghai, body) != webhook.sign("m1", utc, body)
assert webhook.sign("m1", shanghai, body) == webhook.sign("m1", later, body)
print(f"signed at {utc.timestamp():.0f} in Asia/Shanghai: the signature of {later.timestamp():.0f}")

for zone, verifies in (("UTC", True), ("Asia/Shanghai", False)):
    now = datetime.now(ZoneInfo(zone))
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": webhook.sign("m1", now, body),
    }
    try:
        webhook.verify(body, headers)
        said = "verified"
    except WebhookVerificationError as error:
        said = f"WebhookVerificationError: {error}"
    print(f"signed now in {zone}: {said}")
    assert (said == "verified") is verifies, said
PYTHON

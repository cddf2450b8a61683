#!/bin/sh
# cloudevents 2.2.0
#
# Expected: "time" is optional in CloudEvents: when the thing happened, left out by a producer that does not know. A
#   consumer that reads such an event has None for it, and reading the same message twice gives the same event.
# Seen: the reader puts its own present in. It looks like what the producer said; a message that is delivered twice
#   happened at two times, and an event that is passed on carries the made-up time for good. So it is from a Kafka
#   message and from a JSON document.
#
#   read once        2026-11-30 15:38:01.674505+00:00
#   read once more   2026-11-30 15:38:01.695336+00:00
#   passed on        a header ce_time that was not in the message
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check cloudevents==2.2.0
"$folder/venv/bin/python" - <<'PYTHON'
import time
from datetime import UTC, datetime

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

names = {"specversion": "1.0", "id": "L1", "source": "/partners/east", "type": "loss.reported"}
message = KafkaMessage({f"ce_{name}": said.encode() for name, said in names.items()}, None, b"{}")
document = b'{"specversion": "1.0", "id": "L1", "source": "/partners/east", "type": "loss.reported"}'

before = datetime.now(UTC)
seen = []
for _ in range(2):
    seen.append(from_binary(message, JSONFormat()).get_time())
    seen.append(JSONFormat().read(CloudEvent, document).get_time())
    time.sleep(0.01)
print("from Kafka", seen[0], "and again", seen[2])
print("from JSON ", seen[1], "and again", seen[3])
assert before <= seen[0] < seen[2] and before <= seen[1] < seen[3], seen

passed_on = to_binary(from_binary(message, JSONFormat()), JSONFormat())
print("passed on", sorted(set(passed_on.headers) - set(message.headers)))
assert set(passed_on.headers) - set(message.headers) == {"ce_time"}
PYTHON

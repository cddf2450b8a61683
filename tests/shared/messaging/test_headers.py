"""CloudEvents in Kafka's binary mode, with the CloudEvents SDK as the oracle for both directions."""

from __future__ import annotations

import json

import msgspec
import pytest
from cloudevents.core.bindings import kafka as sdk
from cloudevents.core.v1.event import CloudEvent

from shared.events.envelope import Event
from shared.messaging.headers import headers_of, read, source_of
from shared.messaging.messages import Message
from tests.shared.events.builders import NOW, SAMPLES

EVENT_ID = "0190163d-8694-739b-aea5-966c26f8ad91"
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "tracestate": "a=b"}


def our_headers(event: Event) -> dict[str, bytes]:
    return dict(
        headers_of(
            event_id=EVENT_ID,
            event_type=event.TYPE,
            source=source_of("payout"),
            time=NOW,
            subject="claim-17",
            trace=TRACE,
        )
    )


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.TYPE)
def test_the_sdk_reads_what_we_send(event: Event) -> None:
    body = msgspec.json.encode(event)

    theirs = sdk.from_binary_event(sdk.KafkaMessage(our_headers(event), b"claim-17", body))

    assert theirs.get_specversion() == "1.0"
    assert (theirs.get_id(), theirs.get_type(), theirs.get_subject()) == (EVENT_ID, event.TYPE, "claim-17")
    assert (theirs.get_source(), theirs.get_time()) == ("urn:fangzha:payout", NOW)
    assert theirs.get_datacontenttype() == "application/json"
    assert theirs.get_data() == json.loads(body)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.TYPE)
def test_we_read_what_the_sdk_sends(event: Event) -> None:
    attributes = {
        "id": EVENT_ID,
        "type": event.TYPE,
        "source": "urn:somebody:else",
        "specversion": "1.0",
        "time": NOW,
        "subject": "claim-17",
        "datacontenttype": "application/json",
    }
    sent = sdk.to_binary_event(CloudEvent(attributes=attributes, data=json.loads(msgspec.json.encode(event))))
    value = sent.value if isinstance(sent.value, bytes) else str(sent.value).encode()
    message = Message(event.TOPIC, 0, 0, None, value, tuple(sent.headers.items()))

    envelope = read(message, type(event))

    assert (envelope.id, envelope.type, envelope.source) == (EVENT_ID, event.TYPE, "urn:somebody:else")
    assert (envelope.subject, envelope.time, envelope.data) == ("claim-17", NOW, event)


def test_the_trace_context_travels_under_its_own_names() -> None:
    (event,) = (event for event in SAMPLES if event.TYPE == "payouts.changed")
    message = Message(event.TOPIC, 0, 0, None, msgspec.json.encode(event), tuple(our_headers(event).items()))

    assert read(message, type(event)).trace == TRACE

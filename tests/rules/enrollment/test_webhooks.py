"""When a message to a partner's server goes again, when an endpoint is given up, and where none may lead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.enrollment.webhooks.domain.webhook_facts import FACT_TYPES, Fact, claim_state
from shared.courier.addresses import may_be_called, parse_networks
from shared.courier.standard_webhooks import (
    DISABLED_AFTER,
    LONGEST_PAUSE,
    LONGEST_RETRY_AFTER,
    TRIES,
    WAITS,
    Answer,
    Standing,
    failure_of,
    headers,
    next_wait,
    pause,
    reason_to_disable,
    secret_of,
)
from shared.courier.urls import fault_in
from shared.events.claims import Outcome
from shared.webhooks.domain.messages import EndpointDisabled, body
from tests import clock

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
SECRET = secret_of(bytes(range(32)))


def test_a_message_is_tried_ten_times_over_three_days() -> None:
    waits = [next_wait(tries, None, 0) for tries in range(1, TRIES + 1)]
    assert waits[-1] is None
    known = [wait for wait in waits if wait is not None]
    assert known == sorted(known)
    assert len(known) == 9
    assert timedelta(days=3) <= sum(known, timedelta()) < timedelta(days=3, hours=4)


def test_no_two_waits_are_alike_and_together_they_are_never_less_than_three_days() -> None:
    for spread in (0.0, 0.3, 0.999, 1.0):
        waits = [next_wait(tries, None, spread) for tries in range(1, TRIES)]
        assert waits == [wait * (1 + 0.1 * spread) for wait in WAITS]
        assert timedelta(days=3) <= sum((wait for wait in waits if wait), timedelta()) < timedelta(days=3, hours=12)


def test_a_receiver_may_ask_for_more_patience_within_bounds_and_not_for_less() -> None:
    assert next_wait(1, timedelta(minutes=2), 0) == timedelta(minutes=2)
    assert next_wait(2, timedelta(seconds=1), 0) == timedelta(minutes=5)
    assert next_wait(1, timedelta(days=400), 0) == LONGEST_RETRY_AFTER
    assert next_wait(TRIES, timedelta(minutes=2), 0) is None


def test_the_pauses_of_an_endpoint_that_fails_grow_up_to_five_minutes() -> None:
    assert [pause(failures, None).total_seconds() for failures in (1, 2, 3, 9, 10)] == [1, 2, 4, 256, 300]
    assert pause(1_000, None) == LONGEST_PAUSE
    assert pause(1, timedelta(hours=1)) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (200, None),
        (299, None),
        (301, "redirect"),
        (304, "redirect"),
        (410, "gone"),
        (400, "answered_otherwise"),
        (429, "answered_otherwise"),
        (500, "answered_otherwise"),
    ],
)
def test_only_a_status_from_200_to_299_is_a_success(status: int, failure: str | None) -> None:
    assert failure_of(status) == failure


def test_an_endpoint_is_given_up_after_three_days_of_nothing_but_failures_and_at_once_where_it_is_gone() -> None:
    failed = Answer(500, "answered_otherwise")
    since = NOW - DISABLED_AFTER
    assert reason_to_disable(failed, Standing(TRIES, since), NOW) == "only_failures"
    assert reason_to_disable(failed, Standing(TRIES - 1, since), NOW) is None
    assert reason_to_disable(failed, Standing(10_000, since + timedelta(seconds=1)), NOW) is None
    refused = Answer(None, "address_refused")
    assert reason_to_disable(refused, Standing(TRIES, since), NOW) == "address_refused"
    assert reason_to_disable(refused, Standing(TRIES - 1, since), NOW) is None
    assert reason_to_disable(Answer(410, "gone"), Standing(1, NOW), NOW) == "gone"
    assert reason_to_disable(Answer(204, None), Standing(0, None), NOW) is None


def test_what_we_sign_a_receiver_s_library_accepts_and_nothing_else() -> None:
    sent_at = clock.real_now()
    text = body("webhook.test", NOW, {"endpoint_id": "e"}).encode()
    signed = headers("0190163d-8694-739b-aea5-966c26f8ad91", sent_at, text, [SECRET])
    assert Webhook(SECRET).verify(text, signed) == {
        "type": "webhook.test",
        "timestamp": "2026-03-01T04:00:00Z",
        "data": {"endpoint_id": "e"},
    }
    other = secret_of(bytes(32))
    for secret, data, changes in (
        (SECRET, text.replace(b'"e"', b'"f"'), {}),
        (other, text, {}),
        (SECRET, text, {"webhook-id": "another"}),
        (SECRET, text, {"webhook-timestamp": str(int(sent_at.timestamp()) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(data, signed | changes)


def test_a_message_that_was_recorded_and_is_sent_again_later_is_refused() -> None:
    text = b"{}"
    for away in (timedelta(minutes=-6), timedelta(minutes=6)):
        old = headers("id", clock.real_now() + away, text, [SECRET])
        with pytest.raises(WebhookVerificationError, match=r"too (old|new)"):
            Webhook(SECRET).verify(text, old)


PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]
PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "100.64.0.1", "100.100.100.200",
    "169.254.169.254", "168.63.129.16", "192.0.0.192", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fd00:ec2::254", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "fec0::1", "feff::1", "3fff::1", "5f00::1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "64:ff9b:1::7f00:1", "2001:0:7f00:1::80ff:fffe",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert may_be_called(ip_address(address), ())


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_of_our_networks_may_not_be_called(address: str) -> None:
    assert not may_be_called(ip_address(address), ())


def test_a_private_network_that_the_settings_name_may_be_called_and_no_other() -> None:
    allowed = parse_networks("10.20.0.0/16, ::1/128")
    assert may_be_called(ip_address("10.20.3.4"), allowed)
    assert may_be_called(ip_address("::ffff:10.20.3.4"), allowed)
    assert may_be_called(ip_address("::1"), allowed)
    assert not may_be_called(ip_address("10.21.3.4"), allowed)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://",
        "ftp://example.com/",
        "https://user:word@example.com/",
        "https://例子.测试/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://example.com/#a",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest",
        "https://a b/",
        "https://example.com/\n",
        "https://example.com/" + "a" * 2000,
        "hooks",
        "",
    ],
)
def test_a_url_that_cannot_be_an_endpoint_s_is_refused_with_what_to_do(url: str) -> None:
    fault = fault_in(url, (), plain_http=False)
    assert fault is not None
    assert fault.detail
    assert fault.fix


@pytest.mark.parametrize(
    "url", ["https://example.com/hooks?a=b", "https://93.184.216.34:8443/", "https://xn--fsqu00a.xn--0zwm56d/"]
)
def test_a_public_https_url_can_be_an_endpoint_s(url: str) -> None:
    assert fault_in(url, (), plain_http=False) is None


def test_plain_http_and_private_addresses_are_for_those_whose_settings_say_so() -> None:
    inside = parse_networks("127.0.0.0/8")
    assert fault_in("http://127.0.0.1:8080/", inside, plain_http=True) is None
    assert fault_in("https://93.184.216.34/", inside, plain_http=True) is None
    fault = fault_in("http://93.184.216.34/", inside, plain_http=True)
    assert fault is not None
    assert "https" in fault.fix


def test_each_type_that_can_be_asked_for_is_told_somewhere() -> None:
    told = [*(kind.TYPE for kind in Fact.__subclasses__()), EndpointDisabled.TYPE]
    assert sorted(told) == sorted(FACT_TYPES)


def test_a_partner_learns_that_a_claim_is_looked_at_and_not_what_is_proposed() -> None:
    outcomes = Outcome.__args__  # type: ignore[attr-defined]  # of a Literal
    assert {outcome: claim_state(outcome) for outcome in outcomes} == {
        "approved": "approved",
        "review": "in_review",
        "documents_requested": "documents_requested",
        "refusal_proposed": "in_review",
        "refused": "refused",
    }

"""A topic that was deleted and made again, as after the loss of a broker: each of its events has its effect."""

from __future__ import annotations

from shared.messaging import topics
from shared.messaging.kafka_link import Consumer
from tests.shared.messaging.builders import SERVICE, TOPIC, Desk, a_change, delete_topic, until


def make_anew(desk: Desk) -> None:
    delete_topic(desk.link, TOPIC)

    def made() -> bool:
        # The name is free only some moments after the topic was deleted.
        return TOPIC in topics.ensure(SERVICE, [desk.subscription()], desk.link, partitions=4, replication=1)

    until(made)


def claims(word: str, count: int) -> list[str]:
    return [f"{word}-{number}" for number in range(count)]


def test_what_is_sent_to_a_topic_that_was_made_anew_is_taken_from_its_beginning(desk: Desk) -> None:
    relay = desk.relay()
    desk.consumer()
    desk.publish(*map(a_change, claims("before", 40)))
    until(lambda: len(desk.effects()) == 40)
    relay.stop()

    make_anew(desk)
    desk.publish(*map(a_change, claims("after", 12)))  # fewer in each partition than there were
    desk.relay()

    until(lambda: set(claims("after", 12)) <= set(desk.effects()))
    assert len(desk.effects()) == 52


def test_a_topic_that_was_made_anew_while_nobody_looked_is_taken_from_its_beginning_too(desk: Desk) -> None:
    desk.relay()
    reading = desk.consumer()
    desk.publish(*map(a_change, claims("before", 40)))
    until(lambda: len(desk.effects()) == 40)
    until(lambda: noted(desk) == 4)
    reading.stop()

    make_anew(desk)
    desk.publish(*map(a_change, claims("after", 12)))
    until(lambda: desk.waiting() == 0)
    commit_the_end(desk)
    desk.consumer()

    until(lambda: set(claims("after", 12)) <= set(desk.effects()))
    assert len(desk.effects()) == 52


def noted(desk: Desk) -> int:
    """How many partitions the consumer says that it reads."""
    with desk.database.transaction() as tx:
        return len(tx.all("SELECT partition FROM partitions_read WHERE member <> ''"))


def commit_the_end(desk: Desk) -> None:
    """As a consumer that jumped there does, before it ends."""
    consumer = Consumer(desk.link, "jumped", desk.group)
    consumer.subscribe([TOPIC])
    until(lambda: not consumer.poll(0.1) and len(consumer.assignment()) == 4)
    consumer.commit({place: end for place, (_start, end) in consumer.bounds(list(consumer.assignment())).items()})
    consumer.close()

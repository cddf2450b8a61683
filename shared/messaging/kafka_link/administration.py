"""What is asked of the broker itself: to make topics, who is in a group, whether it answers. When is the callers'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from shared.messaging.kafka_link.link import KafkaFault, Link, opened
from shared.messaging.messages import Partition
from shared.process.clock import monotonic

_REBALANCING: Final = {"PreparingRebalance", "CompletingRebalance"}
_UNKNOWN_GROUP: Final = "Dead"
"""What a broker says of a group that it does not know, beside an error of its own."""


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group by the broker's word: its members by their ids, each with the partitions that it was given."""

    rebalancing: bool
    members: Mapping[str, frozenset[Partition]]


class Administrator:
    """Asks the broker over one connection, which is made at the first question and anew after a failure.

    Not to be used by two threads at once. Each question raises KafkaFault where the broker gives no answer.
    """

    def __init__(self, link: Link, client_id: str) -> None:
        self._link = link
        self._client_id = client_id
        self._admin: Any = None

    def groups(self, names: Sequence[str]) -> dict[str, Group]:
        """Each of these groups; without members where the broker does not know it."""
        prefix = self._link.topic_prefix
        said = self._ask("describe_groups", [prefix + name for name in names]) if names else {}
        return {name: self._group(said[prefix + name]) for name in names}

    def topic_ids(self, topics: Sequence[str]) -> dict[str, str]:
        """The id of each of these topics that is there. One that was deleted and made again has another id."""
        prefix = self._link.topic_prefix
        said = self._ask("describe_topics", [prefix + topic for topic in topics]) if topics else []
        return {
            topic["name"].removeprefix(prefix): str(topic["topic_id"])
            for topic in said
            if topic["error_code"] == 0 and topic["topic_id"]
        }

    def close(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()

    def _ask(self, question: str, about: Sequence[str]) -> Any:
        try:
            if self._admin is None:
                self._admin = opened(KafkaAdminClient, self._link.common(self._client_id))
            return getattr(self._admin, question)(about)
        except KafkaError:
            self.close()
            raise

    def _group(self, said: Mapping[str, Any]) -> Group:
        if said["error"] is not None and said["group_state"] != _UNKNOWN_GROUP:
            raise KafkaFault(said["error"])
        return Group(
            said["group_state"] in _REBALANCING,
            {member["member_id"]: self._assigned(member["member_assignment"]) for member in said["members"]},
        )

    def _assigned(self, assignment: Any) -> frozenset[Partition]:
        """None of them while the group is rebalancing."""
        prefix = self._link.topic_prefix
        return frozenset(
            Partition(each["topic"].removeprefix(prefix), number)
            for each in (assignment or {}).get("assigned_partitions", ())
            for number in each["partitions"]
        )


def create_topics(
    link: Link, topics: Mapping[str, Mapping[str, str]], *, partitions: int, replication: int
) -> list[str]:
    """Create the topics that are missing, with these settings each, and wait until they can be used; their names."""
    admin = opened(KafkaAdminClient, link.common("topics"))
    try:
        created = []
        for name, settings in topics.items():
            options = {"num_partitions": partitions, "replication_factor": replication, "configs": dict(settings)}
            try:
                admin.create_topics({link.topic_prefix + name: options})
            except TopicAlreadyExistsError:
                continue
            created.append(name)
        admin.wait_for_topics([link.topic_prefix + name for name in topics], timeout_ms=30_000)
        return created
    finally:
        admin.close()


def reachable(link: Link) -> str | None:
    """For a check by a person: None, or what is wrong and what to do."""
    began = monotonic()
    try:
        with closing(opened(KafkaAdminClient, link.common("doctor"))):
            return None
    except KafkaError as error:
        seconds = monotonic() - began
        return (
            f"Kafka at {link.bootstrap_servers} did not answer in {seconds:.0f} seconds ({type(error).__name__}); "
            "is it up, and are KAFKA_BOOTSTRAP_SERVERS and its security settings right?"
        )

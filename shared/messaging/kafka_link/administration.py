"""What is asked of the broker itself: to make and mend topics, and who is in a group. When is the callers'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.errors import KafkaError, TopicAlreadyExistsError

from shared.messaging.kafka_link.link import KafkaFault, Link, opened
from shared.messaging.messages import Partition

_REBALANCING: Final = {"PreparingRebalance", "CompletingRebalance"}
_UNKNOWN_GROUP: Final = "Dead"
"""What a broker says of a group that it does not know, beside an error of its own."""
_IN_SYNC: Final = "min.insync.replicas"
_ALTERED: Final = "OK"
"""What kafka-python says of a setting that was changed; else it gives the error as a text."""


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group by the broker's word: its members by their ids, each with the partitions that it was given."""

    rebalancing: bool
    members: Mapping[str, frozenset[Partition]]


@dataclass(frozen=True, slots=True)
class Copies:
    """On how many brokers a topic lies, and on how many of them a message must lie to be acknowledged."""

    all: int
    in_sync: int


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

    def copies(self, topics: Sequence[str]) -> dict[str, Copies]:
        """Of each of these topics that is there; of one whose partitions differ, the fewest."""
        prefix = self._link.topic_prefix
        brokers = {
            topic["name"]: min(len(partition["replica_nodes"]) for partition in topic["partitions"])
            for topic in self._ask("describe_topics", [prefix + topic for topic in topics])
            if topic["error_code"] == 0
        }
        asked = [ConfigResource("TOPIC", name, [_IN_SYNC]) for name in brokers]
        said = self._ask("describe_configs", asked, config_filter="all")["topic"] if asked else {}
        hidden = [name for name in brokers if _IN_SYNC not in said[name]]
        if hidden:
            raise KafkaFault(f"we may not read the settings of {', '.join(hidden)}")
        return {
            name.removeprefix(prefix): Copies(number, int(said[name][_IN_SYNC]["value"]))
            for name, number in brokers.items()
        }

    def require_in_sync(self, copies: Mapping[str, int]) -> None:
        """From now on, take a message of each of these topics only while so many of its copies are in sync."""
        prefix = self._link.topic_prefix
        changes = [ConfigResource("TOPIC", prefix + topic, {_IN_SYNC: str(least)}) for topic, least in copies.items()]
        # kafka-python would ask any broker first; one that has not heard of a new topic yet knows no setting of it.
        said = self._ask("alter_configs", changes, raise_on_unknown=False)["topic"] if changes else {}
        refused = {name: word for name, word in said.items() if word != _ALTERED}
        if refused:
            raise KafkaFault(refused)

    def close(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()

    def _ask(self, question: str, about: Sequence[Any], **how: str | bool) -> Any:
        try:
            if self._admin is None:
                self._admin = opened(KafkaAdminClient, self._link.common(self._client_id))
            return getattr(self._admin, question)(about, **how)
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

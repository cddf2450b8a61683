"""What is refused about one policy: to issue, change or end it. The status of each stands in the wing's web.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class AlreadyCovered(FangzhaError):
    """This person already holds this product's cover, and one person has it once: there is nothing to do."""


@dataclass(frozen=True)
class AlreadyCoveredByYou(AlreadyCovered):
    """This person already holds this product's cover by your policy {policy_id}; cancel that to begin anew."""

    policy_id: str
    """Named only to the partner whose policy it is."""


@dataclass(frozen=True)
class NotInForce(FangzhaError):
    """Policy {policy_id} is {state} and cannot be canceled. Who wants no cover any more opts out: POST /v1/opt-outs."""

    policy_id: str
    state: str


@dataclass(frozen=True)
class UnknownRenewalRun(FangzhaError):
    """There is no renewal run {run_id}; its id is in the Location of the reply that started it."""

    run_id: str


@dataclass(frozen=True)
class NotRenewable(FangzhaError):
    """Policy {policy_id} cannot be renewed. {detail} {fix}"""

    policy_id: str
    detail: str
    fix: str


@dataclass(frozen=True)
class NotEndorsable(FangzhaError):
    """Policy {policy_id} is {state}, so nothing in it can be changed; only a policy in force is endorsed."""

    policy_id: str
    state: str


@dataclass(frozen=True)
class NoCertificate(FangzhaError):
    """Policy {policy_id} is {state}, so there is no certificate of its cover."""

    policy_id: str
    state: str


@dataclass(frozen=True)
class UnknownCertificate(FangzhaError):
    """No certificate of ours has this code; compare it with the paper, character by character."""


@dataclass(frozen=True)
class PersonForgotten(FangzhaError):
    """The person behind policy {policy_id} was forgotten, so nothing can be said or done about them."""

    policy_id: str


@dataclass(frozen=True)
class CoverStillRuns(FangzhaError):
    """The person is covered by policy {policy_id}; end it first, or give a ground that overrides."""

    policy_id: str


@dataclass(frozen=True)
class RecordsMustBeKept(FangzhaError):
    """The records of policy {policy_id} must be kept until {until}; only an overriding ground allows it before."""

    policy_id: str
    until: date

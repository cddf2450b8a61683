"""What becomes of a claim at the hands of those around it: how its resident files it and goes on, what staff decide.

What they choose comes of a seed; when it happens, and so whether it is still to be had, of the moment. What a service
refuses in words is an answer like another.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from threading import Event
from typing import Any, Final, Self

from PIL import Image

from deploy.demo.filing import MOBILE, OTHER_CHANNEL
from deploy.demo.users import FRAUD_DETECTION, PAYOUT, Json, Refused, System, User
from deploy.simulator.claims import Payee
from deploy.simulator.identity_numbers import account_number
from shared.process.new_ids import new_id

REVIEWERS: Final = ("reviewer-li", "reviewer-wang", "director-chen")
NOT_NOW: Final = frozenset({403, 404, 409, 412})
"""The claim is somebody else's, or at another stage, by now."""


class Client(User):
    """A user who also sends files, as often as it takes."""

    def send_file(self, data: bytes) -> Json:
        return dict(self._send("POST", "/v1/evidence", content=data, headers={"Content-Type": "image/jpeg"}).json())


@dataclass
class Users:
    """Everybody who acts on claims, each with a token of this round."""

    channels: Mapping[str, Client]
    vault: Client
    reviewers: tuple[Client, ...]
    open: ExitStack

    @classmethod
    def of(cls, system: System) -> Self:
        stack = ExitStack()

        def client(name: str, service: str = FRAUD_DETECTION) -> Client:
            return stack.enter_context(Client.of(system, name, service))

        channels = {name: client(name) for name in (MOBILE, OTHER_CHANNEL)}
        return cls(channels, client(MOBILE, PAYOUT), tuple(map(client, REVIEWERS)), stack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def token(self, payee: Payee) -> str:
        """The account, in payout's vault."""
        body = {"holder_name": payee.holder_name, "account": payee.account, "bank_code": payee.bank_code}
        return str(self.vault.post("/v1/payees", body)["payee_token"])


@dataclass
class Life:
    """One claim, its channel, and what its resident will do."""

    channel: str
    body: Json
    payee: Payee
    chance: Random
    loss: str
    """Claims with the same one name one transfer."""
    with_file: bool = False
    claim_id: str = ""
    named: list[str] = field(default_factory=list)
    """The files that were sent and that the claim names, by SHA-256."""
    did: Counter[str] = field(default_factory=Counter)
    """In this round."""

    def file(self, users: Users) -> None:
        """Account and files first, then the claim, once each however often it must be sent."""
        own = users.channels[self.channel]
        if self.with_file:
            file = self._sent(own)
            self.body["evidence"].append({"kind": "chat_record", "sha256": file})
            self.named.append(file)
        view = own.post("/v1/claims", self.body | {"payee_token": users.token(self.payee)})
        self.claim_id = str(view["claim_id"])
        self.did["filed"] += 1

    def turn(self, users: Users, now: datetime) -> None:
        """What the resident does, if anything, about the claim as it is."""
        own = users.channels[self.channel]
        state = own.get(f"/v1/claims/{self.claim_id}")["state"]
        left = self.chance.random()
        for share, name, act in ACTS.get(state, ()):
            left -= share
            if left < 0:
                self.did[name if self._may(act, users, now) else "too late"] += 1
                return

    def _may(self, act: Act, users: Users, now: datetime) -> bool:
        try:
            act(self, users, now)
        except Refused as refused:
            if refused.status not in NOT_NOW:
                raise
            return False
        return True

    def _post(self, users: Users, what: str, body: Json | None) -> None:
        users.channels[self.channel].post(f"/v1/claims/{self.claim_id}/{what}", body)

    def _sent(self, own: Client) -> str:
        picture = io.BytesIO()
        color = (self.chance.randrange(256), self.chance.randrange(256), self.chance.randrange(256))
        Image.new("RGB", (64, 48), color).save(picture, "JPEG", comment=new_id().encode())
        data = picture.getvalue()
        told = str(own.send_file(data)["sha256"])
        assert told == hashlib.sha256(data).hexdigest(), "another file was kept than was sent"
        return told

    def bring_documents(self, users: Users, _now: datetime) -> None:
        kinds = ("police_receipt", "transfer_record", "identity")
        own = users.channels[self.channel]
        evidence = [{"kind": kind, "sha256": self._sent(own)} for kind in kinds]
        self._post(users, "documents", {"evidence": evidence})
        self.named += [each["sha256"] for each in evidence]

    def withdraw(self, users: Users, _now: datetime) -> None:
        self._post(users, "withdrawal", None)

    def want_person(self, users: Users, _now: datetime) -> None:
        self._post(users, "person", None)

    def appeal(self, users: Users, _now: datetime) -> None:
        self._post(users, "appeals", {"reason": "我没有参与。"})

    def tell_recovery(self, users: Users, now: datetime) -> None:
        little = max(2, self.body["loss"]["amount_fen"] // 20)
        back = {"kind": "bank", "amount_fen": self.chance.randrange(1, little)}
        self._post(users, "recoveries", back | {"came_at": (now - timedelta(minutes=1)).isoformat()})

    def change_account(self, users: Users, _now: datetime) -> None:
        account = account_number(self.chance.getrandbits(40), tail="6001")
        payee = Payee(self.payee.holder_name, account, self.payee.bank_code)
        own = users.channels[self.channel]
        own.put(f"/v1/claims/{self.claim_id}/payee", {"payee_token": users.token(payee)})


Act = Callable[[Life, Users, datetime], None]
_WITHDRAW: Final = (0.08, "withdrawn", Life.withdraw)
ACTS: Final[Mapping[str, tuple[tuple[float, str, Act], ...]]] = {
    "filed": (_WITHDRAW, (0.08, "person wanted", Life.want_person)),
    "documents_requested": (
        (0.6, "documents", Life.bring_documents),
        (0.1, "person wanted", Life.want_person),
        _WITHDRAW,
    ),
    "waiting_for_police": ((0.6, "documents", Life.bring_documents), _WITHDRAW),
    "in_review": (_WITHDRAW,),
    "approved": (_WITHDRAW, (0.15, "recovery", Life.tell_recovery)),
    "recovery_wait": (_WITHDRAW, (0.1, "recovery", Life.tell_recovery)),
    "stopping": ((0.2, "recovery", Life.tell_recovery), (0.2, "withdrawn", Life.withdraw)),
    "paid": ((0.1, "recovery", Life.tell_recovery),),
    "payment_failed": ((0.7, "another account", Life.change_account), (0.15, "withdrawn", Life.withdraw)),
    "refused": ((0.5, "appeal", Life.appeal),),
    "lapsed": ((0.1, "documents", Life.bring_documents),),
}
"""By the claim's state what its resident does, each with its share; the rest do nothing."""


def work(reviewer: Client, chance: Random, over: Event) -> Counter[str]:
    """One person of staff takes case after case until it is ``over`` and none is left; how many ended how."""
    did: Counter[str] = Counter()
    left: set[str] = set()
    while True:
        last = over.is_set()
        try:
            claim_id = reviewer.post("/v1/reviews/next", {})["claim_id"]
        except Refused as refused:
            if refused.slug != "nothing-waits":
                raise
            if last:
                return did
            over.wait(0.5)
        else:
            if claim_id in left:  # it would be the next one for ever
                return did
            did[ending := _decide(reviewer, claim_id, chance)] += 1
            left |= {claim_id} if ending == "left" else set()


def _decide(reviewer: Client, claim_id: str, chance: Random) -> str:
    """The first of the person's choices that may be had."""
    choices = chance.choice([("ask", "approve"), ("approve",), ("approve",), (), ()])
    for choice in (*choices, "refuse", "refuse by finding"):
        try:
            case = reviewer.get(f"/v1/reviews/{claim_id}")
            path, body = _asked(choice, case)
            reviewer.post(f"/v1/reviews/{claim_id}/{path}", body, match=case["_etag"])
        except Refused as refused:
            if refused.status not in NOT_NOW | {422}:
                raise
            if refused.status in {404, 412} or refused.slug == "no-open-review":
                return "changed meanwhile"
        else:
            return "confirm" if _proposal(case) else choice
    return "left"


def _proposal(case: Mapping[str, Any]) -> Json | None:
    """The approval that waits for a second person."""
    return next((each for each in case["proposals"] if each["stands"]), None)


def _asked(choice: str, case: Mapping[str, Any]) -> tuple[str, Json]:
    if proposal := _proposal(case):
        return "confirmations", {"proposal_id": proposal["proposal_id"]}
    if choice == "ask":
        return "requests", {"kinds": ["identity"]}
    if choice == "approve":
        return "decisions", {"outcome": "approve"}
    reasons = {"reasons_zh": "材料与条款不符。", "reasons_en": "The papers do not fit the terms."}
    failures = case["decisions"][-1]["rule_failures"] if case["decisions"] else []
    if choice == "refuse" and failures:
        return "decisions", {"outcome": "refuse", "clause": failures[0]["code"], **reasons}
    found = {"found_zh": "转账由申请人自己安排。", "found_en": "The claimant arranged the transfers."}
    return "decisions", {"outcome": "refuse", "finding": {"exclusion": "own_crime", **found}, **reasons}

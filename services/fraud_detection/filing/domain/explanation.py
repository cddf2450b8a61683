"""What a decision on a claim used, in words for its resident. Pure.

Source: the Personal Information Protection Law of the PRC, art. 24: who is decided on by automated means may have it
explained, and may have a person decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from services.fraud_detection.decisions.domain.payable import AmongInsurers
from services.fraud_detection.decisions.domain.sentences import sentence, sums

Maker = Literal["nobody", "machine", "person"]


@dataclass(frozen=True, slots=True)
class Used:
    """One kind of data that a decision rested on, and where it came from."""

    zh: str
    en: str
    source: Literal["you", "representative", "partner", "earlier_claims", "device"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """``by_model``: whether a statistical model was asked."""

    made_by: Maker
    by_model: bool
    zh: str
    en: str
    used: tuple[Used, ...]


HOW: Final[dict[Maker, tuple[str, str]]] = {
    "nobody": (
        "还没有人对您的申请作出决定。",
        "Nobody has decided on your claim yet.",
    ),
    "machine": (
        "这个决定是由电脑按保单条款作出的，没有工作人员参与。",
        "A computer made this decision by the terms of your policy; no person took part.",
    ),
    "person": (
        "这个决定是由工作人员作出的。",
        "A person made this decision.",
    ),
}
_A_PERSON: Final = ("如果您希望由工作人员来看，请告诉我们。", "If you want a person to look, please tell us.")
_MODEL: Final = (
    "电脑还用统计方法估计了材料和情况是否一致；它只能通过申请，或者交给工作人员，不能拒绝。",
    (
        "The computer also estimated by statistics whether papers and circumstances agree. It can only approve, or "
        "pass to a person; it cannot refuse."
    ),
)
_ALWAYS: Final = (
    Used("您填写的损失经过、时间和金额", "what you told of the loss: how, when and how much", "you"),
    Used(
        "您的保单：保障内容、期限和已用额度", "your policy: what it covers, its term, and what is used of it", "partner"
    ),
)
_ACTING: Final = Used(
    "代您办理的人所说的情况，以及授权或监护材料",
    "what the person who acts for you told, and the paper that lets them act",
    "representative",
)
_INSURERS: Final = Used(
    "您告知的其他保险：保险金额和已赔付的金额", "other insurers' covers, as you told them: sums insured and paid", "you"
)
_DOCUMENTS: Final = Used("您提交的材料", "the documents that you handed in", "you")
_OTHERS: Final = Used(
    "您以前的申请，以及用到同一收款账户的申请",
    "your earlier claims, and claims to the same account",
    "earlier_claims",
)
_DEVICE: Final = Used("您提交申请所用的设备", "the device that you claimed on", "device")


def explain(
    made_by: Maker,
    *,
    by_model: bool,
    documents: bool,
    device: bool,
    represented: bool = False,
    insurers: bool = False,
    shared: AmongInsurers | None = None,
    may_ask: bool = True,
) -> Explanation:
    """The words for a decision made so, on a claim with or without documents, a device, somebody who acts and
    other insurers' covers. ``shared``: how it shares the loss with these.
    ``may_ask``: a person may still be asked to decide instead of the machine.
    """
    zh, en = HOW[made_by]
    if made_by == "machine" and may_ask:
        zh, en = zh + _A_PERSON[0], f"{en} {_A_PERSON[1]}"
    if by_model:
        zh, en = zh + _MODEL[0], f"{en} {_MODEL[1]}"
    if shared is not None:
        said = sentence("shared_with_insurers", sums(shared))
        zh, en = zh + said[0], f"{en} {said[1]}"
    used: tuple[Used, ...] = ()
    if made_by != "nobody":
        used = tuple(_used(documents=documents, device=device, represented=represented, insurers=insurers))
    return Explanation(made_by=made_by, by_model=by_model, zh=zh, en=en, used=used)


def _used(*, documents: bool, device: bool, represented: bool, insurers: bool) -> Iterator[Used]:
    yield from _ALWAYS
    if represented:
        yield _ACTING
    if insurers:
        yield _INSURERS
    if documents:
        yield _DOCUMENTS
    yield _OTHERS
    if device:
        yield _DEVICE

"""What a resident reads of a claim that is on its way: what is going on, what comes next, who acts, by when. Pure.

Who reads it was scammed, may be of any age, and should be afraid of nothing here: short sentences, no word of our
trade, nothing that a person has not decided yet. Reasons of a decision and what is missing stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from services.fraud_detection.claims.domain.states import State

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Days are those of the resident's calendar."""

Actor = Literal["insurer", "you", "police", "bank", "nobody"]


@dataclass(frozen=True, slots=True)
class Words:
    """``next_zh`` and ``next_en`` hold ``{by}`` where the last day belongs, ``{since}`` where the first one does; where
    there is no date they are said without it.
    """

    acts: Actor
    now_zh: str
    now_en: str
    next_zh: str
    next_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A state in words. ``by`` is when whoever acts must have acted, and in ``recovery_wait`` the first day of it; None
    where there is no date.
    """

    acts: Actor
    by: datetime | None
    now_zh: str
    now_en: str
    next_zh: str
    next_en: str


WORDS: Final[Mapping[State, Words]] = MappingProxyType(
    {
        "draft": Words(
            "you",
            "您的申请还没有交给我们。",
            "You have not handed in your claim yet.",
            "请填写完整并提交{by}。提交以后，我们才能开始处理。",
            "Please complete it and hand it in{by}. We can only begin once you have.",
        ),
        "filed": Words(
            "insurer",
            "我们已经收到您的申请。",
            "We have received your claim.",
            "我们正在核对，一般几分钟内有结果。您现在不用做什么。",
            "We are checking it; this usually takes a few minutes. You need not do anything now.",
        ),
        "waiting_for_policy": Words(
            "insurer",
            "我们已经收到您的申请，正在等您的保单资料。",
            "We have received your claim and are waiting for the details of your policy.",
            "资料一到，我们就接着处理{by}。您不用重新申请，现在也不用做什么。",
            "As soon as they arrive we go on{by}. You need not claim again, nor do anything now.",
        ),
        "waiting_for_payee": Words(
            "you",
            "我们还没有找到您给的收款账户。",
            "We do not know the account that you gave us yet.",
            "请登记这个账户，或者告诉我们另一个用您本人姓名开的银行账户{by}。收到以后，我们马上接着处理。",
            "Please register it, or tell us another bank account in your own name{by}. Then we go on at once.",
        ),
        "documents_requested": Words(
            "you",
            "还缺一些材料，缺什么写在下面。",
            "Some documents are missing; they are listed below.",
            "请把缺的材料一次补齐{by}。补齐以后，我们马上接着处理。",
            "Please send all of them together{by}. Then we go on at once.",
        ),
        "waiting_for_police": Words(
            "police",
            "我们在等公安机关的书面材料。",
            "We are waiting for the police's paper.",
            "拿到公安机关给您的材料后，请交给我们{by}。如果您还没有报案，请现在就拨打110。",
            "When the police give you their paper, please send it to us{by}. If you have not reported it yet, "
            "please call 110 now.",
        ),
        "in_review": Words(
            "insurer",
            "工作人员正在看您的申请，现在还没有决定。",
            "A person is looking at your claim. Nothing has been decided yet.",
            "由工作人员作出决定，并把结果和理由告诉您{by}。您现在不用做什么；想补充材料，随时可以。",
            "A person will decide, and tell you the result and the reasons{by}. You need not do anything now; "
            "you may add documents at any time.",
        ),
        "appealed": Words(
            "insurer",
            "您不同意之前的结果，我们收到了。",
            "You do not agree with the result, and we have received that.",
            "由另一位工作人员重新看您的申请，作出决定并告诉您{by}。您现在不用做什么。",
            "Another person will look at your claim again, decide and tell you{by}. You need not do anything now.",
        ),
        "approved": Words(
            "insurer",
            "您的申请通过了。",
            "Your claim is approved.",
            "我们正在安排付款。您不用做什么，也不用交任何费用。",
            "We are arranging the payment. You need not do anything, nor pay any fee.",
        ),
        "recovery_wait": Words(
            "insurer",
            "您的申请通过了，钱还没有付。",
            "Your claim is approved. The money has not been sent yet.",
            "这几天公安机关可能帮您把钱追回来，所以要等一等，然后我们付款{since}。您不用做什么，也不用交任何费用。",
            "The police may get your money back in these days, so we wait and then pay{since}. You need not do "
            "anything, nor pay any fee.",
        ),
        "paying": Words(
            "bank",
            "钱正在付到您的账户。",
            "The money is on its way to your account.",
            "银行办好以后，我们告诉您。您不用做什么，也不用交任何费用。",
            "We tell you when the bank is done. You need not do anything, nor pay any fee.",
        ),
        "paid": Words(
            "nobody",
            "钱已经付到您的账户。",
            "The money has been paid to your account.",
            "请查一下账户。如果没有收到，请联系我们。如果被骗的钱后来追回来了，也请告诉我们。",
            "Please check your account, and contact us if it is not there. If the lost money comes back later, "
            "please tell us too.",
        ),
        "payment_failed": Words(
            "you",
            "钱没有付成功，仍然是您的。",
            "The payment did not succeed. The money is still yours.",
            "请告诉我们另一个用您本人姓名开的银行账户{by}，我们再付一次。不用交任何费用。",
            "Please tell us another bank account in your own name{by}, and we pay again. There is no fee.",
        ),
        "stopping": Words(
            "insurer",
            "我们正在停止付款。",
            "We are stopping the payment.",
            "钱有没有已经付出，银行回复以后，我们告诉您{by}。您现在不用做什么。",
            "When the bank has answered whether the money had left already, we tell you{by}. You need not do "
            "anything now.",
        ),
        "recovered": Words(
            "nobody",
            "钱已经付给您，后来被骗的钱追回来了一部分或全部。",
            "We have paid you, and some or all of the lost money came back afterwards.",
            "如果要退还一部分，我们会写信说明数目和理由。不要把钱付给打电话来要的人。",
            "If some of it is to be given back, we write to you how much and why. Never pay anybody who asks for "
            "it by phone.",
        ),
        "refused": Words(
            "you",
            "您的申请没有通过，理由写在下面。",
            "Your claim was refused; the reasons are below.",
            "如果您不同意，可以要求再看一次{by}，由另一位工作人员来看；您也可以找人帮忙，或者去法院。",
            "If you do not agree, you may ask us to look again{by}; another person will. You may also ask "
            "somebody to help you, or go to court.",
        ),
        "withdrawn": Words(
            "nobody",
            "您已经撤回了申请。",
            "You have taken back your claim.",
            "不用再做什么。如果改了主意，可以重新申请。",
            "Nothing more is to be done. If you change your mind, you may claim again.",
        ),
        "lapsed": Words(
            "you",
            "我们没有按时收到需要的材料，所以先停下了。",
            "What we needed did not come in time, so we have paused.",
            "材料还可以补交{by}。收到以后，我们接着处理。",
            "You may still send it{by}. Then we go on.",
        ),
        "closed": Words(
            "nobody",
            "您的申请已经办完。",
            "Your claim is finished.",
            "不用再做什么。如果有疑问，请联系我们。",
            "Nothing more is to be done. If you have questions, please contact us.",
        ),
    }
)
"""Each state's words. A test asks for a row for each state, in both languages."""

ACCOUNT_UNKNOWN: Final = Words(
    "you",
    "工作人员在看您的申请，但是我们没有找到您给的收款账户。",
    "A person is looking at your claim, but we do not know the account that you gave us.",
    "请在工作人员作出决定以前登记这个账户，或者告诉我们另一个用您本人姓名开的银行账户{by}。没有账户，我们付不了款。",
    "Before a person decides, please register it, or tell us another bank account in your own name{by}. Without an "
    "account we cannot pay.",
)
"""In place of the words of ``in_review`` while the account is not known."""

WHY_NOT_PAID: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "payee_unknown": ("我们没有找到您给的账户。", "We did not find the account that you gave."),
        "over_cover_limit": (
            "金额和您的保单不一致，工作人员正在查。",
            "The amount does not agree with your policy; a person is looking into it.",
        ),
        "claim_stopped": ("申请已撤回，或者要重新决定。", "The claim was withdrawn, or is to be decided anew."),
        "approval_taken_back": ("申请已撤回，或者要重新决定。", "The claim was withdrawn, or is to be decided anew."),
        "claim_refused": ("申请的决定改变了。", "The decision on the claim changed."),
        "bank_silent": ("银行没有办成这笔付款。", "The bank did not carry out the payment."),
    }
)
"""Of the codes of our own; a bank's code is a matter between the banks."""
_OF_BANKS: Final = (
    "银行没有接受这笔付款，多半是账号、姓名对不上，或者账户已经停用。",
    "The bank did not take the payment. Mostly number and name do not belong together, or the account is closed.",
)


def status(state: State, *, by: datetime | None, account_unknown: bool = False) -> Status:
    """What the resident reads; ``by`` in UTC or any zone."""
    words = ACCOUNT_UNKNOWN if account_unknown and state == "in_review" else WORDS[state]
    by = None if words.acts == "nobody" else by
    return Status(
        acts=words.acts,
        by=by,
        now_zh=words.now_zh,
        now_en=words.now_en,
        next_zh=_dated(words.next_zh, "", "") if by is None else _dated(words.next_zh, *_in_chinese(by)),
        next_en=_dated(words.next_en, "", "") if by is None else _dated(words.next_en, *_in_english(by)),
    )


def why_not_paid(code: str) -> tuple[str, str]:
    """Why a payment failed, in Chinese and in English, by the payout service's code."""
    return WHY_NOT_PAID.get(code, _OF_BANKS)


def _dated(text: str, by: str, since: str) -> str:
    return text.format(by=by, since=since)


def _in_chinese(moment: datetime) -> tuple[str, str]:
    day = moment.astimezone(ZONE).date()
    text = f"{day.year}年{day.month}月{day.day}日"
    return f"（最晚{text}）", f"（{text}起）"


def _in_english(moment: datetime) -> tuple[str, str]:
    day = moment.astimezone(ZONE).date()
    text = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f", by {text}", f", from {text}"


_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

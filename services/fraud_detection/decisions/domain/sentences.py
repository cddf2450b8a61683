"""What a resident reads of each rule, in Chinese and English. Which clause stands behind it is the product's data."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.decisions.domain.payable import AmongInsurers
from shared.values.money import yuan

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "not_the_insured": (
        "申请人与保单上的被保险人不是同一人。",
        "The claimant is not the person insured by this policy.",
    ),
    "policy_unknown": (
        "没有找到所填写的保单。",
        "No policy by that number is known.",
    ),
    "payee_unknown": (
        "没有找到所填写的收款账户：请登记这个账户，再提交它或者另一个账户。",
        "The account to be paid to is not known: please register it, then name it or another one.",
    ),
    "not_in_force": (
        "损失发生时保单不在有效期内（{start} 至 {end}）。",
        "The policy was not in force when the loss happened (it ran from {start} to {end}).",
    ),
    "waiting_period": (
        "损失发生在等待期内，保障自 {start} 开始。",
        "The loss happened in the waiting period; cover began on {start}.",
    ),
    "age_out_of_range": (
        "本产品承保 {low} 至 {high} 周岁的人。",
        "This product covers persons aged {low} to {high}.",
    ),
    "scam_type_excluded": (
        "本产品不保障这一类型的诈骗。",
        "This product does not cover this type of scam.",
    ),
    "item_not_listed": (
        "当时保单清单（{items}）中没有索赔所涉及的项目。",
        "What the claim is about was not among what the policy listed at the time ({items}).",
    ),
    "report_too_late": (
        "发现损失后应在 {hours} 小时内报案。",
        "The loss must be reported within {hours} hours of its discovery.",
    ),
    "outside_look_back": (
        "本产品只保障报案前 {hours} 小时内发生的损失。",
        "Only losses of the {hours} hours before the report are covered.",
    ),
    "duplicate_loss": (
        "同一损失已在赔案 {claim} 中申请。",
        "The same loss was already claimed as claim {claim}.",
    ),
    "fully_recovered": (
        "损失已追回或已由其他保险赔付。",
        "The loss was already recovered or is paid by another insurance.",
    ),
    "below_deductible": (
        "损失未超过免赔额。",
        "The loss does not exceed the deductible.",
    ),
    "below_one_fen": (
        "扣除免赔额后的损失，按保单的赔付比例计算不足一分。",
        "What the deductible leaves of the loss comes to less than one fen by the share that the policy pays.",
    ),
    "limit_used_up": (
        "本保单的年度保险金额已用完。",
        "The policy's annual limit is used up.",
    ),
    "event_limit_used_up": (
        "同一事故的赔偿限额已用完。",
        "The limit for this one event is used up.",
    ),
    "loss_paid_already": (
        "该损失已由同一产品的其他保单赔足。",
        "The same product's other policies repaid this loss already.",
    ),
    "liability_not_covered": (
        "本产品没有所申请的保障责任。",
        "This product has no such liability as the claim was made under.",
    ),
    "outside_territory": (
        "损失发生在承保地区（{places}）之外。",
        "The loss happened outside the cover's territory ({places}).",
    ),
    "made_outside_term": (
        "索赔首次提出的时间不在保险期间及延长报告期内（{start} 至 {end}）。",
        "The claim was not first made in the term or its extended reporting period ({start} to {end}).",
    ),
    "made_after_renewal": (
        "索赔在保险期间（{start} 至 {end}）之后首次提出，应按自 {renewed} 起的续保保单申请。",
        "The claim was first made after the term ({start} to {end}): it is the renewal's that began on {renewed}.",
    ),
    "received_outside_term": (
        "本公司在延长报告期结束（{end}）之后才收到索赔，且未证明此前已通知。",
        "The claim reached the insurer after the extended reporting period ({end}), and no earlier notice is shown.",
    ),
    "act_before_retroactive_date": (
        "行为发生在追溯日 {start} 之前。",
        "The act happened before the retroactive date, {start}.",
    ),
    "evidence_missing": (
        "请补充以下材料：{kinds}。",
        "Please add these documents: {kinds}.",
    ),
    "sandbox_refusal": (
        "测试环境：由测试手机号指定的拒赔建议。",
        "Sandbox: a refusal proposed because of the test phone number.",
    ),
    "sandbox_documents": (
        "测试环境：由测试手机号指定的补充材料请求。",
        "Sandbox: documents requested because of the test phone number.",
    ),
    "approved": ("赔案已通过。", "The claim is approved."),
    "approved_in_part": (
        "赔案部分通过；没有通过的转账和理由写在下面。",
        "The claim is approved in part; what is not paid, and why, stands below.",
    ),
    "approved_undisputed_part": (
        "没有争议的部分先行赔付；其余的转账另立案件继续核定，哪些和为什么写在下面。",
        "What is undisputed is paid first; the other transfers go on as a claim of their own, for the reasons below.",
    ),
    "split_off": (
        "本案件的转账原来在另一个案件里：没有争议的部分先行赔付了，这些转账还在核定，原因写在下面。",
        "What was undisputed in another claim is paid first; its transfers here are still open. Why stands below.",
    ),
    "shared_with_insurers": (
        "这笔损失另有其他保险公司承保，各保险公司按保险金额的比例分摊：合计 {whole} 元，其中本保单 {part} 元。",
        (
            "Other insurers cover this loss too, and each bears its part by its sum insured: {part} yuan of the "
            "{whole} yuan insured are this policy's."
        ),
    ),
    "under_review": ("赔案正由专人审核。", "A person is looking at the claim."),
    "refused_by_person": ("{reasons}", "{reasons}"),
    "exclusion_found": ("{found}", "{found}"),
    "reasons_erased": ("拒赔理由已应被保险人要求删除。", "The reasons were erased at the insured's request."),
}


def sentence(code: str, zh: dict[str, str] | None = None, en: dict[str, str] | None = None) -> tuple[str, str]:
    """The Chinese and the English sentence of ``code``; ``en`` falls back on ``zh`` where both read alike."""
    texts = SENTENCES[code]
    return texts[0].format(**(zh or {})), texts[1].format(**(en if en is not None else zh or {}))


def sums(shared: AmongInsurers) -> dict[str, str]:
    """The values of ``shared_with_insurers``."""
    return {"part": yuan(shared.part_fen), "whole": yuan(shared.whole_fen)}

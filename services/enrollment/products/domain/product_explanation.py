"""A product in plain words, sentence by sentence, in Chinese and English: made from its data alone.

Who writes a product reads here what a customer would be told; nothing of it is stored or part of the terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from services.enrollment.products.domain.compensation import tax_in
from services.enrollment.products.domain.pricing import by_points
from services.enrollment.products.domain.product_words import (
    Words,
    answer_words,
    basis_points,
    days,
    evidence,
    hours,
    in_their_order,
    listed,
    moment,
    money,
    percent,
    territories,
)
from shared.events.products import Exclusion, Liability, ProductPublished, RatingQuestion, ScamCover
from shared.values.money import Fen
from shared.values.scam_types import SCAM_NAMES

EXAMPLE_LOSS: Final = 1_000_000
"""Ten thousand yuan: what people lose to a scam is of this order."""


def explain(terms: ProductPublished, *, from_approval: bool = False) -> tuple[Words, ...]:
    """What the product is, whom it covers, what it costs, what it pays and does not pay, and what is to be done.

    ``from_approval``: its sale is to begin when it is approved, whatever ``terms.effective_from`` says.
    """
    return (
        *_title(terms, from_approval=from_approval),
        *_price(terms),
        *_payment(terms),
        *_scams_of_product(terms),
        *_exclusions(terms.exclusions),
        *_times(terms),
        *_claims_made(terms),
        *_rest(terms),
    )


def never_sold(versions: Iterable[ProductPublished]) -> tuple[Words, ...]:
    """What is said of published versions that another one takes the place of before their sale has begun."""
    starts = [(terms.product_version, moment(terms.effective_from, terms.zone)) for terms in versions]
    return tuple(
        Words(
            f"第 {number} 版已公布、原定自 {start.zh} 起销售,将被本版取代而不再销售。",
            f"Version {number}, published to be sold from {start.en}, gives way to this one and is never sold.",
        )
        for number, start in starts
    )


def _title(terms: ProductPublished, *, from_approval: bool) -> Iterable[Words]:
    begins = moment(terms.effective_from, terms.zone)
    start = Words("批准之时", "its approval on") if from_approval else Words(f" {begins.zh} ", begins.en)
    zh = f"{terms.name_zh}({terms.product_code},第 {terms.product_version} 版),自{start.zh}起销售"
    en = f"{terms.name_en} ({terms.product_code}, version {terms.product_version}), sold from {start.en}"
    if terms.effective_to is not None:
        end = moment(terms.effective_to, terms.zone)
        zh, en = f"{zh},至 {end.zh} 止", f"{en} until {end.en}"
    yield Words(f"{zh}。", f"{en}.")
    if terms.insured_kind == "organization":
        yield Words(
            "承保对象是机构,以统一社会信用代码识别。", "It insures organizations, known by their social credit code."
        )
    else:
        yield Words(
            f"承保对象是个人,保险起期当日年龄为 {terms.age_min} 至 {terms.age_max} 周岁。",
            f"It insures persons who are {terms.age_min} to {terms.age_max} years old on the first day of cover.",
        )
    if terms.stacking == "one_per_person":
        yield Words(
            "同一被保险人只能持有一份,不论由哪个合作方投保。",
            "Each insured holds it once, whichever partner enrolls them.",
        )
    else:
        yield Words(
            "同一被保险人可通过不同合作方各持有一份,同一损失由各份按比例分摊。",
            "An insured may hold it through several partners; they share one loss pro rata.",
        )


def _price(terms: ProductPublished) -> Iterable[Words]:
    premium, term = money(terms.premium_fen), days(terms.term_days)
    zh, en = f"保险期间 {term.zh},保费 {premium.zh}", f"A term lasts {term.en} and costs {premium.en}"
    if terms.tax_basis_points:
        tax = money(tax_in(Fen(terms.premium_fen), terms.tax_basis_points))
        rate = basis_points(terms.tax_basis_points)
        zh, en = f"{zh}(含 {rate.zh} 的税 {tax.zh})", f"{en} (with {tax.en} of tax at {rate.en})"
    yield Words(f"{zh}。", f"{en}.")
    items = terms.scheduled_items
    if items is not None:
        each = money(items.premium_fen_each)
        yield Words(
            f"保单逐项列明{items.name_zh},1 至 {items.most} 项,每项加收 {each.zh}。",
            f"The policy lists 1 to {items.most} of {items.name_en}; each adds {each.en}.",
        )
    rating = terms.rating
    if rating is not None:
        yield Words(
            f"投保前要回答 {len(rating.questions)} 个风险问题,答案的得分相加后确定风险等级:",
            f"{len(rating.questions)} questions about the risk are answered first; the sum of their points is graded:",
        )
        for place, question in enumerate(rating.questions, 1):
            answers = listed([_with_points(question, answer) for answer in by_points(question)])
            yield Words(
                f"  问题 {place}:{question.text_zh}({answers.zh})",
                f"  Question {place}: {question.text_en} ({answers.en})",
            )
        for grade in rating.grades:
            said = (
                f"  {grade.grade} 级({grade.from_points} 分起)",
                f"  Grade {grade.grade}, from {grade.from_points} points on",
            )
            if grade.rate_percent is None:
                yield Words(f"{said[0]}:不予承保。", f"{said[1]}: not insurable.")
            else:
                rate = percent(grade.rate_percent)
                yield Words(f"{said[0]}:收取上述保费的 {rate.zh}。", f"{said[1]}: {rate.en} of the premium above.")


def _with_points(question: RatingQuestion, answer: str) -> Words:
    said, points = answer_words(question, answer), question.points[answer]
    return Words(f"{said.zh} {points} 分", f"{said.en}: {points}")


def _payment(terms: ProductPublished) -> Iterable[Words]:
    event, annual = money(terms.event_limit_fen), money(terms.annual_limit_fen)
    zh = f"一次事故最多赔付 {event.zh},一年最多赔付 {annual.zh}"
    en = f"It pays at most {event.en} for one event and {annual.en} in a year"
    if terms.liabilities:
        yield Words(f"{zh},各项保障责任合计。其中:", f"{en}, for all liabilities together. Of these:")
    else:
        yield Words(f"{zh}。", f"{en}.")
        yield from _own_part(terms, terms, "")
    if terms.annual_deductible_fen:
        deductible = money(terms.annual_deductible_fen)
        yield Words(
            f"一年内的前 {deductible.zh} 损失由被保险人承担。", f"The insured bears the first {deductible.en} a year."
        )
    for liability in terms.liabilities:
        event, annual = money(liability.event_limit_fen), money(liability.annual_limit_fen)
        yield Words(
            f"  {liability.name_zh}:每次最多 {event.zh},每年最多 {annual.zh}。",
            f"  {liability.name_en}: at most {event.en} for one event and {annual.en} in a year.",
        )
        yield from _own_part(terms, liability, "    ")
        if liability.required_evidence:
            needed = evidence(liability.required_evidence)
            yield Words(f"    还需要:{needed.zh}。", f"    It also needs: {needed.en}.")
        for sentence in (*_scam_types(liability.scam_types), *_exclusions(liability.exclusions)):
            yield Words(f"    {sentence.zh}", f"    {sentence.en}")
    if terms.other_insurance == "pro_rata":
        yield Words(
            "同一损失另有其他保险公司承保的,各保险公司按保险金额的比例分摊,合计不超过损失。",
            "Where other insurers cover the loss too, each pays by its sum insured; together never more than the loss.",
        )
    else:
        yield Words(
            "其他保险公司已经赔付的部分,先从损失中扣除。",
            "What another insurer has paid is taken off the loss first.",
        )


def _own_part(terms: ProductPublished, part: ProductPublished | Liability, indent: str) -> Iterable[Words]:
    """What is paid of a loss by the product as a whole, or by one of its liabilities; its year's deductible aside."""
    deductible, pay_percent, limit = part.event_deductible_fen, part.pay_percent, part.event_limit_fen
    if not deductible and pay_percent == 100:  # noqa: PLR2004  # the whole loss
        if terms.annual_deductible_fen:
            yield Words(
                f"{indent}没有每次事故免赔额:扣完年度免赔额后,限额内的损失全额赔付。",
                f"{indent}No event has a deductible of its own: once the annual deductible is used up, all is paid, up"
                " to the limit.",
            )
        else:
            yield Words(
                f"{indent}没有免赔额,限额内的损失全额赔付。",
                f"{indent}There is no deductible: up to the limit, all is paid.",
            )
        return
    loss = max(EXAMPLE_LOSS, 2 * deductible)
    paid = money(min((loss - deductible) * pay_percent // 100, limit))
    first, share, example = money(deductible), percent(pay_percent), money(loss)
    once = Words("", "")
    if terms.annual_deductible_fen:
        once = Words("扣完年度免赔额后,", " once the annual deductible is used up,")
    yield Words(
        f"{indent}每次事故先扣除免赔额 {first.zh},余下的赔付 {share.zh}:"
        f"例如{once.zh}损失 {example.zh},赔付 {paid.zh}。",
        f"{indent}The first {first.en} of each event's loss are the insured's, {share.en} of the rest is paid:"
        f"{once.en} of a loss of {example.en}, {paid.en}.",
    )


def _scams_of_product(terms: ProductPublished) -> Iterable[Words]:
    """Each liability tells its own matrix; that a person's product covers no scam at all is worth a word anyway."""
    told_before = any(liability.scam_types for liability in terms.liabilities)
    if not told_before and (terms.insured_kind == "person" or not terms.liabilities):
        yield from _scam_types(terms.scam_types)


def _scam_types(matrix: Mapping[str, ScamCover]) -> Iterable[Words]:
    """Nothing of a matrix that is empty, and one sentence of one that excludes all."""
    treatments = in_their_order(matrix)
    covered = [_scam(code) for code, treatment in treatments if treatment.cover == "covered"]
    limited = [
        _with_limit(_scam(code), treatment.limit_fen)
        for code, treatment in treatments
        if treatment.cover == "sub_limit" and treatment.limit_fen is not None
    ]
    excluded = [_scam(code) for code, treatment in treatments if treatment.cover == "excluded"]
    if matrix and not covered and not limited:
        yield Words("被骗后自己转账的损失不在承保范围内。", "Loss from being deceived by a scam is not covered.")
        return
    if covered:
        said = listed(covered)
        yield Words(f"承保的诈骗类型:{said.zh}。", f"Scams that are covered: {said.en}.")
    if limited:
        said = listed(limited)
        yield Words(f"承保但限额较低的诈骗类型:{said.zh}。", f"Scams with a lower limit: {said.en}.")
    if excluded:
        said = listed(excluded)
        yield Words(f"不承保的诈骗类型:{said.zh}。", f"Scams that are not covered: {said.en}.")


def _scam(code: str) -> Words:
    return Words(*SCAM_NAMES.get(code, (code, code)))


def _with_limit(scam: Words, limit: int) -> Words:
    most = money(limit)
    return Words(f"{scam.zh}(最多 {most.zh})", f"{scam.en} (up to {most.en})")


def _exclusions(exclusions: Iterable[Exclusion]) -> Iterable[Words]:
    for each in exclusions:
        yield Words(f"不赔:{each.text_zh}", f"Not paid: {each.text_en}")


def _times(terms: ProductPublished) -> Iterable[Words]:
    if terms.waiting_days:
        waits = days(terms.waiting_days)
        what = Words("发生的损失", "Loss in")
        if terms.trigger == "claims_made":
            what = Words("首次提出的索赔", "A claim that is first made in")
        yield Words(
            f"保险起期后的前 {waits.zh}是等待期,其间{what.zh}不赔;续保不重新计算。",
            f"{what.en} the first {waits.en} is not paid; a renewal does not wait again.",
        )
    report = hours(terms.report_within_hours)
    yield Words(f"发现损失后须在 {report.zh}内报案。", f"A loss is to be reported within {report.en} of its discovery.")
    if terms.trigger == "occurrence":
        look_back = hours(terms.look_back_hours)
        yield Words(
            f"报案前 {look_back.zh}以内发生的损失才赔付。",
            f"Only loss of the {look_back.en} before the report is paid.",
        )
    if terms.recovery_wait_days:
        waits = days(terms.recovery_wait_days)
        yield Words(
            f"赔付前等待 {waits.zh},以便追回的款项先行返还。",
            f"Payment waits {waits.en}, as stolen money may be recovered.",
        )


def _claims_made(terms: ProductPublished) -> Iterable[Words]:
    if terms.trigger != "claims_made":
        return
    before, after = days(terms.retroactive_days), days(terms.extended_reporting_days)
    yield Words(
        f"期内索赔式:索赔须在保险期间内,或者续保保单不承担时在期满后 {after.zh}内首次提出,"
        f"引起索赔的行为不早于保单的追溯日(最早为起期前 {before.zh},续保沿用)。",
        f"Claims-made: the claim must be made in the term, or within {after.en} after it where no renewal answers for"
        f" it, for an act not before the policy's retroactive date (at most {before.en} before the first day, and kept"
        " by renewals).",
    )


def _rest(terms: ProductPublished) -> Iterable[Words]:
    where, needed = territories(terms.territory), evidence(terms.required_evidence)
    yield Words(f"承保地区:{where.zh}。", f"Territory: {where.en}.")
    if terms.required_evidence:
        yield Words(f"索赔需要:{needed.zh}。", f"A claim needs: {needed.en}.")
    if not terms.refund_table:
        yield Words(
            "中途退保按未到期天数比例退还保费。", "Canceled early, the premium of the days not begun is given back."
        )
        return
    steps = [
        Words(
            f"第 {step.from_day} 天起 {percent(step.refund_percent).zh}",
            f"{percent(step.refund_percent).en} from day {step.from_day} on",
        )
        for step in terms.refund_table
    ]
    said = listed(steps)
    yield Words(f"中途退保按下表退还保费:{said.zh}。", f"Canceled early, of the premium is given back: {said.en}.")

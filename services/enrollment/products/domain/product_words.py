"""How terms of products are called and written for people, in Chinese and English. Which are shown others say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from services.enrollment.products.domain.territories import territory_name
from shared.events.products import RatingQuestion
from shared.values.evidence_kinds import EVIDENCE_NAMES
from shared.values.money import Fen, yuan
from shared.values.scam_types import SCAM_TYPES

Language = Literal["zh", "en"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Words:
    """The same said in both languages."""

    zh: str
    en: str

    def said_in(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


_PLACES: Final[dict[str, int]] = {code: place for place, code in enumerate(SCAM_TYPES)}
NONE: Final = Words("无", "none")
_HOURS_TO_SAY: Final = 72

LABELS: Final[dict[str, Words]] = {
    "product_code": Words("产品代码", "product code"),
    "effective_from": Words("起售时间", "sold from"),
    "effective_to": Words("停售时间", "sold until"),
    "name_zh": Words("中文名称", "Chinese name"),
    "name_en": Words("英文名称", "English name"),
    "currency": Words("币种", "currency"),
    "zone": Words("时区", "time zone"),
    "premium_fen": Words("保费", "premium"),
    "term_days": Words("保险期间", "term"),
    "event_limit_fen": Words("每次限额", "event limit"),
    "annual_limit_fen": Words("年度限额", "annual limit"),
    "event_deductible_fen": Words("每次免赔额", "event deductible"),
    "annual_deductible_fen": Words("年度免赔额", "annual deductible"),
    "pay_percent": Words("赔付比例", "pay percentage"),
    "waiting_days": Words("等待期", "waiting period"),
    "look_back_hours": Words("追溯时限", "look-back time"),
    "report_within_hours": Words("报案时限", "time to report"),
    "recovery_wait_days": Words("追赃等待期", "recovery wait"),
    "age_min": Words("最低年龄", "youngest age"),
    "age_max": Words("最高年龄", "oldest age"),
    "required_evidence": Words("必需的证明材料", "required evidence"),
    "exclusions": Words("除外责任", "exclusion"),
    "scam_types": Words("诈骗类型", "scam type"),
    "clauses": Words("条款编号", "clause of rule"),
    "line_of_business": Words("业务类别", "line of business"),
    "insured_kind": Words("被保险人类别", "kind of insured"),
    "territory": Words("承保地区", "territory"),
    "stacking": Words("叠加承保", "stacking"),
    "other_insurance": Words("其他保险", "other insurance"),
    "tax_basis_points": Words("保费所含税率", "tax in the premium"),
    "trigger": Words("承保基础", "trigger"),
    "retroactive_days": Words("追溯期", "retroactive period"),
    "extended_reporting_days": Words("延长报告期", "extended reporting period"),
    "liabilities": Words("保障责任", "liability"),
    "questions": Words("问题", "question"),
    "points": Words("得分", "points"),
    "answers": Words("答案", "answer"),
    "grades": Words("风险等级", "grade"),
    "code": Words("代码", "code"),
    "most": Words("数量上限", "most"),
    "premium_fen_each": Words("每项保费", "premium of each"),
    "scheduled_items": Words("清单项目", "scheduled items"),
    "refund_table": Words("退费比例", "refund"),
}
"""What the fields of a product are called; a liability's fields have the product's words."""

_CODES: Final[dict[str, Words]] = {
    "person": Words("个人", "a person"),
    "organization": Words("机构", "an organization"),
    "one_per_person": Words("每人一份", "one cover per person"),
    "pro_rata": Words("可多份持有,按比例分摊", "several covers share a loss pro rata"),
    "occurrence": Words("期内发生式", "what happens in the term"),
    "claims_made": Words("期内索赔式", "claims made in the term"),
    "covered": Words("承保", "covered"),
    "excluded": Words("不承保", "excluded"),
    "deducted": Words("先扣除其他保险的赔付", "what others pay is taken off first"),
}

_CODES_OF: Final[dict[str, dict[str, Words]]] = {
    "other_insurance": {"pro_rata": Words("各保险人按保险金额比例分摊", "each insurer pays by its sum insured")},
}
"""Codes that mean something else in this field than elsewhere."""


def in_their_order(matrix: Mapping[str, T]) -> list[tuple[str, T]]:
    """By the order of the scam types, then by code: the database keeps none."""
    return sorted(matrix.items(), key=lambda each: (_PLACES.get(each[0], len(_PLACES)), each[0]))


def plain(value: object) -> Words:
    return Words(str(value), str(value))


def money(amount: int) -> Words:
    return Words(f"{yuan(Fen(amount))} 元", f"{yuan(Fen(amount))} yuan")


def percent(value: int) -> Words:
    return Words(f"{value}%", f"{value} %")


def days(value: int) -> Words:
    return Words(f"{value} 天", f"{value} day{'' if value == 1 else 's'}")


def hours(value: int) -> Words:
    """Above three days, and where they come out even, as days: nobody counts 43,800 hours."""
    if value > _HOURS_TO_SAY and value % 24 == 0:
        return days(value // 24)
    return Words(f"{value} 小时", f"{value} hour{'' if value == 1 else 's'}")


def basis_points(value: int) -> Words:
    whole, rest = divmod(value, 100)
    text = f"{whole}.{rest:02d}".rstrip("0").rstrip(".")
    return Words(f"{text}%", f"{text} %")


def moment(value: datetime, zone: str) -> Words:
    local = value.astimezone(ZoneInfo(zone))
    text = f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%d %H:%M}"
    return Words(text, text)


def territories(codes: Sequence[str]) -> Words:
    return listed([Words(*territory_name(code)) for code in codes]) if codes else Words("全球", "anywhere")


def evidence(kinds: Sequence[str]) -> Words:
    return listed([Words(*EVIDENCE_NAMES.get(kind, (kind, kind))) for kind in kinds]) if kinds else NONE


def answer_words(question: RatingQuestion, code: str) -> Words:
    """The answer as it is put to people; its code where the product has no text for it."""
    text = question.answers.get(code)
    return plain(code) if text is None else Words(text.text_zh, text.text_en)


def listed(words: Sequence[Words]) -> Words:
    return Words("、".join(each.zh for each in words), ", ".join(each.en for each in words))


_BY_ENDING: Final[tuple[tuple[str, Callable[[int], Words]], ...]] = (
    ("_fen", money),
    ("_fen_each", money),
    ("_percent", percent),
    ("_days", days),
    ("_hours", hours),
    ("_basis_points", basis_points),
)


def value_words(name: str, value: object, zone: str) -> Words:
    """A single value of the field ``name`` as people write it."""
    match value:
        case None:
            return NONE
        case datetime():
            return moment(value, zone)
        case int():
            return next((words(value) for ending, words in _BY_ENDING if name.endswith(ending)), plain(value))
        case list() if name == "territory":
            return territories(value)
        case list() if name == "required_evidence":
            return evidence(value)
        case _:
            codes = _CODES | _CODES_OF.get(name, {})
            return codes.get(str(value), plain(value))

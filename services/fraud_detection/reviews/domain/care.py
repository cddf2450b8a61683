"""Who is to be dealt with carefully: minors, the elderly, and who was scammed before. Pure.

A flag is advice to the reviewer on how to speak and to look twice before a refusal. It is no feature of the model and
no rule, and nothing that could count against a claim: no module below the reviews may know of it (a contract test).
Nothing of it is stored: it is read from the birth year and the person's other claims, and is gone with the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias, get_args

CareFlag: TypeAlias = Literal["minor", "elderly", "repeat_victim"]
CARE_FLAGS: Final[tuple[CareFlag, ...]] = get_args(CareFlag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Only the year of birth is known: in the year in which somebody comes of age both count.

    ``minor`` is the last age that is one; ``losses`` is how many others of the person were found to be true, and
    happened in the time ``before`` this one.
    """

    minor: int
    elderly: int
    losses: int
    before: timedelta


THRESHOLDS: Final = Thresholds(minor=18, elderly=60, losses=1, before=timedelta(days=730))
"""The elderly as the law on their rights has it (art. 2), minors as the Civil Code (art. 17: under 18). Who was scammed
is called again by those who bought their number, mostly within months: two years is our own, as long as claims open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CareFacts:
    """``birth_year`` is 0 where unknown, or forgotten; ``losses`` are others of the person that were approved."""

    birth_year: int
    losses: int


@dataclass(frozen=True, slots=True)
class Advice:
    """Why the flag stands, and what a reviewer does about it, in both languages."""

    reason_zh: str
    reason_en: str
    advice_zh: str
    advice_en: str


_TWICE_ZH: Final = "拒赔由人决定,之前请另一位同事再看一遍。"
_TWICE_EN: Final = "A person decides on a refusal; have a colleague look once more before."
ADVICE: Final[dict[CareFlag, Advice]] = {
    "minor": Advice(
        "被保险人是未成年人。",
        "The insured is a minor.",
        f"请与其监护人联系,优先用电话。{_TWICE_ZH}",
        f"Speak with the guardian, by phone where you can. {_TWICE_EN}",
    ),
    "elderly": Advice(
        "被保险人已年满60岁。",
        "The insured is 60 or older.",
        f"优先用电话沟通,说得慢一些、清楚一些;材料可以请家人协助。{_TWICE_ZH}",
        f"Prefer the phone, slowly and in plain words; family may help with documents. {_TWICE_EN}",
    ),
    "repeat_victim": Advice(
        "此前两年内已有获赔的被骗损失,可能再次被同类骗子盯上。",
        "Another loss to a scam was paid for in the two years before: scammers come back to whom they found once.",
        f"优先用电话沟通,提醒防骗并告知可求助的渠道。再次被骗不是对理赔的质疑。{_TWICE_ZH}",
        f"Prefer the phone, warn and say where help is. Being scammed again speaks against nobody. {_TWICE_EN}",
    ),
}


def care(facts: CareFacts, year: int, by: Thresholds = THRESHOLDS) -> tuple[CareFlag, ...]:
    """The flags that stand in ``year``, in the order of CARE_FLAGS."""
    age = year - facts.birth_year if facts.birth_year > 0 else None
    stands: dict[CareFlag, bool] = {
        "minor": age is not None and age <= by.minor,
        "elderly": age is not None and age >= by.elderly,
        "repeat_victim": facts.losses >= by.losses,
    }
    return tuple(flag for flag in CARE_FLAGS if stands[flag])

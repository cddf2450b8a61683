"""Why a case is to be dealt with carefully and how, as reviewers see it."""

from __future__ import annotations

from services.fraud_detection.reviews.domain.care import ADVICE, CareFlag
from shared.web.models import ReplyModel


class CareView(ReplyModel):
    """Advice on how to deal with the person; never a reason against the claim."""

    flag: CareFlag
    reason_zh: str
    reason_en: str
    advice_zh: str
    advice_en: str


def care_views(flags: tuple[CareFlag, ...]) -> list[CareView]:
    return [CareView.of(ADVICE[flag], flag=flag) for flag in flags]

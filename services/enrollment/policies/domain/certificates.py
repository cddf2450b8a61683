"""What stands on an insured's certificate, in Chinese and English, and the code by which it is verified. Pure.

The holder's certificate shows the full name, for it is worth nothing otherwise, and the document's number masked:
whoever checks it compares the first and last characters. Who verifies a code learns the masked name alone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.enrollment.people.domain.policies import Policy
from services.enrollment.products.domain.cover import zone_of
from shared.events.products import Liability, ProductPublished
from shared.values.ids import PolicyId
from shared.values.money import Fen, yuan

CODE_LENGTH: Final = 20
"""Of 5 bits each: 100 bits, at a million guesses a second 2 * 10^16 years for the first hit among a million codes."""
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, so that a code is read from paper without doubt."""
_READ_AS: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_GROUP: Final = 5
_ALL: Final = 100
"""Percent."""

_DOCUMENTS: Final = {
    "resident_id": ("居民身份证", "Resident identity card"),
    "foreign_permanent_residence": ("外国人永久居留身份证", "Foreign permanent resident identity card"),
    "hk_macau_residence": ("港澳居民居住证", "Residence permit for Hong Kong and Macao residents"),
    "taiwan_residence": ("台湾居民居住证", "Residence permit for Taiwan residents"),
    "passport": ("护照", "Passport"),
    "unified_social_credit_code": ("统一社会信用代码", "Unified social credit code"),
}


def code_of(policy_id: PolicyId, key: bytes) -> str:
    """The code of a policy's certificate: the same each time, and not to be guessed without the key."""
    number = int.from_bytes(hmac.digest(key, f"certificate:{policy_id}".encode(), hashlib.sha256)[:13], "big")
    return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(CODE_LENGTH))


def read_code(text: str) -> str:
    """A code as a person may have typed it, in the form in which it is stored."""
    return text.upper().translate(_READ_AS)


def shown_code(code: str) -> str:
    """In groups, as it stands on paper."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


@dataclass(frozen=True, slots=True)
class Certificate:
    """All that stands on one certificate; ``document`` is masked."""

    policy: Policy
    terms: ProductPublished
    name: str
    document_type: str
    document: str
    partner: str
    premium: Fen
    """All that was charged so far: at the sale, and with what the policy lists changed since."""
    items: int
    code: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """One line: what it is, in both languages, and what it says, in one line or several."""

    zh: str
    en: str
    texts: tuple[str, ...]


def lines(certificate: Certificate) -> Iterator[CertificateLine]:
    """What the certificate says, from top to bottom."""
    policy, terms = certificate.policy, certificate.terms
    document_zh, document_en = _DOCUMENTS.get(certificate.document_type, ("证件", "Document"))
    yield CertificateLine("被保险人", "Insured", (certificate.name,))
    yield CertificateLine("证件", "Document", (f"{document_zh} {document_en}", certificate.document))
    yield CertificateLine(
        "保险产品", "Product", (terms.name_zh, terms.name_en, f"{terms.product_code} v{terms.product_version}")
    )
    yield CertificateLine("保险期间", "Period of cover", tuple(_term(policy, terms)))
    yield CertificateLine("等待期", "Waiting period", (_waiting(policy, terms),))
    yield CertificateLine("保险金额", "Limits", tuple(_limits(terms)))
    yield CertificateLine("免赔与赔付比例", "Deductible and share paid", tuple(_deductible(terms)))
    if certificate.items and terms.scheduled_items:
        listed = terms.scheduled_items
        yield CertificateLine(
            "承保清单", "Scheduled items", (f"{certificate.items} × {listed.name_zh} {listed.name_en}",)
        )
    yield CertificateLine("保险费", "Premium", (_money(certificate.premium, policy.currency),))
    yield CertificateLine("合作方", "Partner", (certificate.partner,))
    yield CertificateLine("保单号", "Policy", (policy.policy_id,))


def _term(policy: Policy, terms: ProductPublished) -> Iterator[str]:
    zone = zone_of(terms)
    first = policy.effective_from.astimezone(zone)
    last = policy.effective_to.astimezone(zone) - timedelta(days=1)
    yield f"自 {first:%Y-%m-%d} 00:00 起 至 {last:%Y-%m-%d} 24:00 止（{terms.zone}）"
    yield f"from {first:%Y-%m-%d} 00:00 to {last:%Y-%m-%d} 24:00 ({terms.zone})"


def _waiting(policy: Policy, terms: ProductPublished) -> str:
    zone = zone_of(terms)
    over = (policy.waits_from.astimezone(zone).date() + timedelta(days=terms.waiting_days)).isoformat()
    first = policy.effective_from.astimezone(zone).date().isoformat()
    if over <= first:
        return "无 none" if terms.waiting_days == 0 else "已满 served before this term"
    return f"{terms.waiting_days} 天 days：{over} 00:00 起承担责任 losses count from {over} 00:00"


def _limits(terms: ProductPublished) -> Iterator[str]:
    def pair(event: int, annual: int) -> str:
        return (
            f"每次 each event {_money(Fen(event), terms.currency)}；"
            f"保险期间累计 in all {_money(Fen(annual), terms.currency)}"
        )

    yield pair(terms.event_limit_fen, terms.annual_limit_fen)
    for each in terms.liabilities:
        yield f"{each.name_zh} {each.name_en}{_of_liability(each)}"
        yield f"　{pair(each.event_limit_fen, each.annual_limit_fen)}"


def _of_liability(liability: Liability) -> str:
    """What it bears and pays, where that is its own."""
    said = ""
    if liability.event_deductible_fen:
        said += f"；免赔 deductible {yuan(Fen(liability.event_deductible_fen))}"
    if liability.pay_percent != _ALL:
        said += f"；赔付 pays {liability.pay_percent}%"
    return said


def _deductible(terms: ProductPublished) -> Iterator[str]:
    """What of a loss, and of a year's losses, the insured bears; the year's is the whole product's."""
    annual = f"年度免赔 annual deductible {_money(Fen(terms.annual_deductible_fen), terms.currency)}"
    if any(_of_liability(each) for each in terms.liabilities):
        yield "见各项保障责任 as said of each liability above"
        if terms.annual_deductible_fen:
            yield annual
        return
    taken = "无免赔 no deductible"
    if terms.event_deductible_fen:
        taken = f"每次免赔 deductible {_money(Fen(terms.event_deductible_fen), terms.currency)}"
    if terms.annual_deductible_fen:
        if terms.event_deductible_fen:
            yield taken
        taken = annual
    yield f"{taken}；赔付 pays {terms.pay_percent}%"


def _money(amount: Fen, currency: str) -> str:
    return f"{currency} {yuan(amount)}"

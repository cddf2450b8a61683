"""The kinds of evidence that products ask for and claims bring. Which of them a product wants is the product's data."""

from __future__ import annotations

from typing import Final, Literal, get_args

EvidenceKind = Literal[
    "police_receipt",
    "transfer_record",
    "chat_record",
    "identity",
    "incident_report",
    "invoice",
    "claim_letter",
    "mandate",
]

EVIDENCE_KINDS: Final[tuple[EvidenceKind, ...]] = get_args(EvidenceKind)

EVIDENCE_NAMES: Final[dict[str, tuple[str, str]]] = {
    "police_receipt": ("报警回执", "police receipt"),
    "transfer_record": ("转账记录", "transfer record"),
    "chat_record": ("聊天记录", "chat record"),
    "identity": ("身份证明", "proof of identity"),
    "incident_report": ("事件调查报告", "incident report"),
    "invoice": ("费用发票", "invoice"),
    "claim_letter": ("第三方索赔函", "third party's written claim"),
    "mandate": ("授权委托书或监护关系证明", "letter of authority or proof of guardianship"),
}
"""Each kind's name in Chinese and in English."""

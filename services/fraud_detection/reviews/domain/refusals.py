"""What a refusal must say: a ground that stands against this very claim, and why, in Chinese and in English. Pure.

Sources: the Insurance Law of the PRC, art. 24 (a refusal is written and says why); the rest is our own care: the
resident reads it, and whoever decides the appeal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.transfers import Transfer
from services.fraud_detection.coverage.domain.cover import Product, liability
from services.fraud_detection.decisions.domain.cover_rules import FailedRule
from services.fraud_detection.reviews.domain.verdicts import OfTransfer, Verdict
from shared.values.errors import InvalidField


def refusal_faults(
    product: Product,
    claim: Claim,
    failures: Iterable[FailedRule],
    verdict: Verdict,
    also: frozenset[str] = frozenset(),
) -> Iterator[InvalidField]:
    """What a refusal like this lacks. ``failures``: the rules that stand now or stood at the last decision; ``also``:
    other grounds that stand against the claim.
    """
    yield from reason_faults(verdict)
    yield from _ground(product, claim, failures, verdict, also)


OF_A_TRANSFER: Final = frozenset({"transfer_not_proven", "transfer_not_of_this_loss"})
"""Grounds on which a transfer alone is not accepted: no paper shows it, or it was made for something else."""


def transfer_faults(
    product: Product, claim: Claim, failures: Iterable[FailedRule], told: Sequence[Transfer], verdict: Verdict
) -> Iterator[InvalidField]:
    """What a verdict on single transfers lacks. ``told`` are those that the claim tells, ``failures`` as above."""
    lines = [each.line for each in told]
    said = [each.line for each in verdict.transfers]
    if verdict.open_lines and not told:
        fix = "Have its channel tell them (POST /v1/claims/{id}/amendments), or decide on the whole claim."
        yield InvalidField("/transfers", "The claim tells no transfers one by one, so no part can stay open.", fix)
    elif verdict.outcome == "refuse" or not told:
        detail = "A refusal is of the whole claim." if told else "The claim tells no transfers one by one."
        yield InvalidField("/transfers", detail, "Leave them out.")
    elif sorted(said) != lines:
        fix = f"Send each of these lines once: {', '.join(map(str, lines))}."
        yield InvalidField("/transfers", "Not each transfer is named once.", fix)
    elif (verdict.refused_lines | verdict.open_lines).issuperset(lines):
        refuse = "Refuse the claim: outcome refuse, without them."
        wait = "Ask the claimant for documents (POST …/requests), or decide once one can be accepted."
        yield InvalidField("/transfers", "No transfer is accepted.", wait if verdict.open_lines else refuse)
    else:
        standing = tuple(failures)
        for index, each in enumerate(verdict.transfers):
            for fault in _transfer(product, claim, standing, each):
                yield InvalidField(f"/transfers/{index}{fault.pointer}", fault.detail, fault.fix)


def _transfer(
    product: Product, claim: Claim, failures: tuple[FailedRule, ...], said: OfTransfer
) -> Iterator[InvalidField]:
    refusal = said.as_refusal
    if said.open:
        yield from reason_faults(refusal)
        if said.accepted or refusal.ground:
            fix = "Send accepted false, without clause or finding."
            yield InvalidField("/open", "What stays open is neither accepted nor refused.", fix)
    elif not said.accepted:
        yield from reason_faults(refusal)
        yield from _ground(product, claim, failures, refusal, also=OF_A_TRANSFER)
    elif refusal.ground or refusal.reasons_zh or refusal.reasons_en:
        yield InvalidField("/accepted", "It is accepted, and reasons speak against it.", "Leave these out.")


def reason_faults(verdict: Verdict) -> Iterator[InvalidField]:
    """What the words of a refusal lack."""
    yield from _without_reasons(verdict)
    yield from language_faults(verdict)


def language_faults(verdict: Verdict) -> Iterator[InvalidField]:
    """Words that are plainly in the other language."""
    finding = verdict.finding
    chinese = {"/reasons_zh": verdict.reasons_zh, "/finding/found_zh": finding.found_zh if finding else None}
    english = {"/reasons_en": verdict.reasons_en, "/finding/found_en": finding.found_en if finding else None}
    for pointer, text in chinese.items():
        if text and text.strip() and not is_chinese(text):
            yield InvalidField(pointer, "This holds no Chinese character.", "Write here what is read in Chinese.")
    for pointer, text in english.items():
        if text and text.strip() and not is_english(text):
            yield InvalidField(pointer, "Most of this is Chinese.", "Write here what is read in English.")


def is_chinese(text: str) -> bool:
    """Whether any Chinese character is in it; names and codes beside them may be Latin."""
    return any(map(_is_han, text))


def is_english(text: str) -> bool:
    """Whether it has letters and at most half of them are Chinese characters: a name or a quotation may be."""
    letters = [each for each in text if each.isalpha()]
    return bool(letters) and 2 * sum(map(_is_han, letters)) <= len(letters)


def _is_han(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK UNIFIED IDEOGRAPH")


def _without_reasons(verdict: Verdict) -> Iterator[InvalidField]:
    for pointer, text, language in (
        ("/reasons_zh", verdict.reasons_zh, "Chinese"),
        ("/reasons_en", verdict.reasons_en, "English"),
    ):
        if not (text or "").strip():
            fix = f"Write what the resident is to read in {language}."
            yield InvalidField(pointer, f"A refusal gives its reasons in {language} too.", fix)


def _ground(
    product: Product,
    claim: Claim,
    failures: Iterable[FailedRule],
    verdict: Verdict,
    also: frozenset[str] = frozenset(),
) -> Iterator[InvalidField]:
    """The clause or code of a rule that stands against the claim, or an exclusion with what was found of it."""
    rules = sorted({each for rule in failures for each in (rule.code, rule.clause)} | also)
    exclusions = sorted(each.code for each in (liability(product, claim.liability) or product).exclusions)
    finding, clause = verdict.finding, verdict.clause
    fixes = (
        f"a clause, one of: {', '.join(rules)}" if rules else "",
        f"a finding with its exclusion, one of: {', '.join(exclusions)}" if exclusions else "",
    )
    if finding is not None:
        if finding.exclusion not in exclusions:
            yield InvalidField("/finding/exclusion", "The terms have no such exclusion.", _one_of(exclusions))
        elif clause not in {None, finding.exclusion}:
            yield InvalidField("/clause", "The finding names another ground.", "Leave the clause out.")
        elif not (finding.found_zh.strip() and finding.found_en.strip()):
            yield InvalidField("/finding", "It does not say what was found.", "Write it in Chinese and in English.")
    elif clause in exclusions and clause not in rules:
        yield InvalidField(
            "/finding", "An exclusion holds by what a person found.", "Say what, in Chinese and in English."
        )
    elif clause not in rules:
        said = "; or ".join(filter(None, fixes))
        fix = f"Send {said}." if said else "Approve the claim: nothing stands against it."
        detail = "No rule that stands against this claim has this clause." if clause else "A refusal names its ground."
        yield InvalidField("/clause", detail, fix)


def _one_of(codes: list[str]) -> str:
    return f"Send one of: {', '.join(codes)}." if codes else "Leave the finding out."

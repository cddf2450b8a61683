"""Keep a claim that is not handed in yet: begin it, change it, delete it, hand it in. What it tells is the edge's to
read; here it is a sealed text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import PolicyErased, UnknownDraft
from services.fraud_detection.claims.domain.states import WAITS
from services.fraud_detection.claims.store import claims, drafts
from services.fraud_detection.claims.store.drafts import Client, Draft
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.domain.cover import Coverage, Product
from services.fraud_detection.coverage.store import coverage, erased_policies
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.filing.domain.draft import ToldSoFar
from services.fraud_detection.filing.domain.filing import Filing
from services.fraud_detection.filing.usecases.file_claim import Begun, Filed, file_claims
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError, InvalidField
from shared.values.ids import ClaimId, TokenHex

_FIELD = "draft"


@dataclass(frozen=True, slots=True)
class Keeper:
    """What drafts are kept with."""

    personal_data: PersonalData
    terms: Terms
    sandbox: bool


def begin(tx: Tx, content: str, told: ToldSoFar, client: Client, keeper: Keeper, *, now: datetime) -> Draft:
    """Keep what is told so far, for the days that a draft has.

    Raises:
        PolicyErased: the insured asked to be forgotten.
    """
    cover = _cover(tx, told)
    draft_id = ClaimId(new_id())
    draft = Draft(
        draft_id=draft_id,
        client=client,
        version=1,
        policy_id=told.policy_id,
        person_token=_person(told, cover, keeper),
        content=keeper.personal_data.seal(tx, content, draft_id, _FIELD),
        begun_at=now,
        changed_at=now,
        lapses_at=now + WAITS["draft"],
    )
    drafts.add(tx, draft)
    return draft


def change(tx: Tx, draft: Draft, content: str, told: ToldSoFar, keeper: Keeper, *, now: datetime) -> Draft:
    """Keep what a locked draft tells now. Its days are still counted from its beginning.

    Raises:
        PolicyErased: as in ``begin``.
    """
    cover = _cover(tx, told)
    changed = replace(
        draft,
        policy_id=told.policy_id,
        person_token=_person(told, cover, keeper),
        content=keeper.personal_data.seal(tx, content, draft.draft_id, _FIELD),
        changed_at=now,
    )
    drafts.change(tx, changed)
    return replace(changed, version=draft.version + 1)


def content_of(tx: Tx, draft: Draft, keeper: Keeper) -> str:
    """What it tells so far."""
    return keeper.personal_data.open(tx, draft.content, draft.draft_id, _FIELD)


def delete(tx: Tx, draft_id: ClaimId, client: Client, *, now: datetime) -> None:
    """Nothing is left of it.

    Raises:
        UnknownDraft: it is none of this client's.
    """
    drafts.drop(tx, lock(tx, draft_id, client, now=now).draft_id)


def lock(tx: Tx, draft_id: ClaimId, client: Client, *, now: datetime) -> Draft:
    """The draft, and nobody else changes, files or deletes it before this transaction ends.

    Raises:
        UnknownDraft: it is none of this client's.
    """
    found = drafts.lock(tx, draft_id, client, now=now)
    if found is None:
        raise UnknownDraft(draft_id)
    return found


def hand_in(tx: Tx, draft: Draft, filing: Filing, keeper: Keeper, *, now: datetime) -> Claim:
    """File the locked draft as any claim is filed; it is one from then on, with its id.

    Raises:
        FangzhaError: as ``file_claims`` has them.
    """
    begun = Begun(draft.draft_id, draft.begun_at)
    (found,) = file_claims(
        tx,
        [Filed(filing, draft.client.tenant, begun)],
        personal_data=keeper.personal_data,
        terms=keeper.terms,
        sandbox=keeper.sandbox,
        now=now,
    )
    if isinstance(found, FangzhaError):
        raise found
    drafts.drop(tx, draft.draft_id)
    return found


def handed_in(tx: Tx, draft_id: ClaimId, client: Client) -> Claim:
    """The claim that a draft of this channel has become.

    Raises:
        UnknownDraft: there is none.
    """
    claim = claims.find(tx, draft_id)
    if claim is None or claim.tenant != client.tenant:
        raise UnknownDraft(draft_id)
    return claim


def terms_for(tx: Tx, told: ToldSoFar, keeper: Keeper) -> Product | None:
    """Of the policy that it names, where both are known."""
    cover = None if told.policy_id is None else coverage.find(tx, told.policy_id)
    if cover is None:
        return None
    version = (cover.product_code, cover.product_version)
    return keeper.terms.of(tx, [version]).get(version)


def _cover(tx: Tx, told: ToldSoFar) -> Coverage | None:
    """What is known of the policy that it names; nobody erases it before this transaction ends."""
    if told.policy_id is None:
        return None
    erased_policies.wait_for(tx, told.policy_id)
    cover = coverage.hold(tx, [told.policy_id]).get(told.policy_id)
    if erased_policies.is_over(tx, told.policy_id) or (cover is not None and cover.erased):
        raise PolicyErased(told.policy_id)
    return cover


def _person(told: ToldSoFar, cover: Coverage | None, keeper: Keeper) -> TokenHex | None:
    """Whose it is, as far as it tells a document that there can be."""
    try:
        document = told.document(sandbox=keeper.sandbox)
    except InvalidField:
        return None
    if document is None:
        return None
    return keeper.personal_data.person(document, None if cover is None else cover.person_token)

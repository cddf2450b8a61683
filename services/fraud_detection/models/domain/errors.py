"""What fraud detection refuses to do with models and past claims. The status of each stands in models/web.py."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class UnknownDataset(FangzhaError):
    """There is no dataset {dataset_id}; POST /v1/past-claims makes one."""

    dataset_id: str


@dataclass(frozen=True)
class DatasetNotFound(FangzhaError):
    """There is no dataset {dataset_id}; GET /v1/past-claims lists all."""

    dataset_id: str


@dataclass(frozen=True)
class UnknownModel(FangzhaError):
    """There is no model {model_id}; GET /v1/models lists all."""

    model_id: str


@dataclass(frozen=True)
class ModelNotReady(FangzhaError):
    """Model {model_id} is {state}; only a ready model is promoted."""

    model_id: str
    state: str


@dataclass(frozen=True)
class MadeWithAnotherVersion(FangzhaError):
    """Model {model_id} was made with {library} {made}, here is {here}: train it again."""

    model_id: str
    library: str
    made: str
    here: str


@dataclass(frozen=True)
class ModelIsOver(FangzhaError):
    """Model {model_id} is {state}; only a queued model, or one in training, is canceled."""

    model_id: str
    state: str


@dataclass(frozen=True)
class UnknownPromotionProposal(FangzhaError):
    """There is no proposal {proposal_id}; POST /v1/models/{{model_id}}/promotion makes one."""

    proposal_id: str


@dataclass(frozen=True)
class PromotionProposalEnded(FangzhaError):
    """Proposal {proposal_id} is {state} already; propose the promotion again."""

    proposal_id: str
    state: str


@dataclass(frozen=True)
class GateNotPassed(FangzhaError):
    """The model did not pass a gate. {told}"""

    told: str
    """Each gate that failed, by name, with its figure."""


@dataclass(frozen=True)
class PromotionProposalOutdated(FangzhaError):
    """Since proposal {proposal_id}, another model was put to work or the policy changed; propose it again."""

    proposal_id: str


@dataclass(frozen=True)
class AnotherPersonPromotes(FangzhaError):
    """You proposed to promote model {model_id}; another person confirms it."""

    model_id: str


@dataclass(frozen=True)
class NothingToRollBackTo(FangzhaError):
    """No promotion precedes the present one, or it was rolled back already; promote the model that you want."""

"""What the views of webhooks work with."""

from __future__ import annotations

from dataclasses import dataclass

from services.enrollment.webhooks.usecases.try_endpoint import Trials
from shared.privacy.sealed import Sealer


@dataclass(frozen=True, slots=True)
class WebhookDeps:
    """``sealer`` keeps secrets, ``trials`` sends test messages."""

    sealer: Sealer
    trials: Trials

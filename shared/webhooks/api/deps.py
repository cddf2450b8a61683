"""What the views of webhooks work with."""

from __future__ import annotations

from dataclasses import dataclass

from shared.privacy.sealed import Sealer
from shared.webhooks.domain.partners import Partners
from shared.webhooks.usecases.try_endpoint import Trials


@dataclass(frozen=True, slots=True)
class WebhookDeps:
    """``sealer`` keeps secrets, ``trials`` sends test messages to endpoints of ``partners``."""

    sealer: Sealer
    trials: Trials

    @property
    def partners(self) -> Partners:
        """Who has endpoints."""
        return self.trials.partners

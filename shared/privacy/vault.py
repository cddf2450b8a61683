"""A service's keys to personal data, together. What is known by tokens and what is sealed with it, the services say."""

from __future__ import annotations

from dataclasses import dataclass

from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class Vault:
    """Makes tokens, by which a person or an account is known again, and seals what must come back."""

    tokenizer: Tokenizer
    sealer: Sealer

    @property
    def rotating(self) -> bool:
        """Whether there are older token keys, under which people may still be stored."""
        return bool(self.tokenizer.older_keys)

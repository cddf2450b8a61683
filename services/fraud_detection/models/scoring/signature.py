"""Who may make models: an artifact is opened only if it carries our signature. What is inside is ``artifact``'s."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from shared.values.errors import FangzhaError

CONTEXT: Final = b"fangzha model artifact 1\0"
"""Keeps this use of the key apart from any other."""
LARGEST_ARTIFACT: Final = 32 * 1024**2
"""Bytes, of the file and of all that is in it. A model of 120 trees with 12 leaves takes 0.6 MB."""


NOT_AS_TRAINED: Final = "it does not answer as it did when it was trained"
"""Why a model is refused that opens."""


@dataclass(frozen=True)
class ArtifactRefused(FangzhaError):
    """Model {model_id} is not opened: {reason}; train it again, or find out who changed it."""

    model_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SignedArtifact:
    """A model's bytes as they are kept, with what must agree before anyone opens them."""

    model_id: str
    data: bytes = field(repr=False)
    sha256: str
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs and checks artifacts by HMAC-SHA-256 under ``key`` (32 bytes): only who has the key can do either."""

    key: bytes = field(repr=False)

    def sign(self, model_id: str, data: bytes) -> SignedArtifact:
        """The artifact with its hash and a signature that binds both to this model's id."""
        sha256 = hashlib.sha256(data).hexdigest()
        return SignedArtifact(model_id, data, sha256, self._signature(model_id, sha256))

    def check(self, artifact: SignedArtifact) -> None:
        """Return if size, hash and signature are right.

        Raises:
            ArtifactRefused: they are not. Nothing of the artifact was interpreted.
        """
        if len(artifact.data) > LARGEST_ARTIFACT:
            raise ArtifactRefused(artifact.model_id, too_large(len(artifact.data)))
        if hashlib.sha256(artifact.data).hexdigest() != artifact.sha256:
            raise ArtifactRefused(artifact.model_id, "its bytes do not match its SHA-256")
        if not hmac.compare_digest(self._signature(artifact.model_id, artifact.sha256), artifact.signature):
            raise ArtifactRefused(artifact.model_id, "its signature is not ours")

    def _signature(self, model_id: str, sha256: str) -> bytes:
        return hmac.digest(self.key, CONTEXT + f"{model_id}\0{sha256}".encode(), "sha256")


def too_large(size: int) -> str:
    """Why an artifact of ``size`` bytes is not opened."""
    return f"it takes {size:,} bytes, and {LARGEST_ARTIFACT:,} is the most"

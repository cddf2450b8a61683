from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from services.fraud_detection.models.scoring.artifact import pack, unpack
from services.fraud_detection.models.scoring.signature import ArtifactRefused, SignedArtifact, Signer
from services.fraud_detection.models.scoring.training import LabelledRows, Trained, train
from tests.services.fraud_detection.models.builders import SIGNER, labelled_rows

MODEL = "0190163d-8694-739b-aea5-966c26f8ad91"
OTHER = "0190163d-8694-739b-aea5-966c26f8ad92"


@pytest.fixture(scope="module")
def rows() -> LabelledRows:
    return labelled_rows(4_000)


@pytest.fixture(scope="module")
def trained(rows: LabelledRows) -> Trained:
    return train(rows)[0]


@pytest.fixture(scope="module")
def signed(trained: Trained) -> SignedArtifact:
    return SIGNER.sign(MODEL, pack(trained))


def content_of(signed: SignedArtifact) -> dict[str, Any]:
    opened: dict[str, Any] = skops.io.loads(signed.data, trusted=skops.io.get_untrusted_types(data=signed.data))
    return opened


def test_a_model_predicts_the_same_after_it_was_saved_and_opened(
    rows: LabelledRows, trained: Trained, signed: SignedArtifact
) -> None:
    opened = unpack(signed, SIGNER)
    raw = trained.estimator.decision_function(rows.vectors)
    ours = [explained.raw for explained in opened.rows.explain(rows.vectors.tolist())]
    assert np.allclose(ours, raw, rtol=0, atol=1e-12)
    assert opened.calibration == trained.calibration


def test_one_flipped_bit_is_refused(signed: SignedArtifact) -> None:
    data = bytearray(signed.data)
    data[len(data) // 2] ^= 1
    with pytest.raises(ArtifactRefused, match="SHA-256"):
        unpack(dataclasses.replace(signed, data=bytes(data)), SIGNER)


def test_changed_bytes_with_their_right_hash_are_refused(signed: SignedArtifact) -> None:
    forged = Signer(bytes(32)).sign(MODEL, signed.data + b"x")
    with pytest.raises(ArtifactRefused, match="signature"):
        unpack(dataclasses.replace(forged, signature=signed.signature), SIGNER)


@pytest.mark.parametrize("signature", [b"", bytes(32)])
def test_an_unsigned_model_is_refused(signed: SignedArtifact, signature: bytes) -> None:
    with pytest.raises(ArtifactRefused, match="signature"):
        unpack(dataclasses.replace(signed, signature=signature), SIGNER)


def test_a_model_signed_by_another_key_is_refused(signed: SignedArtifact) -> None:
    with pytest.raises(ArtifactRefused, match="signature"):
        unpack(signed, Signer(b"another key of thirty-two bytes!"))


def test_another_models_artifact_under_this_id_is_refused(signed: SignedArtifact) -> None:
    with pytest.raises(ArtifactRefused, match="signature"):
        unpack(dataclasses.replace(signed, model_id=OTHER), SIGNER)


def test_even_a_signed_artifact_of_another_type_is_refused(signed: SignedArtifact, rows: LabelledRows) -> None:
    linear = LogisticRegression(max_iter=200).fit(rows.vectors[:500, :3], rows.dishonest[:500])
    data = skops.io.dumps(content_of(signed) | {"estimator": linear})
    with pytest.raises(ArtifactRefused, match="LogisticRegression"):
        unpack(SIGNER.sign(MODEL, data), SIGNER)


def test_even_a_signed_artifact_that_names_a_function_is_not_opened(signed: SignedArtifact) -> None:
    with zipfile.ZipFile(io.BytesIO(signed.data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(parts["schema.json"])
    schema["content"] |= {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, data in (parts | {"schema.json": json.dumps(schema).encode()}).items():
            archive.writestr(name, data)
    with pytest.raises(ArtifactRefused, match=r"os\.system"):
        unpack(SIGNER.sign(MODEL, changed.getvalue()), SIGNER)


def test_a_signed_file_that_is_no_model_is_refused() -> None:
    with pytest.raises(ArtifactRefused, match="no skops file"):
        unpack(SIGNER.sign(MODEL, b"not a model"), SIGNER)


def test_a_signed_artifact_without_its_parts_is_refused(signed: SignedArtifact) -> None:
    content = content_of(signed)
    del content["probes"]
    with pytest.raises(ArtifactRefused, match="another format"):
        unpack(SIGNER.sign(MODEL, skops.io.dumps(content)), SIGNER)


def test_a_model_of_other_features_is_refused(signed: SignedArtifact) -> None:
    content = content_of(signed)
    with pytest.raises(ArtifactRefused, match="other features"):
        unpack(signed, SIGNER, features=[*content["features"], "a_new_one"])


def test_a_model_that_answers_otherwise_than_when_it_was_trained_is_refused(signed: SignedArtifact) -> None:
    content = content_of(signed)
    data = skops.io.dumps(content | {"probe_scores": content["probe_scores"] + 0.001})
    with pytest.raises(ArtifactRefused, match="does not answer"):
        unpack(SIGNER.sign(MODEL, data), SIGNER)


def test_the_signing_key_shows_in_no_repr() -> None:
    assert SIGNER.key.hex() not in repr(SIGNER)
    assert repr(SIGNER.key) not in repr(SIGNER)

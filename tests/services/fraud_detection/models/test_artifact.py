from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import sklearn
import skops.io
from sklearn.linear_model import LogisticRegression

from services.fraud_detection.models.domain.errors import MadeWithAnotherVersion
from services.fraud_detection.models.scoring import versions
from services.fraud_detection.models.scoring.artifact import pack, unpack
from services.fraud_detection.models.scoring.probing import probe
from services.fraud_detection.models.scoring.signature import (
    LARGEST_ARTIFACT,
    ArtifactRefused,
    SignedArtifact,
    Signer,
)
from services.fraud_detection.models.scoring.training import LabelledRows, Trained, train
from tests.services.fraud_detection.models.builders import SIGNER, labelled_rows

ROOT: Final = Path(__file__).parents[4]
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


WRITE: Final = """
import sys
from services.fraud_detection.models.scoring.artifact import pack
from services.fraud_detection.models.scoring.training import train
from tests.services.fraud_detection.models.builders import labelled_rows

train(labelled_rows(2_000, seed=3))  # so that memory lies otherwise
sys.stdout.buffer.write(pack(train(labelled_rows(4_000))[0]))
"""


def test_the_same_past_claims_make_the_same_bytes_in_another_process_at_another_time(signed: SignedArtifact) -> None:
    environ = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai"}
    again = subprocess.run([sys.executable, "-c", WRITE], cwd=ROOT, env=environ, capture_output=True, check=True)
    assert hashlib.sha256(again.stdout).hexdigest() == signed.sha256


def test_a_canonical_artifact_opens_to_what_skops_wrote(trained: Trained, signed: SignedArtifact) -> None:
    with zipfile.ZipFile(io.BytesIO(signed.data)) as archive:
        dates = {entry.date_time for entry in archive.infolist()}
        schema = archive.read("schema.json").decode()
    assert dates == {(1980, 1, 1, 0, 0, 0)}
    assert "__id__" not in schema
    opened = content_of(signed)["estimator"]
    ours = [predictors[0].nodes for predictors in trained.estimator._predictors]
    theirs = [predictors[0].nodes for predictors in opened._predictors]
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert opened.get_params() == trained.estimator.get_params()


def with_versions(signed: SignedArtifact, **changes: str) -> SignedArtifact:
    content = content_of(signed)
    names = {name.replace("_", "-"): told for name, told in changes.items()}
    return SIGNER.sign(MODEL, skops.io.dumps(content | {"versions": content["versions"] | names}))


def test_an_artifact_tells_the_versions_that_it_was_made_with(signed: SignedArtifact) -> None:
    found = {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "skops": skops.__version__}
    assert content_of(signed)["versions"] == found | {"python": ".".join(platform.python_version_tuple()[:2])}


@pytest.mark.parametrize(
    ("library", "made"), [("scikit_learn", "1.8.0"), ("scikit_learn", "2.9.1"), ("numpy", "1.26.4"), ("skops", "99.0")]
)
def test_a_model_of_another_version_says_which_and_speaks_of_no_change(
    signed: SignedArtifact, library: str, made: str
) -> None:
    name = library.replace("_", "-")
    with pytest.raises(MadeWithAnotherVersion) as refused:
        unpack(with_versions(signed, **{library: made}), SIGNER)
    here = versions.here()[name]
    assert str(refused.value) == f"Model {MODEL} was made with {name} {made}, here is {here}: train it again."


@pytest.mark.parametrize(
    ("library", "made"), [("scikit_learn", "1.9.99"), ("numpy", "2.0.0"), ("skops", "0.14.0"), ("python", "3.99")]
)
def test_a_model_of_a_version_that_opens_here_is_opened(signed: SignedArtifact, library: str, made: str) -> None:
    unpack(with_versions(signed, **{library: made}), SIGNER)


def test_a_model_of_before_versions_were_kept_is_of_another_format_or_names_its_scikit_learn(
    signed: SignedArtifact,
) -> None:
    content = content_of(signed)
    del content["versions"], content["specification"]
    old = skops.io.dumps(content | {"format": 1})
    with pytest.raises(ArtifactRefused, match="another format"):
        unpack(SIGNER.sign(MODEL, old), SIGNER)
    other = changed(old, lambda schema: schema.replace(f'\\"{sklearn.__version__}\\"', '\\"1.8.0\\"'))
    with pytest.raises(MadeWithAnotherVersion, match=r"scikit-learn 1\.8\.0"):
        unpack(SIGNER.sign(MODEL, other), SIGNER)


def test_what_is_too_large_is_refused_before_anything_of_it_is_read(signed: SignedArtifact) -> None:
    large = SIGNER.sign(MODEL, signed.data + bytes(LARGEST_ARTIFACT))
    with pytest.raises(ArtifactRefused, match="is the most"):
        unpack(large, SIGNER)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", bytes(LARGEST_ARTIFACT + 1))
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(ArtifactRefused, match="is the most"):
        unpack(SIGNER.sign(MODEL, bomb.getvalue()), SIGNER)


def test_a_child_process_says_of_a_model_what_opening_it_here_would(signed: SignedArtifact) -> None:
    probe(signed, SIGNER)
    with pytest.raises(ArtifactRefused, match="signature"):
        probe(dataclasses.replace(signed, model_id=OTHER), SIGNER)
    with pytest.raises(MadeWithAnotherVersion, match=r"scikit-learn 1\.8\.0"):
        probe(with_versions(signed, scikit_learn="1.8.0"), SIGNER)
    with pytest.raises(ArtifactRefused, match="does not answer"):
        scores = content_of(signed)["probe_scores"] + 0.001
        probe(SIGNER.sign(MODEL, skops.io.dumps(content_of(signed) | {"probe_scores": scores})), SIGNER)
    with pytest.raises(ArtifactRefused, match=r"the library that reads it failed \(TypeError\)"):
        probe(SIGNER.sign(MODEL, changed(signed.data, lambda schema: schema.replace('"protocol":', '"p":'))), SIGNER)


def changed(data: bytes, change: Callable[[str], str]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, part in (parts | {"schema.json": change(parts["schema.json"].decode()).encode()}).items():
            archive.writestr(name, part)
    return written.getvalue()


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
    linear = LogisticRegression(max_iter=200).fit(rows.vectors[:500, :2], rows.dishonest[:500])
    data = skops.io.dumps(content_of(signed) | {"estimator": linear})
    with pytest.raises(ArtifactRefused, match="LogisticRegression"):
        unpack(SIGNER.sign(MODEL, data), SIGNER)


def test_even_a_signed_artifact_that_names_a_function_is_not_opened(signed: SignedArtifact) -> None:
    def name_it(schema: str) -> str:
        read = json.loads(schema)
        read["content"]["features"] |= {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}
        return json.dumps(read)

    with pytest.raises(ArtifactRefused, match=r"os\.system"):
        unpack(SIGNER.sign(MODEL, changed(signed.data, name_it)), SIGNER)


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

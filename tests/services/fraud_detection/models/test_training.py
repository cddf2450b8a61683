from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from services.fraud_detection.models.domain.explanation import MOST_REASONS, explanation
from services.fraud_detection.models.domain.features import DECLARED, FEATURES, SCORED
from services.fraud_detection.models.scoring.calibration import CalibrationTable, Floats, calibrate
from services.fraud_detection.models.scoring.forest import LEAF, Forest, Tree, forest_of
from services.fraud_detection.models.scoring.many_rows import MOST_QUESTIONS, ManyRows
from services.fraud_detection.models.scoring.training import LabelledRows, NotTrainable, Report, Trained, train
from tests.services.fraud_detection.models.builders import labelled_rows

ROWS = 8_000


@pytest.fixture(scope="module")
def rows() -> LabelledRows:
    return labelled_rows(ROWS)


@pytest.fixture(scope="module")
def made(rows: LabelledRows) -> tuple[Trained, Report]:
    return train(rows)


@pytest.fixture(scope="module")
def asked(made: tuple[Trained, Report]) -> ManyRows:
    return ManyRows(forest_of(made[0].estimator), made[0].background)


def test_a_model_beats_the_share_of_the_past_and_a_logistic_regression(made: tuple[Trained, Report]) -> None:
    report = made[1]
    model = report.evaluation.metrics
    for name in ("share_of_the_past", "logistic_regression"):
        baseline = report.baselines[name]
        assert model.auc > baseline.auc, name
        assert model.average_precision > baseline.average_precision, name
        assert model.brier is not None
        assert baseline.brier is not None
        assert model.brier < baseline.brier, name
    assert model.auc > 0.75


def test_a_model_is_tested_on_claims_that_came_later_than_all_it_has_seen(made: tuple[Trained, Report]) -> None:
    report = made[1]
    assert report.fit.ends <= report.calibrate.begins
    assert report.calibrate.ends <= report.test.begins
    assert [part.rows for part in (report.fit, report.calibrate, report.test)] == [4800, 1600, 1600]
    assert report.test.dishonest >= 20


def test_the_same_past_claims_make_the_same_model(rows: LabelledRows, made: tuple[Trained, Report]) -> None:
    again, report = train(rows)
    assert np.array_equal(again.probe_scores, made[0].probe_scores)
    assert again.calibration == made[0].calibration
    assert report == made[1]


def test_what_each_feature_adds_sums_to_the_raw_score(
    rows: LabelledRows, made: tuple[Trained, Report], asked: ManyRows
) -> None:
    sample = rows.vectors[-500:]
    for found, expected in zip(
        asked.explain(sample.tolist()), made[0].estimator.decision_function(sample), strict=True
    ):
        assert found.raw == expected
        assert found.base + sum(found.contributions) == pytest.approx(found.raw, abs=1e-12)
        assert found.base == pytest.approx(made[0].estimator.decision_function(made[0].background).mean(), abs=1e-12)


def test_a_row_among_others_is_scored_to_the_bit_as_alone(
    rows: LabelledRows, made: tuple[Trained, Report], asked: ManyRows
) -> None:
    sample = rows.vectors[-200:]
    assert asked.explain(sample.tolist()) == [asked.explain([row])[0] for row in sample.tolist()]


def shapley(forest: Forest, row: Sequence[float], background: Sequence[Sequence[float]]) -> list[float]:
    """By the definition: each order in which features turn from the background's to the row's counts alike."""
    features = range(forest.features)
    worth = {}
    for size in range(forest.features + 1):
        for known in combinations(features, size):
            mixed = [[row[each] if each in known else other[each] for each in features] for other in background]
            worth[frozenset(known)] = sum(map(forest.raw, mixed)) / len(mixed)
    return [
        sum(
            factorial(len(known))
            * factorial(forest.features - len(known) - 1)
            / factorial(forest.features)
            * (worth[known | {feature}] - worth[known])
            for known in worth
            if feature not in known
        )
        for feature in features
    ]


def test_contributions_are_the_shapley_values_by_their_definition() -> None:
    """On small boostings with missing values, some features asked more than once on the way to a leaf."""
    rng = np.random.default_rng(20261201)
    vectors = rng.normal(size=(600, 5)).round(1)
    vectors[rng.random(vectors.shape) < 0.2] = np.nan
    told = np.nan_to_num(vectors)
    truth = told[:, 0] * told[:, 1] + told[:, 2] + np.isnan(vectors[:, 3]) + rng.normal(size=600) > 0.5
    forest = forest_of(
        HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=8, min_samples_leaf=5).fit(vectors, truth)
    )
    background = vectors[:17]
    for row, found in zip(
        vectors[50:70].tolist(), ManyRows(forest, background).explain(vectors[50:70].tolist()), strict=True
    ):
        assert found.contributions == pytest.approx(shapley(forest, row, background.tolist()), abs=1e-12)


def test_a_tree_without_a_question_is_scored_among_others_as_alone() -> None:
    stump = Tree([0, LEAF, LEAF], [0.5, 0.0, 0.0], [2, 0, 0], [1, 0, 0], [2, 0, 0], [0.1, -0.2, 0.3])
    forest = Forest(0.25, (stump, Tree([LEAF], [0.0], [0], [0], [0], [0.7]), stump), 2)
    sample = [(0.5, 1.0), (0.6, 1.0), (math.nan, 1.0)]
    rows = ManyRows(forest, np.array([(0.5, 1.0), (0.6, 0.0)]))
    assert rows.explain(sample) == [rows.explain([vector])[0] for vector in sample]
    assert [found.raw for found in rows.explain(sample)] == [forest.raw(vector) for vector in sample]
    assert [found.contributions for found in rows.explain(sample)] == [
        pytest.approx(expected) for expected in ([-0.5, 0.0], [0.5, 0.0], [0.5, 0.0])
    ]
    assert ManyRows(Forest(0.5, (), 2), np.zeros((1, 2))).explain(sample[:1])[0].contributions == [0.0, 0.0]


def test_a_tree_that_asks_too_much_is_refused() -> None:
    count = MOST_QUESTIONS + 1
    chain = Tree(
        [*[0] * count, *[LEAF] * (count + 1)],
        [float(number) for number in range(2 * count + 1)],
        [0] * (2 * count + 1),
        [*range(count, 2 * count), *[0] * (count + 1)],
        [*range(1, count), 2 * count, *[0] * (count + 1)],
        [0.0] * (2 * count + 1),
    )
    with pytest.raises(ValueError, match="questions"):
        ManyRows(Forest(0.0, (chain,), 1), np.zeros((1, 1)))


def holes(vectors: Floats) -> Floats:
    """Each row with another fifth of its features missing."""
    found = vectors.copy()
    for number in range(len(found)):
        found[number, number % 5 :: 5] = np.nan
    return found


def test_a_row_in_which_features_are_missing_is_scored_to_the_bit_as_by_the_library(
    rows: LabelledRows, made: tuple[Trained, Report], asked: ManyRows
) -> None:
    estimator = made[0].estimator
    forest = forest_of(estimator)
    for sample in (rows.vectors[-500:], holes(rows.vectors[-500:])):
        expected = estimator.decision_function(sample).tolist()
        assert [found.raw for found in asked.explain(sample.tolist())] == expected
        assert [forest.raw(vector) for vector in sample.tolist()] == expected
    assert np.isnan(rows.vectors).any()


def test_missing_and_zero_are_two_things_to_a_model(rows: LabelledRows, made: tuple[Trained, Report]) -> None:
    forest = forest_of(made[0].estimator)
    zeros = np.nan_to_num(holes(rows.vectors[-500:]))
    differ = [
        forest.raw(one) != forest.raw(other)
        for one, other in zip(holes(rows.vectors[-500:]).tolist(), zeros.tolist(), strict=True)
    ]
    assert sum(differ) > 400


def test_a_feature_that_nobody_told_when_the_model_was_fit_is_not_asked(rows: LabelledRows) -> None:
    """scikit-learn 1.9.1 boosts no column of numbers without a value: findings/ has it."""
    place = FEATURES.index("device_claims")
    vectors = rows.vectors.copy()
    vectors[: len(vectors) * 3 // 4, place] = np.nan
    trained, _ = train(replace(rows, vectors=vectors))
    assert all(place not in tree.feature for tree in forest_of(trained.estimator).trees)


def test_more_of_what_speaks_against_a_claim_never_makes_it_look_more_honest(
    rows: LabelledRows, made: tuple[Trained, Report]
) -> None:
    estimator = made[0].estimator
    for each in SCORED:
        if each.direction == 1:
            more = rows.vectors[-500:].copy()
            more[:, FEATURES.index(each.name)] = np.nan_to_num(more[:, FEATURES.index(each.name)])
            before = estimator.decision_function(more)
            more[:, FEATURES.index(each.name)] += 2
            assert (estimator.decision_function(more) >= before).all(), each.name


def test_a_feature_that_no_tree_asks_adds_nothing(made: tuple[Trained, Report], asked: ManyRows) -> None:
    forest = forest_of(made[0].estimator)
    known = {feature for tree in forest.trees for feature in tree.feature}
    silent = set(range(len(FEATURES))) - known
    assert silent
    (found,) = asked.explain([[1.0] * len(FEATURES)])
    assert all(found.contributions[feature] == 0.0 for feature in silent)


def test_nothing_is_no_reason_for_suspicion(rows: LabelledRows, made: tuple[Trained, Report], asked: ManyRows) -> None:
    sample, moved = rows.vectors[-1600:], 0
    for vector, found in zip(sample.tolist(), asked.explain(sample.tolist()), strict=True):
        why = explanation(vector, found.raw, found.base, found.contributions)
        assert why.base + sum(reason.contribution for reason in why.reasons) + why.others == pytest.approx(
            why.raw, rel=0, abs=1e-12
        )
        assert len(why.reasons) <= MOST_REASONS
        values = dict(zip(FEATURES, vector, strict=True))
        for reason in why.reasons:
            assert reason.contribution < 0 or not DECLARED[reason.feature].says_nothing(values[reason.feature])
        largest = max(zip(found.contributions, FEATURES, strict=True))[1]
        moved += DECLARED[largest].says_nothing(values[largest])
    assert moved  # else the sample would show nothing


def test_who_shares_nothing_with_others_is_not_blamed_for_it_where_more_can_only_be_worse(
    rows: LabelledRows, made: tuple[Trained, Report], asked: ManyRows
) -> None:
    """Of a feature with a declared direction, none at all adds nothing or speaks for the claim."""
    for vector, found in zip(rows.vectors[-500:].tolist(), asked.explain(rows.vectors[-500:].tolist()), strict=True):
        for each, value, added in zip(SCORED, vector, found.contributions, strict=True):
            if each.direction == 1 and value == each.none:
                assert added <= 1e-12, each.name


def test_probabilities_hold_on_later_claims(made: tuple[Trained, Report]) -> None:
    bins = made[1].evaluation.calibration
    assert sum(each.rows for each in bins) == 1600
    gap = sum(each.rows * abs(each.mean_probability - each.dishonest_share) for each in bins) / 1600
    assert gap < 0.03


def test_the_report_has_all_that_a_person_needs_to_promote(made: tuple[Trained, Report]) -> None:
    evaluation = made[1].evaluation
    assert len({each.scam_type for each in evaluation.scam_types}) >= 12
    assert sum(each.rows for each in evaluation.scam_types) == 1600
    assert sum(each.honest + each.dishonest for each in evaluation.histogram) == 1600
    assert sum(each.dishonest for each in evaluation.histogram) == made[1].test.dishonest
    recalls = [point.recall for point in evaluation.curve]
    assert recalls == sorted(recalls, reverse=True)
    assert recalls[0] == 1.0
    assert recalls[-1] < 0.1
    shares = [point.approved_share for point in evaluation.approvals]
    assert shares == sorted(shares)


def test_past_claims_without_cheats_make_no_model(rows: LabelledRows) -> None:
    honest = LabelledRows(rows.vectors, np.zeros(ROWS, dtype=bool), rows.scam_types, rows.submitted_at)
    with pytest.raises(NotTrainable) as refused:
        train(honest)
    assert "0 are dishonest" in refused.value.reason


def test_too_few_past_claims_make_no_model() -> None:
    with pytest.raises(NotTrainable):
        train(labelled_rows(60))


def test_a_later_flood_of_cheats_does_not_teach_the_model_beforehand(rows: LabelledRows) -> None:
    """What is labelled in the test stretch changes the report, never the model."""
    turned = rows.dishonest.copy()
    turned[6400:] = ~turned[6400:]
    flooded, report = train(LabelledRows(rows.vectors, turned, rows.scam_types, rows.submitted_at))
    before, _ = train(rows)
    assert np.array_equal(flooded.probe_scores, before.probe_scores)
    assert report.evaluation.metrics.auc < 0.5
    assert report.test.begins - report.fit.begins > timedelta(days=300)


def test_a_calibration_table_rises_and_is_never_sure() -> None:
    rng = np.random.default_rng(1)
    raw = rng.normal(size=4_000)
    dishonest = rng.random(4_000) < 1 / (1 + np.exp(-2 * raw))
    table = calibrate(raw, dishonest)
    probabilities = table.probabilities_of(np.linspace(-6, 6, 200))
    assert (np.diff(probabilities) >= 0).all()
    assert 0 < probabilities[0] < 0.1
    assert 0.9 < probabilities[-1] < 1
    assert [table.probability(score) for score in (-6.0, 0.1, 6.0)] == pytest.approx(
        table.probabilities_of(np.array([-6.0, 0.1, 6.0])).tolist()
    )
    assert table.probability(0.0) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("scores", "probabilities"),
    [((), ()), ((1.0, 0.0), (0.1, 0.2)), ((0.0, 1.0), (0.2, 0.1)), ((0.0, 1.0), (0.0, 0.5)), ((0.0,), (0.1, 0.2))],
)
def test_a_table_that_does_not_rise_is_no_calibration(
    scores: tuple[float, ...], probabilities: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="rises in both columns"):
        CalibrationTable(scores, probabilities)

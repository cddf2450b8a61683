"""Our own figures are those of scikit-learn, and groups that are too small have none."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from services.fraud_detection.models.foreign.stability import instability, stretches_of
from services.fraud_detection.models.reports import measures


def scored(seed: int) -> tuple[measures.Floats, measures.Bools]:
    draw = np.random.default_rng(seed)
    fraud = draw.random(800) < 0.1
    return np.round(draw.normal(size=800) + fraud, 1), fraud


def test_ranking_figures_are_those_of_scikit_learn_with_ties_too() -> None:
    for seed in range(20):
        scores, fraud = scored(seed)
        assert np.isclose(measures.auc(scores, fraud), roc_auc_score(fraud, scores))
        assert np.isclose(measures.average_precision(scores, fraud), average_precision_score(fraud, scores))
        said = 1 / (1 + np.exp(-scores))
        assert np.isclose(measures.brier(said, fraud), brier_score_loss(fraud, said))
        assert np.isclose(measures.log_loss(said, fraud), log_loss(fraud, said))


def test_a_threshold_never_flags_more_honest_rows_than_it_may_where_it_was_chosen() -> None:
    for seed in range(20):
        scores, fraud = scored(seed)
        at = measures.at_threshold(scores, fraud, measures.threshold_for(scores, fraud))
        assert at.false_alarms <= measures.FALSE_ALARMS
    ties = np.zeros(100)
    only_ties = measures.at_threshold(ties, np.arange(100) < 50, measures.threshold_for(ties, np.arange(100) < 50))
    assert only_ties.flagged == 0


def test_a_group_with_nine_frauds_has_no_number_and_one_with_ten_has() -> None:
    fraud = np.array([True] * 9 + [False] * 50 + [True] * 10 + [False] * 50)
    groups = np.array(["nine"] * 59 + ["ten"] * 60)
    found = {each.value: each for each in measures.slices("band", groups, np.arange(119.0), fraud, 100.0)}
    assert found["nine"].too_small
    assert (found["nine"].frauds, found["nine"].auc, found["nine"].false_alarms) == (None, None, None)
    assert not found["ten"].too_small
    assert found["ten"].auc == 0.0


def test_a_strong_column_that_holds_is_kept_though_the_share_of_fraud_moves_and_one_that_turns_is_not() -> None:
    draw = np.random.default_rng(3)
    rows = 40_000
    time = np.sort(draw.random(rows))
    steady, turning = draw.integers(0, 4, rows), draw.integers(0, 4, rows)
    late = time > 0.5
    risk = 0.02 * (1 + late) * (1 + 3 * steady) * np.where((turning > 1) == late, 1.6, 0.6)
    fraud = draw.random(rows) < risk
    stretch = stretches_of(time, fraud)
    assert stretch.max() > 1
    assert instability("steady", steady, fraud, stretch) is None
    found = instability("turning", turning, fraud, stretch)
    assert found is not None
    assert found.changing is not None
    assert found.changing > 20


def test_a_column_whose_values_never_come_again_tells_the_time_and_is_not_learned() -> None:
    draw = np.random.default_rng(4)
    time = np.arange(20_000.0)
    fraud = draw.random(20_000) < 0.2
    found = instability("serial", (time // 100).astype(np.int64), fraud, stretches_of(time, fraud))
    assert found is not None
    assert found.seen_once > 0.9

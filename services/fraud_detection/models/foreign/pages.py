"""A report of a stranger's table as lines for a terminal, as JSON, and as an HTML page with a model card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from services.fraud_detection.models.foreign.evaluation import ForeignReport, ScoresWorth
from services.fraud_detection.models.reports.drawing import PlottedSeries, bar_plot, line_plot
from services.fraud_detection.models.reports.measures import FALSE_ALARMS, FEWEST_OF_EACH, Interval
from services.fraud_detection.models.reports.page import page, plots, section, sentence, table


def as_json(report: ForeignReport) -> str:
    """All of it; None where there is no figure."""
    return json.dumps(asdict(report), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def summary(report: ForeignReport) -> Iterator[str]:
    """What a person reads first."""
    yield f"table        {report.rows:,} rows, {report.read_as}; split {report.split}"
    for each in report.windows:
        yield f"{each.name:12} {each.rows:,} rows, {each.frauds:,} fraud ({each.share:.2%})"
    yield f"model        {report.algorithm}"
    for name, worth in (("", report.model), ("logistic", report.logistic_regression)):
        yield f"{name:12} AUC {_interval(worth.auc)}, average precision {_interval(worth.average_precision)}"
    at = report.at_threshold_test
    kept = f"recall {at.recall:.1%}, false alarms {at.false_alarms:.1%}"
    yield f"threshold    for {FALSE_ALARMS:.0%} false alarms on validation: {kept}"
    for point in report.capacity:
        found = f"precision {point.precision:.1%}, recall {point.recall:.1%}"
        yield f"review {point.share:5.1%} {point.rows:,} rows: {found}"
    small = sum(each.too_small for each in report.slices)
    if report.slices:
        yield f"slices       {len(report.slices)}, {small} of them too small for a number"
    for unstable in report.unstable:
        yield f"not learned  {unstable.column}: its relation to fraud did not last"
    for left in report.left_out:
        yield f"not learned  {left.column}: {left.reason}"
    for note in report.notes:
        yield f"note         {note}"
    for warning in report.warnings:
        yield f"WARNING      {warning}"


def _interval(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def as_page(report: ForeignReport, name: str) -> str:
    """The page of ``name``, e.g. the table's file name."""
    sections = (_results, _thresholds, _plots, _slices, _columns, _card)
    return page(f"Evaluation of {name}", (each(report) for each in sections))


def _results(report: ForeignReport) -> str:
    def row(what: str, worth: ScoresWorth) -> tuple[object, ...]:
        return what, _interval(worth.auc), _interval(worth.average_precision)

    return section(
        "Result",
        *(sentence(f"Warning: {each}", warning=True) for each in report.warnings),
        table(
            ("on the test window", "AUC (95 % interval)", "average precision (95 % interval)"),
            (
                row("the model", report.model),
                row("logistic regression, the readable challenger", report.logistic_regression),
                row("validation: the model of the earlier rows on the validation window", report.validation),
            ),
        ),
        table(
            ("window", "rows", "fraud", "share"),
            ((each.name, each.rows, each.frauds, f"{each.share:.2%}") for each in report.windows),
        ),
        sentence(
            "The validation window is the newest part of the training; the test window was used for measuring alone."
        ),
    )


def _thresholds(report: ForeignReport) -> str:
    return section(
        "What reviewers would find",
        table(
            ("review", "rows", "fraud found", "precision", "recall"),
            (
                (f"{at.share:.1%}", at.rows, at.frauds, f"{at.precision:.1%}", f"{at.recall:.1%}")
                for at in report.capacity
            ),
        ),
        sentence(f"The threshold was chosen for {FALSE_ALARMS:.0%} false alarms on the validation window:"),
        table(
            ("window", "flagged", "recall", "false alarms"),
            (
                (window, at.flagged, f"{at.recall:.1%}", f"{at.false_alarms:.1%}")
                for window, at in (("validation", report.at_threshold_validation), ("test", report.at_threshold_test))
            ),
        ),
    )


def _plots(report: ForeignReport) -> str:
    share = report.windows[-1].share
    curve = [(point.recall, point.precision) for point in report.curve]
    bins = [(each.said, each.was) for each in report.calibration.bins]
    most = max(max(point) for point in bins) * 1.1 or 1.0
    importance = [(each.column, each.auc) for each in report.importance]
    return section(
        "Plots",
        plots(
            line_plot(
                "Precision over recall",
                "recall",
                "precision",
                (
                    PlottedSeries("model", curve),
                    PlottedSeries("share of fraud", [(0.0, share), (1.0, share)], dashed=True),
                ),
            ),
            line_plot(
                "Calibration",
                "probability said",
                "share of fraud",
                (
                    PlottedSeries("model", bins, dots=True),
                    PlottedSeries("said as it was", [(0.0, 0.0), (most, most)], dashed=True),
                ),
                top=most,
                end=most,
            ),
            line_plot(
                "Precision at review capacity",
                "share reviewed",
                "precision",
                (
                    PlottedSeries(
                        "model",
                        [(at.share, at.precision) for at in sorted(report.capacity, key=lambda at: at.share)],
                        dots=True,
                    ),
                ),
                end=max(at.share for at in report.capacity),
            ),
            bar_plot("Fall of AUC when a column is shuffled", importance),
        ),
        sentence(
            f"Brier score {report.calibration.brier:.5f} (saying the past share for all: "
            f"{report.calibration.brier_of_share:.5f}), log loss {report.calibration.log_loss:.4f}."
        ),
    )


def _slices(report: ForeignReport) -> str:
    if not report.slices:
        return ""
    rows = (
        (each.column, each.value, each.rows, "too small for a number", None, None, None, None)
        if each.too_small
        else (
            each.column,
            each.value,
            each.rows,
            each.frauds,
            each.auc,
            each.average_precision,
            each.recall,
            each.false_alarms,
        )
        for each in report.slices
    )
    return section(
        "Groups held apart for monitoring",
        sentence(
            f"The model never saw these columns. Groups with fewer than {FEWEST_OF_EACH} rows of either label are too "
            "small: they have no number, which is not to say that they have no gap."
        ),
        table(("column", "group", "rows", "fraud", "AUC", "average precision", "recall", "false alarms"), rows),
    )


def _columns(report: ForeignReport) -> str:
    return section(
        "Columns",
        table(
            ("column", "kind", "different values", "missing", "AUC alone"),
            (
                (each.column, each.kind, each.different, f"{each.missing:.1%}", each.auc_alone)
                for each in report.columns
            ),
        ),
        *(
            sentence(
                f"Not learned: {each.column}, because its relation to fraud did not last from one stretch of the "
                "training to the next."
            )
            for each in report.unstable
        ),
        *(sentence(f"Not learned: {each.column}: {each.reason}.") for each in report.left_out),
        *(sentence(f"Note: {each}.") for each in report.notes),
    )


def _card(report: ForeignReport) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in report.libraries.items())
    return section(
        "Model card",
        sentence(
            "For: ranking the rows of this table by how likely they are fraud, to see what a model could reach. It is "
            "not kept, decides nothing, and says nothing of tables that came about in another way."
        ),
        sentence(f"Model: {report.algorithm}, seed {report.seed}, {libraries}; calibrated on the validation window."),
        sentence(
            f"Data: {report.rows:,} rows ({report.read_as}), split {report.split}; "
            f"{report.gap_rows:,} labelled rows stand in no window."
        ),
        sentence("Hyper-parameters were compared on stretches of the training alone:") if report.searched else "",
        table(("candidate", "trees", "AUC", "average precision"), report.searched) if report.searched else "",
    )

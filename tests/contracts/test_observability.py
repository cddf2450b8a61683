"""Alerts and dashboards speak of metrics and labels that exist, and each alert leads to a runbook that exists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from shared.process import metrics
from tests.contracts.services_known import ROOT

ALERTS = ROOT / "deploy" / "alerts" / "fangzha.rules.yaml"
DASHBOARDS = sorted((ROOT / "deploy" / "dashboards").glob("*.json"))
METRIC = re.compile(r"\b(fangzha_[a-z0-9_]+)(?:\{([^}]*)\})?")
SELECTOR = re.compile(r'([a-z_]+)(?:=~|!~|!=|=)"[^"]*"')
GROUPED_BY = re.compile(r"\bby \(([^)]*)\)")
# What the scrape configuration adds to each series, beside what the process says.
OF_THE_TARGET = {"service", "process", "le"}


def known() -> dict[str, set[str]]:
    """Each series name that a process shows, with its labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if isinstance(metric, Counter):
            found[f"{metric._name}_total"] = set(metric._labelnames)
        elif isinstance(metric, Histogram):
            found |= {f"{metric._name}_{end}": set(metric._labelnames) for end in ("bucket", "sum", "count")}
        elif isinstance(metric, Gauge):
            found[metric._name] = set(metric._labelnames)
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression with where it stands."""
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{file.name}: {panel['title']}", target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_an_expression_names_only_metrics_and_labels_that_a_process_shows(where: str, expression: str) -> None:
    series = known()
    named = METRIC.findall(expression)
    assert named, f"{where} asks for no metric of ours"
    labels: set[str] = set(OF_THE_TARGET)
    for name, selector in named:
        assert name in series, f"{where}: no process shows {name}"
        assert set(SELECTOR.findall(selector)) <= series[name] | OF_THE_TARGET, f"{where}: {name} has no such label"
        labels |= series[name]
    for grouping in GROUPED_BY.findall(expression):
        assert {label.strip() for label in grouping.split(",")} <= labels, (
            f"{where} groups by a label that is not there"
        )
    assert expression.count("(") == expression.count(")")


def test_every_alert_says_what_is_wrong_and_leads_to_a_runbook() -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}
        assert (ROOT / rule["annotations"]["runbook"]).is_file(), f"{rule['alert']} leads to no page"


def test_every_panel_has_a_title_a_place_of_its_own_and_the_chosen_source() -> None:
    for file in DASHBOARDS:
        dashboard = json.loads(file.read_text())
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
        assert len(set(places)) == len(places)
        assert len({panel["id"] for panel in dashboard["panels"]}) == len(places)
        assert all(panel["title"] and panel["datasource"]["uid"] == "${source}" for panel in dashboard["panels"])


def test_every_metric_in_the_catalogue_is_counted_by_some_process() -> None:
    code = "".join(file.read_text() for room in ("shared", "services") for file in (ROOT / room).rglob("*.py"))
    idle = [name for name, metric in vars(metrics).items() if is_metric(metric) and f"metrics.{name}" not in code]
    assert not idle, "nobody counts these, so an alert on them would never fire"


def is_metric(value: object) -> bool:
    return isinstance(value, Counter | Gauge | Histogram)


def test_no_label_hides_one_that_prometheus_sets_itself() -> None:
    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            assert not {"job", "instance", *OF_THE_TARGET} & set(metric._labelnames)


def test_every_metric_in_the_catalogue_is_looked_at_somewhere() -> None:
    seen = {name for _, expression in expressions() for name, _ in METRIC.findall(expression)}
    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            assert any(name.startswith(metric._name) for name in seen), f"nobody looks at {metric._name}"

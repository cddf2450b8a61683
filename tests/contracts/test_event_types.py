"""An event type that a service takes is in the catalog: another would be passed over, and nobody would notice."""

from __future__ import annotations

from importlib import import_module

import pytest

from shared.entry import wiring
from shared.events.catalog import BY_TYPE
from shared.events.envelope import Event


def all_events(root: type[Event] = Event) -> set[type[Event]]:
    """Every event type that the shared modules define."""
    return {found for each in root.__subclasses__() for found in ({each} | all_events(each))}


@pytest.mark.parametrize("service", ["enrollment", "fraud_detection", "payout"])
def test_what_a_service_takes_is_in_the_catalog(service: str) -> None:
    tools = import_module(f"services.{service}.tools").TOOLS
    settings = tools.settings.example()
    nowhere = wiring.database(settings, "topics")
    taken = {
        struct
        for each in tools.subscriptions(settings, nowhere, wiring.business_clock(settings, nowhere))
        for struct in each.handlers
    }
    assert taken
    assert taken <= set(BY_TYPE.values())


def test_every_event_that_is_defined_is_in_the_catalog() -> None:
    ours = {each for each in all_events() if each.__module__.startswith("shared.events.")}
    assert ours == set(BY_TYPE.values())

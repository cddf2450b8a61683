"""Replies that are kept for repeated requests, in all services: an erasure must find those that show somebody."""

from __future__ import annotations

import importlib

import pytest

from shared.web.app import routes_of
from shared.web.resource import Route
from tests.contracts.services_known import SERVICES, settings_class

OF_SOMEBODY = {"policy_id", "claim_id", "decision_id", "payee_token", "insured", "holder_name", "partner_reference"}
"""Fields of replies that are about one person."""


def creating(service: str) -> list[Route]:
    web = importlib.import_module(f"services.{service}.web")
    return [route for route in routes_of(web.application(settings_class(service).example())) if route.creates]


@pytest.mark.parametrize("service", SERVICES)
def test_a_kept_reply_that_shows_somebody_says_whom(service: str) -> None:
    for route in creating(service):
        fields = set() if route.reply is None or isinstance(route.reply, str) else set(route.reply.model_fields)
        assert (route.about is not None) == bool(fields & OF_SOMEBODY), f"{route.name} replies {sorted(fields)}"

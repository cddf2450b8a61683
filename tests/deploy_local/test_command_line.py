"""What the local stack's command line tells its user to type next."""

from __future__ import annotations

import subprocess

import pytest

from deploy.local.__main__ import what_next
from deploy.local.places import CHECKOUT


def test_the_main_stack_needs_no_name() -> None:
    assert what_next("main") == "A token: make token CLIENT=telecom-east · health: make doctor · the end: make down"


@pytest.mark.parametrize("hint", what_next("demo").split(" · "))
def test_what_is_told_of_another_stack_means_that_one_when_it_is_typed(hint: str) -> None:
    words = hint.partition(": ")[2].split()
    dry = subprocess.run([*words, "--dry-run"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert f"deploy.local {words[1]} --name demo" in dry.stdout
